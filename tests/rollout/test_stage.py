"""What leads to a stage: milestones, 24 hours of a line, campaigns; and what ends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.campaigns.evidence import Judged
from monitor.campaigns.rules import evaluate
from monitor.inventory.city import ExpectedLine, Milestone
from monitor.rollout.line import Identity, is_live, right_line
from monitor.rollout.stage import FRESH, Stage, StageFinding, stage_of
from tests.campaigns.evidence import START, ZONE, campaign, failing, line_day, of_days, passing

if TYPE_CHECKING:
    from random import Random

    from monitor.campaigns.evidence import Campaign, LineDay

NOW = START + timedelta(days=30)
WORD = (
    Milestone("planned", date(2021, 1, 4), "council 12/2020"),
    Milestone("ordered", date(2021, 6, 1), "order 77"),
    Milestone("built", date(2021, 12, 1), "acceptance 5"),
    Milestone("reported", date(2022, 1, 10), "letter of the operator"),
)
LIVE_ONE = line_day(NOW - timedelta(hours=1))


def judged(*campaigns: Campaign) -> list[Judged]:
    return [Judged(one.id, evaluate(one, ZONE)) for one in campaigns]


def stage(
    *campaigns: Campaign,
    days: tuple[LineDay, ...] = (),
    word: tuple[Milestone, ...] = WORD,
    now: datetime = NOW,
) -> StageFinding:
    return stage_of(word, days, judged(*campaigns), now, ZONE)


def test_site_without_any_evidence_is_unknown() -> None:
    finding = stage(word=())
    assert (finding.stage, finding.since, finding.evidence) == (Stage.UNKNOWN, None, ())


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_without_evidence_the_last_milestone_counts_but_never_as_live(count: int) -> None:
    finding = stage(word=WORD[:count])
    last = WORD[count - 1]
    assert finding.stage.value == last.stage
    assert finding.since is not None
    assert finding.since.astimezone(ZONE).date() == last.day
    assert finding.why.endswith("no 24 hours on the right line are proven yet")
    assert finding.evidence == (f"milestone:{last.stage}/{last.day}/{last.reference}",)


def test_a_live_site_says_until_when_in_local_time() -> None:
    finding = stage(days=(LIVE_ONE,))
    until = LIVE_ONE.until.astimezone(ZONE)
    assert finding.why == f"up in 1440 of 1440 minutes until {until:%Y-%m-%d %H:%M}, the line"


def test_milestone_dated_tomorrow_is_not_reached_but_one_of_today_is() -> None:
    evening = datetime(2022, 1, 9, 22, 59, tzinfo=UTC)  # 23:59 in Berlin
    assert stage(now=evening).stage is Stage.BUILT
    assert stage(now=evening + timedelta(minutes=1)).stage is Stage.REPORTED


@pytest.mark.parametrize(
    ("answered", "down", "expected"),
    [
        (1426, 14, True),  # 99.03 %
        (1425, 15, False),  # 98.96 %
        (1426, 0, True),  # the other 14 are unknown
        (1425, 0, None),  # 15 unknown: neither
        (1425, 14, None),
        (0, 14, None),
        (0, 15, False),
    ],
)
def test_live_requires_99_percent_of_the_minutes_of_24_hours(
    answered: int, down: int, *, expected: bool | None
) -> None:
    assert is_live(line_day(NOW, answered, down)) is expected


def test_live_requires_the_right_line() -> None:
    assert is_live(line_day(NOW, right=None)) is None
    assert is_live(line_day(NOW, right=False)) is False
    finding = stage(days=(line_day(NOW, right=False),))
    assert finding.stage is Stage.REPORTED
    assert "not live: up in 1440 and down in 0 of 1440 minutes, the line" in finding.why


def test_live_lasts_from_its_first_day_until_a_day_disproves_it() -> None:
    first, second = line_day(NOW - timedelta(days=3)), line_day(NOW - timedelta(days=1))
    unknown = line_day(NOW, 700, 0)
    finding = stage(days=(second, unknown, first))
    assert (finding.stage, finding.since) == (Stage.LIVE, first.until)
    assert finding.evidence == (
        f"minutes:{second.since:%Y-%m-%dT%H:%MZ}/{second.until:%Y-%m-%dT%H:%MZ}",
    )
    assert stage(days=(first, second, line_day(NOW, 1400, 40))).stage is Stage.REPORTED


def test_the_day_on_which_a_campaign_passed_is_the_local_one() -> None:
    auckland = ZoneInfo("Pacific/Auckland")
    finding = stage_of((), (), judged(passing()), NOW, auckland)
    assert finding.since is not None
    assert finding.since.date() == date(2022, 3, 5)
    assert "passed on 2022-03-06 with" in finding.why


def test_passed_campaign_verifies_without_any_milestone() -> None:
    finding = stage(passing(), word=())
    assert finding.stage is Stage.VERIFIED
    assert finding.since == passing().measurements[-1].at
    assert finding.evidence == ("campaign:c1",)


def test_line_of_40_mbit_is_never_verified_whatever_its_milestones_say() -> None:
    finding = stage(failing(), days=(LIVE_ONE,))
    assert finding.stage is Stage.LIVE
    finding = stage(failing())
    assert finding.stage is Stage.REPORTED
    assert "campaign c1 failed: download: 90 % of 1,000 Mbit/s" in finding.why


def test_incomplete_campaign_neither_verifies_nor_revokes() -> None:
    half = campaign(
        [replace(one, down_bps=1.0, at=one.at + timedelta(days=10)) for one in of_days(0, 2)], "c2"
    )
    assert stage(half).stage is Stage.REPORTED
    assert stage(passing(), half).stage is Stage.VERIFIED


def test_failed_campaign_after_a_pass_is_a_regression_until_the_next_pass() -> None:
    later = START + timedelta(days=10)
    lost = stage(passing(), failing("c2", later), days=(LIVE_ONE,))
    assert (lost.stage, lost.since) == (
        Stage.REGRESSED,
        later + timedelta(days=4, hours=3, minutes=40),
    )
    assert lost.evidence == ("campaign:c2", "campaign:c1")
    still = stage(passing(), failing("c2", later), failing("c3", START + timedelta(days=16)))
    assert (still.stage, still.since) == (Stage.REGRESSED, lost.since)
    again = passing("c4", START + timedelta(days=22))
    back = stage(passing(), failing("c2", later), again)
    assert (back.stage, back.since) == (Stage.VERIFIED, again.measurements[-1].at)


def test_campaign_counts_for_180_days_and_then_reads_live_stale() -> None:
    end = passing().measurements[-1].at
    assert stage(passing(), now=end + FRESH - timedelta(seconds=1)).stage is Stage.VERIFIED
    finding = stage(passing(), now=end + FRESH)
    assert (finding.stage, finding.since) == (Stage.LIVE_STALE, end + FRESH)


def test_campaign_repeated_in_time_keeps_the_first_day_of_verification() -> None:
    first, again = passing(), passing("c2", START + timedelta(days=170))
    now = START + timedelta(days=200)
    assert stage(first, again, now=now).since == first.measurements[-1].at
    late = passing("c2", START + timedelta(days=190))
    assert stage(first, late, now=now).since == late.measurements[-1].at


def test_future_evidence_is_ignored() -> None:
    before = START - timedelta(days=1)
    finding = stage(passing(), failing("c2"), days=(LIVE_ONE,), now=before)
    assert finding.stage is Stage.REPORTED


def test_of_two_campaigns_ending_together_the_failed_one_counts() -> None:
    assert stage(passing("a"), failing("b")).stage is Stage.REGRESSED
    assert stage(passing("b"), failing("a")).stage is Stage.REGRESSED


BEGINS = st.integers(0, 700).map(lambda days: START + timedelta(days=days))
KINDS = st.sampled_from([passing, failing])
CAMPAIGNS = st.lists(st.tuples(KINDS, BEGINS), max_size=5).map(
    lambda made: judged(*(make(f"c{number}", begin) for number, (make, begin) in enumerate(made)))
)
DAYS = st.lists(
    st.builds(
        line_day,
        BEGINS,
        st.sampled_from([0, 700, 1425, 1426, 1440]),
        st.just(0),
        right=st.sampled_from([True, False, None]),
    ),
    max_size=4,
)
INSTANTS = st.integers(0, 900).map(lambda days: START + timedelta(days=days))
WORDS = st.integers(0, 4).map(lambda count: WORD[:count])


@given(WORDS, DAYS, CAMPAIGNS, INSTANTS, st.randoms(use_true_random=False))
def test_order_of_evidence_does_not_matter(
    word: tuple[Milestone, ...],
    days: list[LineDay],
    campaigns: list[Judged],
    now: datetime,
    order: Random,
) -> None:
    before = stage_of(word, days, campaigns, now, ZONE)
    by_until = {day.until: day for day in days}
    if len(by_until) == len(days):
        order.shuffle(days)
    order.shuffle(campaigns)
    assert stage_of(word, days, campaigns, now, ZONE) == before


@given(WORDS, DAYS, CAMPAIGNS, INSTANTS)
def test_milestones_alone_never_override_evidence(
    word: tuple[Milestone, ...], days: list[LineDay], campaigns: list[Judged], now: datetime
) -> None:
    computed = {Stage.LIVE, Stage.VERIFIED, Stage.LIVE_STALE, Stage.REGRESSED}
    silent = stage_of((), days, campaigns, now, ZONE)
    spoken = stage_of(word, days, campaigns, now, ZONE)
    assert (spoken.stage in computed) == (silent.stage in computed)
    if silent.stage in computed:
        assert spoken == silent


@given(WORDS, DAYS, CAMPAIGNS, INSTANTS)
def test_unknown_minutes_and_incomplete_campaigns_change_nothing(
    word: tuple[Milestone, ...], days: list[LineDay], campaigns: list[Judged], now: datetime
) -> None:
    blind = line_day(now, 0, 0)
    half = judged(campaign(of_days(0, 2), "half"))
    before = stage_of(word, days, campaigns, now, ZONE)
    after = stage_of(word, [*days, blind], [*campaigns, *half], now, ZONE)
    assert (after.stage, after.since, after.evidence) == (
        before.stage,
        before.since,
        before.evidence,
    )


@given(WORDS, DAYS, CAMPAIGNS, INSTANTS)
def test_verified_requires_a_recent_unrefuted_pass(
    word: tuple[Milestone, ...], days: list[LineDay], campaigns: list[Judged], now: datetime
) -> None:
    finding = stage_of(word, days, campaigns, now, ZONE)
    ended = [one for one in campaigns if one.verdict.last and one.verdict.last <= now]
    last = max(
        ended, key=lambda one: (one.verdict.last, one.verdict.outcome == "failed"), default=None
    )
    fresh = last is not None and last.verdict.last is not None and now - last.verdict.last < FRESH
    expected = fresh and last is not None and last.verdict.outcome == "passed"
    assert (finding.stage is Stage.VERIFIED) == expected
    assert finding.since is None or finding.since <= now


EXPECTED = ExpectedLine("gw.first.example", "Fibre 1000", "203.0.113.0/24")
SEEN = Identity("GW.first.example", "Lot 2 fibre 1000 K-77", "203.0.113.9")


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (SEEN, True),
        (replace(SEEN, sys_name="gw-old"), False),
        (replace(SEEN, if_alias="DSL 16"), False),
        (replace(SEEN, address="198.51.100.9"), False),
        (replace(SEEN, address="2001:db8::1"), False),
        (replace(SEEN, address="none"), False),
        (replace(SEEN, if_alias=None), None),
        (Identity(), None),
        (Identity(address="198.51.100.9"), False),
    ],
)
def test_right_line_matches_everything_expected(seen: Identity, *, expected: bool | None) -> None:
    assert right_line(EXPECTED, seen)[0] is expected


def test_line_without_expectations_is_not_proven_and_the_cure_is_named() -> None:
    right, why = right_line(ExpectedLine(), SEEN)
    assert right is None
    assert why == "nothing says which line is the right one: set `line` in the configuration"
