"""Tiles that say a sentence: the name of the one series that there is, in the colour of its value.

Numbers stand in a sentence as labels, made by `count_values`.

Must not know: Grafana's JSON, single boards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dashboards.panel import HYPHEN, NO_BREAK, Colour, Query, Step
from monitor.words.text import Text, same

GOOD: Final = 0
CARE: Final = 1
BAD: Final = 2
UNKNOWN: Final = 3
NOTHING: Final = -1
SENTENCE_STEPS: Final = (
    Step(None, Colour.SILENT),
    Step(GOOD, Colour.GOOD),
    Step(CARE, Colour.CARE),
    Step(BAD, Colour.BAD),
    Step(UNKNOWN, Colour.UNKNOWN),
)
MONITOR_SILENT: Final = Text("MONITOR SILENT", "MONITOR STUMM")
# The same on a tile that speaks of the monitor.
SILENT: Final = Text("SILENT", "STUMM")
ALIVE: Final = 'up{job="schulnetz"} == 1'
# How long after its last answer a board still says when that was, and of which school it speaks.
REMEMBERED: Final = "3d"


def sentence(expr: str, code: int, said: Text) -> Query:
    """Return the query of a sentence, said in the colour of `code` while `expr` has a series.

    `{{label}}` in it is the value of the series' label. What is good is said only while the monitor
    answers: Prometheus may read the schools and not the monitor, which knows of its own line.
    """
    if code == GOOD:
        expr = f"({expr}) and on () {ALIVE}"
    return Query(f"({expr}) * 0 + {code}", said, instant=True)


def sentences_of_nothing(what: str, absent: Text) -> tuple[Query, Query]:
    """Return what a tile says while `what` has nothing: `absent`, or that the monitor is silent.

    A silent monitor is mentioned even if `what` has something: some series outlast it.
    """
    return (
        Query(f"(vector({NOTHING}) unless on () ({what})) and on () {ALIVE}", absent, instant=True),
        Query(f"vector({NOTHING}) unless on () {ALIVE}", MONITOR_SILENT, instant=True),
    )


def numbered(**numbers: str) -> str:
    """Return PromQL of one series that has numbers as labels: label -> expression of a number."""
    labels = [f'count_values("{name}", {expr})' for name, expr in numbers.items()]
    names = list(numbers)
    joined = labels[0]
    for place, label in enumerate(labels[1:], 1):
        joined = f"{label} * on () group_left ({', '.join(names[:place])}) {joined}"
    return joined


_UNBROKEN: Final = {"-": HYPHEN, " ": NO_BREAK}


def unbroken(expr: str, label: str = "place") -> str:
    """Return `expr` with a label whose last four spaces and hyphens break no line."""
    for old, new in (*_UNBROKEN.items(),) * 4:
        expr = f'label_replace({expr}, "{label}", "$1{new}$2", "{label}", "(.*){old}(.*)")'
    return expr


@dataclass(frozen=True, slots=True)
class Span:
    """A range of lengths of time (s) that are said in one unit; German has the dative."""

    begin: int
    end: float
    seconds: int
    unit: Text

    def whole(self, expr: str) -> str:
        """Return PromQL of `expr` (s) in whole units where it is within the range."""
        return f"floor((({expr}) >= {self.begin} < {self.end:.0f}) / {self.seconds})"


SPANS: Final = (
    Span(0, 7_200, 60, same("min")),
    Span(7_200, 172_800, 3_600, same("h")),
    Span(172_800, 1e12, 86_400, Text("days", "Tagen")),
)
