from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.calendar.school_days import SchoolCalendar
from monitor.campaigns.evidence import Campaign, CampaignOutcome, Measurement, Rates
from monitor.campaigns.plan import RETRY, CampaignError, Progress, Slot, next_due, plan
from monitor.campaigns.records import CampaignPhase, CampaignStep
from monitor.campaigns.rules import PAUSE, SPACING, WINDOW_DAYS, counted, evaluate
from monitor.inventory.city import Calendar, LessonPeriod
from tests.rollout.lines import SITE, contracted_school, lessons

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
CALENDAR = lessons()
OWED = Rates(10e6, 9e6, 5e6)
INSTANTS = st.datetimes(
    datetime(2026, 1, 1),  # noqa: DTZ001  # the zone is drawn
    datetime(2027, 6, 1),  # noqa: DTZ001  # the same
    timezones=st.just(UTC),
)


def measurement(at: datetime, down_bps: float | None = 10e6) -> Measurement:
    return Measurement(
        SITE, at, "iperf3", down_bps, 10e6, 8, 10.0, 0.0, clock_stepped=False, held_slot=True
    )


def so_far(*tests: Measurement, held_up: tuple[CampaignStep, ...] = ()) -> Progress:
    return Progress(Campaign("c", SITE, OWED, OWED, tests), NOW, held_up=held_up)


@settings(max_examples=60)
@given(now=INSTANTS, seed=st.text(max_size=20))
def test_every_plan_satisfies_the_rules(now: datetime, seed: str) -> None:
    slots = plan(contracted_school(), CALENDAR, now, seed)
    assert [slot.number for slot in slots] == list(range(1, 31))
    assert all(one.at > now for one in slots)
    assert all(later.at - one.at >= SPACING for one, later in pairwise(slots))
    days = sorted({CALENDAR.local_day(slot.at) for slot in slots})
    assert len(days) == 3
    assert all((later - one).days >= 2 for one, later in pairwise(days))
    assert (days[-1] - days[0]).days < WINDOW_DAYS
    for day in days:
        of_day = [slot.at for slot in slots if slot.day == day]
        assert len(of_day) == 10
        assert of_day[5] - of_day[4] >= PAUSE
    for slot in slots:
        assert not CALENDAR.in_lessons("Gymnasium", slot.at)
        assert not CALENDAR.in_lessons("Gymnasium", slot.at + timedelta(minutes=4))
        assert CALENDAR.local_day(slot.at) == slot.day
        assert slot.at < slot.until


@settings(max_examples=20)
@given(now=INSTANTS, seed=st.text(max_size=20))
def test_a_completed_plan_is_a_complete_campaign(now: datetime, seed: str) -> None:
    tests = tuple(measurement(slot.at) for slot in plan(contracted_school(), CALENDAR, now, seed))
    campaign = Campaign("c", SITE, OWED, OWED, tests)
    assert evaluate(campaign, CALENDAR.timezone).outcome is CampaignOutcome.PASSED


def test_a_plan_survives_a_restart_and_differs_between_schools() -> None:
    first = plan(contracted_school(), CALENDAR, NOW, "goethe")
    assert first == plan(contracted_school(), lessons(), NOW, "goethe")
    others = [plan(contracted_school(), CALENDAR, NOW, f"school-{number}") for number in range(80)]
    starts = {slot.at for slots in others for slot in slots}
    assert len(starts) > 2_000, "2400 tests hardly ever coincide"


def test_lessons_around_the_clock_make_planning_impossible() -> None:
    always = tuple(LessonPeriod((day,), time(0, 30), time(23, 30)) for day in range(7))
    calendar = SchoolCalendar(Calendar("Europe/Berlin", "NW", {"Gymnasium": always}))
    term = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
    with pytest.raises(CampaignError, match="outside lessons"):
        plan(contracted_school(), calendar, term, "goethe")


def slots() -> tuple[Slot, ...]:
    return plan(contracted_school(), CALENDAR, NOW, "goethe")


def due(plan: tuple[Slot, ...], done: Progress, now: datetime) -> tuple[Slot, datetime] | None:
    return next_due(plan, done, now, CALENDAR.timezone)


