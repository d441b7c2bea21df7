"""The first row of the city's board: what is broken, since when, why, whom it touches.

Must not know: Grafana's JSON.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from dashboards import degraded
from dashboards.city_tiles import TILES
from dashboards.panel import Colour, Column, Kind, Panel, Query, Row, Value
from dashboards.sentence import (
    BAD,
    CARE,
    GOOD,
    SENTENCE_STEPS,
    SPANS,
    UNKNOWN,
    sentence,
    sentences_of_nothing,
    unbroken,
)
from dashboards.shared import (
    ANY_LINE,
    BLIND,
    CAUSES,
    ISOLATED,
    KNOWN_LINE,
    NONE,
    NOTHING_YET,
    PLACE_COLUMNS,
    TO_PLACE,
    TO_PLACE_OF_SERIES,
    labelled,
    or_blind,
    with_place,
)
from monitor.words import terms
from monitor.words.text import Text, same

LOSS: Final = "max by (school, site) (site:uplink_loss_while_up:ratio_rate5m)"
RTT: Final = "max by (school, site) (site:uplink_rtt_seconds:mean5m)"
LOAD: Final = "max by (school, site) (school_uplink_utilisation_ratio)"
# From here on a figure of a line stands out. Whether it is degraded, the daemon says.
LOSS_LIMIT: Final = 0.01
RTT_LIMIT: Final = 0.05
LOAD_LIMIT: Final = 0.8
UP: Final = "and on (school, site) (max by (school, site) (school_uplink_up) == 1)"

_DOWN: Final = 'max by (school, site) (school_uplink_state{state="down"}) == 1'
_SINCE: Final = "max by (school, site) (school_uplink_state_since_timestamp_seconds) * 1000"
_CAUSE: Final = "max by (school, site, cause) (school_uplink_cause_info)"
_PROVIDER: Final = "max by (school, site, provider) (school_site_info)"
_TOGETHER: Final = (
    '(max by (school, site) (school_uplink_cause_info{cause="provider_outage"}) == 1)'
)
_LESSONS: Final = "max by (school) (school_in_lessons)"


def _alone(value: str) -> str:
    """Return a value of each line that is down by itself, with its place and cause."""
    of_line = f"({value} and on (school, site) ({_DOWN})) unless on (school, site) {_TOGETHER}"
    return with_place(f"({of_line}) * on (school, site) group_left (cause) {_CAUSE}")


def _together(fold: str, value: str, each: str = "school, site") -> str:
    """Return one value for each provider whose lines are down by an outage of it.

    It is folded of one for `each` line, or school.
    """
    lines = (
        f"({value} and on (school, site) {_TOGETHER})"
        f" * on (school, site) group_left (provider) {_PROVIDER}"
    )
    folded = f"{fold} by (provider) (max by ({each}, provider) ({lines}))"
    named = f'label_replace({folded}, "place", "$1", "provider", "(.*)")'
    return f'label_replace({named}, "cause", "provider_outage", "", "")'


def _lines(value: str, fold: str, each: str = "school, site") -> str:
    return f"{_alone(value)} or {_together(fold, value, each)}"


_OF_LINE: Final = "max by (school, site) (school_uplink_state_since_timestamp_seconds)"
_DOWN_SINCE: Final = _lines(_SINCE, "min")
_DOWN_FOR: Final = _lines(f"(time() - {_OF_LINE})", "max")
_DOWN_LESSONS: Final = _lines(
    f"(0 * {_OF_LINE} + on (school) group_left () {_LESSONS})", "sum", "school"
)
_DOWN_LINES: Final = _lines(f"(0 * {_OF_LINE} + 1)", "sum")

_DEAD_SWITCH: Final = (
    "and on (school, site, device) (max by (school, site, device) "
    '(school_switch_state{state="down"}) == 1)'
)
_SWITCH: Final = "max by (school, site, device) (school_switch_state_since_timestamp_seconds)"
_SWITCH_SINCE: Final = with_place(f"{_SWITCH} * 1000 {_DEAD_SWITCH}")


_MOST_FALLEN: Final = 4


def _fallen(cause: str, said: Text) -> tuple[Query, ...]:
    """Return the sentences of the lines that fell last and for this cause."""
    last = f"(bottomk({_MOST_FALLEN}, {_DOWN_FOR}) and on (cause) {labelled(cause=cause)})"
    return tuple(
        sentence(
            unbroken(f'count_values by (place, school, site) ("length", {span.whole(last)})'),
            BAD,
            Text(
                f"{{{{place}}}}: {said.en} for {{{{length}}}} {span.unit.en}",
                f"{{{{place}}}}: {said.de} seit {{{{length}}}} {span.unit.de}",
            ),
        )
        for span in SPANS
    )


_DEGRADED: Final = "max by (school, site) (school_uplink_degraded) == 1"
_THE_ONE: Final = f"({_DEGRADED}) and on () count({_DEGRADED}) == 1"
# A fifth sentence would leave none of them legible.
_DEGRADED_FOR: Final = with_place(
    f"(time() - {degraded.line_since()}) and on (school, site) ({_THE_ONE})"
    f" unless on () count({_DOWN_FOR}) >= {_MOST_FALLEN}"
)


def _degraded() -> tuple[Query, ...]:
    """Return the sentences of the line that is degraded, if it is the only one."""
    return tuple(
        sentence(
            unbroken(
                f'count_values by (place, school, site) ("length", {span.whole(_DEGRADED_FOR)})'
            ),
            CARE,
            Text(
                f"{{{{place}}}}: {terms.DEGRADED.en} for {{{{length}}}} {span.unit.en}",
                f"{{{{place}}}}: {terms.DEGRADED.de} seit {{{{length}}}} {span.unit.de}",
            ),
        )
        for span in SPANS
    )


ANSWER: Final = Row(
    Text("Is the city well?", "Geht es der Stadt gut?"),
    (
        *TILES,
        Panel(
            Kind.STAT,
            Text("Which, why, and for how long", "Welche, warum, wie lange"),
            Text(
                "The four most recent outages; for a provider outage, the provider. If there are "
                "fewer, the degraded line, if it is the only one. Good: none.",
                "Die vier jüngsten Ausfälle; bei einem des Anbieters der Anbieter. Sind es "
                "weniger, die gestörte Leitung, wenn sie die einzige ist. Gut: keine.",
            ),
            (
                *_fallen("no_answer", terms.CAUSES["no_answer"]),
                *_fallen("provider_outage", Text("outage", "Ausfall")),
                *_degraded(),
                sentence(
                    f"{KNOWN_LINE} unless on () ({_DOWN}) unless on () {BLIND}",
                    GOOD,
                    Text("no line is known to be down", "keine Leitung ist ausgefallen"),
                ),
                sentence(
                    f"{ANY_LINE} unless on () ({KNOWN_LINE}) unless on () {BLIND}",
                    UNKNOWN,
                    ISOLATED.text,
                ),
                sentence(
                    f"{BLIND} unless on () ({_DOWN})",
                    UNKNOWN,
                    Text("no verdicts: see the monitor", "keine Urteile: siehe Monitor"),
                ),
                *sentences_of_nothing(f"{ANY_LINE} or {BLIND}", NOTHING_YET),
            ),
            "none",
            NOTHING_YET,
            width=24,
            height=4,
            steps=SENTENCE_STEPS,
            in_words=True,
            link=TO_PLACE_OF_SERIES,
        ),
        Panel(
            Kind.TABLE,
            Text(
                "What is down, why, and who is affected",
                "Was ausgefallen ist, warum, wen es trifft",
            ),
            Text(
                "Every line that is down, with a provider outage as one row, and how many of "
                "these schools have lessons now. Good: empty.",
                "Jede tote Leitung, die eines Ausfalls beim Anbieter als eine Zeile, und wie viele "
                "dieser Schulen gerade Unterricht haben. Gut: leer.",
            ),
            (
                Query(or_blind(_DOWN_SINCE), same(""), instant=True),
                Query(_DOWN_FOR, same(""), instant=True),
                Query(_DOWN_LESSONS, same(""), instant=True),
                Query(_DOWN_LINES, same(""), instant=True),
            ),
            "none",
            NONE,
            width=24,
            height=7,
            columns=(
                replace(PLACE_COLUMNS[0], title=Text("School or provider", "Schule oder Anbieter")),
                *PLACE_COLUMNS[1:],
                Column("cause", Text("Cause", "Ursache"), values=CAUSES),
                Column("Value #A", Text("Since", "Seit"), "since"),
                Column("Value #B", Text("For", "Dauer"), "duration"),
                Column(
                    "Value #C",
                    Text("In lessons", "Im Unterricht"),
                    "none",
                    values=(Value(0, Text("none now", "gerade keine"), Colour.GOOD),),
                    coloured=False,
                    width=110,
                ),
                Column("Value #D", Text("Lines", "Leitungen"), "none", width=110),
            ),
            first_by=Text("Lines", "Leitungen"),
            link=TO_PLACE,
        ),
        Panel(
            Kind.TABLE,
            Text("Degraded lines and switches", "Was antwortet und gestört ist"),
            Text(
                "Lines and switches that are degraded, why and since when, lines first. Switches "
                "that lose packets behind a line that does are counted in its row. "
                "docs/verdicts.md lists the limits. Good: empty.",
                "Leitungen und Switches, die gestört sind, warum und seit wann, Leitungen zuerst. "
                "Switches, die hinter einer verlustreichen Leitung Pakete verlieren, zählt deren "
                "Zeile. Die Grenzen stehen in docs/verdicts.md. Gut: leer.",
            ),
            (
                Query(or_blind(with_place(degraded.is_line())), same(""), instant=True),
                Query(with_place(degraded.since()), same(""), instant=True),
                Query(with_place(degraded.behind()), same(""), instant=True),
            ),
            "none",
            NONE,
            width=24,
            height=6,
            columns=(
                *PLACE_COLUMNS,
                Column("device", Text("Device", "Gerät"), coloured=False, width=95),
                degraded.KIND,
                degraded.REASON,
                degraded.BEHIND,
                Column("check", same("check"), hidden=True),
                Column("part", same("part"), hidden=True),
                degraded.SINCE,
            ),
            first_by=degraded.KIND.title,
            then_by=degraded.SINCE.title,
            link=TO_PLACE,
        ),
        Panel(
            Kind.TABLE,
            Text("Switches down while their line is up", "Tote Switches an lebenden Leitungen"),
            Text(
                "Each switch that is down and since when, the latest first. Good: empty.",
                "Jeder tote Switch und seit wann, der jüngste zuerst. Gut: leer.",
            ),
            (Query(or_blind(_SWITCH_SINCE), same(""), instant=True),),
            "none",
            NONE,
            width=24,
            height=5,
            columns=(
                *PLACE_COLUMNS,
                Column("device", same("Switch")),
                Column("Value", Text("Since", "Seit"), "since"),
            ),
            first_by=Text("Since", "Seit"),
            link=TO_PLACE,
        ),
    ),
)
