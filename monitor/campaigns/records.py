"""Measurements, campaigns and peaks as ledger entries, and how they are read back.

A `campaign` entry is one step of a campaign: it begins, a test is skipped or stopped, it ends.
The first `started` step holds the contracted rates; the measurements name their campaign.

Must not know: where entries are kept, when a test runs, or what a campaign's verdict is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, cast

from monitor.campaigns.evidence import Campaign, Direction, Measurement, PassivePeak, Rates
from monitor.ledger.chain import Entry, Json
from monitor.ledger.payload import Payload

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from monitor.campaigns.evidence import Method

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


def measurement_entry(measurement: Measurement) -> Entry:
    """Return the entry of a measurement; its instant is the test's start."""
    payload: dict[str, Json] = {
        "campaign": measurement.campaign,
        "method": measurement.method,
        "down_bps": measurement.down_bps,
        "up_bps": measurement.up_bps,
        "streams": measurement.streams,
        "seconds": measurement.seconds,
        "cross_traffic_share": measurement.cross_traffic_share,
        "down_others_bps": measurement.down_others_bps,
        "up_others_bps": measurement.up_others_bps,
        "clock_stepped": measurement.clock_stepped,
        "held_slot": measurement.held_slot,
        "detail": measurement.detail,
        # For people who read the file; the program recomputes it.
        "invalid": [reason.value for reason in measurement.invalidities()],
    }
    return Entry(measurement.at, MEASUREMENT, measurement.site, payload)


def read_measurement(entry: Entry) -> Measurement:
    """Return the measurement of an entry.

    Raises:
        MalformedEntryError: if the entry is of another kind or malformed.
    """
    payload = Payload(entry, MEASUREMENT)
    return Measurement(
        site=entry.subject,
        at=entry.at,
        method=cast("Method", payload.one_of("method", ("iperf3", "http"))),
        down_bps=payload.number_or_none("down_bps"),
        up_bps=payload.number_or_none("up_bps"),
        streams=payload.integer("streams"),
        seconds=payload.number("seconds"),
        cross_traffic_share=payload.number_or_none("cross_traffic_share"),
        clock_stepped=payload.flag("clock_stepped"),
        held_slot=payload.flag("held_slot"),
        campaign=payload.text("campaign"),
        detail=payload.text("detail"),
        down_others_bps=payload.number_if_any("down_others_bps"),
        up_others_bps=payload.number_if_any("up_others_bps"),
    )


def campaign_entry(step: CampaignStep) -> Entry:
    """Return the entry of a step of a campaign."""
    payload: dict[str, Json] = {
        "campaign": step.campaign,
        "phase": step.phase.value,
        "reason": step.reason,
        "down": _rates(step.down),
        "up": _rates(step.up),
    }
    return Entry(step.at, CAMPAIGN, step.site, payload)


def read_campaign(entry: Entry) -> CampaignStep:
    """Return the step of an entry.

    Raises:
        MalformedEntryError: if the entry is of another kind or malformed.
    """
    payload = Payload(entry, CAMPAIGN)
    return CampaignStep(
        campaign=payload.text("campaign"),
        site=entry.subject,
        at=entry.at,
        phase=CampaignPhase(payload.one_of("phase", tuple(CampaignPhase))),
        down=_read_rates(payload.inner("down")),
        up=_read_rates(payload.inner("up")),
        reason=payload.text("reason"),
    )


def peak_entry(peak: PassivePeak) -> Entry:
    """Return the entry of a peak of ordinary use."""
    payload: dict[str, Json] = {"direction": peak.direction.value, "bps": peak.bps}
    return Entry(peak.at, PEAK, peak.site, payload)


def read_peak(entry: Entry) -> PassivePeak:
    """Return the peak of an entry.

    Raises:
        MalformedEntryError: if the entry is of another kind or malformed.
    """
    payload = Payload(entry, PEAK)
    direction = Direction(payload.one_of("direction", tuple(Direction)))
    return PassivePeak(entry.subject, entry.at, direction, payload.number("bps"))


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


def _rates(rates: Rates) -> dict[str, Json]:
    return {
        "maximum_bps": rates.maximum_bps,
        "normal_bps": rates.normal_bps,
        "minimum_bps": rates.minimum_bps,
    }


def _read_rates(payload: Payload) -> Rates:
    return Rates(
        payload.number("maximum_bps"), payload.number("normal_bps"), payload.number("minimum_bps")
    )
