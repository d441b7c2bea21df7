"""A switch's hardware, as far as it reports any, and the cables that leave it."""

from __future__ import annotations

from typing import Final

from dashboards.codes import MAIN_SITE
from dashboards.panel import Colour, Column, Kind, Link, Panel, Query, Row, Step, Value
from dashboards.ports import HERE
from dashboards.shared import EVERY_HARDWARE_POLL, SILENT_ROW, hardware_rate, or_silent
from monitor.words.text import Text, same

_KINDS: Final = (
    Value("fan", Text("fan", "Lüfter"), Colour.PLAIN),
    Value("supply", Text("power supply", "Netzteil"), Colour.PLAIN),
    Value("sensor", Text("sensor", "Sensor"), Colour.PLAIN),
    Value("poe", Text("power over Ethernet", "PoE"), Colour.PLAIN),
)


def _faults(kind: str, fault: str, part: str) -> str:
    named = f'label_replace({fault}, "part", "$1", "{part}", "(.*)")'
    return f'label_replace(max by (part) ({named}), "kind", "{kind}", "", "")'


# Each part of which the switch says whether it works: 1 where it does not.
_PARTS: Final = " or ".join(
    (
        _faults("fan", f"1 - school_device_fan_good{{{HERE}}}", "part"),
        _faults("supply", f"1 - school_device_power_supply_good{{{HERE}}}", "part"),
        _faults("sensor", f"1 - school_device_sensor_working{{{HERE}}}", "entPhysicalName"),
        _faults("poe", f"pethMainPseOperStatus{{{HERE}}} == bool 3", "pethMainPseGroupIndex"),
    )
)
BROKEN_PARTS: Final = f"sum({_PARTS})"

_MEMORY: Final = (
    f"school_device_memory_used_ratio{{{HERE}}}"
    f" or school_device_memory_used_bytes{{{HERE}}} / (school_device_memory_size_bytes{{{HERE}}}"
    f" or school_device_memory_used_bytes{{{HERE}}} + school_device_memory_free_bytes{{{HERE}}})"
)

HARDWARE: Final = Row(
    Text("Hardware", "Hardware"),
    (
        Panel(
            Kind.TABLE,
            Text("Parts, broken ones first", "Teile, defekte zuerst"),
            Text(
                "Fans, power supplies, sensors and power over Ethernet, as the switch reports "
                "them. Good: all work.",
                "Lüfter, Netzteile, Sensoren und PoE, wie der Switch sie meldet. Gut: alle "
                "funktionieren.",
            ),
            (Query(or_silent(_PARTS, "part"), same(""), instant=True),),
            "none",
            Text(
                "no fans, supplies or sensors: not reported, or not read",
                "keine Lüfter, Netzteile, Sensoren: nicht gemeldet oder nicht gelesen",
            ),
            width=12,
            height=8,
            columns=(
                Column("part", Text("Part", "Teil"), values=(SILENT_ROW,), coloured=False),
                Column("kind", Text("Kind", "Art"), values=_KINDS, coloured=False),
                Column(
                    "Value",
                    Text("State", "Zustand"),
                    values=(
                        Value(0, Text("works", "funktioniert"), Colour.GOOD),
                        Value(1, Text("BROKEN", "DEFEKT"), Colour.BAD),
                    ),
                ),
            ),
            first_by=Text("State", "Zustand"),
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Temperature", "Temperatur"),
            Text(
                "Each sensor. Good: steady; a slow rise suggests dust or a failing fan.",
                "Jeder Sensor. Gut: gleichbleibend; langsamer Anstieg heißt Staub oder Lüfter.",
            ),
            (
                Query(
                    f'school_device_sensor_value{{{HERE}, unit="celsius"}}',
                    same("{{entPhysicalName}}"),
                ),
                Query(f"school_device_temperature_celsius{{{HERE}}}", same("{{part}}")),
            ),
            "celsius",
            Text(
                "no temperature: not reported, or not read",
                "keine Temperatur: nicht gemeldet oder nicht gelesen",
            ),
            width=12,
            height=8,
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Processor and memory", "Prozessor und Speicher"),
            Text(
                "Share in use. Good: below 80 %.",
                "Anteil, der in Benutzung ist. Gut: unter 80 %.",
            ),
            (
                Query(
                    f"school_device_cpu_utilization_ratio{{{HERE}}}",
                    Text("processor {{part}}", "Prozessor {{part}}"),
                ),
                Query(_MEMORY, Text("memory {{part}}", "Speicher {{part}}")),
            ),
            "percentunit",
            Text(
                "neither processor nor memory: not reported, or not read",
                "weder Prozessor noch Speicher: nicht gemeldet oder nicht gelesen",
            ),
            width=8,
            height=8,
            steps=(Step(None, Colour.GOOD), Step(0.8, Colour.CARE), Step(0.95, Colour.BAD)),
            soft_max=1.0,
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Power over Ethernet drawn", "Abgegebener Strom (PoE)"),
            Text(
                "Share of the power available in each unit. Good: below 90 %, so that the next "
                "device still gets power.",
                "Anteil dessen, was jede Einheit geben kann. Gut: unter 90 %, damit auch das "
                "nächste Gerät versorgt wird.",
            ),
            (
                Query(
                    f"pethMainPseConsumptionPower{{{HERE}}} / (pethMainPsePower{{{HERE}}} > 0)",
                    Text("unit {{pethMainPseGroupIndex}}", "Einheit {{pethMainPseGroupIndex}}"),
                ),
            ),
            "percentunit",
            Text(
                "no power over Ethernet: not reported, or not read",
                "kein PoE: nicht gemeldet oder nicht gelesen",
            ),
            width=8,
            height=8,
            steps=(Step(None, Colour.GOOD), Step(0.8, Colour.CARE), Step(0.9, Colour.BAD)),
            soft_max=1.0,
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Changes of the spanning tree", "Änderungen des Spanning Tree"),
            Text(
                "Changes per hour. Good: none without work on the network; many suggest a loop or "
                "a flapping link.",
                "Änderungen je Stunde. Gut: keine ohne Arbeiten am Netz; viele heißen Schleife "
                "oder wackelnde Leitung.",
            ),
            (
                Query(
                    f"{hardware_rate(HERE, 'dot1dStpTopChanges')} * 3600",
                    Text("changes", "Änderungen"),
                    every=EVERY_HARDWARE_POLL,
                ),
            ),
            "none",
            Text(
                "no spanning tree: not reported, or not read",
                "kein Spanning Tree: nicht gemeldet oder nicht gelesen",
            ),
            width=8,
            height=8,
        ),
    ),
)


