"""All campaigns of the city by site, each judged by the goal's criterion.

A new measurement re-evaluates only its own campaign: a city's years of measurements are not read
every five minutes.

Must not know: the ledger's file, stages, when tests run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.campaigns.criterion import measured_by
from monitor.campaigns.evidence import CampaignOutcome, Judged
from monitor.campaigns.records import CAMPAIGN, MEASUREMENT, campaign_of, campaigns_from
from monitor.campaigns.rules import evaluate
from monitor.inventory.city import Criterion

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from monitor.campaigns.evidence import Campaign, CampaignVerdict
    from monitor.inventory.city import Goal, Inventory
    from monitor.ledger.chain import Entry


class CampaignBook:
    """Collects campaigns from ledger entries and evaluates them."""

    def __init__(self, inventory: Inventory) -> None:
        self._entries: dict[str, list[Entry]] = {}
        self._campaigns: dict[str, Campaign] = {}
        self._judged: dict[str, Judged] = {}
        self.reconfigure(inventory)

    def reconfigure(self, inventory: Inventory) -> None:
        """Re-evaluate everything by the goal and time zone of another inventory."""
        self._goal = inventory.goal
        self._zone = ZoneInfo(inventory.calendar.timezone)
        self._classes = {
            str(school.key(site)): school.classes for school, site in inventory.sites()
        }
        self._judged = {}
        for campaign in self._campaigns.values():
            self._judge(campaign)

    def take(self, entries: Iterable[Entry]) -> bool:
        """Process entries, those of other kinds too; return whether a campaign changed.

        Raises:
            MalformedEntryError: if an entry has an invalid payload.
        """
        touched: set[str] = set()
        for entry in entries:
            if entry.kind in {CAMPAIGN, MEASUREMENT}:
                campaign = campaign_of(entry)
                self._entries.setdefault(campaign, []).append(entry)
                touched.add(campaign)
        for campaign in touched:
            for found in campaigns_from(self._entries[campaign]):
                self._campaigns[campaign] = found
                self._judge(found)
        return bool(touched)

    def judged(self, site: str) -> list[Judged]:
        """Return the result of each campaign of a `school/site`."""
        return [
            self._judged[campaign.id]
            for campaign in self._campaigns.values()
            if campaign.site == site and campaign.id in self._judged
        ]

    def latest(self) -> dict[str, tuple[Campaign, Judged]]:
        """Return the campaign of each `school/site` with the newest measurement.

        One without a measurement counts only if the site has no other.
        """
        found: dict[str, tuple[Campaign, Judged]] = {}
        for campaign in sorted(self._campaigns.values(), key=_end):
            if campaign.id in self._judged:
                found[campaign.site] = (campaign, self._judged[campaign.id])
        return found

    def passed(self) -> dict[str, datetime]:
        """Return when the last passed campaign of each `school/site` ended, an aware UTC instant.

        Later campaigns that failed or are incomplete do not count.
        """
        found: dict[str, datetime] = {}
        for campaign in self._campaigns.values():
            one = self._judged.get(campaign.id)
            if one is None or one.verdict.outcome is not CampaignOutcome.PASSED:
                continue
            last = one.verdict.last
            if last is not None:
                found[campaign.site] = max(last, found.get(campaign.site, last))
        return found

    def _judge(self, campaign: Campaign) -> None:
        if campaign.site not in self._classes:
            return
        verdict = judge(campaign, self._goal, self._classes[campaign.site], self._zone)
        if verdict is not None:
            self._judged[campaign.id] = Judged(campaign.id, verdict)


def judge(
    campaign: Campaign, goal: Goal | None, classes: int | None, zone: ZoneInfo
) -> CampaignVerdict | None:
    """Return a campaign's verdict by a goal's criterion, or by the contract without a goal.

    None if the goal is per class and the school's number of classes is not configured.
    """
    criterion = goal.criterion if goal is not None else Criterion.CONTRACT
    asked = measured_by(campaign, criterion, classes)
    return None if asked is None else evaluate(asked, zone)


def sentence_of(verdict: CampaignVerdict | None) -> str:
    """Return a verdict as a sentence, with what an incomplete campaign lacks."""
    if verdict is None:
        return "no verdict: the configuration does not say how many classes the school has"
    return "; ".join((verdict.outcome, *verdict.missing))


def _end(campaign: Campaign) -> float:
    return max((one.at.timestamp() for one in campaign.measurements), default=float("-inf"))
