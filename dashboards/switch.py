"""What is wrong with this switch: ports, errors, traffic, restarts."""

from __future__ import annotations

from typing import Final

from dashboards.panel import (
    BAD_FROM_ONE,
    Board,
    Colour,
    Column,
    Kind,
    Panel,
    Query,
    Row,
    Step,
    Value,
)
from dashboards.shared import (
    EVERY_HARDWARE_POLL,
    EVERY_POLL,
    MAINTENANCE,
    NONE,
    NOTHING_YET,
    OUTAGES,
    RELOADS,
    SCHOOL,
    SITE,
    STATES,
    SWITCH,
    hardware_rate,
    or_zero,
    polled_rate,
    state_code,
)
from dashboards.text import Text, same

_HERE: Final = 'school="$school", site="$site", device="$device"'
_OPER: Final = (
    Value(1, Text("up", "aktiv"), Colour.GOOD),
    Value(2, Text("no link", "kein Link"), Colour.PLANNED),
    Value(7, Text("lower layer down", "untere Schicht inaktiv"), Colour.CARE),
)


_PORT: Final = same("{{ifName}} {{ifDescr}}")


def _of_port(expr: str) -> str:
    # Old switches have no ifName, and ifDescr alone is the same for all ports of some others.
    return f"sum by (ifName, ifDescr) ({expr})"


def _octets(way: str) -> str:
    return f"topk(8, {_of_port(polled_rate(_HERE, f'ifHC{way}Octets', f'if{way}Octets'))} * 8)"


def _events(title: Text, what: Text, names: tuple[str, ...]) -> Panel:
    return Panel(
        Kind.TIME_SERIES,
        title,
        what,
        tuple(
            Query(
                f"topk(8, {_of_port(polled_rate(_HERE, name))})",
                same(f"{_PORT.en} {name}"),
                every=EVERY_POLL,
            )
            for name in names
        ),
        "pps",
        NOTHING_YET,
        width=12,
        height=8,
        steps=(Step(None, Colour.GOOD), Step(1, Colour.BAD)),
    )


ANSWER: Final = Row(
    Text("What is wrong with it?", "Was stimmt mit ihm nicht?"),
    (
        Panel(
            Kind.STAT,
            same("Switch"),
            Text("Verdict. Good: up.", "Urteil. Gut: verbunden."),
            (
                Query(
                    state_code("school_switch_state", _HERE, "site"),
                    same("{{site}}"),
                    instant=True,
                ),
            ),
            "none",
            NOTHING_YET,
            values=STATES,
        ),
        Panel(
            Kind.STAT,
            Text("Running for", "Läuft seit"),
            Text(
                "Time since its management started. Good: longer than since the last work on it.",
                "Zeit seit Start seiner Verwaltung. Gut: länger als seit der letzten Arbeit.",
            ),
            (Query(f"max by (site) (sysUpTime{{{_HERE}}}) / 100", same("{{site}}"), instant=True),),
            "duration",
            NOTHING_YET,
            steps=(Step(None, Colour.CARE), Step(86_400, Colour.GOOD)),
        ),
        Panel(
            Kind.STAT,
            Text("Ports up", "Aktive Ports"),
            Text("Interfaces that are up.", "Schnittstellen, die aktiv sind."),
            (Query(f"count(ifOperStatus{{{_HERE}}} == 1)", Text("up", "aktiv"), instant=True),),
            "none",
            NOTHING_YET,
        ),
        Panel(
            Kind.STAT,
            Text("Ports with errors", "Ports mit Fehlern"),
            Text(
                "Ports that receive damaged packets now. Good: 0.",
                "Ports, die gerade beschädigte Pakete empfangen. Gut: 0.",
            ),
            (
                Query(
                    or_zero(f"count({_of_port(polled_rate(_HERE, 'ifInErrors'))} > 0)"),
                    Text("ports", "Ports"),
                    instant=True,
                    every=EVERY_POLL,
                ),
            ),
            "none",
            NOTHING_YET,
            steps=BAD_FROM_ONE,
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Busiest ports, received", "Meistgenutzte Ports, empfangen"),
            Text(
                "Traffic into the switch by port. Good: no surprise.",
                "Verkehr in den Switch je Port. Gut: keine Überraschung.",
            ),
            (Query(_octets("In"), _PORT, every=EVERY_POLL),),
            "bps",
            NOTHING_YET,
            width=12,
            height=8,
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Busiest ports, sent", "Meistgenutzte Ports, gesendet"),
            Text(
                "Traffic out of the switch by port. Good: no surprise.",
                "Verkehr aus dem Switch je Port. Gut: keine Überraschung.",
            ),
            (Query(_octets("Out"), _PORT, every=EVERY_POLL),),
            "bps",
            NOTHING_YET,
            width=12,
            height=8,
        ),
    ),
)