def _renamed(expr: str, **labels: str) -> str:
    """Return `expr` with new labels, each with the value of another one."""
    for new, old in labels.items():
        expr = f'label_replace({expr}, "{new}", "$1", "{old}", "(.*)")'
    return expr


_CABLE: Final = "own_port, to_site, to_device, to_port"
_AT_BOTH_ENDS: Final = " or ".join(
    f"max by ({_CABLE}) ({end})"
    for end in (
        _renamed(
            f"school_device_neighbor{{{HERE}}}",
            own_port="port",
            to_site="neighbor_site",
            to_device="neighbor",
            to_port="neighbor_port",
        ),
        # What only the other end sees: it has its own ports first.
        _renamed(
            'school_device_neighbor{school="$school", neighbor_site="$site", neighbor="$device"}',
            own_port="neighbor_port",
            to_site="site",
            to_device="device",
            to_port="port",
        ),
    )
)
CABLES: Final = Row(
    Text("Cables", "Kabel"),
    (
        Panel(
            Kind.TABLE,
            Text(
                "Links to other devices, lost ones first",
                "Kabel zu anderen Geräten, verlorene zuerst",
            ),
            Text(
                "The school's devices at the ports of this switch, according to LLDP at either "
                "end. The name links to the other switch.",
                "Geräte der Schule an den Ports dieses Switches, wie es eines der Enden per LLDP "
                "meldet. Der Name führt zum anderen Switch.",
            ),
            (Query(or_silent(f"1 - ({_AT_BOTH_ENDS})", "to_device"), same(""), instant=True),),
            "none",
            Text(
                "no device of the school is seen at its ports",
                "kein Gerät der Schule ist an seinen Ports zu sehen",
            ),
            width=24,
            height=8,
            columns=(
                Column(
                    "to_device", Text("Leads to", "Führt zu"), values=(SILENT_ROW,), coloured=False
                ),
                Column("to_site", Text("Site", "Standort"), values=(MAIN_SITE,), coloured=False),
                Column("own_port", Text("Port here", "Port hier")),
                Column("to_port", Text("Port there", "Port dort")),
                Column(
                    "Value",
                    Text("State", "Zustand"),
                    values=(
                        Value(0, Text("seen", "zu sehen"), Colour.GOOD),
                        Value(1, Text("NOT SEEN ANY MORE", "NICHT MEHR ZU SEHEN"), Colour.CARE),
                    ),
                ),
            ),
            first_by=Text("State", "Zustand"),
            link=Link(
                Text("What is wrong with that switch", "Was mit jenem Switch nicht stimmt"),
                "schulnetz-switch",
                "var-school=$school&var-site=$site&var-device=${__value.text}",
            ),
        ),
    ),
)
