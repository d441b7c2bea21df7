from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from monitor.inventory.city import ReportedGoal
from monitor.ledger.reader import open_reader
from monitor.ledger.store import open_store
from monitor.report.forecast import Outlook
from monitor.report.output import to_csv, to_html, to_json, to_markdown
from monitor.report.report import RolloutReport, end_of, record, rollout_report
from monitor.rollout.board import RolloutBoard
from monitor.rollout.stage import Stage
from monitor.rollout.stage_records import ReportedFigure, reported_entry
from monitor.simulator.play import inventory_at, story_of
from monitor.simulator.years import rollout_history
from monitor.words.report import WORDS
from tests.rollout.rollouts import HOSTILE, Entries, at, city_with_goal, goal, listed_school, stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from monitor.inventory.city import Inventory
    from monitor.ledger.chain import Entry
    from monitor.words.text import Language

CITY = city_with_goal(
    *(listed_school(f"nord-{number}", district="Nord", lot="Los 1") for number in range(12)),
    *(listed_school(f"sued-{number}", sites=2, district="Süd", lot="Los 2") for number in range(8)),
)
STORY = list(rollout_history(CITY, 2018, 2023, seed=5))
MIDDLE = end_of(date(2022, 6, 30), "Europe/Berlin")


@cache
def middle() -> RolloutReport:
    """Return the report of the whole story at its middle."""
    return report()


def report(
    as_of: datetime = MIDDLE,
    entries: list[Entry] | None = None,
    city: Inventory = CITY,
    since: datetime | None = None,
) -> RolloutReport:
    source = Entries(STORY if entries is None else entries)
    return rollout_report(source, city, as_of, since=since, ledger="row 7, digest 00")


def test_a_day_ends_at_local_midnight() -> None:
    assert end_of(date(2022, 6, 30), "Europe/Berlin") == at(2022, 6, 30, 22) - timedelta(
        milliseconds=1
    )


def test_counts_match_the_rows_they_name() -> None:
    found = middle()
    # By hand: the last stage of each site before the instant.
    last: dict[str, Stage] = {}
    for entry in STORY:
        if entry.kind == "stage" and entry.at <= MIDDLE:
            last[entry.subject] = Stage(str(entry.payload["stage"]))
    lost = {key.split("/")[0] for key in found.scope.sites if last.get(key) is not Stage.VERIFIED}
    schools = {key.split("/")[0] for key in found.scope.sites}
    assert found.point.verified == len(schools - lost)
    assert 0 < found.point.verified < found.point.denominator
    for line in found.sites:
        assert line.change is not None
        entry = STORY[line.change.row - 1]
        assert (entry.subject, entry.payload["stage"]) == (line.key, line.stage.value)


def test_evidence_names_the_rows_of_the_campaign() -> None:
    verified = [line for line in middle().sites if line.stage is Stage.VERIFIED]
    assert verified
    for line in verified:
        assert line.basis is not None
        assert line.measurement_rows is not None
        first, last, tests = line.measurement_rows
        campaign = line.basis.evidence[0].removeprefix("campaign:")
        rows = [row for row in STORY[first - 1 : last] if row.payload.get("campaign") == campaign]
        assert tests == 30
        assert len(rows) == 32
        assert all(row.subject == line.key for row in rows)


def test_a_verified_site_rests_on_its_newest_campaign_as_on_its_page() -> None:
    board = RolloutBoard(CITY, [entry for entry in STORY if entry.at <= MIDDLE])
    board.tick(MIDDLE)
    sites = json.loads(to_json(middle()))["sites"]
    again = 0
    for line, shown in zip(middle().sites, sites, strict=True):
        if line.stage is not Stage.VERIFIED:
            continue
        page = board.findings[line.key]
        assert page.since is not None
        assert (shown["since"], shown["why"]) == (page.since.isoformat(), page.why), line.key
        assert shown["evidence"].split() == list(page.evidence), line.key
        assert line.change is not None
        again += shown["evidence"].split() != list(line.change.change.evidence)
    assert again > 5, "sites that were verified again since their stage was recorded"


def test_evidence_that_the_campaigns_do_not_give_is_shown_as_recorded() -> None:
    told = stage("a/main", at(2020, 8, 1), Stage.VERIFIED, "campaign 7 passed", "campaign:7")
    entries = [goal(at(2020, 1, 6), 1, "a/main"), told]
    (line,) = report(at(2020, 9, 1), entries, city_with_goal(listed_school("a"))).sites
    assert line.basis is not None
    assert (line.basis.why, line.basis.evidence) == ("campaign 7 passed", ("campaign:7",))
    assert line.measurement_rows is None


