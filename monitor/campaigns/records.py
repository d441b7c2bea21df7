"""Measurements, campaigns and peaks as ledger entries, and how they are read back.

A `campaign` entry is one step of a campaign: it begins, a test is skipped or stopped, it ends.
The first `started` step holds the contracted rates; the measurements name their campaign.

Must not know: where entries are kept, when a test runs, or what a campaign's verdict is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from monitor.campaigns.evidence import Campaign, Measurement, PassivePeak, Rates
from monitor.ledger.codec import Codec

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from monitor.ledger.chain import Entry, Json

MEASUREMENT: Final = "measurement"
CAMPAIGN: Final = "campaign"
PEAK: Final = "peak"


class CampaignPhase(StrEnum):
    """The kind of a campaign's step: it started, was delayed, or ended."""

    STARTED = "started"
    SKIPPED = "skipped"
    STOPPED = "stopped"
    FINISHED = "finished"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class CampaignStep:
    """One step of a campaign; `reason` says why, `down` and `up` are the contracted rates.

    `skipped` is a test that was not started, `stopped` one that was aborted.
    """

    campaign: str
    site: str
    at: datetime
    phase: CampaignPhase
    down: Rates
    up: Rates
    reason: str = ""


_MEASUREMENT: Final = Codec(MEASUREMENT, Measurement, subject="site")
read_measurement: Final = _MEASUREMENT.read

_CAMPAIGN: Final = Codec(CAMPAIGN, CampaignStep, subject="site")
campaign_entry, read_campaign = _CAMPAIGN.entry, _CAMPAIGN.read

_PEAK: Final = Codec(PEAK, PassivePeak, subject="site")
peak_entry, read_peak = _PEAK.entry, _PEAK.read


def measurement_entry(measurement: Measurement) -> Entry:
    """Return the entry of a measurement; its instant is the test's start."""
    entry = _MEASUREMENT.entry(measurement)
    # For people who read the file; the program recomputes it.
    invalid: list[Json] = [reason.value for reason in measurement.invalidities()]
    return replace(entry, payload={**entry.payload, "invalid": invalid})


def campaign_of(entry: Entry) -> str:
    """Return the id of the campaign that a `campaign` or `measurement` entry belongs to.

    Raises:
        MalformedEntryError: if it is another kind of entry, or malformed.
    """
    return (read_measurement if entry.kind == MEASUREMENT else read_campaign)(entry).campaign


def campaigns_from(entries: Iterable[Entry]) -> tuple[Campaign, ...]:
    """Return the campaigns of `campaign` and `measurement` entries, in the order they began.

    Accepts entries of these kinds in any order and ignores others. A measurement whose campaign
    never started, or started for another site, is left out.

    Raises:
        MalformedEntryError: if an entry is not what this program writes.
    """
    begun: dict[str, CampaignStep] = {}
    measured: list[Measurement] = []
    for entry in entries:
        if entry.kind == MEASUREMENT:
            measured.append(read_measurement(entry))
        elif entry.kind == CAMPAIGN:
            step = read_campaign(entry)
            if step.phase is CampaignPhase.STARTED:
                begun.setdefault(step.campaign, step)
    found = {
        step.campaign: Campaign(step.campaign, step.site, step.down, step.up)
        for step in sorted(begun.values(), key=lambda step: (step.at, step.campaign))
    }
    by_campaign: dict[str, list[Measurement]] = {}
    for one in sorted(measured, key=lambda one: one.at):
        campaign = found.get(one.campaign)
        if campaign is not None and campaign.site == one.site:
            by_campaign.setdefault(one.campaign, []).append(_with_others(one, campaign))
    return tuple(
        replace(campaign, measurements=tuple(by_campaign.get(campaign.id, ())))
        for campaign in found.values()
    )


def _with_others(one: Measurement, campaign: Campaign) -> Measurement:
    """Return a measurement with its cross traffic estimated from the share, if it has no rate.

    Older entries have only the share of the worse direction; both directions are credited with it.
    """
    if one.cross_traffic_share is None or one.down_others_bps is not None:
        return one
    share = one.cross_traffic_share
    return replace(
        one,
        down_others_bps=share * campaign.down.maximum_bps,
        up_others_bps=share * campaign.up.maximum_bps,
    )
