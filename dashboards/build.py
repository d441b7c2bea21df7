"""Grafana's classic dashboard JSON out of boards, by the Grafana foundation SDK.

Classic JSON with no option that Grafana 9.4 does not have loads in every later version. The SDK's
variant for the oldest Grafana is used, and what even that one adds is taken out again.

Must not know: single boards.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    geomap,
    prometheus,
    stat,
    statetimeline,
    table,
    text,
    timeseries,
)
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models import geomap as geomap_models
from grafana_foundation_sdk.models import text as text_models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.panel import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dashboards.panel import Board, Choice, Column, Link, Mark, Panel, Value
    from dashboards.text import Language

SCHEMA_VERSION: Final = 37
COLUMNS: Final = 24
DATASOURCE: Final = models.DataSourceRef("prometheus", "${datasource}")
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

AnyPanel = (
    timeseries.Panel
    | stat.Panel
    | table.Panel
    | bargauge.Panel
    | statetimeline.Panel
    | geomap.Panel
    | text.Panel
)


def to_json(board: Board, language: Language) -> str:
    """Return a board as Grafana reads it, two spaces deep, ending with a line end."""
    built = _Builder(board, language).board()
    document = json.loads(json.dumps(built, cls=JSONEncoder))
    for mark, annotation in zip(board.marks, document["annotations"]["list"], strict=True):
        # Not in the SDK's model, though Grafana has had them from its beginnings.
        annotation.update(titleFormat=mark.title.of(language), step="60s")
    return json.dumps(_for_all_versions(document), indent=2, ensure_ascii=False) + "\n"


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
        language = self._language
        built = _of_kind(panel, language)
        built.id(self._new_id()).title(panel.title.of(language))
        built.description(panel.description.of(language)).grid_pos(place)
        built.datasource(DATASOURCE).unit(panel.unit).no_value(panel.no_data.of(language))
        steps = [models.Threshold(step.value, step.colour) for step in panel.steps]
        built.thresholds(
            dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps)
        )
        built.mappings(_mappings(panel.values, language))
        if panel.decimals is not None:
            built.decimals(panel.decimals)
        if panel.repeat:
            built.repeat(panel.repeat).repeat_direction("h")
        for place_, query in enumerate(panel.queries):
            target = (
                prometheus.Dataquery()
                .datasource(DATASOURCE)
                .ref_id(chr(ord("A") + place_))
                .expr(query.expr)
                .legend_format(query.legend.of(language))
            )
            if query.every:
                target.interval(query.every)
            if query.instant:
                target.instant()
            else:
                target.range()
            if panel.kind in {Kind.TABLE, Kind.GEOMAP}:
                target.format(PromQueryFormat.TABLE)
            built.with_target(target)
        if panel.columns:
            _arrange(built, panel, language)
        if panel.link is not None and panel.kind not in {Kind.TABLE, Kind.TEXT}:
            built.data_links([_data_link(panel.link, language)])
        return built.build()


def _of_kind(panel: Panel, language: Language) -> AnyPanel:  # noqa: PLR0911  # one a kind
    match panel.kind:
        case Kind.TIME_SERIES:
            return _time_series(panel)
        case Kind.STAT:
            return (
                stat.Panel()
                .color_mode(common_models.BigValueColorMode.BACKGROUND)
                .graph_mode(common_models.BigValueGraphMode.NONE)
                .text_mode(
                    common_models.BigValueTextMode.AUTO
                    if len(panel.queries) == 1
                    else common_models.BigValueTextMode.VALUE_AND_NAME
                )
                .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
            )
        case Kind.TABLE:
            return table.Panel().show_header(show_header=True)
        case Kind.BAR_GAUGE:
            return (
                bargauge.Panel()
                .orientation(common_models.VizOrientation.HORIZONTAL)
                .display_mode(common_models.BarGaugeDisplayMode.BASIC)
                .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
            )
        case Kind.STATE_TIMELINE:
            return statetimeline.Panel().show_value(common_models.VisibilityMode.AUTO)
        case Kind.GEOMAP:
            return _map(language)
        case Kind.TEXT:
            content = panel.content.of(language) if panel.content else ""
            return text.Panel().mode(text_models.TextMode.MARKDOWN).content(content)


def _time_series(panel: Panel) -> timeseries.Panel:
    legend = (
        common.VizLegendOptions()
        .show_legend(show_legend=True)
        .display_mode(common_models.LegendDisplayMode.LIST)
        .placement(common_models.LegendPlacement.BOTTOM)
    )
    tooltip = common.VizTooltipOptions().mode(common_models.TooltipDisplayMode.MULTI)
    built = timeseries.Panel().legend(legend).tooltip(tooltip).line_width(2).fill_opacity(8)
    built.show_points(common_models.VisibilityMode.NEVER).min(0)
    if len(panel.steps) > 1:
        built.thresholds_style(
            common.GraphThresholdsStyleConfig().mode(common_models.GraphTresholdsStyleMode.LINE)
        )
    if panel.stacked:
        built.stacking(common.StackingConfig().mode(common_models.StackingMode.NORMAL))
        built.fill_opacity(60).line_width(0)
    return built


def _map(language: Language) -> geomap.Panel:
    place = (
        common.FrameGeometrySource()
        .mode(common_models.FrameGeometrySourceMode.COORDS)
        .latitude("lat")
        .longitude("lon")
    )
    style = {
        "size": {"fixed": 7, "min": 5, "max": 12},
        "color": {"field": "Value", "fixed": "dark-green"},
        "opacity": 0.9,
        "symbol": {"fixed": "img/icons/marker/circle.svg", "mode": "fixed"},
    }
    layer = (
        common.MapLayerOptions()
        .type("markers")
        .name("Schools" if language == "en" else "Schulen")
        .config({"showLegend": True, "style": style})
        .location(place)
    )
    numbers = [{"targetField": field, "destinationType": "number"} for field in ("lat", "lon")]
    return (
        geomap.Panel()
        .layers([layer])
        # Whatever the Grafana at hand has as its default; markers are drawn without any as well.
        .basemap(common.MapLayerOptions().type("default").name("Basemap"))
        .view(geomap.MapViewConfig().id("fit").zoom(11))
        .tooltip(geomap.TooltipOptions().mode(geomap_models.TooltipMode.DETAILS))
        .with_transformation(
            models.DataTransformerConfig(
                id_val="convertFieldType", options={"conversions": numbers, "fields": {}}
            )
        )
    )


def _arrange(built: AnyPanel, panel: Panel, language: Language) -> None:
    """Put a table's columns in their order under their titles, and leave all others out."""
    if len(panel.queries) > 1:
        built.with_transformation(models.DataTransformerConfig(id_val="merge", options={}))
    order = {column.name: place for place, column in enumerate(panel.columns)}
    names = {column.name: column.title.of(language) for column in panel.columns}
    built.with_transformation(
        models.DataTransformerConfig(
            id_val="filterFieldsByName", options={"include": {"names": list(order)}}
        )
    )
    built.with_transformation(
        models.DataTransformerConfig(
            id_val="organize",
            options={"excludeByName": {}, "indexByName": order, "renameByName": names},
        )
    )
    for place, column in enumerate(panel.columns):
        properties = list(_column_properties(panel, column, language, is_first=not place))
        if properties:
            matcher = models.MatcherConfig(id_val="byName", options=column.title.of(language))
            built.with_override(matcher, properties)