def test_groups_add_up_to_the_total_in_every_dimension() -> None:
    found = middle()
    for groups in found.groups.values():
        assert sum(group.sites for group in groups) == len(found.sites)
        for stage_ in Stage:
            assert sum(group.stages[stage_] for group in groups) == found.point.stages[stage_]
    assert [group.name for group in found.groups["district"]] == ["Nord", "Süd"]


def test_a_past_report_uses_only_what_was_known_then() -> None:
    early = [entry for entry in STORY if entry.at <= MIDDLE]
    assert to_json(report(entries=early)) == to_json(middle())


def test_a_ledger_file_gives_the_same_report_byte_for_byte(tmp_path: Path) -> None:
    store = open_store(tmp_path / "ledger.sqlite", at(2018, 1, 1))
    try:
        store.append(store.link(STORY))
    finally:
        store.close()
    # The file starts with a row of its own.
    begun = [replace(STORY[0], kind="begin", payload={}), *STORY]
    with open_reader(tmp_path / "ledger.sqlite") as reader:
        found = rollout_report(reader, CITY, MIDDLE, ledger="row 7, digest 00")
    expected = report(entries=begun)
    assert to_json(found) == to_json(expected)
    assert to_html(found, "de") == to_html(expected, "de")
    assert to_markdown(found, "en") == to_markdown(expected, "en")


def test_overdue_goal_is_reported() -> None:
    found = report(end_of(date(2023, 6, 30), "Europe/Berlin"))
    assert found.forecast.overdue_days == 181
    assert "The target date passed 181 days ago." in to_markdown(found, "en")
    assert "seit 181 Tagen überschritten" in to_html(found, "de")
    found = report(end_of(date(2023, 1, 1), "Europe/Berlin"))
    assert "The target date passed 1 day ago." in to_markdown(found, "en")
    assert "seit 1 Tag überschritten" in to_html(found, "de")


def test_the_report_says_to_whom_the_rules_apply() -> None:
    found = middle()
    german = (
        "einer Stadt gegenüber binden die Regeln einen Anbieter, soweit der Vertrag sie übernimmt"
    )
    assert german in to_html(found, "de")
    assert "not certified" in to_markdown(found, "en")


def test_an_unreachable_goal_and_a_standstill_are_reported() -> None:
    wanted = [goal(at(2020, 1, 1), 5, "a/main", "b/main")]
    found = report(at(2020, 6, 1), wanted, city_with_goal(listed_school("a"), listed_school("b")))
    assert "it requires 5 schools, but only 2 are listed" in to_markdown(found, "en")
    names = [f"s{number}" for number in range(20)]
    city = city_with_goal(*map(listed_school, names))
    entries = [goal(at(2020, 1, 1), 20, *(f"{name}/main" for name in names))]
    entries += [
        stage(f"{name}/main", at(2020, 2, 1) + timedelta(days=9 * number), Stage.LIVE)
        for number, name in enumerate(names[:8])
    ]
    found = report(at(2020, 6, 1), entries, city)
    assert found.forecast.outlook is Outlook.STALLED
    assert (
        "seit 58 Tagen werden keine Schulen fertig, länger als neun von zehn Pausen davor (9 Tage)"
        in to_html(found, "de")
    )


def test_reached_goal_is_reported_with_its_day() -> None:
    city = city_with_goal(listed_school("a"))
    entries = [
        goal(at(2020, 1, 1), 1, "a/main"),
        stage("a/main", at(2020, 5, 1), Stage.VERIFIED),
    ]
    found = report(at(2020, 6, 1), entries, city)
    assert found.forecast.outlook is Outlook.REACHED
    assert "erreicht, seit 01.05.2020" in to_html(found, "de")


def test_an_empty_ledger_makes_a_report_without_a_forecast() -> None:
    found = report(entries=[])
    assert found.forecast.outlook is Outlook.TOO_LITTLE_EVIDENCE
    assert (found.point.verified, found.point.denominator) == (0, 20)
    for language in WORDS:
        assert to_html(found, language)
        assert to_markdown(found, language)
    assert len(found.sites) == 28


