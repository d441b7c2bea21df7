"""How each kind of panel is drawn.

Must not know: single boards, queries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    geomap,
    stat,
    statetimeline,
    table,
    text,
    timeseries,
)
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models import geomap as geomap_models
from grafana_foundation_sdk.models import text as text_models

from dashboards.fields import DATES
from dashboards.panel import Colour, Kind

if TYPE_CHECKING:
    from dashboards.fields import AnyPanel
    from dashboards.panel import Panel, Series
    from monitor.words.text import Language

# How far an axis reaches by its unit while nothing is to be seen: near what one would call little,
# so that nothing looks like nothing. Grafana's own axis of zeros ends at 100, or at 10,000 %.
_HOUR_MILLISECONDS: Final = 3_600_000
_SOFT_MAX: Final = {
    "percentunit": 0.05,
    "packets": 1.0,
    "pps": 1.0,
    "ops": 1.0,
    "bps": 1e6,
    "s": 0.02,
    "none": 4.0,
    "bytes": 1e6,
    "celsius": 40.0,
}
_MAP_MARGIN_PERCENT: Final = 60
# No tile of a map is loaded from anywhere: one transparent pixel, which lies in the address itself.
_NO_TILES: Final = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


def drawn(panel: Panel, language: Language) -> AnyPanel:  # noqa: PLR0911  # one a kind
    """Return a panel of its kind, without queries, texts and place."""
    match panel.kind:
        case Kind.TIME_SERIES:
            return _time_series(panel)
        case Kind.STAT:
            return _stat(panel, language)
        case Kind.TABLE:
            return _table(panel, language)
        case Kind.BAR_GAUGE:
            return _bar_gauge(panel)
        case Kind.STATE_TIMELINE:
            return _state_timeline()
        case Kind.GEOMAP:
            return _map(panel, language)
        case Kind.TEXT:
            content = panel.content.of(language) if panel.content else ""
            return text.Panel().mode(text_models.TextMode.MARKDOWN).content(content)


def _stat(panel: Panel, language: Language) -> stat.Panel:
    # A figure that is neither good nor bad has no background.
    is_plain = Colour.PLAIN in {one.colour for one in panel.values or panel.steps}
    # Sentences beside each other are as small as a footnote in a narrow window.
    lies = common_models.VizOrientation
    return (
        stat.Panel()
        .orientation(lies.HORIZONTAL if panel.in_words else lies.AUTO)
        .color_mode(
            common_models.BigValueColorMode.VALUE
            if is_plain
            else common_models.BigValueColorMode.BACKGROUND
        )
        .graph_mode(common_models.BigValueGraphMode.NONE)
        .text_mode(_text_mode(panel, language))
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    )


def _text_mode(panel: Panel, language: Language) -> common_models.BigValueTextMode:
    if panel.in_words:
        return common_models.BigValueTextMode.NAME
    if not panel.names_one:
        return common_models.BigValueTextMode.AUTO
    if len(panel.queries) > 1 or "{{" in panel.queries[0].legend.of(language):
        return common_models.BigValueTextMode.VALUE_AND_NAME
    return common_models.BigValueTextMode.VALUE


def _table(panel: Panel, language: Language) -> table.Panel:
    built = table.Panel().show_header(show_header=True)
    columns = [one.of(language) for one in (panel.first_by, panel.then_by) if one is not None]
    if columns:
        built.sort_by(
            [common.TableSortByFieldState().display_name(one).desc(desc=True) for one in columns]
        )
    return built


def _bar_gauge(panel: Panel) -> bargauge.Panel:
    built = (
        bargauge.Panel()
        .orientation(common_models.VizOrientation.HORIZONTAL)
        .display_mode(common_models.BarGaugeDisplayMode.BASIC)
        # Else two bars have larger names than the board has tiles.
        .text(common.VizTextDisplayOptions().title_size(14).value_size(18))
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .min(0)
    )
    if panel.maximum is not None:
        built.max(panel.maximum)
    return built


def _state_timeline() -> statetimeline.Panel:
    return (
        statetimeline.Panel()
        .show_value(common_models.VisibilityMode.AUTO)
        .row_height(0.8)
        # Grafana 9.4 writes a value from the begin of its state on, which may lie outside.
        .align_value(common_models.TimelineValueAlignment.CENTER)
        .legend(common.VizLegendOptions().show_legend(show_legend=False))
    )


def _time_series(panel: Panel) -> timeseries.Panel:
    legend = (
        common.VizLegendOptions()
        .show_legend(show_legend=True)
        .display_mode(common_models.LegendDisplayMode.LIST)
        .placement(common_models.LegendPlacement.BOTTOM)
    )
    tooltip = common.VizTooltipOptions().mode(common_models.TooltipDisplayMode.MULTI)
    built = timeseries.Panel().legend(legend).tooltip(tooltip).line_width(2).fill_opacity(8)
    built.show_points(common_models.VisibilityMode.NEVER)
    if panel.unit not in DATES:
        little = panel.soft_max or _SOFT_MAX[panel.unit]
        built.axis_soft_max(little)
        if panel.mirrored:
            built.axis_soft_min(-little).axis_centered_zero(axis_centered_zero=True)
        else:
            built.min(0)
        if panel.maximum is not None:
            built.max(panel.maximum)
    if len(panel.steps) > 1 and not panel.by_worst:
        built.thresholds_style(
            common.GraphThresholdsStyleConfig().mode(common_models.GraphTresholdsStyleMode.LINE)
        )
    if panel.joined_hours:
        built.span_nulls(panel.joined_hours * _HOUR_MILLISECONDS)
    if panel.meaning is not None:
        fixed = dashboard.FieldColor().mode(models.FieldColorModeId.FIXED)
        built.color_scheme(fixed.fixed_color(panel.meaning))
    if panel.by_value:
        built.color_scheme(dashboard.FieldColor().mode(models.FieldColorModeId.THRESHOLDS))
        built.gradient_mode(common_models.GraphGradientMode.SCHEME)
    if panel.by_worst:
        worst = dashboard.FieldColor().mode(models.FieldColorModeId.THRESHOLDS)
        built.color_scheme(worst.series_by(models.FieldColorSeriesByMode.MAX))
    if panel.stacked:
        built.stacking(common.StackingConfig().mode(common_models.StackingMode.NORMAL))
        built.fill_opacity(60).line_width(0)
    return built


def _map(panel: Panel, language: Language) -> geomap.Panel:
    background = common.MapLayerOptions().type("xyz").config({"url": _NO_TILES, "attribution": ""})
    numbers = [{"targetField": field, "destinationType": "number"} for field in ("lat", "lon")]
    return (
        geomap.Panel()
        .layers([_layer(one, language) for one in panel.series])
        .basemap(background.name("Background" if language == "en" else "Hintergrund"))
        # The legend lies upon the map, at its left.
        .view(geomap.MapViewConfig().id("fit").zoom(11).padding(_MAP_MARGIN_PERCENT))
        .tooltip(geomap.TooltipOptions().mode(geomap_models.TooltipMode.DETAILS))
        .with_transformation(
            models.DataTransformerConfig(
                id_val="convertFieldType", options={"conversions": numbers, "fields": {}}
            )
        )
    )


def _layer(one: Series, language: Language) -> common.MapLayerOptions:
    """Return the places of one query in one colour, which the legend calls by its name."""
    place = (
        common.FrameGeometrySource()
        .mode(common_models.FrameGeometrySourceMode.COORDS)
        .latitude("lat")
        .longitude("lon")
    )
    style = {
        "size": {"fixed": 7, "min": 5, "max": 12},
        "color": {"fixed": one.colour},
        "opacity": 0.9,
        "symbol": {"fixed": "img/icons/marker/circle.svg", "mode": "fixed"},
    }
    return (
        common.MapLayerOptions()
        .type("markers")
        .name(one.text.of(language))
        .config({"showLegend": True, "style": style})
        .location(place)
        .filter_data({"id": "byRefId", "options": one.name})
    )
