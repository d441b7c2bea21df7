"""What is wrong with this switch: one switch, port by port.

The first row gives its verdict with cause and begin and counts what is broken, the second lists
its ports, wrong ones first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from dashboards import ports
from dashboards.as_of import as_of
from dashboards.codes import verdict_sentences
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
from dashboards.ports import HERE
from dashboards.sentence import (
    BAD,
    CARE,
    GOOD,
    SENTENCE_STEPS,
    SPANS,
    numbered,
    sentence,
    sentences_of_nothing,
    unbroken,
)
from dashboards.shared import (
    EVERY_POLL,
    MAINTENANCE,
    NO_SERIES,
    NOTHING_YET,
    OUTAGES,
    RELOADS,
    SCHOOL,
    SILENT_ROW,
    SITE,
    STATE_SEEN_SINCE,
    SWITCH,
    or_silent,
    while_alive,
)
from dashboards.switch_hardware import BROKEN_PARTS, CABLES, HARDWARE
from monitor.words.text import Text, same

_PLAIN: Final = (Step(None, Colour.PLAIN),)


def _tile(title: Text, description: Text, expr: str, unit: str, steps: tuple[Step, ...]) -> Panel:
    return Panel(
        Kind.STAT,
        title,
        description,
        (Query(expr, title, instant=True, every=EVERY_POLL),),
        unit,
        NOTHING_YET,
        width=6,
        height=4,
        steps=steps,
    )


_FAULTY: Final = ports.faulty()
_ARE_READ: Final = while_alive(f"max({ports.events('ifInErrors')})")
_PORTS_SAID: Final = tuple(
    replace(query, every=EVERY_POLL)
    for query in (
        sentence(
            while_alive(unbroken(f"{_FAULTY} and on () count({_FAULTY}) == 1", "port")),
            BAD,
            Text("{{port}} faulty", "{{port}} gestört"),
        ),
        sentence(
            while_alive(numbered(faulty=f"count({_FAULTY}) > 1")),
            BAD,
            Text("{{faulty}} faulty", "{{faulty}} gestört"),
        ),
        sentence(
            f"{_ARE_READ} unless on () ({_FAULTY})", GOOD, Text("none faulty", "keiner gestört")
        ),
        *sentences_of_nothing(f"{_ARE_READ} or {_FAULTY}", NOTHING_YET),
    )
)

_FAULTY_SINCE_SAID: Final = Text("Faulty since", "Gestört seit")
# Without a faulty port 0.
_FAULTY_SINCE: Final = while_alive(
    f"max({ports.faulty_since()}) * 1000 or 0 * max({ports.events('ifInErrors')})"
)

_RUNS: Final = while_alive(f"max(sysUpTime{{{HERE}}}) / 100")
_RESTARTED: Final = tuple(
    replace(query, every=EVERY_POLL)
    for query in (
        *(
            sentence(
                while_alive(numbered(length=span.whole(f"({_RUNS}) {compared} 86400"))),
                code,
                Text(f"{{{{length}}}} {span.unit.en} ago", f"vor {{{{length}}}} {span.unit.de}"),
            )
            for span in SPANS
            for compared, code in (("<", CARE), (">=", GOOD))
        ),
        *sentences_of_nothing(_RUNS, NOTHING_YET),
    )
)

_HARDWARE_READ: Final = f'(max(probe_outcome{{{HERE}, check="hardware", outcome="ok"}}) == 1)'

ANSWER: Final = Row(
    Text("What is wrong with it?", "Was stimmt mit ihm nicht?"),
    (
        Panel(
            Kind.STAT,
            same("Switch"),
            Text("Verdict and cause. Good: online.", "Urteil, mit Grund. Gut: online."),
            verdict_sentences("switch", HERE, "school, site, device", "{{place}} · {{device}}"),
            "none",
            NOTHING_YET,
            width=20,
            height=4,
            steps=SENTENCE_STEPS,
            in_words=True,
        ),
        as_of(4, 4),
        _tile(
            STATE_SEEN_SINCE,
            Text(
                "Since when the verdict holds; not from before the monitor was started.",
                "Seit wann das Urteil gilt; nicht von vor dem Start des Monitors.",
            ),
            f"max(school_switch_state_since_timestamp_seconds{{{HERE}}}) * 1000",
            "since",
            _PLAIN,
        ),
        Panel(
            Kind.STAT,
            same("Ports"),
            Text(
                "Ports that currently receive or send more than three damaged packets a minute "
                "and one in a thousand, or have a power over Ethernet fault. Good: none; otherwise "
                "check the cable and the device.",
                "Ports, die gerade mehr als drei beschädigte Pakete in der Minute und mehr als "
                "eines von tausend empfangen oder senden, oder deren PoE gestört ist. Gut: keiner; "
                "sonst Kabel und Gerät prüfen.",
            ),
            _PORTS_SAID,
            "none",
            NOTHING_YET,
            width=5,
            height=4,
            steps=SENTENCE_STEPS,
            in_words=True,
        ),
        replace(
            _tile(
                _FAULTY_SINCE_SAID,
                Text(
                    "Since when the port that became faulty last has been faulty, for one day at "
                    "most.",
                    "Seit wann der Port, der zuletzt gestört wurde, es ist, höchstens seit einem "
                    "Tag.",
                ),
                _FAULTY_SINCE,
                "since",
                _PLAIN,
            ),
            width=4,
            values=(Value(0, Text("no port", "kein Port"), Colour.PLAIN),),
        ),
        replace(
            _tile(
                Text("Parts", "Teile"),
                Text(
                    "Fans, power supplies and sensors that report a fault. Good: 0.",
                    "Lüfter, Netzteile und Sensoren, die einen Fehler melden. Gut: 0.",
                ),
                while_alive(f"{BROKEN_PARTS} or 0 * {_HARDWARE_READ} - 1"),
                "broken",
                BAD_FROM_ONE,
            ),
            width=4,
            values=(Value(-1, Text("none listed", "nennt keine"), Colour.SILENT),),
        ),
        Panel(
            Kind.STAT,
            Text("Last restart", "Letzter Neustart"),
            Text(
                "How long ago its management was started, as the switch says itself. Good: before "
                "the last work on it, and not today.",
                "Wie lange der Start seiner Verwaltung her ist, wie der Switch selbst sagt. Gut: "
                "vor der letzten Arbeit an ihm, und nicht heute.",
            ),
            _RESTARTED,
            "none",
            NOTHING_YET,
            width=5,
            height=4,
            steps=SENTENCE_STEPS,
            in_words=True,
        ),
    ),
)


def _column_query(expr: str) -> Query:
    return Query(while_alive(expr), same(""), instant=True, every=EVERY_POLL)


PORTS: Final = Row(
    Text("Its ports", "Seine Ports"),
    (
        Panel(
            Kind.TABLE,
            Text("Ports, wrong ones first", "Ports, auffällige zuerst"),
            Text(
                "State of each port: damaged packets now (more than three a minute and one in a "
                "thousand) or dropped ones (ten, and one in a hundred), a power over Ethernet "
                "fault, a link lost in the time range, or in use, free, switched off. PoE is empty "
                "if the switch has none, or does not tell which port it belongs to.",
                "Was über jeden Port zu sagen ist: gerade beschädigte Pakete (mehr als drei in der "
                "Minute und mehr als eines von tausend) oder verworfene (zehn und eines von "
                "hundert), eine Störung von PoE, ein im Zeitraum verlorener Link, oder benutzt, "
                "frei, abgeschaltet. PoE ist leer, wo der Switch keines hat oder nicht sagt, "
                "welcher Port es ist.",
            ),
            (
                Query(
                    or_silent(while_alive(ports.state_code()), "port"),
                    same(""),
                    instant=True,
                    every=EVERY_POLL,
                ),
                _column_query(ports.speed()),
                _column_query(ports.powered()),
                _column_query(ports.octets("In")),
                _column_query(ports.octets("Out")),
                _column_query(f"{ports.events('ifInErrors')} + {ports.events('ifOutErrors')}"),
                _column_query(f"{ports.events('ifInDiscards')} + {ports.events('ifOutDiscards')}"),
                _column_query(f"{ports.faulty_since()} * 1000"),
                _column_query(ports.unchanged()),
            ),
            "none",
            Text(
                "the switch was not read: its ports are unknown",
                "der Switch wurde nicht gelesen: über seine Ports ist nichts bekannt",
            ),
            width=24,
            height=14,
            columns=(
                Column("port", same("Port"), values=(SILENT_ROW,), coloured=False),
                Column("ifIndex", Text("Number", "Nummer")),
                Column("ifAlias", Text("Label", "Beschriftung")),
                Column(
                    "Value #A",
                    Text("State", "Zustand"),
                    values=ports.STATES,
                    width=215,
                ),
                Column("Value #B", Text("Speed", "Tempo"), "bps"),
                Column("Value #C", same("PoE"), values=ports.POWER, coloured=False),
                Column("Value #D", Text("In", "Herein"), "bps"),
                Column("Value #E", Text("Out", "Hinaus"), "bps"),
                # Grafana's own decimals would round one in three minutes to 0.
                Column("Value #F", Text("Damaged", "Beschädigt"), "packets", decimals=2),
                Column("Value #G", Text("Dropped", "Verworfen"), "packets", decimals=2),
                Column("Value #H", _FAULTY_SINCE_SAID, "since"),
                Column("Value #I", Text("Link unchanged", "Link seit"), "duration"),
            ),
            first_by=Text("State", "Zustand"),
        ),
    ),
)


def _busy(title: Text, description: Text, way: str) -> Panel:
    expr = ports.busiest(ports.octets(way), f"ifHC{way}Octets", f"if{way}Octets")
    return Panel(
        Kind.TIME_SERIES,
        title,
        description,
        (Query(expr, same("{{port}}"), every=EVERY_POLL),),
        "bps",
        NOTHING_YET,
        width=12,
        height=8,
    )


def _events(title: Text, description: Text, none: Text, name: str, many: Step) -> Panel:
    received, sent = f"ifIn{name}", f"ifOut{name}"
    calm = replace(NO_SERIES, text=none)
    return Panel(
        Kind.TIME_SERIES,
        title,
        description,
        (
            Query(
                ports.busiest(ports.events(received), received),
                Text("{{port}} received", "{{port}} empfangen"),
                every=EVERY_POLL,
            ),
            Query(
                ports.busiest(ports.events(sent), sent),
                Text("{{port}} sent", "{{port}} gesendet"),
                every=EVERY_POLL,
            ),
            Query(
                ports.none_of(ports.events(received), ports.events(sent)),
                same(calm.name),
                every=EVERY_POLL,
            ),
        ),
        "packets",
        NOTHING_YET,
        width=12,
        height=8,
        series=(calm,),
        steps=(*_PLAIN, many),
        by_worst=True,
    )


TRAFFIC: Final = Row(
    Text("Traffic and errors", "Verkehr und Fehler"),
    (
        _busy(
            Text("Busiest ports, received", "Meistgenutzte Ports, empfangen"),
            Text(
                "Traffic into the switch by port.",
                "Verkehr in den Switch je Port. Gut: keine Überraschung.",
            ),
            "In",
        ),
        _busy(
            Text("Busiest ports, sent", "Meistgenutzte Ports, gesendet"),
            Text(
                "Traffic out of the switch by port.",
                "Verkehr aus dem Switch je Port. Gut: keine Überraschung.",
            ),
            "Out",
        ),
        _events(
            Text("Damaged packets", "Beschädigte Pakete"),
            Text(
                "By port. Good: none, or fewer than three a minute; otherwise check cable and "
                "optics.",
                "Je Port. Gut: keine, oder weniger als drei in der Minute; sonst Kabel und Optik "
                "prüfen.",
            ),
            Text("no port has any", "an keinem Port"),
            "Errors",
            Step(ports.DAMAGED.per_second, Colour.BAD),
        ),
        _events(
            Text("Packets dropped for lack of buffers", "Mangels Platz verworfene Pakete"),
            Text(
                "By port. Good: none, or fewer than ten a minute; otherwise the port is too slow "
                "for its traffic.",
                "Je Port. Gut: keine, oder weniger als zehn in der Minute; sonst ist der Port zu "
                "langsam für seinen Verkehr.",
            ),
            Text("no port drops any", "an keinem Port"),
            "Discards",
            Step(ports.DROPPED.per_second, Colour.CARE),
        ),
    ),
)

BOARD: Final = Board(
    "schulnetz-switch",
    Text("What is wrong with this switch?", "Was ist mit diesem Switch los?"),
    Text("One switch, port by port.", "Ein Switch, Port für Port."),
    (ANSWER, PORTS, TRAFFIC, HARDWARE, CABLES),
    choices=(SCHOOL, SITE, SWITCH),
    marks=(OUTAGES, MAINTENANCE, RELOADS),
)