def test_without_any_goal_all_sites_are_counted_and_the_report_says_what_to_do() -> None:
    found = report(entries=[], city=replace(CITY, goal=None))
    assert not found.has_goal
    assert found.point.denominator == len(found.sites) == len(list(CITY.sites()))
    assert "goals: connectivity: names one" in to_markdown(found, "en")


def test_changes_are_listed_since_the_last_report() -> None:
    first = report(at(2022, 3, 31))
    entries = sorted([*STORY, record(first)], key=lambda entry: entry.at)
    found = report(entries=entries)
    assert found.news is not None
    assert found.news.since == at(2022, 3, 31)
    assert found.news.before is not None
    assert found.news.before.verified == first.point.verified
    assert found.news.changes
    assert all(change.change.at > at(2022, 3, 31) for change in found.news.changes)
    again = report(at(2022, 3, 31), entries)
    assert again.news is None


@pytest.mark.parametrize("written", [to_html, to_markdown])
def test_reasons_are_in_the_language_of_the_report(
    written: Callable[[RolloutReport, Language], str],
) -> None:
    why = (
        "campaign c1 failed: download: the minimum 1 Mbit/s was undercut on 2 days, allowed on one"
    )
    entries = [
        goal(at(2020, 1, 1), 1, "a/main"),
        stage("a/main", at(2020, 2, 1), Stage.VERIFIED, "campaign c1 passed with 30 tests"),
        stage("a/main", at(2020, 3, 1), Stage.REGRESSED, f"{why}; c0 had passed"),
    ]
    found = report(
        at(2020, 5, 1), entries, city_with_goal(listed_school("a")), since=at(2020, 1, 2)
    )
    german, english = written(found, "de"), written(found, "en")
    assert german.count("Kampagne c1 nicht bestanden") == english.count(why) == 4
    assert "had passed" not in german
    assert "Gründe sind übersetzt" in german
    assert "Reasons are quoted as recorded" in english
    # A sentence that has no German stays as it was recorded.
    assert german.count("campaign c1 passed with 30 tests") == 1


def test_a_site_without_a_stage_says_what_it_lacks() -> None:
    entries = [goal(at(2020, 1, 1), 1, "a/main")]
    found = report(at(2020, 5, 1), entries, city_with_goal(listed_school("a")))
    (site,) = json.loads(to_json(found))["sites"]
    assert (site["stage"], site["since"], site["row"]) == ("unknown", None, None)
    assert site["why"] == (
        "no milestone is reached; nothing says which line is the right one: set `line` in the "
        "configuration"
    )
    assert "kein Meilenstein ist erreicht; die Konfiguration sagt nicht" in to_markdown(found, "de")


def test_changes_since_a_later_day_are_refused() -> None:
    with pytest.raises(ValueError, match="after 2022-06-30"):
        report(since=at(2022, 7, 2))


def test_regressions_not_recovered_come_first() -> None:
    city = city_with_goal(listed_school("a"), listed_school("b"))
    entries = [
        goal(at(2020, 1, 1), 2, "a/main", "b/main"),
        stage("a/main", at(2020, 2, 1), Stage.VERIFIED),
        stage("b/main", at(2020, 2, 1), Stage.VERIFIED),
        stage("a/main", at(2020, 3, 1), Stage.REGRESSED),
        stage("b/main", at(2020, 3, 1), Stage.REGRESSED),
        stage("b/main", at(2020, 4, 1), Stage.VERIFIED),
    ]
    found = report(at(2020, 5, 1), entries, city)
    assert [change.change.site for change in found.open_regressions] == ["a/main"]
    assert len(found.regressions) == 2


def test_a_site_that_is_no_longer_configured_still_counts_in_its_goal() -> None:
    entries = [
        goal(at(2020, 1, 1), 2, "a/main", "gone/main"),
        stage("gone/main", at(2020, 2, 1), Stage.VERIFIED),
    ]
    found = report(at(2020, 3, 1), entries, city_with_goal(listed_school("a")))
    assert found.point.verified == 1
    assert "gone/main" in to_csv(found)


def test_every_outlook_has_its_sentence() -> None:
    for outlook in Outlook:
        assert f"outlook_{outlook.value}" in WORDS["en"]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


