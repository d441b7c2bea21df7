"""Every value that people see has exactly one word in each language."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

import pytest

from monitor.availability.minutes import MinuteClass
from monitor.calendar.school_days import DayKind
from monitor.campaigns.evidence import CampaignOutcome, Direction
from monitor.exposition.availability import INTO_CLASS
from monitor.exposition.catalogue import CATALOGUE
from monitor.inventory.checks import CheckKind, Role
from monitor.observation import Outcome, Reason, State
from monitor.probes.echo.match import Drop
from monitor.report.forecast import Outlook
from monitor.report.page import stage_name
from monitor.rollout.stage import Stage
from monitor.snmp import traps
from monitor.snmp.client import DROP_REASONS
from monitor.uplink.findings import FindingKind
from monitor.uplink.model import Gap
from monitor.verdict import Cause, Trouble
from monitor.web.refusals import Refusal
from monitor.words import terms
from monitor.words.detail_sentences import SENTENCES
from monitor.words.pages import PAGES, word
from monitor.words.report import WORDS
from monitor.words.text import LANGUAGES, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DROPPED = {
    f"{protocol} {reason}"
    for protocol, reasons in (("icmp", Drop), ("snmp", DROP_REASONS), ("trap", traps.REASONS))
    for reason in reasons
}
ROOT = Path(__file__).parents[1]
FORECAST = ROOT / "docs" / "forecast.md"

TABLES: list[tuple[Mapping[str, Text], Iterable[str]]] = [
    (terms.STATES, State),
    (terms.TROUBLES, Trouble),
    (terms.STAGES, Stage),
    (terms.OUTLOOKS, Outlook),
    (terms.CAUSES, Cause),
    (terms.REASONS, Reason),
    (terms.OUTCOMES, Outcome),
    (terms.FINDINGS, FindingKind),
    (terms.GAPS, Gap),
    (terms.DAYS, DayKind),
    (terms.CAMPAIGNS, CampaignOutcome),
    (terms.MINUTES, MinuteClass),
    (terms.CHECKS, CheckKind),
    (terms.ROLES, Role),
    (terms.DIRECTIONS, Direction),
    (terms.UNITS, ("schools", "sites")),
    (terms.RECLASSIFIED, INTO_CLASS.values()),
    (terms.DROPS, DROPPED),
    (terms.REFUSALS, Refusal),
]
# Labels with values of the product's own, and the tables with their words.
SAID_BY = {
    "state": terms.STATES,
    "stage": terms.STAGES,
    "outlook": terms.OUTLOOKS,
    "cause": terms.CAUSES,
    "finding": terms.FINDINGS,
    "verdict": terms.CAMPAIGNS,
    "class": terms.MINUTES,
    "outcome": terms.OUTCOMES,
    "direction": terms.DIRECTIONS,
    "role": terms.ROLES,
    "into": terms.RECLASSIFIED,
}


def blanks(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)


def is_table(found: dict[object, object]) -> bool:
    return any(isinstance(text, Text) for text in found.values())


@pytest.mark.parametrize(("table", "values"), TABLES)
def test_every_value_has_a_word_and_every_word_a_value(
    table: Mapping[str, Text], values: Iterable[str]
) -> None:
    assert set(table) == {str(value) for value in values}
    for value, text in table.items():
        for language in LANGUAGES:
            said = text.of(language)
            assert said.strip() == said != "", value
            assert "_" not in said, value


def test_every_table_of_words_is_tested() -> None:
    written = {id(one) for one in vars(terms).values() if isinstance(one, dict) and is_table(one)}
    assert written == {id(table) for table, _ in TABLES}


@pytest.mark.parametrize(("table", "_values"), TABLES)
def test_values_of_a_set_have_distinct_words(
    table: Mapping[str, Text], _values: Iterable[str]
) -> None:
    for language in LANGUAGES:
        said = [text.of(language) for text in table.values()]
        assert len(said) == len(set(said))


def test_german_has_one_word_for_each_direction() -> None:
    down, up = (terms.DIRECTIONS[one].de for one in Direction)
    assert word("de", "rates", down="1", up="2") == f"1 {down}, 2 {up}"
    for english, german in SENTENCES.items():
        if found := re.match(r"(down|up)(?:: | at | {share})", english):
            assert terms.DIRECTIONS[found[1]].de in german
    others = re.compile(r"\b(?:hin|her)(?:ab|auf|unter)\b|[Hh]erunterladen")
    sources = (*(ROOT / "monitor").rglob("*.py"), *(ROOT / "dashboards").rglob("*.py"))
    assert [one for one in sources if others.search(one.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("label", SAID_BY)
def test_the_labels_with_words_are_labels_of_metrics(label: str) -> None:
    assert any(label in metric.labels for metric in CATALOGUE.values())


def test_pages_and_report_call_a_stage_the_same() -> None:
    for language in LANGUAGES:
        for stage in Stage:
            assert word(language, f"stages.{stage}") == stage_name(stage, language)


def test_page_sentences_have_the_same_placeholders_in_both_languages() -> None:
    for key, text in PAGES.items():
        assert text.en, key
        assert blanks(text.en) == blanks(text.de), key


def test_report_sentences_have_the_same_placeholders_in_both_languages() -> None:
    assert WORDS["de"].keys() == WORDS["en"].keys()
    for key, text in WORDS["en"].items():
        assert text.strip(), key
        assert blanks(WORDS["de"][key]) == blanks(text), key


@pytest.mark.parametrize("outlook", [one for one in Outlook if one is not Outlook.EXPECTED])
def test_the_forecast_page_names_an_outlook_by_its_word_and_value(outlook: Outlook) -> None:
    named = f"| {terms.OUTLOOKS[outlook].en} (`{outlook}`) |"
    assert named in FORECAST.read_text(encoding="utf-8")
