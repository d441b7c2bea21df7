"""How many lines and switches of the city are not well, each of how many, for the first row.

Must not know: Grafana's JSON, single schools.
"""

from __future__ import annotations

from typing import Final

from dashboards.as_of import as_of
from dashboards.panel import Colour, Kind, Panel, Query, Value
from dashboards.sentence import (
    BAD,
    CARE,
    GOOD,
    SENTENCE_STEPS,
    SILENT,
    UNKNOWN,
    numbered,
    sentence,
    sentences_of_nothing,
)
from dashboards.shared import BLIND, ISOLATED, KNOWN_LINE, NOTHING_YET
from monitor.words.terms import STATES
from monitor.words.text import Text, same

_LINES: Final = "count(max by (school, site) (school_uplink_state))"
_SWITCHES: Final = "count(max by (school, site, device) (school_switch_state))"
_OF: Final = Text("{{number}} of {{whole}}", "{{number}} von {{whole}}")


def _lines(state: str) -> str:
    return f'max by (school, site) (school_uplink_state{{state="{state}"}}) == 1'


def _tile(
    title: Text,
    description: Text,
    queries: tuple[Query, ...],
    values: tuple[Value, ...] = (),
    *,
    width: int = 6,
) -> Panel:
    return Panel(
        Kind.STAT,
        title,
        description,
        queries,
        "none",
        SILENT if values else NOTHING_YET,
        width=width,
        height=3,
        steps=SENTENCE_STEPS,
        values=values,
        in_words=not values,
    )


def _judged(
    of_what: str, whole: str, said: tuple[tuple[str, int, Text], ...], known: str = KNOWN_LINE
) -> tuple[Query, ...]:
    """Return the sentences of a number, each for a comparison, while verdicts are not suspended.

    Before the first verdict `known` has no series, and the tile shows none of these sentences.
    """
    number = f"(count({of_what}) or 0 * {whole})"
    numbers = numbered(whole=whole, number=number)
    none_known = f"({BLIND} or {whole} unless on () ({known}))"
    return (
        *(
            sentence(f"{numbers} and on () {number} {holds} unless on () {none_known}", code, text)
            for holds, code, text in said
        ),
        sentence(f"{whole} and on () {none_known}", UNKNOWN, ISOLATED.text),
        *sentences_of_nothing(whole, NOTHING_YET),
    )


def _share(of_what: str, whole: str, code: int, known: str = KNOWN_LINE) -> tuple[Query, ...]:
    return _judged(of_what, whole, (("> 0", code, _OF), ("== 0", GOOD, _OF)), known)


_NONE_UNKNOWN: Final = f"(count({_lines('unknown')}) or 0 * {_LINES})"
_UNKNOWN_OF: Final = numbered(whole=_LINES, number=_NONE_UNKNOWN)

TILES: Final = (
    _tile(
        Text("Lines down", "Leitungen ausgefallen"),
        Text(
            "Sites whose line is proven down, of all sites. Good: 0.",
            "Standorte, deren Leitung nachweislich tot ist, von allen. Gut: 0.",
        ),
        _share(_lines("down"), _LINES, BAD),
        width=8,
    ),
    _tile(
        Text("Lessons hit now", "Unterricht jetzt betroffen"),
        Text(
            "Schools that have lessons now and a line that is down. Good: none.",
            "Schulen, die in diesem Augenblick Unterricht haben und eine tote Leitung. Gut: keine.",
        ),
        _judged(
            f"max by (school) ({_lines('down')})"
            " and on (school) (max by (school) (school_in_lessons) == 1)",
            _LINES,
            (
                ("> 1", BAD, Text("at {{number}} schools", "an {{number}} Schulen")),
                ("== 1", BAD, Text("at 1 school", "an 1 Schule")),
                ("== 0", GOOD, Text("at no school", "an keiner Schule")),
            ),
        ),
        width=8,
    ),
    _tile(
        Text("Lines degraded", "Leitungen gestört"),
        Text(
            "Degraded lines, of all lines: packet loss, services, errors. Switches are in the "
            "table below. Good: 0.",
            "Leitungen, die online und gestört sind, von allen: Verlust, Dienste, Fehler. "
            "Switches stehen in der Tabelle darunter. Gut: 0.",
        ),
        _share("max by (school, site) (school_uplink_degraded) == 1", _LINES, CARE),
        width=8,
    ),
    _tile(
        Text("Switches down", "Switches ausgefallen"),
        Text(
            "Switches that are down although their line is up, of all switches. Good: 0.",
            "Tote Switches hinter lebender Leitung, von allen: Ursachen, nicht Folgen. Gut: 0.",
        ),
        _share(
            'max by (school, site, device) (school_switch_state{state="down"}) == 1',
            _SWITCHES,
            CARE,
            'max(school_switch_state{state=~"up|down"}) == 1',
        ),
    ),
    _tile(
        Text("Lines unknown", "Leitungen unbekannt"),
        Text(
            "Sites whose state is unknown, for reasons other than the sites themselves. Good: 0.",
            "Standorte, von denen nichts bekannt ist, ohne deren Schuld, von allen. Gut: 0.",
        ),
        (
            sentence(f"{_UNKNOWN_OF} and on () {_NONE_UNKNOWN} > 0", UNKNOWN, _OF),
            sentence(f"{_UNKNOWN_OF} and on () {_NONE_UNKNOWN} == 0", GOOD, _OF),
            *sentences_of_nothing(_LINES, NOTHING_YET),
        ),
    ),
    _tile(
        Text("Monitoring", "Überwachung"),
        Text(
            "Whether the other figures are reliable. Isolated: our own line is down. Suspended: "
            "all providers stopped answering at once, our hub or theirs. Silent: Prometheus "
            "cannot reach the monitor. Unknown: it has not measured enough yet. Good: OK.",
            "Ob man sich auf die Zahlen daneben verlassen kann. Isoliert: unsere eigene Leitung "
            "ist tot. Ausgesetzt: alle Anbieter verstummten zugleich, unser Übergabepunkt oder "
            "ihrer. Stumm: Prometheus erreicht den Monitor nicht. Unbekannt: er hat noch nicht "
            "genug gemessen. Gut: OK.",
        ),
        (
            Query(
                '((max(up{job="schulnetz"}) == 0) + 3'
                " or (max(school_common_outage) == 1) + 1"
                " or max(monitor_isolated) == 1"
                ' or (max(monitor_line_state{state="unknown"}) == 1) + 3'
                " or max(monitor_isolated))",
                Text("Monitoring", "Überwachung"),
                instant=True,
            ),
        ),
        (
            Value(0, same("OK"), Colour.GOOD),
            Value(1, Text("ISOLATED", "ISOLIERT"), Colour.UNKNOWN),
            Value(2, Text("SUSPENDED", "AUSGESETZT"), Colour.UNKNOWN),
            Value(3, SILENT, Colour.SILENT),
            Value(4, STATES["unknown"].loud(), Colour.UNKNOWN),
        ),
    ),
    as_of(6, 3),
)
