"""Every link that the product hands out leads to a board, page, runbook or heading that exists."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from dashboards.boards import BOARDS
from monitor.words.text import LANGUAGES
from tests.deploy.rules import ROOT, alerts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROMETHEUS = ROOT / "deploy" / "prometheus" / "prometheus.yml"
ADDRESSES = ("grafana", "pages", "runbooks")
# Files that may contain the URL of a board; the boards' own JSON is read as JSON below.
TEXTS = ("*.md", "docs/**/*.md", "deploy/**/*", "tools/*", "dashboards/*.py", "monitor/**/*")
_BOARD = re.compile(r"/d/(schulnetz-[\w-]+)(?:\?([^\s\"'<>`)]*))?")
_TEMPLATE = re.compile(r"\{\{(.*?)\}\}")
_MARKDOWN_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def variables() -> dict[str, set[str]]:
    """Return the built boards: uid -> names of their variables, as in the committed JSON."""
    found = {}
    for board in BOARDS:
        for language in LANGUAGES:
            path = ROOT / "dashboards" / language / f"{board.uid}.json"
            document = json.loads(path.read_text(encoding="utf-8"))
            found[document["uid"]] = {one["name"] for one in document["templating"]["list"]}
    return found


def external_labels() -> dict[str, str]:
    labels: dict[str, str] = yaml.safe_load(PROMETHEUS.read_text())["global"]["external_labels"]
    return labels


def expanded(annotation: str, labels: dict[str, str]) -> str:
    """Return an annotation as Prometheus renders it, every label of the alert an x."""

    def value(found: re.Match[str]) -> str:
        expression = found[1].strip()
        own = expression.removeprefix("$externalLabels.")
        return labels[own] if own != expression else "x"

    return _TEMPLATE.sub(value, annotation)


def board_links(text: str) -> Iterator[tuple[str, set[str]]]:
    for uid, query in _BOARD.findall(text):
        names = {part.partition("=")[0] for part in query.split("&") if part.startswith("var-")}
        yield uid, {name.removeprefix("var-") for name in names}


def texts() -> Iterator[tuple[Path, str]]:
    for pattern in TEXTS:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file() and path.suffix not in {".pyc", ".json"}:
                yield path, path.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_alert_links_lead_to_a_board_with_these_variables(language: str) -> None:
    boards = variables()
    labels = {**external_labels(), "language": language}
    for rule in alerts():
        link = urlsplit(expanded(rule.annotations["dashboard"], labels))
        assert f"{link.scheme}://{link.netloc}" == labels["grafana"], rule.alert
        uid = link.path.removeprefix("/d/")
        asked = {name.removeprefix("var-") for name in parse_qs(link.query)}
        assert uid in boards, f"{rule.alert}: no board {uid}"
        assert asked <= boards[uid], f"{rule.alert}: {uid} has no {asked - boards[uid]}"


def test_every_alert_has_a_runbook_with_an_absolute_url() -> None:
    labels = external_labels()
    for rule in alerts():
        link = expanded(rule.annotations["runbook_url"], labels)
        name = link.removeprefix(f"{labels['runbooks']}/")
        assert urlsplit(link).scheme in {"http", "https"}, rule.alert
        assert name == f"{rule.alert}.md"
        assert (ROOT / "docs" / "runbooks" / name).is_file(), rule.alert


def test_an_alert_about_a_school_leads_to_the_schools_status_page() -> None:
    labels = external_labels()
    for rule in alerts():
        link = rule.annotations.get("status_page")
        assert (link is not None) == ("$labels.name" in rule.annotations["summary"]), rule.alert
        if link is not None:
            assert expanded(link, labels) == f"{labels['pages']}/schools/x"


def test_each_url_is_a_single_setting_and_not_an_alert_label() -> None:
    document: dict[str, Any] = yaml.safe_load(PROMETHEUS.read_text())
    labels = external_labels()
    assert labels["language"] in LANGUAGES
    for name in ADDRESSES:
        assert urlsplit(labels[name]).netloc, name
        assert not labels[name].endswith("/"), name
    (drop,) = document["alerting"]["alert_relabel_configs"]
    assert drop["action"] == "labeldrop"
    assert all(re.fullmatch(drop["regex"], name) for name in labels)
    for path in sorted((ROOT / "deploy" / "alertmanager").rglob("*")):
        if path.is_file():
            assert not any(labels[name] in path.read_text() for name in ADDRESSES), path


def test_every_board_named_by_url_exists() -> None:
    boards = variables()
    for path, text in texts():
        if path.is_relative_to(ROOT / "deploy" / "prometheus"):
            continue  # templates of rules, resolved above, and their tests
        for uid, asked in board_links(text):
            assert uid in boards, f"{path}: no board {uid}"
            assert asked <= boards[uid], f"{path}: {uid} has no {asked - boards[uid]}"


def test_links_in_rule_tests_lead_to_existing_boards() -> None:
    """Promtool compares them with what the rules render, so this test covers both."""
    boards = variables()
    found = 0
    for path in sorted((ROOT / "deploy" / "prometheus" / "tests").glob("*.yml")):
        for uid, asked in board_links(path.read_text(encoding="utf-8")):
            found += 1
            assert uid in boards, f"{path}: no board {uid}"
            assert asked <= boards[uid], f"{path}: {uid} has no {asked - boards[uid]}"
    assert found >= len(alerts())


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as web viewers generate them."""
    titles = _HEADING.findall(_FENCE.sub("", text))
    words = (re.sub(r"[`*]|\[|\]\([^)]*\)", "", title).strip().lower() for title in titles)
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in words}


def test_every_link_of_a_page_leads_to_an_existing_file_and_heading() -> None:
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/*.md")):
        text = path.read_text(encoding="utf-8")
        for link in _MARKDOWN_LINK.findall(_FENCE.sub("", text)):
            if urlsplit(link).scheme:
                continue
            name, _, anchor = link.partition("#")
            target = (path.parent / name) if name else path
            assert target.exists(), f"{path}: {link}"
            if anchor:
                assert anchor in anchors(target.read_text(encoding="utf-8")), f"{path}: {link}"