def hostile() -> RolloutReport:
    name = replace(listed_school("a", district=HOSTILE, lot=HOSTILE), name=HOSTILE, type=HOSTILE)
    city = replace(city_with_goal(name), city=HOSTILE)
    assert city.goal is not None
    city = replace(city, goal=replace(city.goal, source=HOSTILE))
    entries = [
        goal(at(2020, 1, 1), 1, "a/main"),
        stage("a/main", at(2020, 2, 1), Stage.VERIFIED, HOSTILE),
        stage("a/main", at(2020, 3, 1), Stage.REGRESSED, HOSTILE),
    ]
    return report(at(2020, 6, 1), entries, city, since=at(2020, 1, 2))


@pytest.mark.parametrize("language", ["de", "en"])
def test_hostile_text_stays_text_in_html(language: Language) -> None:
    page = to_html(hostile(), language)
    tags = _Tags()
    tags.feed(page)
    assert "script" not in tags.tags
    assert not {name for name in tags.attributes if name.startswith("on") or name == "href"}
    assert page.count("&lt;script&gt;") >= 5
    # Nothing is loaded from anywhere.
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")


@pytest.mark.parametrize("language", ["de", "en"])
def test_hostile_text_stays_text_in_markdown(language: Language) -> None:
    text = to_markdown(hostile(), language)
    assert "<script" not in text.replace("\\<script", "")
    assert "](javascript" not in text.replace("\\](javascript", "")
    widths = {
        line.replace("\\|", "").count("|")
        for line in text.splitlines()
        if "alert" in line and line.startswith("|")
    }
    # A cell with a bar in it would have made its line longer.
    assert widths <= {5, 6, 7}


def test_the_picture_is_well_formed_and_described() -> None:
    page = to_html(middle(), "en")
    svg = page[page.index("<svg") : page.index("</svg>") + 6]
    root = ET.fromstring(svg)  # noqa: S314  # made a line above
    name = "{http://www.w3.org/2000/svg}"
    assert root.findtext(f"{name}title") == "Burn-up"
    assert "the goal stands at 20 schools" in (root.findtext(f"{name}desc") or "")
    assert root.get("role") == "img"
    labels = [element.text for element in root.iter(f"{name}text")]
    assert {"2019", "2022", "verified", "target date"} <= set(labels)


def test_csv_has_a_line_per_site_and_no_formulas() -> None:
    bad = replace(listed_school("a", lot="=1+1"), name="@SUM(A1)")
    entries = [goal(at(2020, 1, 1), 1, "a/main")]
    lines = list(
        csv.DictReader(io.StringIO(to_csv(report(at(2020, 6, 1), entries, city_with_goal(bad)))))
    )
    assert len(lines) == 1
    assert (lines[0]["name"], lines[0]["lot"]) == ("'@SUM(A1)", "'=1+1")


def test_json_holds_counts_with_their_rows() -> None:
    told = inventory_at(CITY, story_of(STORY), MIDDLE)
    found = json.loads(to_json(report(city=told)))
    assert found["now"]["row"] == middle().point.row
    assert found["goal"]["denominator"] == middle().scope.denominator
    assert found["forecast"]["early_10_percent"] < found["forecast"]["middle_50_percent"]
    assert found["reported"][0]["entries"][0]["value"] == 9000
    assert len(found["sites"]) == len(middle().scope.sites)


@cache
def promised() -> RolloutReport:
    """Return a report with one goal that was only promised and one without a known number."""
    funding = ReportedFigure("funding", date(2020, 9, 11), None, "news", planned=21_100_000)
    goals = (
        ReportedGoal("funding", "Funding", "EUR", "council", ()),
        ReportedGoal("rooms", "Enough rooms", "schools", "programme page", ()),
    )
    return report(
        entries=[*STORY, reported_entry(funding)], city=replace(CITY, reported_goals=goals)
    )


def test_planned_figures_have_their_own_column_and_are_not_reached() -> None:
    funding, rooms = json.loads(to_json(promised()))["reported"]
    assert [(one["value"], one["planned"]) for one in funding["entries"]] == [(None, 21_100_000)]
    assert rooms["entries"] == []
    text = to_markdown(promised(), "de")
    assert "| Erreicht | Geplant | Ziel |" in text
    assert "| Funding | 11.09.2020 | – | 21.100.000 | – | EUR | news |" in text
    assert "| Enough rooms | – | – | – | – | schools | programme page | – |" in text
    assert "| Reached | Planned | Target |" in to_markdown(promised(), "en")
    assert "21,100,000" in to_html(promised(), "en")
