"""Evaluates a campaign by the Bundesnetzagentur's rules for a consumer's line.

All valid measurements of a campaign count; none can be picked or left out. With exactly
30 on 3 days the shares below are the known "2 of 3 days" and "27 of 30".

Cross traffic within the limit of a valid measurement is credited to the line; otherwise a perfect
line would fail because of its own school's traffic.

Source: Bundesnetzagentur, Allgemeinverfuegung Vfg. Nr. 99/2021 of 2021-12-08 on § 57 (4) TKG:
30 measurements on 3 days, 5 minutes apart, 3 hours between the 5th and the 6th of a day; 90 %
of the maximum on 2 of 3 days, normal rate in 90 %, minimum undercut on at most 1 day.

Must not know: the ledger, how a rate is measured, or what a verdict leads to.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Final

from monitor.campaigns.evidence import (
    Campaign,
    CampaignOutcome,
    CampaignVerdict,
    Direction,
    Measurement,
    Rates,
)
from monitor.words.rate import megabits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

DAYS: Final = 3
MEASUREMENTS_A_DAY: Final = 10
MEASUREMENTS: Final = DAYS * MEASUREMENTS_A_DAY
SPACING: Final = timedelta(minutes=5)
HALF_A_DAY: Final = MEASUREMENTS_A_DAY // 2
PAUSE: Final = timedelta(hours=3)
"""Least time between the 5th and the 6th measurement of a day."""
# Calendar days, first and last included.
WINDOW_DAYS: Final = 14

_Days = dict[date, list[Measurement]]


def counted(measurements: Sequence[Measurement], zone: ZoneInfo) -> tuple[Measurement, ...]:
    """Return the measurements that count, by instant: valid ones that keep the required distances.

    Each begins 5 min after the one before, the 6th of a local day 3 h after the 5th. If two start
    at the same instant, the slower one counts.
    """
    chosen: list[Measurement] = []
    of_day: Counter[date] = Counter()
    for one in sorted((one for one in measurements if not one.invalidities()), key=_order):
        day = one.at.astimezone(zone).date()
        wait = PAUSE if of_day[day] == HALF_A_DAY else SPACING
        if not chosen or one.at - chosen[-1].at >= wait:
            chosen.append(one)
            of_day[day] += 1
    return tuple(chosen)


def evaluate(campaign: Campaign, zone: ZoneInfo) -> CampaignVerdict:
    """Return a campaign's verdict; days are local days of `zone`.

    A campaign with too few measurements is incomplete, however bad they are.
    """
    judged = counted(campaign.measurements, zone)
    days: _Days = {}
    for one in judged:
        days.setdefault(one.at.astimezone(zone).date(), []).append(one)
    missing = _missing(days, len(judged))
    broken = {way: _broken(days, campaign.owed(way), way) for way in Direction}
    outcomes = {way: _outcome(missing, broken[way]) for way in Direction}
    return CampaignVerdict(
        outcome=_outcome(missing, broken[Direction.DOWN] + broken[Direction.UP]),
        missing=missing,
        down=outcomes[Direction.DOWN],
        down_reasons=broken[Direction.DOWN],
        up=outcomes[Direction.UP],
        up_reasons=broken[Direction.UP],
        counted=len(judged),
        first=judged[0].at if judged else None,
        last=judged[-1].at if judged else None,
    )


def _order(one: Measurement) -> tuple[object, ...]:
    return (one.at, one.down_bps or 0.0, one.up_bps or 0.0)


def _outcome(missing: Sequence[str], broken: Sequence[str]) -> CampaignOutcome:
    if missing:
        return CampaignOutcome.INCOMPLETE
    return CampaignOutcome.FAILED if broken else CampaignOutcome.PASSED


def _missing(days: Mapping[date, Sequence[Measurement]], total: int) -> tuple[str, ...]:
    """Return what is missing for a campaign to be complete."""
    full = sorted(day for day, of_day in days.items() if len(of_day) >= MEASUREMENTS_A_DAY)
    if len(full) < DAYS:
        of_days = f"{len(full)} of {DAYS} days have {MEASUREMENTS_A_DAY} valid measurements"
        return (f"{of_days} ({total} in all)",)
    apart = [chosen for chosen in combinations(full, DAYS) if _are_apart(chosen)]
    if not apart:
        return ("the days of measuring are adjacent",)
    if not any((chosen[-1] - chosen[0]).days < WINDOW_DAYS for chosen in apart):
        return (f"the days of measuring do not lie within {WINDOW_DAYS} days",)
    return ()


def _are_apart(days: tuple[date, ...]) -> bool:
    return all(later - earlier > timedelta(days=1) for earlier, later in pairwise(days))


def _broken(days: _Days, owed: Rates, way: Direction) -> tuple[str, ...]:
    """Return the rules that one direction broke, as sentences."""
    rates = {day: [one.carried(way) for one in of_day] for day, of_day in days.items()}
    total = sum(map(len, rates.values()))
    if not total:
        return ()
    reasons = []
    # Rates are compared exactly, without an intermediate rounded product.
    reached = sum(any(10 * bps >= 9 * owed.maximum_bps for bps in of) for of in rates.values())
    if 3 * reached < 2 * len(rates):
        best = max((one for of in days.values() for one in of), key=lambda one: one.carried(way))
        others = f", others' {megabits(best.others(way))} included" if best.others(way) else ""
        reasons.append(
            f"90 % of {megabits(owed.maximum_bps)} was reached on {reached} of {len(rates)} days, "
            f"owed on two thirds of them; the best was {megabits(best.carried(way))}{others}"
        )
    normal = sum(bps >= owed.normal_bps for of in rates.values() for bps in of)
    if 10 * normal < 9 * total:
        reasons.append(
            f"the normal rate {megabits(owed.normal_bps)} was reached in {normal} of {total} "
            "measurements, owed in 90 %"
        )
    under = sum(any(bps < owed.minimum_bps for bps in of) for of in rates.values())
    if under > 1:
        reasons.append(
            f"the minimum {megabits(owed.minimum_bps)} was undercut on {under} days, allowed on one"
        )
    return tuple(reasons)
