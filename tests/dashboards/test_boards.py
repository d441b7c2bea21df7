"""The committed dashboards are what the code builds and follow our dashboard rules."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from dashboards.boards import BOARDS
from dashboards.build import COLUMNS, DATASOURCE, panels_of, to_json
from dashboards.panel import Kind
from dashboards.ports import FAULT_WINDOW, HARDWARE_WINDOW, JUDGED_WINDOW
from dashboards.sentence import REMEMBERED
from monitor.config.shape.checks import HardwareRules, InterfacesRules
from monitor.exposition.catalogue import CATALOGUE
from monitor.exposition.interfaces import INTERFACE_METRICS
from monitor.words.text import LANGUAGES
from tests.drills.pace import seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashboards.panel import Board
    from monitor.words.text import Language

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "rules"
ABOVE_THE_FOLD = 12
UNITS = {
    "none",
    "short",
    "percentunit",
    "bps",
    "pps",
    "suffix:\N{NO-BREAK SPACE}ms",
    "suffix:packets/s",
    "suffix:Pakete/s",
    "suffix:down",
    "suffix:tot",
    "suffix:broken",
    "suffix:defekt",
    "ops",
    "s",
    "m",
    "bytes",
    "celsius",
    "dtdurations",
    "dtdhms",
    "time:D\N{NO-BREAK SPACE}MMM\N{NO-BREAK SPACE}HH:mm",
    "time:DD.MM.\N{NO-BREAK SPACE}HH:mm",
    "time:YYYY\N{NON-BREAKING HYPHEN}MM\N{NON-BREAKING HYPHEN}DD",
    "time:YYYY\N{NON-BREAKING HYPHEN}MM\N{NON-BREAKING HYPHEN}DD\N{NO-BREAK SPACE}HH:mm",
    "time:DD.MM.YYYY",
    "time:DD.MM.YYYY\N{NO-BREAK SPACE}HH:mm",
    "dateTimeAsIso",
    "locale",
}
# What prometheus and the client library export by themselves.
FOREIGN = {"up", "process_cpu_seconds_total", "process_resident_memory_bytes"}
# Options that panels of Grafana 9.4 have (@grafana/schema 9.4.7 and its panels' models).
OPTIONS = {
    "stat": {
        "graphMode",
        "colorMode",
        "justifyMode",
        "reduceOptions",
        "textMode",
        "orientation",
        "text",
    },
    "timeseries": {"legend", "tooltip"},
    "table": {"frameIndex", "showHeader", "footer", "sortBy"},
    "bargauge": {"displayMode", "showUnfilled", "reduceOptions", "orientation", "text"},
    "state-timeline": {
        "showValue",
        "rowHeight",
        "mergeValues",
        "alignValue",
        "legend",
        "tooltip",
        "perPage",
    }
    - {"perPage"},
    "geomap": {"view", "controls", "basemap", "layers", "tooltip"},
}
DOCUMENTS = [
    pytest.param(board, language, id=f"{board.uid}-{language}")
    for board in BOARDS
    for language in LANGUAGES
]
every_document = pytest.mark.parametrize(("board", "language"), DOCUMENTS)


def document(board: Board, language: Language) -> dict[str, Any]:
    path = ROOT / "dashboards" / language / f"{board.uid}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def expressions(found: dict[str, Any]) -> Iterator[str]:
    for panel in panels_of(found):
        yield from (target["expr"] for target in panel.get("targets", ()))
    yield from (annotation["expr"] for annotation in found["annotations"]["list"])
    for variable in found["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]["query"]


def known_names() -> set[str]:
    names = set(FOREIGN)
    for name in CATALOGUE:
        names |= {name + suffix for suffix in ("", "_bucket", "_count", "_sum")}
    for path in RULES.glob("*.yml"):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            names |= {rule["record"] for rule in group["rules"] if "record" in rule}
    return names


@every_document
def test_committed_json_is_what_the_code_builds(board: Board, language: Language) -> None:
    path = ROOT / "dashboards" / language / f"{board.uid}.json"
    assert path.read_text(encoding="utf-8") == to_json(board, language), "run `make dashboards`"


def test_every_board_file_is_built_by_the_code() -> None:
    for language in LANGUAGES:
        there = {path.stem for path in (ROOT / "dashboards" / language).iterdir()}
        assert there == {board.uid for board in BOARDS}


@every_document
def test_the_board_is_classic_json_for_9_4_with_ids_and_links(
    board: Board, language: Language
) -> None:
    found = document(board, language)
    assert found["schemaVersion"] <= 38
    assert found["uid"] == f"{board.uid}-{language}"
    assert len(found["uid"]) <= 40
    assert found["title"]
    assert found["description"]
    assert {"schulnetz", language} <= set(found["tags"])
    link = found["links"][0]
    assert link["tags"] == ["schulnetz", language]
    assert link["includeVars"]
    assert link["keepTime"]
    ids = [panel["id"] for panel in found["panels"]]
    assert sorted(ids) == list(range(1, len(ids) + 1))


@every_document
def test_every_datasource_is_the_variable(board: Board, language: Language) -> None:
    found = document(board, language)
    text = json.dumps(found)
    assert set(re.findall(r'"uid": "([^"]*)"', text)) == {found["uid"], DATASOURCE.uid}
    assert found["templating"]["list"][0]["type"] == "datasource"
    assert found["templating"]["list"][0]["query"] == "prometheus"


@every_document
def test_a_variable_is_identified_only_by_its_name(board: Board, language: Language) -> None:
    """Grafana 9.4 keys variables by `id` where there is one; the SDK gives all of them the same."""
    listed = document(board, language)["templating"]["list"]
    assert not [one["name"] for one in listed if "id" in one]
    names = [one["name"] for one in listed]
    assert len(names) == len(set(names))


@every_document
def test_every_variable_used_in_an_expression_exists(board: Board, language: Language) -> None:
    found = document(board, language)
    several = {one["name"]: one.get("multi", False) for one in found["templating"]["list"]}
    for expr in expressions(found):
        for operator, name in re.findall(r'(=~|=)"\$(\w+)"', expr):
            assert name in several, (name, expr)
            assert operator == "=~" or not several[name], f"several values of {name}: {expr}"


@every_document
def test_every_panel_says_what_it_shows_and_what_good_looks_like(
    board: Board, language: Language
) -> None:
    titles = []
    for panel in panels_of(document(board, language)):
        titles.append(panel["title"])
        defaults = panel["fieldConfig"]["defaults"]
        assert panel["type"] in {kind.value for kind in Kind}, panel["title"]
        assert panel["title"].strip(), panel["id"]
        assert len(panel["description"]) >= 7, panel["title"]
        assert defaults["unit"] in UNITS, panel["title"]
        assert defaults["noValue"].strip(), panel["title"]
        assert defaults["thresholds"]["steps"][0]["value"] is None, panel["title"]
        assert panel["targets"], panel["title"]
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == DATASOURCE.uid
    assert len(titles) == len(set(titles))


@every_document
def test_no_panel_has_an_option_unknown_to_grafana_9_4(board: Board, language: Language) -> None:
    for panel in panels_of(document(board, language)):
        assert set(panel["options"]) <= OPTIONS[panel["type"]], panel["title"]


@every_document
def test_a_state_is_never_shown_by_colour_alone(board: Board, language: Language) -> None:
    for panel in panels_of(document(board, language)):
        fields = [panel["fieldConfig"]["defaults"]]
        fields += [
            {prop["id"]: prop["value"] for prop in override["properties"]}
            for override in panel["fieldConfig"]["overrides"]
        ]
        for mapping in [one for field in fields for one in field.get("mappings", ())]:
            options = mapping["options"]
            special = mapping["type"] == "special"
            for result in [options["result"]] if special else options.values():
                assert result["text"].strip(), panel["title"]
        if panel["type"] == "state-timeline":
            assert panel["fieldConfig"]["defaults"]["mappings"], panel["title"]


@every_document
def test_panels_fit_the_grid_without_overlaps_and_few_above_the_fold(
    board: Board, language: Language
) -> None:
    taken: dict[tuple[int, int], str] = {}
    found = document(board, language)
    for panel in found["panels"]:
        place = panel["gridPos"]
        assert 0 <= place["x"] <= place["x"] + place["w"] <= COLUMNS, panel["title"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert taken.setdefault((x, y), panel["title"]) is panel["title"], panel["title"]
    first = next(i for i, panel in enumerate(found["panels"]) if panel["type"] == "row")
    assert first <= ABOVE_THE_FOLD


@every_document
def test_rates_use_the_rate_interval_and_only_known_metrics(
    board: Board, language: Language
) -> None:
    known = known_names()
    found = document(board, language)
    for panel in panels_of(found):
        for target in panel["targets"]:
            polled = target.get("instant") and target.get("interval")
            # Grafana 9.4 forgets the interval of an instant.
            rate = f"{4 * int(polled.removesuffix('m'))}m" if polled else "$__rate_interval"
            # `[$__interval]` is what a point of a range shows.
            allowed = {
                rate,
                "$__range",
                "$__interval",
                f"{REMEMBERED}:1m",
                FAULT_WINDOW.strip("[]"),
                JUDGED_WINDOW.strip("[]"),
                HARDWARE_WINDOW.strip("[]"),
            }
            for window in re.findall(r"\[([^\]]+)\]", target["expr"]):
                assert window in allowed, target["expr"]
    names = re.compile(
        r"\b((?:school|rollout|monitor|probe|smokeping|process)_\w+"
        r"|(?:site|device|provider|school):[\w:]+|if[A-Z]\w+|sysUpTime)\b"
    )
    labels = {"ifName", "ifDescr", "ifIndex", "ifAlias"}
    for expr in expressions(found):
        used = set(names.findall(re.sub(r'"[^"]*"', '""', expr))) - labels
        assert used <= known, (used - known, expr)


@every_document
def test_windows_over_polled_metrics_span_four_polls(board: Board, language: Language) -> None:
    """`$__rate_interval` is at least four of the target's own interval (Grafana's docs)."""
    polls = {metric.name: InterfacesRules().interval for metric in INTERFACE_METRICS}
    polls["dot1dStpTopChanges"] = HardwareRules().interval
    for panel in panels_of(document(board, language)):
        for target in panel["targets"]:
            counters = set(re.findall(r"\brate\((\w+)", target["expr"])) & polls.keys()
            for counter in counters:
                assert seconds(target["interval"]) >= polls[counter], target["expr"]


@every_document
def test_every_link_leads_to_a_board_of_the_same_language(board: Board, language: Language) -> None:
    known = {f"{one.uid}-{language}": one for one in BOARDS}
    for url in re.findall(r'"url": "(/d/[^"]+)"', json.dumps(document(board, language))):
        target, _, query = url.removeprefix("/d/").partition("?")
        choices = {choice.name for choice in known[target].choices} | {"datasource"}
        assert set(re.findall(r"var-(\w+)=", query)) <= choices
        assert "${__url_time_range}" in query


@pytest.mark.parametrize("board", BOARDS, ids=[board.uid for board in BOARDS])
def test_both_languages_have_the_same_queries_and_every_text_is_translated(board: Board) -> None:
    english, german = (document(board, language) for language in LANGUAGES)
    assert list(expressions(english)) == list(expressions(german))
    for one, other in zip(panels_of(english), panels_of(german), strict=True):
        assert one["description"] != other["description"], one["title"]
