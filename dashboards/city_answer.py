"""The first row of the city's board: what is broken, since when, why, whom it touches.

Must not know: Grafana's JSON.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from dashboards import degraded
from dashboards.panel import (
    BAD_FROM_ONE,
    CARE_FROM_ONE,
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
    CAUSES,
    ISOLATED,
    NONE,
    NOTHING_ELSE,
    NOTHING_YET,
    PLACE_COLUMNS,
    TO_PLACE,
    TO_PLACE_OF_SERIES,
    if_none,
    judged,
    or_blind,
    or_zero,
    with_place,
)
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


def _together(fold: str, value: str) -> str:
    """Return one value for each provider whose lines are down by an outage of it."""
    lines = (
        f"({value} and on (school, site) {_TOGETHER})"
        f" * on (school, site) group_left (provider) {_PROVIDER}"
    )
    named = f'label_replace({fold} by (provider) ({lines}), "place", "$1", "provider", "(.*)")'
    return f'label_replace({named}, "cause", "provider_outage", "", "")'


def _lines(value: str, fold: str) -> str:
    return f"{_alone(value)} or {_together(fold, value)}"


_OF_LINE: Final = "max by (school, site) (school_uplink_state_since_timestamp_seconds)"
_DOWN_SINCE: Final = _lines(_SINCE, "min")
_DOWN_FOR: Final = _lines(f"(time() - {_OF_LINE})", "max")
_DOWN_LESSONS: Final = _lines(f"(0 * {_OF_LINE} + on (school) group_left () {_LESSONS})", "sum")
_DOWN_LINES: Final = _lines(f"(0 * {_OF_LINE} + 1)", "sum")

_DEAD_SWITCH: Final = (
    "and on (school, site, device) (max by (school, site, device) "
    '(school_switch_state{state="down"}) == 1)'
)
_SWITCH: Final = "max by (school, site, device) (school_switch_state_since_timestamp_seconds)"
_SWITCH_SINCE: Final = with_place(f"{_SWITCH} * 1000 {_DEAD_SWITCH}")

_MONITOR: Final = (
    Value(0, same("OK"), Colour.GOOD),
    Value(1, Text("ISOLATED", "ISOLIERT"), Colour.UNKNOWN),
    Value(2, Text("SUSPENDED", "AUSGESETZT"), Colour.UNKNOWN),
    Value(3, Text("SILENT", "STUMM"), Colour.SILENT),
)


def _tile(title: Text, description: Text, expr: str, width: int, steps: tuple[Step, ...]) -> Panel:
    return Panel(
        Kind.STAT,
        title,
        description,
        (Query(expr, title, instant=True),),
        "none",
        NOTHING_YET,
        width=width,
        steps=steps,
        values=(ISOLATED,),
    )


_TILES: Final = (
    _tile(
        Text("Lines down", "Ausgefallen"),
        Text(
            "Sites whose line is dead by evidence. Good: 0.",
            "Standorte, deren Leitung nachweislich tot ist. Gut: 0.",
        ),
        judged('sum(max by (school, site) (school_uplink_state{state="down"}))'),
        4,
        BAD_FROM_ONE,
    ),
    _tile(
        Text("Lessons hit", "Betroffen"),
        Text(
            "Schools that have lessons now and a line down. Good: 0.",
            "Schulen, die gerade Unterricht haben und eine tote Leitung. Gut: 0.",
        ),
        judged(
            or_zero(
                'count(max by (school) (school_uplink_state{state="down"}) == 1 '
                f"and on (school) ({_LESSONS} == 1))"
            )
        ),
        4,
        BAD_FROM_ONE,
    ),
    _tile(
        Text("Degraded", "Gestört"),
        Text(
            "Lines and switches that answer and work badly: lost packets, services, SNMP, "
            "hardware. Good: 0.",
            "Leitungen und Switches, die antworten und gestört sind: Verlust, Dienste, SNMP, "
            "Hardware. Gut: 0.",
        ),
        judged(or_zero(degraded.COUNT)),
        4,
        CARE_FROM_ONE,
    ),
    _tile(
        Text("Switch dead", "Switch tot"),
        Text(
            "Dead switches behind a living line: causes, not consequences. Good: 0.",
            "Tote Switches hinter lebender Leitung: Ursachen, nicht Folgen. Gut: 0.",
        ),
        judged(or_zero('sum(max by (school, site, device) (school_switch_state{state="down"}))')),
        4,
        CARE_FROM_ONE,
    ),
    _tile(
        Text("Unknown", "Unbekannt"),
        Text(
            "Sites of which nothing is known, through no fault of theirs. Good: 0.",
            "Standorte, von denen nichts bekannt ist, ohne deren Schuld. Gut: 0.",
        ),
        'sum(max by (school, site) (school_uplink_state{state="unknown"}))',
        4,
        (Step(None, Colour.GOOD), Step(1, Colour.UNKNOWN)),
    ),
    Panel(
        Kind.STAT,
        same("Monitor"),
        Text(
            "Whether the figures beside it can be relied on. Isolated: our own line is dead. "
            "Suspended: all providers fell silent at once, our hub or theirs. Silent: Prometheus "
            "does not reach the monitor. Good: OK.",
            "Ob man sich auf die Zahlen daneben verlassen kann. Isoliert: unsere eigene Leitung "
            "ist tot. Ausgesetzt: alle Anbieter verstummten zugleich, unser Übergabepunkt oder "
            "ihrer. Stumm: Prometheus erreicht den Monitor nicht. Gut: OK.",
        ),
        (
            Query(
                '((max(up{job="schulnetz"}) == 0) + 3'
                " or (max(school_common_outage) == 1) + 1"
                " or max(monitor_isolated))",
                same("Monitor"),
                instant=True,
            ),
        ),
        "none",
        Text("SILENT", "STUMM"),
        width=4,
        values=_MONITOR,
    ),
)

ANSWER: Final = Row(
    Text("Is the city well?", "Geht es der Stadt gut?"),
    (
        *_TILES,
        Panel(
            Kind.STAT,
            Text("Down, and since when", "Ausgefallen, und seit wann"),
            Text(
                "The six that fell last; of a provider's outage, the provider. Good: none.",
                "Die sechs jüngsten; bei einem Ausfall des Anbieters der Anbieter. Gut: keine.",
            ),
            (
                Query(f"topk(6, {_DOWN_SINCE})", same("{{place}}"), instant=True),
                *if_none(
                    _DOWN,
                    Text("no line is known to be down", "keine Leitung ist ausgefallen"),
                    instant=True,
                ),
            ),
            "since",
            NOTHING_YET,
            width=24,
            height=4,
            steps=(Step(None, Colour.BAD),),
            values=NOTHING_ELSE,
            link=TO_PLACE_OF_SERIES,
        ),
        Panel(
            Kind.TABLE,
            Text(
                "What is down, why, and whom it touches",
                "Was ausgefallen ist, warum, wen es trifft",
            ),
            Text(
                "Every dead line, the lines of a provider's outage as one row, and how many of "
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
                Column("Value #A", Text("Since", "Seit"), "since", width=115),
                Column("Value #B", Text("For", "Dauer"), "duration", width=100),
                Column(
                    "Value #C",
                    Text("In lessons", "Im Unterricht"),
                    "none",
                    values=(Value(0, Text("none now", "gerade keine"), Colour.GOOD),),
                    coloured=False,
                    width=110,
                ),
                Column("Value #D", Text("Lines", "Leitungen"), "none", width=95),
            ),
            first_by=Text("Lines", "Leitungen"),
            link=TO_PLACE,
        ),
        Panel(
            Kind.TABLE,
            Text("What answers and works badly", "Was antwortet und gestört ist"),
            Text(
                "Lines and switches that are degraded, why and since when; docs/verdicts.md has "
                "the limits. Good: empty.",
                "Leitungen und Switches, die gestört sind, warum und seit wann; die Grenzen stehen "
                "in docs/verdicts.md. Gut: leer.",
            ),
            (Query(or_blind(with_place(degraded.since())), same(""), instant=True),),
            "none",
            NONE,
            width=12,
            height=7,
            columns=(
                *PLACE_COLUMNS,
                Column("device", Text("Device", "Gerät"), coloured=False, width=95),
                degraded.REASON,
                Column("check", same("check"), hidden=True),
                Column("part", same("part"), hidden=True),
                Column("Value", Text("Since", "Seit"), "since", width=115),
            ),
            first_by=Text("Since", "Seit"),
            link=TO_PLACE,
        ),
        Panel(
            Kind.TABLE,
            Text("Dead switches at living lines", "Tote Switches an lebenden Leitungen"),
            Text(
                "Each dead switch and since when, the latest first. Good: empty.",
                "Jeder tote Switch und seit wann, der jüngste zuerst. Gut: leer.",
            ),
            (Query(or_blind(_SWITCH_SINCE), same(""), instant=True),),
            "none",
            NONE,
            width=12,
            height=7,
            columns=(
                *PLACE_COLUMNS,
                Column("device", same("Switch")),
                Column("Value", Text("Since", "Seit"), "since", width=115),
            ),
            first_by=Text("Since", "Seit"),
            link=TO_PLACE,
        ),
    ),
)
