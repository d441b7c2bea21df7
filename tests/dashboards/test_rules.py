"""Problems of earlier boards in a real Grafana, each a rule for all boards in both languages."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from dashboards.boards import BOARDS
from dashboards.build import panels_of
from dashboards.panel import Colour
from dashboards.shared import NONE, SILENT_ROW
from monitor.exposition.catalogue import CATALOGUE
from monitor.exposition.interfaces import INTERFACE_METRICS
from monitor.exposition.metric import Kind
from tests.dashboards.test_boards import document, every_document, expressions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashboards.panel import Board
    from monitor.words.text import Language

PALETTE = {colour.value for colour in Colour}
OF_NOTHING = {Colour.SILENT.value, Colour.UNKNOWN.value}
# Labels whose values are the product's own, and have a word in `monitor/words`.
IN_WORDS = {"cause", "reason", "finding", "stage", "outcome", "verdict"}
STATE_SETS = {
    metric.name: metric.labels[-1] for metric in CATALOGUE.values() if metric.kind is Kind.STATES
}
ALIVE = 'up{job="schulnetz"} == 1'
# The colour of each stage and state, whichever board shows it.
MEANINGS = {
    "planned": Colour.PLANNED,
    "ordered": Colour.ORDERED,
    "built": Colour.BUILT,
    "live": Colour.LIVE,
    "verified": Colour.GOOD,
    "up": Colour.GOOD,
    "regressed": Colour.BAD,
    "down": Colour.BAD,
    "unknown": Colour.UNKNOWN,
}


def panels(found: dict[str, Any], *kinds: str) -> Iterator[dict[str, Any]]:
    yield from (panel for panel in panels_of(found) if panel["type"] in kinds)


def is_date(unit: str) -> bool:
    return unit.startswith(("time:", "dateTime"))


def coloured(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each coloured value: its text and its colour."""
    for panel in panels_of(found):
        config = panel["fieldConfig"]
        fields = [config["defaults"]]
        for override in config["overrides"]:
            field = {prop["id"]: prop["value"] for prop in override["properties"]}
            fields.append(field)
            if "color" in field:
                yield override["matcher"]["options"], field["color"]["fixedColor"]
        for mapping in [one for field in fields for one in field.get("mappings", ())]:
            options = mapping["options"]
            results = [options["result"]] if mapping["type"] == "special" else options.values()
            yield from ((result["text"], result["color"]) for result in results)
        yield from (("", step["color"]) for step in config["defaults"]["thresholds"]["steps"])


@every_document
def test_one_palette_over_all_boards(board: Board, language: Language) -> None:
    found = document(board, language)
    assert {colour for _, colour in coloured(found)} <= PALETTE
    for mark in found["annotations"]["list"]:
        assert mark["iconColor"] in PALETTE, mark["name"]


@every_document
def test_each_word_has_the_colour_of_its_meaning(board: Board, language: Language) -> None:
    for text, colour in coloured(document(board, language)):
        meant = MEANINGS.get(text.lower())
        assert meant is None or colour == meant, text


@every_document
def test_unmeasured_values_are_grey_or_violet_and_labelled(
    board: Board, language: Language
) -> None:
    for panel in panels(document(board, language), "stat", "bargauge"):
        special = [
            mapping["options"]
            for mapping in panel["fieldConfig"]["defaults"]["mappings"]
            if mapping["type"] == "special"
        ]
        assert [one["match"] for one in special] == ["null+nan"], panel["title"]
        assert special[0]["result"]["color"] in OF_NOTHING, panel["title"]
        assert special[0]["result"]["text"].strip(), panel["title"]


@every_document
def test_a_zero_is_shown_only_while_the_monitor_answers(board: Board, language: Language) -> None:
    for expr in expressions(document(board, language)):
        for at in re.finditer(r"vector\(\d+\)", expr):
            assert f"and on () {ALIVE}" in expr[at.end() :], expr


@every_document
def test_lasting_series_are_shown_only_while_the_monitor_answers(
    board: Board, language: Language
) -> None:
    """A rate outlasts its source by its window, samples with a time stamp by five minutes."""
    lasting = re.compile(rf"\brate\(|\b({'|'.join(one.name for one in INTERFACE_METRICS)})\b")
    for panel in panels(document(board, language), "stat", "table", "bargauge"):
        for target in panel["targets"]:
            if lasting.search(target["expr"]) and target["instant"]:
                assert f"and on () {ALIVE}" in target["expr"], (panel["title"], target["refId"])


@every_document
def test_a_tile_with_words_also_has_words_for_no_data(board: Board, language: Language) -> None:
    """Without a series such a tile is empty: it has no number that a word could replace."""
    for panel in panels(document(board, language), "stat"):
        if panel["options"]["textMode"] == "name":
            assert any("unless on ()" in target["expr"] for target in panel["targets"]), panel


@every_document
def test_a_table_that_says_none_also_says_when_the_monitor_is_silent(
    board: Board, language: Language
) -> None:
    """An empty table says "none": so it is never empty while the monitor is silent."""
    for panel in panels(document(board, language), "table"):
        if panel["fieldConfig"]["defaults"]["noValue"] == NONE.of(language):
            assert SILENT_ROW.value in panel["targets"][0]["expr"], panel["title"]
            assert SILENT_ROW.text.of(language) in json.dumps(panel, ensure_ascii=False)


