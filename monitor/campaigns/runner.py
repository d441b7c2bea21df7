"""Runs campaigns: starts and cancels them, starts each test when it is due, records everything.

The state is in the ledger: a runner that is given the same entries continues where the last one
stopped. Every attempt leaves an entry, even a refused one, with its reason.

Must not know: the ledger's file, which tool measures, or who is notified.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from monitor.campaigns.book import judge, sentence_of
from monitor.campaigns.evidence import Campaign, Rates
from monitor.campaigns.gates import (
    TRAFFIC,
    Hold,
    Refusal,
    Refused,
    Situation,
    Traffic,
    bytes_needed,
    lessons_until,
    moved_on,
    traffic_entry,
)
from monitor.campaigns.plan import CampaignError, LessonHours, campaign_id, next_due, plan, progress
from monitor.campaigns.records import (
    CAMPAIGN,
    MEASUREMENT,
    CampaignPhase,
    CampaignStep,
    campaign_entry,
    measurement_entry,
)
from monitor.campaigns.rules import MEASUREMENTS
from monitor.campaigns.trial import Line, MeasureThroughput, ReadOctets, Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from monitor.campaigns.plan import Progress, Slot
    from monitor.campaigns.requests import Request
    from monitor.campaigns.trial import TrialResult
    from monitor.clock import Clock
    from monitor.inventory.city import Contract, Inventory, School, Site
    from monitor.ledger.chain import Entry
    from monitor.observation import State

TICK_SECONDS: Final = 5.0
KINDS: Final = (CAMPAIGN, MEASUREMENT, TRAFFIC)
"""The kinds of ledger entries that a runner needs at its start."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a runner needs from the daemon.

    `submit` writes entries to the ledger, all or none. `maintenance_until` returns when the
    maintenance of a school at an instant ends, None if there is none; `uplink` is the verdict
    on a `school/site`.
    """

    clock: Clock
    lessons: LessonHours
    measure: MeasureThroughput
    read_octets: ReadOctets
    submit: Callable[[Sequence[Entry]], object]
    maintenance_until: Callable[[str, datetime], datetime | None]
    uplink: Callable[[str], State]


class CampaignRunner:
    """All campaigns of a city; `run` does the work until it is cancelled."""

    def __init__(
        self, inventory: Inventory, surroundings: Surroundings, entries: Sequence[Entry] = ()
    ) -> None:
        """Restore the state from the ledger's entries of `KINDS`, by instant."""
        self._around = surroundings
        self._entries: dict[str, list[Entry]] = {}
        self._plans: dict[str, tuple[Slot, ...]] = {}
        self._waits: dict[str, datetime] = {}
        self._holds: dict[str, Hold] = {}
        # Both are derived from the entries; checking 82 campaigns every few seconds must be cheap.
        self._running: dict[str, Progress | None] = {}
        self._due: dict[str, tuple[Slot, datetime] | None] = {}
        for entry in entries:
            self._entries.setdefault(entry.subject, []).append(entry)
        self.reconfigure(inventory)

    def reconfigure(self, inventory: Inventory, lessons: LessonHours | None = None) -> None:
        """Apply another inventory; plans are recomputed if its lessons differ."""
        if lessons is not None:
            self._around = replace(self._around, lessons=lessons)
        self._places: dict[str, tuple[School, Site]] = {
            str(school.key(site)): (school, site) for school, site in inventory.sites()
        }
        self._goal = inventory.goal
        self._elsewhere = inventory.elsewhere
        self._plans = {}
        self._due = {}

    @property
    def testing(self) -> tuple[str, ...]:
        """Return the sites under test."""
        return tuple(self._holds)

    def running(self, site: str) -> Progress | None:
        """Return the campaign of a `school/site` that has not ended, None if there is none."""
        if site not in self._running:
            found = self._known(site)
            self._running[site] = next((one for one in found if one.ended is None), None)
        return self._running[site]

    def obey(self, requests: Sequence[Request]) -> dict[Request, str]:
        """Carry out the requests not yet carried out; return those that were refused, and why."""
        refused = {}
        for request in requests:
            known = {one.campaign.id: one for one in self._known(request.site)}
            try:
                if request.action == "start" and request.campaign not in known:
                    self.start(request.site, request.at)
                elif request.action == "cancel" and request.campaign in known:
                    self.cancel(request.site, request.campaign)
                elif request.action == "cancel":
                    self._refuse_of_other_shard(request.site)
            except CampaignError as error:
                refused[request] = f"{request.site}: {error}"
        return refused

    def start(self, site: str, at: datetime) -> str:
        """Start a campaign at a `school/site` and return its id.

        Raises:
            CampaignError: if the site is not configured or lacks a contract or throughput
                settings, if a campaign runs there, or if too few days are suitable.
        """
        self._refuse_of_other_shard(site)
        if site not in self._places:
            raise CampaignError(f"{site} is not configured")
        school, place = self._places[site]
        contract = place.uplink.contract
        if contract is None:
            raise CampaignError(
                f"{site} has no contract to be tested by; set it in the configuration"
            )
        if place.uplink.throughput is None:
            raise CampaignError(f"{site} has no throughput.method; set it in the configuration")
        if (other := self.running(site)) is not None:
            raise CampaignError(f"campaign {other.campaign.id} runs there; cancel it first")
        campaign = campaign_id(site, at)
        plan(school, self._around.lessons, at, campaign)
        self._submit(site, campaign_entry(_start(campaign, site, at, contract)))
        return campaign

    def _refuse_of_other_shard(self, site: str) -> None:
        other = self._elsewhere.get(site.partition("/")[0])
        if other is not None:
            raise CampaignError(
                f"shard {other} monitors it; give the command with the --state-dir of that daemon"
            )

    def cancel(self, site: str, campaign: str) -> None:
        """Cancel a campaign; a running test is stopped within a second."""
        found = self.running(site)
        if found is not None and found.campaign.id == campaign:
            self._end(found, CampaignPhase.CANCELLED, "cancelled on request")

    async def run(self) -> None:
        """Start tests when they are due, until cancelled; running tests are stopped then."""
        async with asyncio.TaskGroup() as group:
            while True:
                for site in self.due():
                    group.create_task(self.test(site), name=f"campaign {site}")
                await self._around.clock.sleep(TICK_SECONDS)

    def due(self) -> list[str]:
        """Return the sites to test now, the most overdue first; end campaigns that are over."""
        now = self._around.clock.now()
        found = []
        for site in self._entries:
            running = self.running(site)
            if running is None or site in self._holds or self._waits.get(site, now) > now:
                continue
            if site not in self._places:
                continue  # a reload may bring it back
            try:
                following = self._following(running, now)
            except CampaignError as error:  # other lessons since it began
                self._end(running, CampaignPhase.FINISHED, str(error))
                continue
            if following is None:
                self._end(running, CampaignPhase.FINISHED, self._outcome(running.campaign))
            elif following[1] <= now:
                found.append((following[1], site))
        return [site for _, site in sorted(found)]

    async def test(self, site: str) -> None:
        """Make one attempt at a site's next test and record the result."""
        running = self.running(site)
        if running is None or site not in self._places:  # a reload may just have removed it
            return
        school, place = self._places[site]
        settings, contract = place.uplink.throughput, place.uplink.contract
        campaign = running.campaign.id
        if settings is None or contract is None:
            refused = Refused(Refusal.NOT_CONFIGURED, "throughput is not configured any more")
            self._hold_up(running.campaign, CampaignPhase.SKIPPED, refused)
            return
        hold = Hold(site, settings.slot, contract.provider)
        holder = next((one.site for one in self._holds.values() if hold.excludes(one)), "")
        if not holder:
            self._holds[site] = hold
        line = Line(site, contract, settings)
        trial = Trial(
            line,
            campaign,
            self._around.clock,
            self._around.measure,
            self._around.read_octets,
            lambda: self._situation(school, line, campaign, holder),
        )
        try:
            result = await trial.run()
        except asyncio.CancelledError:
            self._record(running.campaign, trial.interrupted())
            raise
        finally:
            if not holder:
                del self._holds[site]
        self._record(running.campaign, result)

    def _record(self, campaign: Campaign, result: TrialResult) -> None:
        entries, site = [], campaign.site
        if result.payload_bytes:
            moved = Traffic(site, campaign.id, result.started, result.payload_bytes)
            entries.append(traffic_entry(moved))
        if result.measurement is not None:
            entries.append(measurement_entry(result.measurement))
        self._submit(site, *entries)
        if result.refused is not None:
            phase = CampaignPhase.STOPPED if result.has_begun else CampaignPhase.SKIPPED
            self._hold_up(campaign, phase, result.refused)

    def _situation(self, school: School, line: Line, campaign: str, holder: str) -> Situation:
        around, settings, site = self._around, line.settings, line.site
        now = around.clock.now()
        needed = bytes_needed(settings, line.contract)
        spent = moved_on(
            self._entries.get(site, ()), site, around.lessons.local_day(now), around.lessons
        )
        ends = now + timedelta(seconds=settings.warm_up + settings.seconds)
        running = self.running(site)
        return Situation(
            uplink=around.uplink(site),
            lessons_until=lessons_until(school.type, around.lessons, now, ends),
            maintenance_until=around.maintenance_until(school.id, now),
            slot_holder=holder,
            bytes_left=settings.bytes_per_day - spent,
            bytes_needed=needed,
            load=None,
            max_load=settings.max_load,
            is_cancelled=running is None or running.campaign.id != campaign,
        )

    def _hold_up(self, campaign: Campaign, phase: CampaignPhase, refused: Refused) -> None:
        if refused.until is not None:
            self._waits[campaign.site] = refused.until
        step = self._step(campaign, phase, str(refused))
        self._submit(campaign.site, campaign_entry(step))

    def _end(self, running: Progress, phase: CampaignPhase, reason: str) -> None:
        campaign = running.campaign
        self._waits.pop(campaign.site, None)
        self._submit(campaign.site, campaign_entry(self._step(campaign, phase, reason)))

    def _step(self, campaign: Campaign, phase: CampaignPhase, reason: str) -> CampaignStep:
        now, down, up = self._around.clock.now(), campaign.down, campaign.up
        return CampaignStep(campaign.id, campaign.site, now, phase, down, up, reason)

    def _following(self, running: Progress, now: datetime) -> tuple[Slot, datetime] | None:
        """Return the next test and its instant, None if the campaign is over."""
        site = running.campaign.site
        if site not in self._due:
            zone = self._around.lessons.timezone
            done = len(running.counted(zone)) >= MEASUREMENTS
            self._due[site] = None if done else next_due(self._slots(running), running, now, zone)
        found = self._due[site]
        if found is not None and now >= found[0].until:
            del self._due[site]
            return self._following(running, now)
        return found

    def _outcome(self, campaign: Campaign) -> str:
        """Return a campaign's verdict as a sentence."""
        school, _ = self._places[campaign.site]
        return sentence_of(
            judge(campaign, self._goal, school.classes, self._around.lessons.timezone)
        )

    def _known(self, site: str) -> tuple[Progress, ...]:
        return progress(self._entries.get(site, ()))

    def _slots(self, running: Progress) -> tuple[Slot, ...]:
        campaign = running.campaign
        if campaign.id not in self._plans:
            school, _ = self._places[campaign.site]
            self._plans[campaign.id] = plan(
                school, self._around.lessons, running.started, campaign.id
            )
        return self._plans[campaign.id]

    def _submit(self, site: str, *entries: Entry) -> None:
        if entries:
            self._around.submit(entries)
            self._entries.setdefault(site, []).extend(entries)
            self._running.pop(site, None)
            self._due.pop(site, None)


def _start(campaign: str, site: str, at: datetime, contract: Contract) -> CampaignStep:
    down = Rates(contract.down_bps, contract.normal_down_bps, contract.minimum_down_bps)
    up = Rates(contract.up_bps, contract.normal_up_bps, contract.minimum_up_bps)
    return CampaignStep(campaign, site, at, CampaignPhase.STARTED, down, up, "")
