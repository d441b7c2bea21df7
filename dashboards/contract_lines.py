"""The contract's board, line by line: accounts, outages, campaigns, findings.

Must not know: Grafana's JSON.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from dashboards.contract_terms import (
    DOWN,
    EXCUSED,
    IN_RANGE,
    KEPT,
    LOST,
    NOT_KNOWN,
    OF,
    OWED,
    against_contract,
    minutes,
)
from dashboards.panel import Colour, Column, Kind, Panel, Query, Row, Series, Step, Value
from dashboards.shared import (
    NONE,
    NOTHING_YET,
    PLACE_COLUMNS,
    TO_PLACE,
    TO_PLACE_OF_SERIES,
    or_silent,
    or_silent_at_end,
    or_unread,
    with_place,
    words,
)
from monitor.words import terms
from monitor.words.terms import CAUSES, FINDINGS
from monitor.words.text import Text, same

_MISSING: Final = Text("Missing", "Fehlt")
_BEGIN: Final = Text("Begin", "Beginn")


def _of_lines(expr: str) -> Query:
    return Query(with_place(f"({expr}) {OF}"), same(""), instant=True)


LINES: Final = Panel(
    Kind.TABLE,
    Text("Each line against its own contract", "Jede Leitung gegen ihren eigenen Vertrag"),
    Text(
        "Availability in the time range, the contracted availability, and the shortfall, worst "
        "first. Minutes that were unknown, in maintenance, or excused by a person do not count. "
        "Down is as recorded; unknown includes what was not measured if that is a tenth of the "
        "range or more. Loss is the loss of pings to the line's router. A line without a "
        "contract owes nothing.",
        "Verfügbarkeit im Zeitraum, was der Vertrag schuldet, und wie viel fehlt: das Schlimmste "
        "zuerst. Minuten, die unbekannt, in Wartung oder von Personen entschuldigt sind, zählen "
        "nicht. Ausfall ist, was gemessen wurde; unbekannt ist auch, was nicht gemessen wurde, ab "
        "einem Zehntel des Zeitraums. Verlust ist der von Pings zum Router der Leitung. "
        "Eine Leitung ohne Vertrag schuldet nichts.",
    ),
    (
        Query(or_silent(with_place(f"{KEPT} {OF}")), same(""), instant=True),
        _of_lines(OWED),
        _of_lines(f"clamp_min({OWED} - {KEPT}, 0)"),
        _of_lines(DOWN),
        _of_lines(f"({EXCUSED}) > 0"),
        _of_lines(NOT_KNOWN),
        _of_lines(minutes("maintenance")),
        _of_lines(LOST),
    ),
    "none",
    Text("–", "–"),
    width=24,
    height=11,
    columns=(
        replace(PLACE_COLUMNS[0], width=340),
        Column("Value #A", Text("Kept", "Ist"), "percentunit", decimals=2),
        Column("Value #B", Text("Owed", "Soll"), "percentunit", decimals=2),
        Column(
            "Value #C",
            _MISSING,
            "percentunit",
            decimals=2,
            steps=(Step(None, Colour.GOOD), Step(0.000_001, Colour.BAD)),
        ),
        Column("Value #D", Text("Down", "Ausfall"), "m", decimals=0),
        Column("Value #E", Text("Excused", "Entschuldigt"), "m", decimals=0),
        Column("Value #F", Text("Unknown", "Unbekannt"), "m", decimals=0),
        Column("Value #G", Text("Maintenance", "Wartung"), "m", decimals=0),
        Column("Value #H", Text("Loss", "Verlust"), "percentunit", decimals=2),
        *PLACE_COLUMNS[1:],
    ),
    first_by=_MISSING,
    link=TO_PLACE,
)

# A begin makes a series, and so an outage. The points of a long range lie more than a minute apart,
# so each asks for what was recorded since the one before; and until the next one, for Grafana ends
# a range at a whole step, over years days ago, and a monitor may be silent at the next point.
_RECORDED: Final = "site:uplink_outages_seen:timestamp_seconds[$__interval]"
_SEEN: Final = f"max_over_time({_RECORDED} offset -$__interval) or max_over_time({_RECORDED})"
_OUTAGES: Final = f"(max by (school, site, cause, started) ({_SEEN}) * 1000) {OF}"

OUTAGES_OF_LINES: Final = Panel(
    Kind.TABLE,
    Text("Outages", "Ausfälle"),
    Text(
        "Each outage in the time range, newest first: start, last minute in which it was seen, "
        "duration, and cause. Good: none.",
        "Jeder Ausfall im Zeitraum, der neueste zuerst: Beginn, die letzte Minute, in der er "
        "gesehen wurde, Dauer und Ursache. Gut: keiner.",
    ),
    (Query(or_silent_at_end(with_place(_OUTAGES)), same(""), every="1m"),),
    "none",
    Text("no outage seen", "kein Ausfall gesehen"),
    width=24,
    height=9,
    columns=(
        PLACE_COLUMNS[0],
        Column("started", _BEGIN, "moment"),
        Column("Max", Text("Last seen", "Zuletzt gesehen"), "moment"),
        Column("lasted", Text("Lasted", "Dauer"), "duration"),
        Column(
            "cause",
            Text("Cause", "Ursache"),
            values=tuple(Value(name, said, Colour.BAD) for name, said in CAUSES.items()),
            coloured=False,
        ),
        *PLACE_COLUMNS[1:],
    ),
    first_by=_BEGIN,
    link=TO_PLACE,
    per_series=True,
)

_DOWN_RATE: Final = against_contract("down")

CAMPAIGNS_OF_LINES: Final = Panel(
    Kind.BAR_GAUGE,
    Text("Last campaign against contract", "Letzte Kampagne gegen Vertrag"),
    Text(
        "Median download rate of each line's last measuring campaign, relative to its contracted "
        "rate: the slowest eight. Good: 90 % or more.",
        "Median des Downloads der letzten Messkampagne jeder Leitung, von ihrer eigenen "
        "vereinbarten Rate: die acht langsamsten. Gut: 90 % oder mehr.",
    ),
    (
        Query(
            f"sort({with_place(f'bottomk(8, ({_DOWN_RATE}) {OF})')})",
            same("{{place}}"),
            instant=True,
        ),
    ),
    "percentunit",
    Text("never measured, or not known", "nie gemessen oder nicht bekannt"),
    width=12,
    height=12,
    maximum=1,
    decimals=0,
    steps=(Step(None, Colour.BAD), Step(0.9, Colour.GOOD)),
    link=TO_PLACE_OF_SERIES,
)

_FINDINGS: Final = Panel(
    Kind.TABLE,
    Text("Findings at the lines", "Befunde an den Leitungen"),
    Text(
        "Problems found by the routers' counters. Good: empty.",
        "Was laut den Zählern der Router nicht stimmt. Gut: leer.",
    ),
    (
        Query(
            or_unread(
                with_place(f"(max by (school, site, finding) (school_uplink_finding) == 1) {OF}"),
                f"school_uplink_finding {OF}",
            ),
            same(""),
            instant=True,
        ),
    ),
    "none",
    Text("none", "keine"),
    width=24,
    height=6,
    columns=(
        PLACE_COLUMNS[0],
        Column(
            "finding",
            Text("Finding", "Befund"),
            values=tuple(Value(name, said, Colour.CARE) for name, said in FINDINGS.items()),
            coloured=False,
        ),
        *PLACE_COLUMNS[1:],
    ),
    link=TO_PLACE,
)

OVER_TIME: Final = Panel(
    Kind.TIME_SERIES,
    Text("Lines down over time", "Ausgefallene Leitungen über die Zeit"),
    Text("Lines that were down. Good: 0 throughout.", "Tote Leitungen. Gut: durchgehend 0."),
    (
        Query(
            f'sum((max by (school, site) (school_uplink_state{{state="down"}})) {OF})',
            same("down"),
        ),
    ),
    "none",
    NOTHING_YET,
    width=12,
    height=12,
    series=(Series("down", Text("down", "ausgefallen"), Colour.BAD),),
)

_DECIDED: Final = (
    "(max by (school, site, excuse, into) (school_excuse_minutes)"
    " * on (excuse) group_left (note) max by (excuse, note) (school_excuse_info)"
    f" and on (excuse) ({IN_RANGE} > 0))"
)


def _of_excuses(instant: str) -> Query:
    at = f"max by (excuse) (school_excuse_{instant}_timestamp_seconds) * 1000"
    excuse = "max by (school, site, excuse) (school_excuse_minutes)"
    return _of_lines(f"0 * {excuse} + on (excuse) group_left () ({at} and {IN_RANGE} > 0)")


_EXCUSES: Final = Panel(
    Kind.TABLE,
    Text("Minutes that people reclassified", "Von Personen umgestufte Minuten"),
    Text(
        "Excuses in force (`schulnetz sla excuse`) that overlap the time range, newest first: "
        "excused minutes were down and do not count. The ledger names who decided.",
        "Geltende Entscheidungen (`schulnetz sla excuse`), die den Zeitraum berühren, die neueste "
        "zuerst: entschuldigte Minuten waren Ausfall und zählen nicht. Wer entschied, steht im "
        "Messprotokoll.",
    ),
    (
        Query(
            or_unread(with_place(f"{_DECIDED} {OF}"), "max(school_info)"), same(""), instant=True
        ),
        _of_excuses("begins"),
        _of_excuses("ends"),
    ),
    "none",
    NONE,
    width=24,
    height=7,
    columns=(
        PLACE_COLUMNS[0],
        Column("Value #B", _BEGIN, "moment"),
        Column("Value #C", Text("End", "Ende"), "moment"),
        Column("Value #A", Text("Minutes", "Minuten"), "none"),
        Column(
            "into",
            Text("Now", "Jetzt"),
            values=words(terms.RECLASSIFIED, {}),
            coloured=False,
        ),
        Column("note", Text("Reason", "Grund")),
        *PLACE_COLUMNS[1:],
    ),
    first_by=_BEGIN,
    link=TO_PLACE,
)

DETAIL: Final = Row(
    Text("Excuses and findings", "Entschuldigtes und Befunde"),
    (_EXCUSES, _FINDINGS),
)