WHY: Final = Row(
    Text("Errors and discards", "Fehler und Verwürfe"),
    (
        _events(
            Text("Damaged packets", "Beschädigte Pakete"),
            Text("By port. Good: none; look at cable and optics.", "Je Port. Gut: keine; Kabel."),
            ("ifInErrors", "ifOutErrors"),
        ),
        _events(
            Text("Packets dropped for want of room", "Mangels Platz verworfene Pakete"),
            Text("By port. Good: none; the port is too slow.", "Je Port. Gut: keine."),
            ("ifInDiscards", "ifOutDiscards"),
        ),
    ),
)

HARDWARE: Final = Row(
    Text("Power, temperature, spanning tree", "Strom, Temperatur, Spanning Tree"),
    (
        Panel(
            Kind.TIME_SERIES,
            Text("Power over Ethernet drawn", "Abgegebener Strom (PoE)"),
            Text(
                "Share of what each unit can give. Good: below 90 %, so that what is plugged in "
                "next gets some, too.",
                "Anteil dessen, was jede Einheit geben kann. Gut: unter 90 %, damit auch das "
                "nächste Gerät versorgt wird.",
            ),
            (
                Query(
                    f"pethMainPseConsumptionPower{{{_HERE}}} / (pethMainPsePower{{{_HERE}}} > 0)",
                    Text("unit {{pethMainPseGroupIndex}}", "Einheit {{pethMainPseGroupIndex}}"),
                ),
            ),
            "percentunit",
            Text("no power over Ethernet", "kein PoE"),
            width=8,
            height=8,
            steps=(Step(None, Colour.GOOD), Step(0.8, Colour.CARE), Step(0.9, Colour.BAD)),
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Temperature", "Temperatur"),
            Text(
                "Each sensor. Good: steady; a slow rise is dust or a dying fan.",
                "Jeder Sensor. Gut: gleichbleibend; langsamer Anstieg heißt Staub oder Lüfter.",
            ),
            (
                Query(
                    f'school_device_sensor_value{{{_HERE}, unit="celsius"}}',
                    same("{{entPhysicalName}}"),
                ),
            ),
            "celsius",
            Text("no sensor of temperature", "kein Temperatursensor"),
            width=8,
            height=8,
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Changes of the spanning tree", "Änderungen des Spanning Tree"),
            Text(
                "Changes an hour. Good: none without work on the network; many are a loop or a "
                "line that comes and goes.",
                "Änderungen je Stunde. Gut: keine ohne Arbeiten am Netz; viele heißen Schleife "
                "oder wackelnde Leitung.",
            ),
            (
                Query(
                    f"{hardware_rate(_HERE, 'dot1dStpTopChanges')} * 3600",
                    Text("changes", "Änderungen"),
                    every=EVERY_HARDWARE_POLL,
                ),
            ),
            "none",
            Text("no spanning tree", "kein Spanning Tree"),
            width=8,
            height=8,
        ),
    ),
)

DETAIL: Final = Row(
    Text("Every port", "Jeder Port"),
    (
        Panel(
            Kind.TABLE,
            Text("Ports", "Ports"),
            Text(
                "State and speed of every port, as the switch says.",
                "Zustand und Geschwindigkeit jedes Ports, wie der Switch sie angibt.",
            ),
            (
                Query(
                    f"max by (ifName, ifDescr) (ifOperStatus{{{_HERE}}})", same(""), instant=True
                ),
                Query(
                    f"max by (ifName, ifDescr) (ifHighSpeed{{{_HERE}}}) * 1e6"
                    f" or max by (ifName, ifDescr) (ifSpeed{{{_HERE}}})",
                    same(""),
                    instant=True,
                ),
            ),
            "none",
            NONE,
            width=24,
            height=14,
            columns=(
                Column("ifName", Text("Port", "Port")),
                Column("ifDescr", Text("Description", "Beschreibung")),
                Column("Value #A", Text("State", "Zustand"), values=_OPER),
                Column("Value #B", Text("Speed", "Geschwindigkeit"), "bps"),
            ),
        ),
    ),
)

BOARD: Final = Board(
    "schulnetz-switch",
    Text(
        "Schulnetz: what is wrong with this switch", "Schulnetz: was mit diesem Switch nicht stimmt"
    ),
    Text("One switch, port by port.", "Ein Switch, Port für Port."),
    (ANSWER, WHY, HARDWARE, DETAIL),
    choices=(SCHOOL, SITE, SWITCH),
    marks=(OUTAGES, MAINTENANCE, RELOADS),
)
