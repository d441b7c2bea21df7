"""The board: from ledger entries and observed lines to stages, also across a restart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.availability.recorder import MinuteRecorder
from monitor.availability.records import Transition
from monitor.clock import SystemClock
from monitor.config import load
from monitor.inventory.city import Criterion, Milestone
from monitor.ledger.ledger import Ledger
from monitor.ledger.place import SqlitePlace
from monitor.observation import State
from monitor.rollout.board import RolloutBoard, remembered
from monitor.rollout.goal_records import configured_scope
from monitor.rollout.line import Identity
from monitor.rollout.line_records import LINE, LINE_DAY, read_line_day
from monitor.rollout.progress import Progress, progress
from monitor.rollout.stage import Stage
from monitor.rollout.stage_records import REPORTED_GOAL, STAGE, read_reported, read_stage
from tests.campaigns.evidence import (
    OTHER,
    RIGHT,
    SITE,
    SITES,
    START,
    entries_of,
    failing,
    minutes,
    passing,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.campaigns.evidence import Campaign
    from monitor.inventory.city import Goal, Inventory
    from monitor.ledger.chain import Entry

WRONG = Identity("dsl-router", "Fibre 1000, lot 2", "203.0.113.1")
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def city() -> Inventory:
    return load(Path(__file__).parents[1] / "config" / "corpus" / "good" / "goals-and-line.yaml")


def with_goal(city: Inventory, **changes: object) -> Inventory:
    assert city.goal is not None
    goal: Goal = replace(city.goal, **changes)  # type: ignore[arg-type]  # names of its fields
    return replace(city, goal=goal)


def stages(entries: Iterable[Entry]) -> list[tuple[str, Stage]]:
    changes = [read_stage(entry) for entry in entries if entry.kind == STAGE]
    return [(change.site, change.stage) for change in changes]


def live_board(city: Inventory) -> tuple[RolloutBoard, list[Entry]]:
    """Return a board whose first site is live after a day, and everything that was recorded."""
    board = RolloutBoard(city)
    ledger = [*board.see(SITE, RIGHT, START), *board.tick(START)]
    recorded = minutes(START + MINUTE, "u?", 1440)
    board.take(recorded)
    ledger += recorded
    board.see(SITE, RIGHT, START + DAY)
    ledger += board.tick(START + DAY + 2 * MINUTE)
    return board, ledger


def test_one_day_on_the_right_line_makes_a_site_live_and_is_recorded(city: Inventory) -> None:
    board, ledger = live_board(city)
    finding = board.findings[SITE]
    assert (finding.stage, finding.since) == (Stage.LIVE, START + DAY + MINUTE)
    assert "up in 1440 of 1440 minutes" in finding.why
    assert "sysName 'gw.first.example'" in finding.why
    assert board.findings[OTHER].stage is Stage.UNKNOWN
    assert stages(ledger) == [(SITE, Stage.LIVE)]
    (day,) = [read_line_day(entry) for entry in ledger if entry.kind == LINE_DAY]
    assert (day.answered_minutes, day.right_line) == (1440, True)
    assert [entry.subject for entry in ledger if entry.kind == LINE] == [SITE]
    assert board.tick(START + DAY + 3 * MINUTE) == (), "recorded entries are not recorded again"


def test_minutes_before_the_right_line_do_not_count(city: Inventory) -> None:
    board = RolloutBoard(city)
    board.see(SITE, WRONG, START)
    board.take(minutes(START + MINUTE, "u?", 1440))
    now = START + DAY + 2 * MINUTE
    assert board.see(SITE, RIGHT, now)[0].kind == LINE
    board.tick(now)
    assert board.findings[SITE].stage is Stage.UNKNOWN
    assert "the right line since 2022-03-02 13:02 UTC only" in board.findings[SITE].why
    board.take(minutes(START + DAY + MINUTE, "u?", 1440))
    board.see(SITE, RIGHT, now + DAY)
    board.tick(now + DAY)
    assert board.findings[SITE].stage is Stage.UNKNOWN, "one minute was another line's"
    board.take(minutes(START + 2 * DAY + MINUTE, "u?", 2))
    board.tick(now + DAY + 2 * MINUTE)
    assert board.findings[SITE].stage is Stage.LIVE


def test_old_line_that_answers_all_day_is_not_live(city: Inventory) -> None:
    board = RolloutBoard(city)
    board.see(SITE, WRONG, START)
    board.take(minutes(START + MINUTE, "u?", 1440))
    ledger = board.tick(START + DAY + 2 * MINUTE)
    finding = board.findings[SITE]
    assert finding.stage is Stage.UNKNOWN
    assert "sysName is 'dsl-router', expected 'gw.first.example'" in finding.why
    assert stages(ledger) == []


def test_site_without_an_expected_line_is_not_live_and_names_the_cure(city: Inventory) -> None:
    board = RolloutBoard(city)
    board.see(OTHER, RIGHT, START)
    board.take(minutes(START + MINUTE, "?u", 1440))
    board.tick(START + DAY + 2 * MINUTE)
    finding = board.findings[OTHER]
    assert finding.stage is Stage.UNKNOWN
    assert "up in 1440" in finding.why
    assert finding.why.endswith("set `line` in the configuration")


def test_site_without_an_expected_line_names_the_cure_before_its_first_minute(
    city: Inventory,
) -> None:
    board = RolloutBoard(city)
    board.tick(START)
    assert board.findings[OTHER].why == (
        "no milestone is reached; nothing says which line is the right one: set `line` in the "
        "configuration"
    )
    assert board.findings[SITE].why.endswith("no 24 hours on the right line are proven yet")


def test_line_not_seen_for_a_day_is_not_proven(city: Inventory) -> None:
    board = RolloutBoard(city)
    board.see(SITE, RIGHT, START)
    board.take(minutes(START + MINUTE, "u?", 2880))
    board.tick(START + 2 * DAY + 2 * MINUTE)
    assert "was not seen in the 24 hours" in board.findings[SITE].why


def test_maintenance_and_hours_outside_the_contract_are_skipped(city: Inventory) -> None:
    board = RolloutBoard(city)
    board.see(SITE, RIGHT, START)
    begin = START + MINUTE
    for hours, code in ((12, "u?"), (20, "o?"), (2, "m?"), (12, "u?")):
        board.take(minutes(begin, code, 60 * hours))
        begin += timedelta(hours=hours)
    board.see(SITE, RIGHT, begin)
    board.tick(begin)
    assert board.findings[SITE].stage is Stage.LIVE
    day = board.line_day(SITE)
    assert day is not None
    assert (day.since, day.until) == (START + MINUTE, begin)


def test_minutes_without_a_record_are_unknown(city: Inventory) -> None:
    board = RolloutBoard(city)
    board.take(minutes(START, "u?", 700))
    board.take(minutes(START + timedelta(minutes=800), "u?", 700))
    day = board.line_day(SITE)
    assert day is not None
    assert (day.answered_minutes, day.counted_minutes) == (1340, 1340)


def test_restart_changes_no_stage_and_records_nothing_again(city: Inventory) -> None:
    _, ledger = live_board(city)
    again = RolloutBoard(city, ledger)
    now = START + DAY + 5 * MINUTE
    assert again.tick(now) == ()
    assert again.findings[SITE].stage is Stage.LIVE
    assert again.findings[SITE].since == START + DAY + MINUTE
    # The same line is seen again: nothing to record. Another line is recorded and ends live.
    assert again.see(SITE, RIGHT, now) == ()
    assert [entry.kind for entry in again.see(SITE, WRONG, now)] == [LINE]
    assert stages(again.tick(now + MINUTE)) == [(SITE, Stage.UNKNOWN)]


def test_restart_with_another_expectation_forgets_which_line_it_was(city: Inventory) -> None:
    board = RolloutBoard(city)
    (seen,) = board.see(SITE, RIGHT, START)
    other = replace(seen, payload={**seen.payload, "expected": "sys_name 'gw-before'"})
    for entry, stage in ((seen, Stage.LIVE), (other, Stage.UNKNOWN)):
        again = RolloutBoard(city, [entry, *minutes(START + MINUTE, "u?", 1440)])
        again.see(SITE, RIGHT, START + DAY)
        again.tick(START + DAY + 2 * MINUTE)
        assert again.findings[SITE].stage is stage


def test_clock_once_ahead_does_not_delay_the_minute_records(city: Inventory) -> None:
    board = RolloutBoard(city)
    board.take(minutes(START + 30 * DAY, "u?", 10))
    board.take(minutes(START, "d?", 10))
    day = board.line_day(SITE)
    assert day is not None
    assert (day.since, day.answered_minutes, day.counted_minutes) == (START, 0, 10)


def test_repeated_minutes_change_nothing(city: Inventory) -> None:
    board = RolloutBoard(city)
    board.take(minutes(START, "u?", 30))
    before = board.line_day(SITE)
    board.take(minutes(START, "d?", 20))
    assert board.line_day(SITE) == before


def test_a_new_expectation_starts_over_but_keeps_shown_evidence(city: Inventory) -> None:
    board, _ = live_board(city)
    school = city.schools[0]
    site = school.sites[0]
    expected = replace(site.uplink.expected, sys_name="gw2.first.example")
    changed = replace(site, uplink=replace(site.uplink, expected=expected))
    board.reconfigure(replace(city, schools=(replace(school, sites=(changed,)), *city.schools[1:])))
    now = START + DAY + 5 * MINUTE
    board.tick(now)
    assert board.findings[SITE].stage is Stage.LIVE
    assert [entry.kind for entry in board.see(SITE, RIGHT, now)] == [LINE]
    board.tick(now + MINUTE)
    assert board.findings[SITE].stage is Stage.UNKNOWN


def test_campaign_verifies_and_a_later_one_regresses(city: Inventory) -> None:
    board = RolloutBoard(city)
    first, second = passing(), failing("c2", START + 10 * DAY)
    board.take(entries_of(first)[:-1])
    now = START + 5 * DAY
    assert stages(board.tick(now)) == []
    board.take(entries_of(first)[-1:])
    assert stages(board.tick(now)) == [(SITE, Stage.VERIFIED)]
    assert board.tick(now + MINUTE) == ()
    board.take(entries_of(second))
    assert stages(board.tick(now + 10 * DAY)) == [(SITE, Stage.REGRESSED)]
    campaign, judged = board.campaigns()[SITE]
    assert (campaign.id, judged.verdict.counted) == ("c2", 30)


def test_goal_decides_what_counts_as_verified(city: Inventory) -> None:
    slow = replace(passing().down, maximum_bps=40e6, normal_bps=36e6, minimum_bps=20e6)
    entries = entries_of(replace(failing(), down=slow, up=slow))
    now = START + 5 * DAY
    board = RolloutBoard(city, entries)
    board.tick(now)
    assert board.findings[SITE].stage is Stage.VERIFIED
    board.reconfigure(with_goal(city, criterion=Criterion.GIGABIT))
    board.tick(now)
    assert board.findings[SITE].stage is Stage.UNKNOWN


def test_goal_per_class_verifies_no_site_without_a_number_of_classes(city: Inventory) -> None:
    entries = [*entries_of(passing()), *entries_of(_elsewhere(passing("c2")))]
    board = RolloutBoard(with_goal(city, criterion=Criterion.PER_CLASS), entries)
    board.tick(START + 5 * DAY)
    assert board.findings[SITE].stage is Stage.VERIFIED
    assert board.findings[OTHER].stage is Stage.UNKNOWN
    assert board.findings[OTHER].why.endswith(
        "the number of the school's classes is not configured"
    )


def _elsewhere(campaign: Campaign) -> Campaign:
    moved = tuple(replace(one, site=OTHER) for one in campaign.measurements)
    return replace(campaign, site=OTHER, measurements=moved)


def test_milestones_are_recorded_as_stages(city: Inventory) -> None:
    school = city.schools[1]
    built = Milestone("built", date(2022, 2, 1), "acceptance 9")
    site = replace(school.sites[0], milestones=(built,))
    board = RolloutBoard(replace(city, schools=(city.schools[0], replace(school, sites=(site,)))))
    (entry,) = [one for one in board.tick(START) if one.kind == STAGE]
    change = read_stage(entry)
    assert (change.site, change.stage) == (OTHER, Stage.BUILT)
    assert change.since == datetime(2022, 1, 31, 23, tzinfo=UTC)
    assert change.evidence == ("milestone:built/2022-02-01/acceptance 9",)


def test_reported_figures_are_recorded_once_and_not_before_their_day(city: Inventory) -> None:
    board = RolloutBoard(city)
    early = datetime(2021, 6, 29, tzinfo=UTC)
    ledger = list(board.tick(early))
    assert [read_reported(one).value for one in ledger if one.kind == REPORTED_GOAL] == [
        None,
        9000.0,
    ]
    ledger += board.tick(START)
    figures = [read_reported(one) for one in ledger if one.kind == REPORTED_GOAL]
    assert [figure.day for figure in figures] == [
        date(2020, 9, 11),
        date(2020, 12, 31),
        date(2021, 6, 30),
    ]
    assert [figure.planned for figure in figures] == [18000.0, None, 20000.0]
    assert RolloutBoard(city, ledger).tick(START + DAY) == ()


def test_progress_counts_schools_with_all_sites_against_the_goal(
    city: Inventory,
) -> None:
    school = city.schools[0]
    annex = replace(school.sites[0], id="annex")
    both = replace(city, schools=(replace(school, sites=(*school.sites, annex)), city.schools[1]))
    board = RolloutBoard(both, entries_of(passing()))
    board.tick(START + 5 * DAY)
    for unit, verified, listed in (("schools", 0, 2), ("sites", 1, 3)):
        reached = reached_of(with_goal(both, unit=unit), board)
        assert (reached.verified, reached.listed, reached.denominator) == (verified, listed, 82)
        assert reached.ratio == verified / 82
    narrow = with_goal(both, schools=("second-school",))
    assert reached_of(narrow, board).listed == 1


def reached_of(city: Inventory, board: RolloutBoard) -> Progress:
    scope = configured_scope(city, START)
    assert scope is not None
    return progress(scope, {site: finding.stage for site, finding in board.findings.items()})


async def test_board_restores_its_state_from_a_real_ledger(city: Inventory, tmp_path: Path) -> None:
    _, written = live_board(city)
    written += entries_of(_elsewhere(passing("c2")))
    async with Ledger.open(SqlitePlace(tmp_path / "ledger.sqlite"), SystemClock()) as ledger:
        await ledger.append(written)
        board = RolloutBoard(city, await remembered(ledger, START + 5 * DAY))
    board.tick(START + 5 * DAY)
    assert board.findings[SITE].stage is Stage.LIVE
    assert board.findings[OTHER].stage is Stage.VERIFIED
    day = board.line_day(SITE)
    assert day is not None
    assert day.answered_minutes == 1440


def test_entries_of_the_recorder_feed_the_board(city: Inventory) -> None:
    recorder = MinuteRecorder(SITES, START, lambda *_: False, lambda *_: True)
    board = RolloutBoard(city)
    recorder.observe(Transition(SITE, State.UP, START, START))
    for count in range(1460):
        now = START + count * MINUTE
        board.take(recorder.tick(now))
    day = board.line_day(SITE)
    assert day is not None
    assert (day.answered_minutes, day.counted_minutes) == (1440, 1440)
