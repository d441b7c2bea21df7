"""Readability problems seen in a real Grafana, each a rule for all boards."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import yaml

from dashboards.boards import BOARDS
from dashboards.fields import text_pixels
from dashboards.panel import Colour
from dashboards.shared import NO_SERIES
from tests.dashboards.test_boards import document, every_document
from tests.dashboards.test_rules import is_date, panels, table_fields

if TYPE_CHECKING:
    from dashboards.panel import Board
    from monitor.words.text import Language

CONFIGURATION = Path(__file__).parents[2] / "config" / "schools.yaml"


@every_document
def test_bars_have_room_for_the_names_of_all_districts_and_types(
    board: Board, language: Language
) -> None:
    schools = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))["schools"]
    for panel in panels(document(board, language), "bargauge"):
        [target] = panel["targets"]
        for label in ("district", "type"):
            if f"sum by ({label})" in target["expr"]:
                rows = len({one.get(label) for one in schools})
                room = panel["gridPos"]["h"] * 38 - 8 - 48 - 8 * (rows - 1)
                assert room / rows > 40, panel["title"]


@every_document
def test_text_in_a_tile_stays_clear_of_its_edges(board: Board, language: Language) -> None:
    """Grafana draws bolder than it measures: 1 in 50 wider, and a sentence touched both edges."""
    for panel in panels(document(board, language), "stat"):
        if panel["options"]["textMode"] == "name":
            for target in panel["targets"]:
                spaces = 2 if "{{place}}" in target["legendFormat"] else 1
                edge = "\N{NO-BREAK SPACE}" * spaces
                assert target["legendFormat"].startswith(edge), target["legendFormat"]
                assert target["legendFormat"].endswith(edge), target["legendFormat"]


@every_document
def test_names_in_a_tile_sentence_do_not_wrap(board: Board, language: Language) -> None:
    for panel in panels(document(board, language), "stat"):
        if panel["options"]["textMode"] == "name":
            for target in panel["targets"]:
                for label in {"place", "device", "port"} & set(
                    re.findall(r"{{(\w+)}}", target["legendFormat"])
                ):
                    hyphen = f'"$1\N{NON-BREAKING HYPHEN}$2", "{label}", "(.*)-(.*)"'
                    assert hyphen in target["expr"], (panel["title"], label)


@every_document
def test_every_first_row_shows_its_point_in_time(board: Board, language: Language) -> None:
    found = document(board, language)["panels"]
    first = found[: [panel["type"] for panel in found].index("row")]
    title = {"en": "As of", "de": "Stand"}[language]
    [target] = [one["targets"][0] for one in first if one["title"] == title]
    assert "timestamp(" in target["expr"]


@every_document
def test_a_fault_is_not_drawn_in_green(board: Board, language: Language) -> None:
    """Grafana's first colour is green, whatever the first series means."""
    for panel in panels(document(board, language), "timeseries"):
        if any(target["legendFormat"] == NO_SERIES.name for target in panel["targets"]):
            drawn = panel["fieldConfig"]["defaults"]
            if drawn["color"]["mode"] == "thresholds":
                # What is too little for a fault is plain.
                plain, fault = (step["color"] for step in drawn["thresholds"]["steps"])
                assert plain == Colour.PLAIN, panel["title"]
            else:
                assert drawn["color"]["mode"] == "fixed", panel["title"]
                fault = drawn["color"]["fixedColor"]
            assert fault in {Colour.BAD, Colour.CARE}, panel["title"]


@every_document
def test_tables_have_room_for_names_in_a_narrow_window(board: Board, language: Language) -> None:
    schools = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))["schools"]
    half_of_names = median(text_pixels(school["name"]) for school in schools) + 23
    for panel in panels(document(board, language), "table"):
        widths = {
            one["matcher"]["options"]: {prop["id"]: prop["value"] for prop in one["properties"]}
            for one in panel["fieldConfig"]["overrides"]
        }
        seen = table_fields(panel)
        name = next(iter(seen))
        first = widths.get(seen[name], {})
        room = max(first.get("custom.minWidth", 0), first.get("custom.width", 0))
        assert room >= (half_of_names if name == "place" else 100), panel["title"]
        for name in seen.values():
            if is_date(widths.get(name, {}).get("unit", "")):
                assert widths[name]["custom.width"] >= 100, (panel["title"], name)


