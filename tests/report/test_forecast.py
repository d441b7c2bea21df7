from __future__ import annotations

from datetime import date, timedelta

import pytest

from monitor.report.forecast import Course, Forecast, Outlook, Step, forecast
from tests.report.calibration import KINDS, MARKS, PAGE, RUNS, calibrate, table

START = date(2019, 1, 7)


def weekly(count: int, each: int = 1, start: date = START) -> list[Step]:
    return [Step(start + timedelta(weeks=week), each) for week in range(count)]


def after(weeks: float) -> date:
    return START + timedelta(weeks=weeks)


def expected(  # the figures of a course
    built: list[Step],
    scope: list[Step],
    today: date,
    *,
    verified: list[Step] | None = None,
    before: int = 0,
    begin: date = START,
    listed: int | None = None,
    target: date | None = None,
    seed: int = 0,
) -> Forecast:
    course = Course(tuple(verified or ()), tuple(scope), tuple(built), begin, before, listed)
    return forecast(course, today, target=target, seed=seed)


def test_steady_building_is_expected_to_continue_at_its_pace() -> None:
    found = expected(weekly(50), [Step(START, 80)], after(49.5))
    assert found.outlook is Outlook.EXPECTED
    assert (found.built, found.denominator) == (50, 80)
    assert found.early is not None
    assert found.middle is not None
    assert found.late is not None
    assert after(60) < found.early < found.middle < found.late < after(130)
    assert abs((found.middle - after(80)).days) < 60


def test_same_history_and_seed_give_the_same_range() -> None:
    course = weekly(30), [Step(START, 60)], after(30)
    assert expected(*course, seed=3) == expected(*course, seed=3)
    assert expected(*course, seed=3) != expected(*course, seed=4)


def test_order_of_the_steps_does_not_matter() -> None:
    steps = weekly(30)
    scope = [Step(START, 60)]
    assert expected(steps[::-1], scope, after(30)) == expected(steps, scope, after(30))


def test_campaigns_on_lines_connected_before_allow_no_forecast() -> None:
    # 60 of 82 were connected before; campaigns at 5 a week; then a new line every four weeks.
    campaigns = [Step(after(week), 5) for week in range(1, 13)]
    lines = [Step(after(16 + 4 * number), 1) for number in range(22)]
    truth = lines[-1].day

    def at_week(week: float) -> Forecast:
        scope = [Step(START, 82)]
        return expected(lines, scope, after(week), verified=campaigns, before=60)

    found = at_week(12)
    assert (found.verified, found.built) == (60, 60)
    assert found.outlook is Outlook.TOO_LITTLE_EVIDENCE
    assert (found.early, found.middle, found.late) == (None, None, None)
    for week in (40, 52, 64, 76):
        found = at_week(week + 1)
        assert found.outlook is Outlook.EXPECTED
        assert found.early is not None
        assert found.late is not None
        assert found.early <= truth <= found.late


@pytest.mark.parametrize(
    "built",
    [[], weekly(4), [Step(START + timedelta(days=day), 2) for day in range(4)]],
    ids=["nothing", "four lines", "a single lot"],
)
def test_too_little_evidence_is_reported_instead_of_a_date(built: list[Step]) -> None:
    found = expected(built, [Step(START, 80)], after(10))
    assert found.outlook in {Outlook.TOO_LITTLE_EVIDENCE, Outlook.STALLED}
    assert (found.early, found.middle, found.late) == (None, None, None)


def test_eight_weeks_of_monitoring_are_needed() -> None:
    built = [Step(START + timedelta(days=day), 1) for day in range(0, 50, 7)]
    assert expected(built, [Step(START, 80)], after(6.9)).outlook is Outlook.TOO_LITTLE_EVIDENCE
    assert expected(built, [Step(START, 80)], after(7.2)).outlook is Outlook.EXPECTED


def test_a_pause_longer_than_nine_in_ten_earlier_ones_is_a_standstill() -> None:
    # Nine pauses of a week, one of four.
    days = [*range(0, 70, 7), 63 + 28]
    built = [Step(START + timedelta(days=day), 1) for day in days]
    usual = expected(built, [Step(START, 80)], START + timedelta(days=91 + 7))
    assert (usual.outlook, usual.pause_days, usual.usual_pause_days) == (Outlook.EXPECTED, 7, 7)
    found = expected(built, [Step(START, 80)], START + timedelta(days=91 + 8))
    assert (found.outlook, found.pause_days, found.middle) == (Outlook.STALLED, 8, None)


