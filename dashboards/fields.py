"""How values look: units, texts, colours, columns, names of series.

Must not know: single boards, how a kind of panel is drawn.
"""

from __future__ import annotations

import re
from math import ceil
from typing import TYPE_CHECKING, Final

from grafana_foundation_sdk.builders import (
    bargauge,
    dashboard,
    geomap,
    stat,
    statetimeline,
    table,
    text,
    timeseries,
)
from grafana_foundation_sdk.models import dashboard as models

from dashboards.panel import HYPHEN, NO_BREAK, Colour, Kind, Value
from dashboards.per_series import PER_SERIES
from monitor.words.text import Text, same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dashboards.panel import Column, Link, Panel
    from monitor.words.text import Language

AnyPanel = (
    timeseries.Panel
    | stat.Panel
    | table.Panel
    | bargauge.Panel
    | statetimeline.Panel
    | geomap.Panel
    | text.Panel
)

# A tile would break its line at a space or a hyphen; a table's cell is one line anyway.
_ISO: Final = f"YYYY{HYPHEN}MM{HYPHEN}DD"
# As a person of each language writes them. Grafana's other units of dates and durations are
# English ("37 minutes"), and write a day with its midnight.
_UNITS: Final = {
    "since": Text(f"time:D{NO_BREAK}MMM{NO_BREAK}HH:mm", f"time:DD.MM.{NO_BREAK}HH:mm"),
    "day": Text(f"time:{_ISO}", "time:DD.MM.YYYY"),
    "moment": Text(f"time:{_ISO}{NO_BREAK}HH:mm", f"time:DD.MM.YYYY{NO_BREAK}HH:mm"),
    "duration": Text("dtdurations", "dtdhms"),
    # Grafana's `pps` writes one packet in two seconds as 500 mp/s.
    "packets": Text("suffix:packets/s", "suffix:Pakete/s"),
    # Words behind a count, where its tile has no room for them in its title.
    "dead": Text("suffix:down", "suffix:tot"),
    "broken": Text("suffix:broken", "suffix:defekt"),
}
_COUNTS: Final = frozenset({"none", "dead", "broken"})
# What is as wide in every row takes no room from names.
_WIDTHS: Final = {
    "since": 115,
    "day": 105,
    "moment": 150,
    "duration": 125,
    "locale": 115,
    "packets": 135,
    "bps": 105,
}
# In a narrow window a table moves sideways rather than that its rows lose their names and words;
# a sentence may be cut.
_NAME_PIXELS: Final = {"place": 220, "name": 220}
_FIRST_PIXELS: Final = 100
_MOST_PIXELS: Final = 245
_EDGES: Final = 28
# 100.00 %, and the minutes of a month.
_FIGURE_PIXELS: Final = {"percentunit": 80, "m": 90}
_LABEL_PIXELS: Final = 95
_ARROW: Final = 20
DATES: Final = frozenset({"day", "moment", "since"})
MAIN_SITE: Final = Text("main site", "Hauptstandort")
_LABEL: Final = re.compile(r"\{\{(\w+)\}\}")


def unit_of(unit: str, language: Language) -> str:
    """Return Grafana's unit for one of a panel or a column."""
    return _UNITS[unit].of(language) if unit in _UNITS else unit


def decimals_of(unit: str, decimals: int | None) -> int | None:
    """Return how many decimals are shown: none of a count unless told, as many as fit of others."""
    return 0 if decimals is None and unit in _COUNTS else decimals


def text_pixels(text: str) -> float:
    """Return about how wide a table writes a text."""
    return sum(4 if c in " ijl.,:|" else 8.8 if c.isupper() else 7.2 for c in text)


def mappings(values: Iterable[Value], language: Language) -> list[models.ValueMapping]:
    """Return the texts and colours of values."""
    results = {
        str(one.value): models.ValueMappingResult(
            text=one.text.of(language), color=one.colour, index=place
        )
        for place, one in enumerate(values)
    }
    return [models.ValueMap(options=results)] if results else []