def test_the_sixth_test_of_a_day_waits_three_hours_however_late_the_fifth() -> None:
    late = slots()[5].at - timedelta(minutes=20)
    fifth = [measurement(slot.at) for slot in slots()[:4]] + [measurement(late)]
    sixth = slots()[5]
    assert due(slots(), so_far(*fifth), late) == (sixth, late + PAUSE)


def test_a_refusal_after_the_fifth_test_does_not_shorten_the_pause() -> None:
    five = [measurement(slot.at) for slot in slots()[:5]]
    refused = CampaignStep(
        "c", SITE, five[-1].at + timedelta(minutes=1), CampaignPhase.SKIPPED, OWED, OWED, "load"
    )
    found = due(slots(), so_far(*five, held_up=(refused,)), refused.at)
    assert found is not None
    assert found[1] - five[-1].at >= PAUSE


def test_a_fifth_test_too_late_for_the_pause_ends_only_its_day() -> None:
    late = slots()[0].until - timedelta(hours=2)
    five = [measurement(slot.at) for slot in slots()[:4]] + [measurement(late)]
    assert due(slots(), so_far(*five), late) == (slots()[10], slots()[10].at)


@settings(max_examples=60)
@given(
    now=INSTANTS,
    seed=st.text(max_size=8),
    spoiled=st.lists(st.booleans(), max_size=60),
    refused=st.lists(st.integers(0, 90), max_size=20),
)
def test_tests_run_when_due_count_whatever_was_spoiled_or_refused(
    now: datetime, seed: str, spoiled: list[bool], refused: list[int]
) -> None:
    planned = plan(contracted_school(), CALENDAR, now, seed)
    good: list[Measurement] = []
    tests: list[Measurement] = []
    steps: list[CampaignStep] = []
    while (
        found := due(
            planned,
            Progress(Campaign("c", SITE, OWED, OWED, tuple(tests)), now, held_up=tuple(steps)),
            now,
        )
    ) is not None:
        now = max(now, found[1])
        if refused:
            now += timedelta(minutes=refused.pop())
            steps.append(CampaignStep("c", SITE, now, CampaignPhase.SKIPPED, OWED, OWED, "load"))
            continue
        fails = spoiled.pop() if spoiled else False
        tests.append(measurement(now, None if fails else 10e6))
        if not fails:
            good.append(tests[-1])
    assert list(counted(tests, CALENDAR.timezone)) == good


def test_the_first_test_is_due_at_its_slot() -> None:
    first = slots()[0]
    assert due(slots(), so_far(), NOW) == (first, first.at)


def test_each_valid_measurement_uses_up_its_slot() -> None:
    one, two, *_ = slots()
    done = so_far(measurement(one.at + timedelta(minutes=1)))
    assert due(slots(), done, one.at + timedelta(minutes=2)) == (two, two.at)


def test_a_spoiled_test_is_due_again_after_fifteen_minutes() -> None:
    one, *_ = slots()
    spoiled = so_far(measurement(one.at, down_bps=None))
    assert due(slots(), spoiled, one.at) == (one, one.at + RETRY)


def test_a_refused_test_is_due_again_after_fifteen_minutes() -> None:
    one, *_ = slots()
    step = CampaignStep("c", SITE, one.at, CampaignPhase.SKIPPED, OWED, OWED, "load")
    assert due(slots(), so_far(held_up=(step,)), one.at) == (one, one.at + RETRY)


def test_overdue_tests_keep_the_minimum_spacing() -> None:
    _, two, three, *_ = slots()
    late = three.at + timedelta(minutes=1)
    found = due(slots(), so_far(measurement(late)), late)
    assert found == (two, late + SPACING)


def test_an_unfinished_day_does_not_delay_the_next() -> None:
    eleventh = slots()[10]
    after = slots()[9].until
    assert due(slots(), so_far(), after) == (eleventh, eleventh.at)


def test_nothing_is_due_after_the_last_day_or_once_all_is_measured() -> None:
    everything = tuple(measurement(slot.at) for slot in slots())
    assert due(slots(), so_far(*everything), slots()[-1].at) is None
    assert due(slots(), so_far(), slots()[-1].until) is None
    lacking = due(slots(), so_far(*everything[:-1]), slots()[-1].at)
    assert lacking is not None
    assert lacking[0] == replace(slots()[-1])