def _column_properties(
    panel: Panel, column: Column, language: Language, *, is_first: bool
) -> Iterator[models.DynamicConfigValue]:
    if column.unit:
        yield models.DynamicConfigValue("unit", column.unit)
    if column.values:
        yield models.DynamicConfigValue("mappings", _mappings(column.values, language))
        yield models.DynamicConfigValue("custom.displayMode", "color-background")
    if is_first and panel.link is not None:
        yield models.DynamicConfigValue("links", [_data_link(panel.link, language).build()])


def _data_link(link: Link, language: Language) -> dashboard.DashboardLink:
    query = f"&{link.query}" if link.query else ""
    url = f"/d/{link.board}-{language}?${{__url_time_range}}&var-datasource=${{datasource}}{query}"
    return dashboard.DashboardLink(link.title.of(language)).url(url)


def _mappings(values: Iterable[Value], language: Language) -> list[models.ValueMapping]:
    results = {
        str(one.value): models.ValueMappingResult(
            text=one.text.of(language), color=one.colour, index=place
        )
        for place, one in enumerate(values)
    }
    return [models.ValueMap(options=results)] if results else []


def _variable(choice: Choice, language: Language) -> dashboard.QueryVariable:
    built = (
        dashboard.QueryVariable(choice.name)
        .label(choice.label.of(language))
        .datasource(DATASOURCE)
        .query({"query": choice.query, "refId": choice.name})
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
    )
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
