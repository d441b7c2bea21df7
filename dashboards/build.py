"""Grafana's classic dashboard JSON out of boards, by the Grafana foundation SDK.

Classic JSON with no option that Grafana 9.4 does not have loads in every later version. The SDK's
variant for the oldest Grafana is used, and what even that one adds is taken out again.

Must not know: single boards.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from grafana_foundation_sdk.builders import dashboard, prometheus
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.fields import (
    arrange,
    decimals_of,
    link_of,
    mappings,
    name_series,
    of_nothing,
    unit_of,
)
from dashboards.kinds import drawn
from dashboards.panel import Kind, in_a_line
from monitor.words.text import same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashboards.fields import AnyPanel
    from dashboards.panel import Board, Choice, Mark, Panel, Query
    from monitor.words.text import Language, Text

SCHEMA_VERSION: Final = 37
COLUMNS: Final = 24
DATASOURCE: Final = models.DataSourceRef("prometheus", "${datasource}")
_ONE_LINE_LETTERS: Final = 25
# Grafana's own 150 pixels push a table's last columns out of a narrow window.
_MIN_COLUMN: Final = 55
# Options that came after Grafana 9.4.
_NEWER: Final = {
    "options": {
        "cellHeight",
        "showTypeIcons",
        "minVizHeight",
        "minVizWidth",
        "valueMode",
        "timezone",
        "sizing",
        "maxVizHeight",
        "namePlacement",
        "showPercentChange",
        "wideLayout",
        "percentChangeColorMode",
    },
    "custom": {"barWidthFactor", "insertNulls"},
    "panel": {"maxDataPoints", "hideTimeOverride", "cacheTimeout", "queryCachingTTL"},
}


def to_json(board: Board, language: Language) -> str:
    """Return a board as Grafana reads it, two spaces deep, ending with a line end."""
    built = _Builder(board, language).board()
    document = json.loads(json.dumps(built, cls=JSONEncoder))
    for mark, annotation in zip(board.marks, document["annotations"]["list"], strict=True):
        # Not in the SDK's model, though Grafana has had them from its beginnings.
        annotation.update(titleFormat=mark.title.of(language), step="60s")
    _complete(document)
    return json.dumps(_for_all_versions(document), indent=2, ensure_ascii=False) + "\n"


def _complete(document: dict[str, Any]) -> None:
    """Add what Grafana has had from its beginnings and the SDK's model has not."""
    for panel in panels_of(document):
        if panel["type"] == Kind.TABLE:
            custom = panel["fieldConfig"]["defaults"].setdefault("custom", {})
            custom["minWidth"] = _MIN_COLUMN


def panels_of(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every panel of a board's document, rows themselves left out."""
    for panel in document["panels"]:
        if panel["type"] != "row":
            yield panel


class _Builder:
    def __init__(self, board: Board, language: Language) -> None:
        self._board = board
        self._language = language
        self._next_id = 1

    def board(self) -> models.Dashboard:
        board, language = self._board, self._language
        built = (
            dashboard.Dashboard(board.title.of(language))
            .uid(f"{board.uid}-{language}")
            .description(board.question.of(language))
            .tags([*board.tags, language])
            .time(board.since, "now")
            .refresh(board.refresh)
            .timezone("browser")
            .tooltip(models.DashboardCursorSync.CROSSHAIR)
            .with_variable(
                dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
            )
        )
        for choice in board.choices:
            built.with_variable(_variable(choice, language))
        for mark in board.marks:
            built.annotation(_annotation(mark, language))
        built.link(
            dashboard.DashboardLink("Schulnetz")
            .type(models.DashboardLinkType.DASHBOARDS)
            .tags([*board.tags, language])
            .as_dropdown(as_dropdown=True)
            .include_vars(include_vars=True)
            .keep_time(keep_time=True)
        )
        document = built.build()
        document.schema_version = SCHEMA_VERSION
        document.panels = list(self._laid_out())
        return document

    def _laid_out(self) -> Iterator[models.Panel | models.RowPanel]:
        y = 0
        for place, row in enumerate(self._board.rows):
            if place:
                heading = dashboard.Row(row.title.of(self._language)).id(self._new_id())
                heading.grid_pos(models.GridPos(h=1, w=COLUMNS, x=0, y=y))
                yield heading.build()
                y += 1
            x = tallest = 0
            for panel in row.panels:
                if x + panel.width > COLUMNS:
                    x, y, tallest = 0, y + tallest, 0
                yield self._panel(panel, models.GridPos(h=panel.height, w=panel.width, x=x, y=y))
                x, tallest = x + panel.width, max(tallest, panel.height)
            y += tallest

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _panel(self, panel: Panel, place: models.GridPos) -> models.Panel:
        language, panel = self._language, _fitting(panel)
        built = drawn(panel, language)
        built.id(self._new_id()).title(panel.title.of(language))
        built.description(panel.description.of(language)).grid_pos(place)
        built.datasource(DATASOURCE).unit(unit_of(panel.unit, language))
        built.no_value(panel.no_data.of(language))
        steps = [models.Threshold(step.value, step.colour) for step in panel.steps]
        built.thresholds(
            dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps)
        )
        shown = mappings(panel.values, language)
        if panel.kind in {Kind.STAT, Kind.BAR_GAUGE}:
            shown.append(of_nothing(panel.no_data, panel.silent, language))
        if panel.kind is Kind.TIME_SERIES:
            # Between whole numbers Grafana has ticks of nothing, which it labels as no data.
            shown.append(of_nothing(same("·"), panel.silent, language))
        built.mappings(shown)
        decimals = decimals_of(panel.unit, panel.decimals)
        if decimals is not None:
            built.decimals(decimals)
        if panel.repeat:
            built.repeat(panel.repeat).repeat_direction("h")
        _ask(built, panel, language)
        if panel.columns:
            arrange(built, panel, language)
        name_series(built, panel, language)
        if panel.link is not None and panel.kind not in {Kind.TABLE, Kind.TEXT}:
            built.data_links([link_of(panel.link, language)])
        return built.build()


