"""Evidence for tests: one valid measurement, and campaigns of many."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.availability.minutes import minute_of
from monitor.availability.records import MinuteRun, minutes_entry, scope_entry, scope_id
from monitor.campaigns.evidence import Campaign, LineDay, Measurement, Rates
from monitor.campaigns.records import CampaignPhase, CampaignStep, campaign_entry, measurement_entry
from monitor.rollout.line import Identity

if TYPE_CHECKING:
    from monitor.ledger.chain import Entry

ZONE = ZoneInfo("Europe/Berlin")
SITE = "first-school/main"
OTHER = "second-school/main"
SITES = (SITE, OTHER)
# What the monitor sees of the first site's line if all is as tests/config/corpus/good expects.
RIGHT = Identity("gw.first.example", "Fibre 1000, lot 2", "203.0.113.1")
GIGABIT = Rates(1e9, 900e6, 600e6)
# A Tuesday, 14:00 in Berlin.
START = datetime(2022, 3, 1, 13, tzinfo=UTC)
SPACING = timedelta(minutes=5)

VALID = Measurement(
    site=SITE,
    at=START,
    method="iperf3",
    down_bps=940e6,
    up_bps=935e6,
    streams=4,
    seconds=10.0,
    cross_traffic_share=0.0,
    clock_stepped=False,
    held_slot=True,
    campaign="c1",
    down_others_bps=0.0,
    up_others_bps=0.0,
)


PAUSE = timedelta(hours=3)


def of_day(
    day: int, count: int = 10, spacing: timedelta = SPACING, pause: timedelta = PAUSE
) -> list[Measurement]:
    """Return ten valid measurements of one day, so many days after the start, in two blocks."""
    begin = START + timedelta(days=day)
    offsets = (number * spacing + (number > 4) * (pause - spacing) for number in range(count))
    return [replace(VALID, at=begin + offset) for offset in offsets]


def of_days(*days: int) -> list[Measurement]:
    return [one for day in days for one in of_day(day)]


def campaign(measurements: list[Measurement], name: str = "c1") -> Campaign:
    return Campaign(name, SITE, GIGABIT, GIGABIT, tuple(measurements))


def passing(name: str = "c1", begin: datetime = START) -> Campaign:
    """Return a campaign that satisfies every rule and ends 4 days after its start."""
    moved = [replace(one, at=one.at - START + begin, campaign=name) for one in of_days(0, 2, 4)]
    return campaign(moved, name)


def failing(name: str = "c1", begin: datetime = START) -> Campaign:
    """Return a complete campaign of a line with 40 Mbit/s."""
    slow = [replace(one, down_bps=38e6, up_bps=38e6) for one in passing(name, begin).measurements]
    return campaign(slow, name)


def line_day(
    until: datetime, answered: int = 1440, down: int = 0, *, right: bool | None = True
) -> LineDay:
    since = until - timedelta(days=1)
    return LineDay(SITE, since, until, answered, answered + down, right, "the line")


def minutes(begin: datetime, codes: str, count: int) -> list[Entry]:
    """Return the entries of equal minutes, one code for each of `SITES`."""
    run = MinuteRun(minute_of(begin), count, scope_id(SITES), codes)
    return [scope_entry(SITES, begin), minutes_entry(run)]


def entries_of(campaign: Campaign) -> list[Entry]:
    """Return the ledger entries of a campaign."""
    begun = CampaignStep(
        campaign.id,
        campaign.site,
        campaign.measurements[0].at,
        CampaignPhase.STARTED,
        campaign.down,
        campaign.up,
    )
    return [campaign_entry(begun), *map(measurement_entry, campaign.measurements)]