@every_document
def test_a_column_fits_its_title_and_words_in_a_narrow_window(
    board: Board, language: Language
) -> None:
    """A cell has edges of 23 pixels, a title of 16, and of 41 with the arrow of the order.

    A table that has no room moves sideways. A sentence of more than 245 may be cut.
    """
    for panel in panels(document(board, language), "table"):
        ordered = {one["displayName"] for one in panel["options"].get("sortBy", ())}
        for one in panel["fieldConfig"]["overrides"]:
            name = one["matcher"]["options"]
            column = {prop["id"]: prop["value"] for prop in one["properties"]}
            room = column.get("custom.width", column.get("custom.minWidth"))
            if room is None:
                continue  # hidden
            needed = [text_pixels(name) + (41 if name in ordered else 16)]
            for mapping in column.get("mappings", ()):
                if mapping["type"] == "value":
                    said = [result["text"] for result in mapping["options"].values()]
                    needed += [text_pixels(text) + 23 for text in said]
            if column.get("unit") == "percentunit":
                needed.append(text_pixels("100.00%") + 23)
            assert min(max(needed), 245) <= room, (panel["title"], name, needed)


@every_document
def test_a_fixed_school_column_fits_the_names_of_half_the_sites(
    board: Board, language: Language
) -> None:
    schools = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))["schools"]
    half_of_places = median(
        text_pixels(f"{school['name']} · {site['id']}")
        for school in schools
        for site in school.get("sites", ())
        if site["id"] != "main"
    )
    for panel in panels(document(board, language), "table"):
        name = next(iter(table_fields(panel).values()))
        for one in panel["fieldConfig"]["overrides"]:
            if one["matcher"]["options"] == name in {"School", "Schule"}:
                for prop in one["properties"]:
                    if prop["id"] == "custom.width":
                        assert prop["value"] > half_of_places + 23, panel["title"]


@every_document
def test_a_few_packets_in_a_table_are_not_rounded_to_zero(board: Board, language: Language) -> None:
    """One damaged packet in three minutes was shown as "0 packets/s" next to a red state."""
    for panel in panels(document(board, language), "table"):
        for one in panel["fieldConfig"]["overrides"]:
            column = {prop["id"]: prop["value"] for prop in one["properties"]}
            if column.get("unit", "").endswith(("packets/s", "Pakete/s")):
                assert column["decimals"] >= 2, (panel["title"], one["matcher"])


@every_document
def test_the_figure_at_a_bar_does_not_wrap(board: Board, language: Language) -> None:
    """Grafana breaks it before a unit, even where a no-break space precedes that."""
    for panel in panels(document(board, language), "bargauge"):
        assert panel["fieldConfig"]["defaults"]["unit"] in {"percentunit", "none"}


def test_each_of_these_rules_has_panels_to_judge() -> None:
    documents = [document(board, "en") for board in BOARDS]
    tables = [panel for one in documents for panel in panels(one, "table")]
    columns = [
        (one["matcher"]["options"], {prop["id"]: prop["value"] for prop in one["properties"]})
        for panel in tables
        for one in panel["fieldConfig"]["overrides"]
    ]
    assert any(column.get("unit", "").endswith("packets/s") for _, column in columns)
    assert any(name == "School" and "custom.width" in column for name, column in columns)
    bars = [panel for one in documents for panel in panels(one, "bargauge")]
    queries = [target["expr"] for panel in bars for target in panel["targets"]]
    assert any("sum by (district)" in expr for expr in queries)
    assert any("sum by (type)" in expr for expr in queries)