@every_document
def test_timelines_show_problems_and_are_never_empty(board: Board, language: Language) -> None:
    for panel in panels(document(board, language), "state-timeline"):
        asked = [target["expr"] for target in panel["targets"]]
        assert any("[$__range] @ end()" in expr for expr in asked), panel["title"]
        assert any(expr.startswith("vector(-1) unless on ()") for expr in asked), panel["title"]


@every_document
def test_a_board_title_is_its_full_question(board: Board, language: Language) -> None:
    """Grafana's bar cuts a title off after 35 letters, whatever the window's width."""
    title = document(board, language)["title"]
    assert title.endswith("?")
    assert len(title) <= 34, title


@every_document
def test_bars_have_room_for_whole_names(board: Board, language: Language) -> None:
    """A name is drawn above its bar from 40 pixels per row on; beside it, it is cut."""
    for panel in panels(document(board, language), "bargauge"):
        [target] = panel["targets"]
        if most := re.search(r"(?:top|bottom)k\((\d+),", target["expr"]):
            rows = int(most[1])
            room = panel["gridPos"]["h"] * 38 - 8 - 48 - 8 * (rows - 1)
            assert room / rows > 40, panel["title"]


@every_document
def test_the_short_text_of_a_tile_is_one_line(board: Board, language: Language) -> None:
    """Grafana measures one line, breaks it at a space, and draws the second over the title."""
    for panel in panels(document(board, language), "stat"):
        said = [panel["fieldConfig"]["defaults"]["noValue"]]
        for mapping in panel["fieldConfig"]["defaults"].get("mappings", ()):
            options = mapping["options"]
            results = [options["result"]] if mapping["type"] == "special" else options.values()
            said += [result["text"] for result in results]
        if panel["options"]["textMode"] == "name":
            said += [re.sub(r"\{\{\w+\}\}", "", t["legendFormat"]) for t in panel["targets"]]
        for text in said:
            assert " " not in text or len(text) > 20, (panel["title"], text)


@every_document
def test_the_word_for_a_state_fits_its_bar(board: Board, language: Language) -> None:
    """Grafana 9.4 starts a label where its state starts, even if that covers the row's name."""
    for panel in panels(document(board, language), "state-timeline"):
        assert panel["options"]["alignValue"] == "center", panel["title"]


def test_a_choice_is_single_or_multiple_on_all_boards_alike() -> None:
    """A multiple selection, carried over to a board with a single choice, would leave it empty."""
    several: dict[str, set[bool]] = {}
    for board in BOARDS:
        for choice in board.choices:
            several.setdefault(choice.name, set()).add(choice.several)
    assert all(len(found) == 1 for found in several.values()), several


@every_document
def test_bars_start_at_zero(board: Board, language: Language) -> None:
    for panel in panels(document(board, language), "bargauge"):
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults["min"] == 0, panel["title"]
        if defaults["unit"] == "percentunit":
            assert defaults["max"] > 0, panel["title"]


@every_document
def test_axes_start_at_zero_and_have_a_soft_maximum(board: Board, language: Language) -> None:
    for panel in panels(document(board, language), "timeseries"):
        defaults = panel["fieldConfig"]["defaults"]
        if is_date(defaults["unit"]):
            continue
        custom = defaults["custom"]
        assert custom["axisSoftMax"] > 0, panel["title"]
        if any(target["expr"].startswith("-") for target in panel["targets"]):
            assert custom["axisCenteredZero"], panel["title"]
            assert custom["axisSoftMin"] == -custom["axisSoftMax"], panel["title"]
        else:
            assert defaults["min"] == 0, panel["title"]


@every_document
def test_date_axes_do_not_start_in_1970(board: Board, language: Language) -> None:
    for panel in panels_of(document(board, language)):
        defaults = panel["fieldConfig"]["defaults"]
        if is_date(defaults["unit"]):
            assert "min" not in defaults, panel["title"]
            assert "axisSoftMax" not in defaults.get("custom", {}), panel["title"]


@every_document
def test_counts_have_no_fractions(board: Board, language: Language) -> None:
    for panel in panels_of(document(board, language)):
        defaults = panel["fieldConfig"]["defaults"]
        if defaults["unit"] == "none":
            assert "decimals" in defaults, panel["title"]


@every_document
def test_dates_and_durations_follow_the_language(board: Board, language: Language) -> None:
    year_first = "YYYY\N{NON-BREAKING HYPHEN}"
    foreign = {"de": ("dtdurations", year_first), "en": ("dtdhms", "DD.MM.")}[language]
    for panel in panels_of(document(board, language)):
        config = panel["fieldConfig"]
        properties = [prop for one in config["overrides"] for prop in one["properties"]]
        units = [prop["value"] for prop in properties if prop["id"] == "unit"]
        for unit in [config["defaults"]["unit"], *units]:
            assert not any(part in unit for part in foreign), (panel["title"], unit)
            assert not unit.startswith("dateTime"), (panel["title"], unit)