def _fitting(panel: Panel) -> Panel:
    """Return a tile whose sentences and short texts are one line; a long one is larger in two."""
    if panel.kind is not Kind.STAT:
        return panel
    values = tuple(replace(one, text=_in_lines_that_fit(one.text)) for one in panel.values)
    queries = panel.queries
    if panel.in_words:
        queries = tuple(replace(one, legend=in_a_line(one.legend)) for one in queries)
    no_data = _in_lines_that_fit(panel.no_data)
    return replace(panel, values=values, queries=queries, no_data=no_data)


def _in_lines_that_fit(said: Text) -> Text:
    longest = max(len(said.en), len(said.de))
    return in_a_line(said) if longest <= _ONE_LINE_LETTERS else said


def _ask(built: AnyPanel, panel: Panel, language: Language) -> None:
    for place, query in enumerate(panel.queries):
        target = (
            prometheus.Dataquery()
            .datasource(DATASOURCE)
            .ref_id(chr(ord("A") + place))
            .expr(_windowed(query))
            .legend_format(query.legend.of(language))
        )
        if query.every:
            target.interval(query.every)
        if query.instant:
            target.instant()
        else:
            target.range()
        if panel.kind in {Kind.TABLE, Kind.GEOMAP} and not panel.per_series:
            target.format(PromQueryFormat.TABLE)
        built.with_target(target)


def _windowed(query: Query) -> str:
    """Return an expression whose window over what is polled is one for every Grafana.

    Of an instant, 9.4 takes four of the datasource's own interval for `$__rate_interval`, and two
    polls are too few where one is late.
    """
    if not (query.instant and query.every):
        return query.expr
    four = f"{4 * int(query.every.removesuffix('m'))}m"
    return query.expr.replace("$__rate_interval", four)


def _variable(choice: Choice, language: Language) -> dashboard.QueryVariable:
    built = (
        dashboard.QueryVariable(choice.name)
        .label(choice.label.of(language))
        .datasource(DATASOURCE)
        .query({"query": choice.query, "refId": choice.name})
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
    )
    if choice.regex:
        built.regex(choice.regex)
    if choice.several:
        built.multi(multi=True).include_all(include_all=True).all_value(".*")
    return built


def _annotation(mark: Mark, language: Language) -> dashboard.AnnotationQuery:
    return (
        dashboard.AnnotationQuery()
        .name(mark.name.of(language))
        .datasource(DATASOURCE)
        .enable(enable=mark.shown)
        .icon_color(mark.colour)
        .expr(mark.expr)
    )


def _for_all_versions(document: dict[str, Any]) -> dict[str, Any]:
    """Take out what Grafana 9.4 does not know, or knows in another sense."""
    for variable in document["templating"]["list"]:
        # The SDK gives all variables one id. 9.4 keys variables by it, so that the last one wins.
        variable.pop("id", None)
    for panel in panels_of(document):
        for name in _NEWER["panel"]:
            panel.pop(name, None)
        if "repeat" not in panel:
            panel.pop("repeatDirection", None)
        for name in _NEWER["options"]:
            panel.get("options", {}).pop(name, None)
        custom = panel.get("fieldConfig", {}).get("defaults", {}).get("custom", {})
        for name in _NEWER["custom"]:
            custom.pop(name, None)
    return document