def of_nothing(said: Text, colour: Colour, language: Language) -> models.SpecialValueMap:
    """Return what is shown in place of no value or no number: a sentence in its colour."""
    options = models.DashboardSpecialValueMapOptions(
        match=models.SpecialValueMatch.NULL_AND_NAN,
        result=models.ValueMappingResult(text=said.of(language), color=colour, index=99),
    )
    return models.SpecialValueMap(options=options)


# A table's cell without a number; a label's text is no number either, and stays.
_NO_NUMBER: Final = of_nothing(same("–"), Colour.SILENT, "en")
# Where a row of a range's series says that the monitor is silent, its instants are -1, and the time
# between them is none.
_NO_TIME: Final = mappings([Value(none, same("–"), Colour.SILENT) for none in (-1, 0)], "en")


def link_of(link: Link, language: Language) -> dashboard.DashboardLink:
    """Return a way to another board of the same language, with time range and datasource."""
    query = f"&{link.query}" if link.query else ""
    url = f"/d/{link.board}-{language}?${{__url_time_range}}&var-datasource=${{datasource}}{query}"
    return dashboard.DashboardLink(link.title.of(language)).url(url)


def _name_main_site(built: AnyPanel, panel: Panel, language: Language) -> None:
    """Call the site `main` of a school by a word, where a series' name begins with its site."""
    if not any(query.legend.en.startswith("{{site}}") for query in panel.queries):
        return
    if panel.kind in {Kind.STAT, Kind.BAR_GAUGE}:
        matcher = models.MatcherConfig(id_val="byName", options="main")
        name = models.DynamicConfigValue("displayName", MAIN_SITE.of(language))
        built.with_override(matcher, [name])
    else:
        options = {"regex": "/^main\\b/", "renamePattern": MAIN_SITE.of(language)}
        built.with_transformation(
            models.DataTransformerConfig(id_val="renameByRegex", options=options)
        )


def name_series(built: AnyPanel, panel: Panel, language: Language) -> None:
    """Name and colour the series of a panel by what they mean.

    Grafana drops the name of a lone bar or tile unless it is told a display name.
    """
    _name_labelled(built, panel, language)
    if panel.kind is not Kind.TABLE:
        _name_main_site(built, panel, language)


def _name_labelled(built: AnyPanel, panel: Panel, language: Language) -> None:
    for one in panel.series if panel.kind is not Kind.GEOMAP else ():
        matcher = models.MatcherConfig(id_val="byName", options=one.name)
        properties = [models.DynamicConfigValue("displayName", one.text.of(language))]
        if one.colour is not None:
            colour = {"mode": "fixed", "fixedColor": one.colour}
            properties.append(models.DynamicConfigValue("color", colour))
        if one.band_to:
            properties.append(models.DynamicConfigValue("custom.fillBelowTo", one.band_to))
            properties.append(models.DynamicConfigValue("custom.fillOpacity", 30))
        if one.dashed:
            dash = {"fill": "dash", "dash": [8, 8]}
            properties.append(models.DynamicConfigValue("custom.lineStyle", dash))
            properties.append(models.DynamicConfigValue("custom.fillOpacity", 0))
        built.with_override(matcher, properties)
    if panel.kind is Kind.GEOMAP:
        _say_place_only(built, language)
    if panel.series or panel.kind not in {Kind.STAT, Kind.BAR_GAUGE}:
        return
    for place, query in enumerate(panel.queries):
        legend = query.legend.of(language)
        if _LABEL.search(legend):
            name = _LABEL.sub(r"${__field.labels.\1}", legend)
            matcher = models.MatcherConfig(id_val="byFrameRefID", options=chr(ord("A") + place))
            built.with_override(matcher, [models.DynamicConfigValue("displayName", name)])


