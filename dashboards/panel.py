"""What a board is made of: plain values, from which `build` makes Grafana's JSON.

Must not know: Grafana's JSON, single boards.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from monitor.words.text import Text

NO_BREAK: Final = "\N{NO-BREAK SPACE}"
HYPHEN: Final = "\N{NON-BREAKING HYPHEN}"
# A dash may end a line, whatever space follows.
_DASH: Final = "–\N{WORD JOINER}"


class Kind(StrEnum):
    """The panels that are used, all of them part of Grafana itself since 9.4."""

    TIME_SERIES = "timeseries"
    STAT = "stat"
    TABLE = "table"
    BAR_GAUGE = "bargauge"
    STATE_TIMELINE = "state-timeline"
    GEOMAP = "geomap"
    TEXT = "text"


class Colour(StrEnum):
    """The one palette of all boards, by meaning; whatever has a colour has a word as well.

    Grafana knows each of them by this name or number in both of its themes.
    """

    GOOD = "green"  # up, verified, kept
    LIVE = "#e0b400"  # works, and is not proven yet
    CARE = "orange"  # degraded: works badly
    BAD = "red"  # down, regressed, broken
    UNKNOWN = "purple"  # nothing is known, and we know why
    SILENT = "#808080"  # not measured: the monitor is silent
    PLANNED = "#9e9e9e"
    ORDERED = "light-blue"
    BUILT = "blue"
    PLAIN = "text"  # a figure that is neither good nor bad


def in_a_line(said: Text) -> Text:
    """Return a text that Grafana does not break: it makes the letters smaller instead.

    It measures one line, draws two where there is a space or a hyphen, and has no room for the
    second. It
    draws bolder than it measures, by up to three hundredths: the spaces at both ends are what the
    words may grow into. Those with a place in them are long.
    """
    edge = NO_BREAK * (2 if "{{place}}" in said.en else 1)
    return Text(
        *(
            f"{edge}{one.replace('–', _DASH).replace(' ', NO_BREAK).replace('-', HYPHEN)}{edge}"
            for one in (said.en, said.de)
        )
    )


@dataclass(frozen=True, slots=True)
class Query:
    """One PromQL expression, and how its series are called (`{{label}}` for a label's value).

    `instant` asks for the end of the time range alone, as stats, tables and maps do. `every` is
    how often what it asks for is measured, where that is more rarely than Prometheus scrapes:
    points lie no closer, and `$__rate_interval` is at least four of it.
    """

    expr: str
    legend: Text
    instant: bool = False
    every: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """From this value on a colour holds; None is below all others."""

    value: float | None
    colour: Colour


@dataclass(frozen=True, slots=True)
class Value:
    """A value, or a label's value, that is shown as a text with a colour."""

    value: int | str
    text: Text
    colour: Colour


@dataclass(frozen=True, slots=True)
class Series:
    """A series by its legend's name, how it is called, and the colour of what it means.

    Without a colour it has one of Grafana's own. On a map it is a layer: `name` is the letter of
    the query whose places it shows. Between a series and the one that `band_to` names the plane is
    filled.
    """

    name: str
    text: Text
    colour: Colour | None = None
    band_to: str = ""
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: a label or `Value #A`, what it is called, and its unit.

    The first one that is seen keeps room for a name, and dates have a width of their own. A hidden
    column is there for links only (`${__data.fields.school}`). `coloured` paints the
    cells with the colours of `values`; without, only their words are used. `steps` colour figures.
    """

    name: str
    title: Text
    unit: str = ""
    values: tuple[Value, ...] = ()
    coloured: bool = True
    steps: tuple[Step, ...] = ()
    hidden: bool = False
    decimals: int | None = None
    width: int | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A way to another board; `query` adds variables, such as `var-school=${__value.text}`."""

    title: Text
    board: str
    query: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel; `width` of 24 columns, `height` in Grafana's units of 30 pixels.

    `no_data` is said where nothing comes, in the colour `silent`: grey or violet, never a good one.
    Units are Grafana's, and those of `fields`: `day`, `moment`, `since` (dates), `duration` (s),
    `packets` (a second), and counts of what is `dead`, `broken`.
    `soft_max` is how far the axis of a graph reaches if its values do not reach further; without,
    it follows from the unit. `maximum` is where bars and axes end. `series` are those of a graph
    whose meaning has a colour; a `mirrored` one has values below zero as well. `first_by` sorts a
    table by a column's title, largest value first, and `then_by` the rows that are equal in it.
    `names_one` is False where a tile that is alone needs no name, because a variable of the board
    says it. A graph is drawn `by_value` in the colours of its steps, where a value means good or
    bad whosever it is, and `by_worst` where each series has one colour, that of its largest value.
    `meaning` is the colour of a graph whose series all mean the same, such as a fault; one with a
    colour of its own keeps it.
    A table with `per_series` has one row a series of a range: its labels, and its last value.
    A tile that is `in_words` shows its series' name in the colour of its value: a sentence.
    A graph joins points that are at most `joined_hours` apart.
    """

    kind: Kind
    title: Text
    description: Text
    queries: tuple[Query, ...]
    unit: str
    no_data: Text
    width: int = 6
    height: int = 4
    steps: tuple[Step, ...] = (Step(None, Colour.PLAIN),)
    values: tuple[Value, ...] = ()
    series: tuple[Series, ...] = ()
    meaning: Colour | None = None
    columns: tuple[Column, ...] = ()
    first_by: Text | None = None
    then_by: Text | None = None
    link: Link | None = None
    silent: Colour = Colour.SILENT
    maximum: float | None = None
    soft_max: float | None = None
    stacked: bool = False
    in_words: bool = False
    per_series: bool = False
    mirrored: bool = False
    names_one: bool = True
    by_value: bool = False
    by_worst: bool = False
    decimals: int | None = None
    joined_hours: int = 0
    repeat: str = ""
    content: Text | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading; the first row of a board answers its question."""

    title: Text
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A variable: what is chosen from, by a `label_values` query.

    `several` lets one choose several values, and begins with all; expressions then match by `=~`.
    With `regex`, the query is any other, and its groups `text` and `value` say what is shown and
    what is meant.
    """

    name: str
    label: Text
    query: str
    regex: str = ""
    several: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """Annotations: where an expression is above zero, something of this name happened."""

    name: Text
    expr: str
    title: Text
    colour: Colour
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard: the question that it answers."""

    uid: str
    title: Text
    question: Text
    rows: tuple[Row, ...]
    choices: tuple[Choice, ...] = ()
    marks: tuple[Mark, ...] = ()
    since: str = "now-24h"
    refresh: str = "1m"
    tags: tuple[str, ...] = field(default=("schulnetz",))


GOOD_OR_BAD: Final = (Step(None, Colour.BAD), Step(1, Colour.GOOD))
BAD_FROM_ONE: Final = (Step(None, Colour.GOOD), Step(1, Colour.BAD))
