"""What a board shows of labels and codes is a word of its language, never the value itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dashboards.build import panels_of
from monitor.words import terms
from tests.dashboards.test_boards import document, every_document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dashboards.panel import Board
    from monitor.words.text import Language, Text

# Labels that people see, and the tables with words for their values.
SAID_BY: dict[str, tuple[Mapping[str, Text], ...]] = {
    "cause": (terms.CAUSES,),
    "finding": (terms.FINDINGS,),
    "reason": (terms.REASONS, terms.GAPS, terms.TROUBLES),
    "outlook": (terms.OUTLOOKS,),
    "stage": (terms.STAGES,),
    "verdict": (terms.CAMPAIGNS,),
    "into": (terms.RECLASSIFIED,),
}
# Series named by the value of one label or two.
SERIES_SAID_BY: dict[str, Mapping[str, Text]] = {
    "stage": terms.STAGES,
    "outcome": terms.OUTCOMES,
    "kind": terms.CHECKS,
    "protocol": {},
    "protocol reason": terms.DROPS,
    "reason": terms.REFUSALS,
}
RAW = {
    value
    for tables in SAID_BY.values()
    for table in tables
    for value, text in table.items()
    if text.de != value
}


def overrides(panel: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the settings of a field by its name."""
    return {
        one["matcher"]["options"]: {prop["id"]: prop["value"] for prop in one["properties"]}
        for one in panel["fieldConfig"]["overrides"]
    }


def texts_of(mappings: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for mapping in mappings:
        if mapping["type"] == "value":
            yield from ((key, result["text"]) for key, result in mapping["options"].items())


def plain(table: Mapping[str, Text]) -> dict[str, Text]:
    """Return a table without the words for a healthy state, for which a board may have its own."""
    return {value: text for value, text in table.items() if value not in {"none", "answers"}}


def visible(panel: dict[str, Any]) -> Iterator[str]:
    defaults = panel["fieldConfig"]["defaults"]
    yield panel["title"]
    yield defaults["noValue"]
    yield from (text for _, text in texts_of(defaults.get("mappings", [])))
    yield from (re.sub(r"\{\{\w+\}\}", "", t["legendFormat"]) for t in panel["targets"])
    for field in overrides(panel).values():
        yield field.get("displayName", "")
        yield from (text for _, text in texts_of(field.get("mappings", [])))
    for transformation in panel.get("transformations", ()):
        yield from transformation["options"].get("renameByName", {}).values()
    yield from (layer["name"] for layer in panel["options"].get("layers", ()))


@every_document
def test_no_label_value_is_shown_raw(board: Board, language: Language) -> None:
    if language != "de":
        return
    for panel in panels_of(document(board, language)):
        # A series that is renamed keeps its value as the legend by which it is found.
        renamed = overrides(panel).keys()
        for text in visible(panel):
            assert text not in RAW or text in renamed, (panel["title"], text)
            assert not re.search(r"\b[a-z]+_[a-z_]+\b", text) or "${" in text, text


@every_document
def test_a_column_of_values_has_words_for_all_of_them(board: Board, language: Language) -> None:
    for panel in panels_of(document(board, language)):
        if panel["type"] != "table":
            continue
        fields = overrides(panel)
        for transformation in panel.get("transformations", ()):
            for label, title in transformation["options"].get("renameByName", {}).items():
                if label not in SAID_BY:
                    continue
                shown = dict(texts_of(fields.get(title, {}).get("mappings", [])))
                assert any(
                    all(shown.get(value) == text.of(language) for value, text in table.items())
                    for table in (plain(table) for table in SAID_BY[label])
                ), (panel["title"], label)


@every_document
def test_a_series_named_by_label_values_has_a_word_for_each(
    board: Board, language: Language
) -> None:
    for panel in panels_of(document(board, language)):
        called = {
            name: field["displayName"]
            for name, field in overrides(panel).items()
            if "displayName" in field
        }
        for target in panel["targets"]:
            for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                if label not in {*SAID_BY, *SERIES_SAID_BY}:
                    continue
                # Such a series is named only by values of the product, and each has its word.
                table = SERIES_SAID_BY[re.sub(r"[{}]", "", target["legendFormat"])]
                for value, text in table.items():
                    assert called.get(value) == text.of(language), (panel["title"], value)


@every_document
def test_a_map_shows_only_place_and_time(board: Board, language: Language) -> None:
    for panel in panels_of(document(board, language)):
        if panel["type"] != "geomap":
            continue
        fields = overrides(panel)
        ((rest, hidden),) = [(n, f) for n, f in fields.items() if "custom.hideFrom" in f]
        assert hidden["custom.hideFrom"]["tooltip"]
        shown = [
            name
            for name in ("Time", "place", "lat", "lon", "name", "school", "site", "Value #A")
            if not re.fullmatch(rest.strip("/^$").removesuffix(".*") + ".*", name)
        ]
        assert shown == ["Time", "place"]
        assert all(fields[name]["displayName"].strip() for name in shown)
