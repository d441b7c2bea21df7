"""Each rule of a campaign: an example that just passes, and one that just fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.campaigns.criterion import measured_by
from monitor.campaigns.evidence import CampaignOutcome, Direction, Invalidity, Measurement
from monitor.campaigns.rules import counted, evaluate
from monitor.inventory.city import Criterion
from tests.campaigns.evidence import (
    GIGABIT,
    SPACING,
    START,
    VALID,
    ZONE,
    campaign,
    failing,
    of_day,
    of_days,
    passing,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from monitor.campaigns.evidence import Campaign

PASSED, FAILED, INCOMPLETE = CampaignOutcome


def outcome(measurements: list[Measurement]) -> CampaignOutcome:
    return evaluate(campaign(measurements), ZONE).outcome


def with_down(measurements: list[Measurement], *rates: float) -> list[Measurement]:
    """Return the measurements with other download rates for the last of them."""
    kept = measurements[: len(measurements) - len(rates)]
    changed = measurements[len(kept) :]
    return [*kept, *(replace(one, down_bps=bps) for one, bps in zip(changed, rates, strict=True))]


def test_campaign_that_satisfies_every_rule_passes() -> None:
    verdict = evaluate(passing(), ZONE)
    assert verdict.outcome is PASSED
    assert (verdict.missing, verdict.down_reasons, verdict.up_reasons) == ((), (), ())
    assert verdict.counted == 30
    assert verdict.first == START
    assert verdict.last == START + timedelta(days=4, hours=3, minutes=40)


def test_29_measurements_are_incomplete() -> None:
    assert outcome(of_days(0, 2, 4)) is PASSED
    for left_out in range(30):
        measurements = of_days(0, 2, 4)
        del measurements[left_out]
        assert outcome(measurements) is INCOMPLETE


def test_30_measurements_with_9_on_one_day_are_incomplete() -> None:
    assert outcome(of_days(0, 2) + of_day(4, 9) + of_day(6, 1)) is INCOMPLETE


def test_adjacent_days_are_incomplete_and_one_day_between_is_enough() -> None:
    assert outcome(of_days(0, 1, 3)) is INCOMPLETE
    assert outcome(of_days(0, 2, 3)) is INCOMPLETE
    assert outcome(of_days(0, 2, 4)) is PASSED


def test_additional_adjacent_day_does_no_harm() -> None:
    assert outcome(of_days(0, 1, 2, 4)) is PASSED


def test_three_days_must_lie_within_14_calendar_days() -> None:
    assert outcome(of_days(0, 2, 13)) is PASSED
    assert outcome(of_days(0, 2, 14)) is INCOMPLETE


def test_measurements_must_be_five_minutes_apart() -> None:
    close = timedelta(minutes=4, seconds=59, milliseconds=999)
    assert outcome(of_days(0, 2) + of_day(4, 10, SPACING)) is PASSED
    assert outcome(of_days(0, 2) + of_day(4, 10, close)) is INCOMPLETE


def test_three_hours_must_lie_between_the_5th_and_the_6th_of_a_day() -> None:
    short = timedelta(hours=2, minutes=59, seconds=59, milliseconds=999)
    assert outcome(of_days(0, 2) + of_day(4)) is PASSED
    assert outcome(of_days(0, 2) + of_day(4, pause=short)) is INCOMPLETE
    # Not only in the plan: ten consecutive measurements on one day count as five.
    assert outcome(of_days(0, 2) + of_day(4, 10, SPACING, SPACING)) is INCOMPLETE


def test_a_measurement_within_the_pause_is_ignored() -> None:
    bad = replace(VALID, at=START + timedelta(hours=2), down_bps=1e6)
    assert outcome([*of_days(0, 2, 4), bad]) is PASSED
    assert bad not in counted([*of_days(0, 2, 4), bad], ZONE)


def test_days_are_in_the_time_zone_of_the_city() -> None:
    # From 23:30 UTC on it is the next day in Berlin: three adjacent days there, not in UTC.
    late = [replace(one, at=one.at + timedelta(hours=10, minutes=30)) for one in of_day(1)]
    assert outcome(of_day(0) + late + of_day(4)) is PASSED
    assert outcome(of_days(0, 3) + late) is INCOMPLETE


def test_90_percent_of_the_maximum_on_two_of_three_days() -> None:
    # Everything exactly at the normal rate: the contract's normal rate is lowered for this.
    def verdict(*best: float) -> CampaignOutcome:
        slow = [replace(one, down_bps=700e6) for one in of_days(0, 2, 4)]
        for day, bps in enumerate(best):
            slow[10 * day] = replace(slow[10 * day], down_bps=bps)
        owed = replace(GIGABIT, normal_bps=650e6)
        return evaluate(replace(campaign(slow), down=owed), ZONE).outcome

    assert verdict(900e6, 900e6, 700e6) is PASSED
    assert verdict(900e6, 899e6, 899e6) is FAILED
    assert verdict(900e6, 900e6 - 1, 700e6) is FAILED


def test_89_point_9_percent_is_not_90() -> None:
    owed = replace(GIGABIT, normal_bps=650e6)
    for share, expected in ((0.9, PASSED), (0.899, FAILED)):
        rates = [replace(one, down_bps=share * 1e9) for one in of_days(0, 2, 4)]
        assert evaluate(replace(campaign(rates), down=owed), ZONE).outcome is expected


def test_normal_rate_must_be_reached_in_27_of_30() -> None:
    below = 900e6 - 1
    assert outcome(with_down(of_days(0, 2, 4), below, below, below)) is PASSED
    assert outcome(with_down(of_days(0, 2, 4), below, below, below, below)) is FAILED


def test_line_exactly_at_the_normal_rate_passes() -> None:
    assert outcome([replace(one, down_bps=900e6) for one in of_days(0, 2, 4)]) is PASSED


def test_minimum_may_be_missed_on_one_day() -> None:
    measurements = of_days(0, 2, 4)
    low = 600e6 - 1
    one_day = with_down(measurements, low, low)
    assert outcome(one_day) is PASSED
    two_days = [replace(one_day[0], down_bps=low), *one_day[1:]]
    assert outcome(two_days) is FAILED
    at_the_minimum = [replace(one_day[0], down_bps=600e6), *one_day[1:]]
    assert outcome(at_the_minimum) is PASSED


def test_each_direction_is_judged_separately() -> None:
    slow_up = [replace(one, up_bps=38e6) for one in of_days(0, 2, 4)]
    verdict = evaluate(campaign(slow_up), ZONE)
    assert verdict.outcome is FAILED
    assert (verdict.down, verdict.up) == (PASSED, FAILED)
    assert verdict.down_reasons == ()
    assert verdict.up_reasons[0] == (
        "90 % of 1,000 Mbit/s was reached on 0 of 3 days, owed on two thirds of them; "
        "the best was 38 Mbit/s"
    )
    assert len(verdict.up_reasons) == 3


def test_line_of_40_mbit_fails_only_once_the_campaign_is_complete() -> None:
    assert evaluate(failing(), ZONE).outcome is FAILED
    assert outcome(list(failing().measurements[:-1])) is INCOMPLETE


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda one: replace(one, streams=3), Invalidity.TOO_FEW_STREAMS),
        (lambda one: replace(one, seconds=9.99), Invalidity.TOO_SHORT),
        (lambda one: replace(one, held_slot=False), Invalidity.NO_SLOT),
        (lambda one: replace(one, clock_stepped=True), Invalidity.CLOCK_STEP),
        (lambda one: replace(one, cross_traffic_share=0.051), Invalidity.CROSS_TRAFFIC),
        (lambda one: replace(one, cross_traffic_share=0.05), Invalidity.CROSS_TRAFFIC),
        (lambda one: replace(one, cross_traffic_share=float("nan")), Invalidity.CROSS_TRAFFIC),
        (lambda one: replace(one, cross_traffic_share=None), Invalidity.CROSS_TRAFFIC_UNKNOWN),
        (lambda one: replace(one, down_bps=None), Invalidity.TOOL_FAILED),
        (lambda one: replace(one, up_bps=None), Invalidity.TOOL_FAILED),
    ],
)
def test_spoiled_measurement_is_invalid_and_leaves_29_of_30(
    spoil: Callable[[Measurement], Measurement], reason: Invalidity
) -> None:
    measurements = of_days(0, 2, 4)
    measurements[7] = spoil(measurements[7])
    assert measurements[7].invalidities() == (reason,)
    assert outcome(measurements) is INCOMPLETE


@pytest.mark.parametrize("streams", [4, 16])
@pytest.mark.parametrize("share", [0.0, 0.0499])
def test_measurement_at_the_limits_is_valid(streams: int, share: float) -> None:
    assert replace(VALID, streams=streams, cross_traffic_share=share).invalidities() == ()


def test_goal_of_a_gigabit_is_not_met_by_a_slower_contract() -> None:
    slow = replace(GIGABIT, maximum_bps=40e6, normal_bps=36e6, minimum_bps=20e6)
    line = replace(failing(), down=slow, up=slow)
    assert evaluate(line, ZONE).outcome is PASSED
    asked = measured_by(line, Criterion.GIGABIT, None)
    assert asked is not None
    assert evaluate(asked, ZONE).outcome is FAILED


def test_gigabit_goal_allows_what_the_contract_minimum_allows() -> None:
    low = of_days(0, 2, 4)
    for number in (0, 10, 20):
        low[number] = replace(low[number], down_bps=600e6)
    asked = measured_by(campaign(low), Criterion.GIGABIT, None)
    assert asked is not None
    assert evaluate(asked, ZONE).outcome is PASSED
    fast = replace(GIGABIT, maximum_bps=1e10, normal_bps=9e9, minimum_bps=6e9)
    asked = measured_by(replace(passing(), down=fast, up=fast), Criterion.GIGABIT, None)
    assert asked is not None
    assert evaluate(asked, ZONE).outcome is PASSED


def per_class(contract: float, measured: float, classes: int) -> CampaignOutcome:
    owed = replace(GIGABIT, maximum_bps=contract, normal_bps=contract / 2, minimum_bps=contract / 4)
    tests = [replace(one, down_bps=measured) for one in of_days(0, 2, 4)]
    line = replace(campaign(tests), down=owed)
    asked = measured_by(line, Criterion.PER_CLASS, classes)
    assert asked is not None
    assert asked.owed(Direction.DOWN).maximum_bps == (classes + 1) * 30e6
    assert asked.owed(Direction.UP) == GIGABIT
    return evaluate(asked, ZONE).outcome


def test_goal_per_class_needs_30_mbit_per_class_plus_30_for_the_office() -> None:
    # gigabit.nrw.de: classes and one administration, 30 Mbit/s each.
    assert measured_by(passing(), Criterion.PER_CLASS, None) is None
    assert per_class(1e9, 300e6, classes=9) is PASSED
    assert per_class(1e9, 300e6 - 1, classes=9) is FAILED, "the whole of it on a faster line"
    assert per_class(1e9, 300e6, classes=10) is FAILED


def test_goal_per_class_asks_only_for_the_payload_a_line_can_carry() -> None:
    assert per_class(300e6, 282e6, classes=9) is PASSED, "94.1 % of 300 Mbit/s"
    assert per_class(300e6, 270e6 - 1, classes=9) is FAILED
    assert per_class(299e6, 282e6, classes=9) is FAILED, "no contract for it"


RATES = st.sampled_from([0.0, 38e6, 599e6, 600e6, 890e6, 900e6, 999e6])
SAMPLES = st.builds(
    lambda day, slot, down, up: replace(
        VALID, at=START + timedelta(days=day) + slot * SPACING, down_bps=down, up_bps=up
    ),
    st.integers(0, 16),
    st.integers(0, 11) | st.integers(36, 47),
    RATES,
    RATES,
)
BASES = st.sampled_from([passing(), failing(), campaign(of_days(0, 2))])
INVALID = SAMPLES.map(lambda one: replace(one, held_slot=False))


@given(BASES, st.lists(SAMPLES, max_size=8), st.randoms(use_true_random=False))
def test_order_of_measurements_does_not_matter(
    base: Campaign, more: list[Measurement], order: Random
) -> None:
    measurements = [*base.measurements, *more]
    before = evaluate(campaign(measurements), ZONE)
    order.shuffle(measurements)
    assert evaluate(campaign(measurements), ZONE) == before


@given(BASES, st.lists(INVALID, max_size=12))
def test_invalid_measurements_never_matter(base: Campaign, invalid: list[Measurement]) -> None:
    measurements = list(base.measurements)
    assert evaluate(campaign(measurements + invalid), ZONE) == evaluate(
        campaign(measurements), ZONE
    )


@given(st.lists(SAMPLES, max_size=12), st.integers(0, 16), st.integers(12, 20))
def test_another_good_measurement_never_revokes_a_pass(
    more: list[Measurement], day: int, slot: int
) -> None:
    measurements = [*passing().measurements, *more]
    good = replace(VALID, at=START + timedelta(days=day) + slot * SPACING, down_bps=1e9, up_bps=1e9)
    if outcome(measurements) is PASSED:
        assert outcome([*measurements, good]) is PASSED


@given(st.lists(SAMPLES, max_size=30))
def test_fewer_than_30_measurements_prove_nothing(more: list[Measurement]) -> None:
    verdict = evaluate(campaign(more), ZONE)
    if len(counted(more, ZONE)) < 30:
        assert verdict.outcome is INCOMPLETE
    assert (verdict.missing == ()) == (verdict.outcome is not INCOMPLETE)


@given(st.lists(SAMPLES, max_size=40))
def test_faster_measurements_never_worsen_a_verdict(more: list[Measurement]) -> None:
    rank = {FAILED: 0, INCOMPLETE: 1, PASSED: 2}
    measurements = [*of_days(0, 2, 4), *more]
    faster = [
        replace(one, down_bps=(one.down_bps or 0.0) * 1.2, up_bps=(one.up_bps or 0.0) * 1.2)
        for one in measurements
    ]
    assert rank[outcome(faster)] >= rank[outcome(measurements)]


def test_cross_traffic_within_the_limit_is_credited_to_the_line() -> None:
    # 4.9 % of others' traffic on a perfect gigabit line leaves 895 Mbit/s of its 941.
    slow = [replace(one, down_bps=895e6, cross_traffic_share=0.049) for one in of_days(0, 2, 4)]
    assert outcome(slow) is FAILED
    told = [replace(one, down_others_bps=49e6) for one in slow]
    assert outcome(told) is PASSED
    [reason] = evaluate(
        campaign([replace(one, down_bps=800e6) for one in told]), ZONE
    ).down_reasons[:1]
    assert reason.endswith("the best was 846.864 Mbit/s, others' 46.8639 Mbit/s included")


def test_of_two_simultaneous_measurements_only_the_slower_counts() -> None:
    slow = replace(VALID, down_bps=1e6)
    assert counted([VALID, slow], ZONE) == (slow,)


def test_campaign_without_measurements_says_what_is_missing() -> None:
    verdict = evaluate(campaign([]), ZONE)
    assert verdict.missing == ("0 of 3 days have 10 valid measurements (0 in all)",)
    assert (verdict.down, verdict.first, verdict.last) == (INCOMPLETE, None, None)
