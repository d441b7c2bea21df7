"""What the goal's board asks of the goal and its forecast, as PromQL, and says in numbers.

Must not know: Grafana's JSON, panels.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from dashboards.sentence import GOOD, numbered, sentence
from monitor.words.terms import UNITS
from monitor.words.text import Text

if TYPE_CHECKING:
    from dashboards.panel import Query

NO_GOAL: Final = Text("no goal is configured", "kein Ziel eingestellt")
# Whether for want of a goal or of a monitor.
NOT_KNOWN: Final = Text("not known", "nicht bekannt")
NO_FORECAST: Final = Text("no forecast yet", "noch keine Prognose")
VERIFIED: Final = "max(rollout_goal_verified)"
BUILT: Final = "max(rollout_goal_built)"
GOAL: Final = "max(rollout_goal_denominator)"
TARGET: Final = "max(rollout_goal_target_timestamp_seconds)"
OVERDUE: Final = "max(rollout_goal_overdue_seconds)"
DAY: Final = 86_400
# Samples of a history are at most a day apart, and a point's window ends with the point.
HISTORY_HOURS: Final = 25
_MONTH: Final = 2_629_746
# From then on one speaks of months.
_MONTHS_FROM: Final = 61 * DAY
# From the end of a day into that day, whatever zone the reader is in.
INTO_THE_DAY: Final = DAY // 2
_SERIES: Final = re.compile(r"rollout_\w+(\{[^}]*\})?")


def finish(quantile: str) -> str:
    """Return PromQL of the day's end by which that share of possible courses has all built."""
    return f'max(rollout_forecast_finish_timestamp_seconds{{quantile="{quantile}"}})'


def outlook_is(outlook: str) -> str:
    """Return PromQL of one series while the forecast's outlook is this one."""
    return f'max(rollout_forecast_outlook{{outlook="{outlook}"}}) == 1'


DONE: Final = f"({outlook_is('built')} or {outlook_is('reached')})"
EXPECTED: Final = outlook_is("expected")
# In nine of ten simulated futures.
IN_TIME: Final = f"({finish('0.9')} <= {TARGET} and on () {EXPECTED})"


def at_each_point(expr: str) -> str:
    """Return what a graph's points show: the last samples since the point before.

    Those of `schulnetz backfill` are an hour or a day apart, and Grafana asks at whole steps of the
    reader's own time zone, where none of them need be.
    """
    return _SERIES.sub(r"last_over_time(\g<0>[$__interval])", expr)


def as_day(instant: str) -> str:
    """Return PromQL of a day for people (milliseconds), of the instant at which it ends."""
    return f"({instant} - {INTO_THE_DAY}) * 1000"


def in_months(seconds: str) -> str:
    """Return PromQL of a span of two months or more, with the label `months`."""
    return numbered(
        months=f"round((round({seconds} / {DAY}) >= {_MONTHS_FROM // DAY}) * {DAY} / {_MONTH})"
    )


def in_days(seconds: str) -> str:
    """Return PromQL of a span of two days or more, below two months, with the label `days`."""
    return numbered(days=f"(round({seconds} / {DAY}) > 1) < {_MONTHS_FROM // DAY}")


def one_day(seconds: str) -> str:
    """Return PromQL of a span of at most one day."""
    return f"round(({seconds} > 0) / {DAY}) <= 1"


_OF: Final = Text("{{number}} of {{goal}}", "{{number}} von {{goal}}")


def of_goal(expr: str, below: int, too_few: Text = _OF) -> tuple[Query, ...]:
    """Return the sentences of a number against the goal's, for each unit that it may have."""
    queries = []
    for unit, name in UNITS.items():
        numbers = (
            f'({numbered(goal=GOAL, number=expr)} and on () rollout_goal_info{{unit="{unit}"}})'
        )
        enough, short = (
            Text(f"{said.en} {name.en}", f"{said.de} {name.de}") for said in (_OF, too_few)
        )
        # "80 of 79" would be read as an error.
        more = Text(
            f"{{{{number}}}} {name.en}, goal {{{{goal}}}}",
            f"{{{{number}}}} {name.de}, Ziel {{{{goal}}}}",
        )
        queries += [
            sentence(f"{numbers} and on () {expr} == {GOAL}", GOOD, enough),
            sentence(f"{numbers} and on () {expr} > {GOAL}", GOOD, more),
            sentence(f"{numbers} and on () {expr} < {GOAL}", below, short),
        ]
    return tuple(queries)