def test_weeks_between_deliveries_of_lots_are_no_standstill() -> None:
    built = [Step(after(6 * lot) + timedelta(days=day), 2) for lot in range(6) for day in range(3)]
    found = expected(built, [Step(START, 80)], after(35.5))
    assert found.outlook is Outlook.EXPECTED
    assert expected(built, [Step(START, 80)], after(40)).outlook is Outlook.STALLED


def test_a_goal_above_the_number_listed_cannot_be_reached() -> None:
    found = expected(weekly(50), [Step(START, 82)], after(50), listed=80)
    assert (found.outlook, found.listed, found.denominator) == (Outlook.UNREACHABLE, 80, 82)
    assert found.middle is None


def test_once_all_is_built_only_measuring_is_left() -> None:
    found = expected(weekly(30), [Step(START, 50)], after(90), before=20, verified=weekly(40))
    assert (found.outlook, found.built, found.verified) == (Outlook.BUILT, 50, 40)
    assert found.middle is None


def test_goal_that_grows_faster_than_the_work_has_no_end_in_sight() -> None:
    scope = [Step(START, 80), *weekly(50, each=2)]
    found = expected(weekly(50), scope, after(50))
    assert found.outlook is Outlook.NO_END_IN_SIGHT
    assert (found.early, found.middle, found.late) == (None, None, None)


def test_growing_scope_moves_the_finish_back_and_not_the_past() -> None:
    fixed = expected(weekly(50), [Step(START, 80)], after(50))
    # 80 now as well, of which 20 came during the work.
    growing = expected(weekly(50), [Step(START, 60), *weekly(10, 2)], after(50))
    assert growing.denominator == fixed.denominator
    assert fixed.middle is not None
    assert growing.middle is not None
    assert growing.middle > fixed.middle + timedelta(weeks=5)


def reached(verified: list[Step], today: date, target: date | None = None) -> Forecast:
    return expected(verified, [Step(START, 50)], today, verified=verified, target=target)


def test_reached_goal_gives_its_date() -> None:
    found = reached(weekly(50), after(80), after(100))
    assert (found.outlook, found.reached) == (Outlook.REACHED, after(49))
    assert found.overdue_days == 0
    assert found.middle is None


def test_goal_lost_and_reached_again_counts_from_the_second_time() -> None:
    steps = [*weekly(50), Step(after(60), -1), Step(after(66), 1)]
    assert reached(steps, after(80)).reached == after(66)


def test_goal_reached_late_says_how_late() -> None:
    assert reached(weekly(50), after(80), after(47)).overdue_days == 14


def test_overdue_goal_says_how_late_it_is_and_how_late_it_will_be() -> None:
    found = expected(weekly(50), [Step(START, 80)], after(50), target=after(40))
    assert found.overdue_days == 70
    assert found.middle is not None
    assert found.expected_delay_days == (found.middle - after(40)).days > 70


def test_events_after_the_forecast_day_are_ignored() -> None:
    today = after(30) - timedelta(days=1)
    known = expected(weekly(30), [Step(START, 60)], today)
    assert expected(weekly(40), [Step(START, 60), Step(after(31), 9)], today) == known


def test_without_a_goal_nothing_is_forecast() -> None:
    assert expected(weekly(5), [], after(30)).outlook is Outlook.NO_GOAL


@pytest.mark.parametrize("kind", KINDS)
def test_the_range_covers_the_true_finish_in_its_share_of_rollouts(kind: str) -> None:
    # 70 to 90 % of all possible roll-outs; three standard deviations for a sample of 60 with other
    # seeds.
    tally = calibrate(kind, runs=60, resamples=200, seed="test ")
    deviation = (0.2 * 0.8 / 60) ** 0.5
    assert 0.7 - 3 * deviation <= tally.share <= min(1.0, 0.9 + 3 * deviation), tally


@pytest.mark.thorough
@pytest.mark.parametrize("kind", KINDS)
def test_the_range_covers_the_true_finish_in_70_to_90_of_100_rollouts(kind: str) -> None:
    tally = calibrate(kind)
    assert tally.ranges == RUNS
    assert 0.7 <= tally.share <= 0.9, tally


@pytest.mark.thorough
def test_the_page_has_the_table_printed_by_the_calibration() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.split(MARKS[0])[1].split(MARKS[1])[0] == table()