@every_document
def test_a_lone_bar_or_tile_keeps_its_name(board: Board, language: Language) -> None:
    found = document(board, language)
    variables = {variable["name"] for variable in found["templating"]["list"]}
    said = variables | ({"site"} if "sites" in variables else set())
    for panel in panels(found, "stat", "bargauge"):
        config = panel["fieldConfig"]
        if panel["type"] == "stat" and panel["options"]["textMode"] == "auto":
            # A variable of the board names the single item.
            assert all(
                set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= said
                for target in panel["targets"]
            )
        elif panel["type"] == "stat":
            assert panel["options"]["textMode"] in {"value", "value_and_name", "name"}
        names = {
            one["matcher"]["options"]
            for one in config["overrides"]
            if any(prop["id"] == "displayName" for prop in one["properties"])
        }
        for target in panel["targets"]:
            if "{{" in target["legendFormat"] and "displayName" not in config["defaults"]:
                assert target["refId"] in names, panel["title"]


@every_document
def test_a_line_down_all_day_does_not_tint_other_lines(board: Board, language: Language) -> None:
    for mark in document(board, language)["annotations"]["list"]:
        if 'state="down"' in mark["expr"]:
            assert not mark["enable"], mark["name"]


@every_document
def test_no_map_loads_external_tiles(board: Board, language: Language) -> None:
    for panel in panels(document(board, language), "geomap"):
        base = panel["options"]["basemap"]
        assert base["type"] == "xyz"
        assert base["config"]["url"].startswith("data:image/")


@every_document
def test_a_map_shows_a_silent_monitor_by_point_and_legend(board: Board, language: Language) -> None:
    for panel in panels(document(board, language), "geomap"):
        layer, target = panel["options"]["layers"][-1], panel["targets"][-1]
        assert layer["filterData"]["options"] == target["refId"]
        assert layer["name"] == SILENT_ROW.text.of(language)
        assert layer["config"]["style"]["color"]["fixed"] == Colour.SILENT
        assert target["expr"].endswith(f"unless on () {ALIVE}")


@every_document
def test_boards_of_one_school_distinguish_its_sites(board: Board, language: Language) -> None:
    found = document(board, language)
    names = {variable["name"] for variable in found["templating"]["list"]}
    assert ("school" in names) == bool({"site", "sites"} & names)


@every_document
def test_titles_fit_into_a_window_of_800_pixels(board: Board, language: Language) -> None:
    """A column is 30.5 pixels wide there, and the corner's sign and the edges take 38."""
    for panel in panels_of(document(board, language)):
        width = sum(
            4.5 if c in " ijltfrI.,:·-" else 12 if c in "mwMW" else 8 for c in panel["title"]
        )
        assert width <= 30.5 * panel["gridPos"]["w"] - 38, panel["title"]


@every_document
def test_a_state_is_shown_by_its_word_not_by_yes(board: Board, language: Language) -> None:
    """`max by (stage) (rollout_stage) == 1` would read "yes" for every stage."""
    for panel in panels(document(board, language), "stat", "state-timeline"):
        if panel["options"].get("textMode") == "name":
            continue  # the name of the state is shown
        for target in panel["targets"]:
            for name, label in STATE_SETS.items():
                for by, selector in re.findall(
                    rf"by \(([^)]*)\) \({name}(\{{[^}}]*\}})?\)", target["expr"]
                ):
                    assert f'{label}="' in selector or label not in by, panel["title"]


@every_document
def test_packet_loss_is_that_of_lines_not_of_dead_switches(
    board: Board, language: Language
) -> None:
    for expr in expressions(document(board, language)):
        if "probe_icmp_lost_total" in expr:
            assert 'device="router"' in expr or 'role="uplink"' in expr, expr


@every_document
def test_schools_are_shown_by_name(board: Board, language: Language) -> None:
    for panel in panels_of(document(board, language)):
        for target in panel["targets"]:
            assert "{{school}}" not in target["legendFormat"], panel["title"]
        for field in table_fields(panel):
            assert field != "school", panel["title"]


@every_document
def test_label_values_have_a_word_in_both_languages(board: Board, language: Language) -> None:
    for panel in panels_of(document(board, language)):
        fields = table_fields(panel)
        for field in IN_WORDS & set(fields):
            assert any(
                prop["id"] == "mappings"
                for one in panel["fieldConfig"]["overrides"]
                if one["matcher"]["options"] == fields[field]
                for prop in one["properties"]
            ), (panel["title"], field)


def table_fields(panel: dict[str, Any]) -> dict[str, str]:
    """Return the visible columns of a table and their titles."""
    hidden = {
        one["matcher"]["options"]
        for one in panel["fieldConfig"]["overrides"]
        if {"id": "custom.hidden", "value": True} in one["properties"]
    }
    for one in panel.get("transformations", ()):
        if one["id"] == "organize" and panel["type"] == "table":
            names = one["options"]["renameByName"]
            order = one["options"]["indexByName"]
            return {name: names.get(name, name) for name in order if name not in hidden}
    return {}