def _say_place_only(built: AnyPanel, language: Language) -> None:
    """Let a map's tooltip say place and time under the layer's name, nothing of labels and codes.

    Grafana shows a frame's first field, the time, whatever is hidden.
    """
    hidden = {"tooltip": True, "viz": False, "legend": False}
    rest = models.MatcherConfig(id_val="byRegexp", options="/^(?!(place|Time)$).*/")
    built.with_override(rest, [models.DynamicConfigValue("custom.hideFrom", hidden)])
    for name, said in (("place", Text("School", "Schule")), ("Time", Text("As of", "Stand"))):
        called = models.DynamicConfigValue("displayName", said.of(language))
        built.with_override(models.MatcherConfig(id_val="byName", options=name), [called])


def arrange(built: AnyPanel, panel: Panel, language: Language) -> None:
    """Put a table's columns in their order under their titles, and leave all others out."""
    if panel.per_series:
        for transformation in PER_SERIES:
            built.with_transformation(transformation)
    elif len(panel.queries) > 1:
        built.with_transformation(models.DataTransformerConfig(id_val="merge", options={}))
    order = {column.name: place for place, column in enumerate(panel.columns)}
    names = {
        column.name: column.title.of(language) for column in panel.columns if not column.hidden
    }
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
    seen = [column for column in panel.columns if not column.hidden]
    for column in panel.columns:
        properties = list(_of_column(panel, column, language, is_first=column is seen[0]))
        if properties:
            name = names.get(column.name, column.name)
            built.with_override(models.MatcherConfig(id_val="byName", options=name), properties)


def _of_column(
    panel: Panel, column: Column, language: Language, *, is_first: bool
) -> Iterator[models.DynamicConfigValue]:
    if column.hidden:
        yield models.DynamicConfigValue("custom.hidden", value=True)
        return
    if column.unit:
        yield models.DynamicConfigValue("unit", unit_of(column.unit, language))
    decimals = decimals_of(column.unit, column.decimals)
    if decimals is not None:
        yield models.DynamicConfigValue("decimals", decimals)
    width = column.width or _WIDTHS.get(column.unit)
    if width is not None:
        yield models.DynamicConfigValue("custom.width", width)
    else:
        is_sorted = column.title in {panel.first_by, panel.then_by}
        title = text_pixels(column.title.of(language)) + _ARROW * is_sorted
        words = (text_pixels(value.text.of(language)) for value in column.values)
        room = min(max(title, *words, 0) + _EDGES, _MOST_PIXELS)
        name = _NAME_PIXELS.get(column.name, _FIRST_PIXELS) if is_first else 0
        label = 0 if column.name.startswith("Value") else _LABEL_PIXELS
        least = max(room, name, label, _FIGURE_PIXELS.get(column.unit, 0))
        yield models.DynamicConfigValue("custom.minWidth", ceil(least))
    yield from _meaning_of_column(column, language)
    if is_first and panel.link is not None:
        yield models.DynamicConfigValue("links", [link_of(panel.link, language).build()])


def _meaning_of_column(column: Column, language: Language) -> Iterator[models.DynamicConfigValue]:
    texts = mappings(column.values, language)
    if column.name.startswith("Value") or column.unit in DATES:
        texts.append(_NO_NUMBER)
    if column.unit in DATES or column.unit == "duration":
        texts += _NO_TIME
    if texts:
        yield models.DynamicConfigValue("mappings", texts)
    if column.values:
        # Words, although what lies below them may be a number.
        yield models.DynamicConfigValue("custom.align", "left")
        if column.coloured:
            yield models.DynamicConfigValue("custom.displayMode", "color-background")
    if column.steps:
        steps = [models.Threshold(step.value, step.colour) for step in column.steps]
        thresholds = models.ThresholdsConfig(models.ThresholdsMode.ABSOLUTE, steps)
        yield models.DynamicConfigValue("thresholds", thresholds)
        yield models.DynamicConfigValue("custom.displayMode", "color-text")
