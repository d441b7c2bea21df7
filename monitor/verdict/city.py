"""The verdict board: takes observations in any order, and returns what changed.

It holds one track and one verdict per uplink, switch and reference, the state of our own line
and of what all providers share, and each provider's outage. A site counts as one school here:
each has an uplink of its own, and a school with two sites loses them separately.

Must not know: clocks, sockets, the ledger, metrics. Time comes with every call.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.inventory.checks import Role
from monitor.observation import State
from monitor.verdict.answer import Answer, answer_of
from monitor.verdict.census import take_census
from monitor.verdict.device import (
    NetworkPath,
    RequiredEvidence,
    Round,
    Track,
    Upstream,
    judge,
    with_answer,
    with_silence,
)
from monitor.verdict.isolation import Line, Standing, assess
from monitor.verdict.model import (
    HUB,
    MONITOR,
    Cause,
    Change,
    Hysteresis,
    Subject,
    SubjectKind,
    Verdict,
)
from monitor.verdict.provider import ProviderOutages, subject_of
from monitor.verdict.roster import Roster, device_key, starting

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from monitor.inventory.city import Inventory
    from monitor.observation import Observation
    from monitor.verdict.model import Moment
    from monitor.verdict.provider import ProviderOutage
    from monitor.verdict.roster import Device, SiteDevices


class VerdictBoard:
    """Verdicts of the whole city, advanced by observations and by time.

    Not thread-safe and free of I/O. `known_before` are the last verdicts before the start that
    were not unknown, from the ledger: without them, a device that is still down would be down since
    the restart, and sites lost in a city-wide outage would not count as lost.
    """

    def __init__(
        self,
        inventory: Inventory,
        now: Moment,
        rules: Hysteresis | None = None,
        known_before: Mapping[Subject, Verdict] | None = None,
    ) -> None:
        self.rules = rules or Hysteresis()
        self._roster = Roster(inventory, now)
        self._line = Line()
        self._outages = ProviderOutages()
        self._line_answering_from: float | None = None
        self._monitor = starting(now)
        self._hub = Verdict(State.UP, Cause.ANSWERS, now.instant)
        self._begun = now.monotonic
        self._roster.remember(known_before or {})

    def reconfigure(self, inventory: Inventory, now: Moment) -> None:
        """Apply another inventory; devices that are checked in the same way keep their verdict."""
        self._roster = Roster(inventory, now, self._roster)
        self._outages = self._outages.among(self._roster.sites.keys())

    def excuse(self, schools: frozenset[str]) -> None:
        """Ignore these schools when deciding on the cause of a loss (announced work)."""
        self._outages.excused = schools

    def observe(self, observation: Observation, now: Moment) -> tuple[Change, ...]:
        """Process one observation that just finished; return the verdicts that changed."""
        device = self._roster.devices.get(device_key(observation.check))
        if device is None:
            return ()
        if device.check.name != observation.check.name:
            device.note(observation)
            return ()
        role, before = device.check.target.role, device.track
        if not self._count(device, observation, now):
            return ()
        # The census covers the whole city. A round without news for it waits for the tick;
        # otherwise the cost would grow with the square of the city's size.
        is_news = role is Role.REFERENCE or _standing(before) != _standing(device.track)
        changes = list(self._look(now)) if is_news else []
        if self.is_isolated:
            return tuple(changes)
        if role is Role.REFERENCE:
            path = self._path_to_uplink()
            for site in self._judged_sites():
                if site.uplink is not None and site.uplink.track.charge is not None:
                    changes.extend(self._judge_site(site, path, now))
            return tuple(changes)
        site = self._roster.sites[device.check.target.site_key]
        if self._is_judged(site):
            path = self._path_to_uplink()
            changes.extend(
                self._judge_site(site, path, now)
                if role is Role.UPLINK
                else self._judge(device, self._path_to_switch(site, path), now)
            )
        return tuple(changes)

    def tick(self, now: Moment) -> tuple[Change, ...]:
        """Let time pass without an observation (call it every few seconds); return the changes."""
        for device in self._roster.devices.values():
            if device.track.is_stale(now.monotonic, self.rules):
                device.track = device.track.forgotten()
        self._hear_references(now)
        changes = list(self._look(now))
        path = self._path_to_uplink()
        for site in self._judged_sites():
            changes.extend(self._judge_site(site, path, now))
        return tuple(changes)

    @property
    def monitor(self) -> Verdict:
        """Return the verdict on the monitor itself: up, down (isolated), or still starting."""
        return self._monitor

    @property
    def is_isolated(self) -> bool:
        """Return whether our own line counts as down."""
        return self._line.standing is Standing.ISOLATED

    @property
    def common_outage(self) -> Verdict | None:
        """Return the verdict on the hub during a common outage, else None."""
        return self._hub if self._line.standing is Standing.COMMON else None

    @property
    def provider_outages(self) -> Mapping[str, ProviderOutage]:
        """Return the current provider outages, by the provider's name."""
        return self._outages.lasting

    @property
    def providers(self) -> tuple[str, ...]:
        """Return the names of all providers that a site has a contract with."""
        return self._roster.providers

    def findings(self) -> Iterator[tuple[Subject, Verdict]]:
        """Yield every uplink's and switch's verdict in the inventory's order.

        The sentences are those of the time of the finding; `verdict` returns current ones.
        """
        for device in self._roster.devices.values():
            if device.subject is not None:
                yield device.subject, device.verdict

    @property
    def verdicts(self) -> Mapping[Subject, Verdict]:
        """Return every uplink's and switch's verdict, with current sentences."""
        return {
            device.subject: replace(device.verdict, detail=device.detail)
            for device in self._roster.devices.values()
            if device.subject is not None
        }

    def verdict(self, subject: Subject) -> Verdict | None:
        """Return one verdict, None for a subject that is not configured or has no check."""
        if subject == MONITOR:
            return self._monitor
        if subject == HUB:
            return self._hub
        device = self._roster.devices.get((subject.school, subject.site, subject.device))
        if device is None or device.subject != subject:
            return None
        return replace(device.verdict, detail=device.detail)

    def references(self) -> tuple[int, int]:
        """Return how many references answer, and how many there are."""
        heard = [reference.track.answered for _, reference in self._roster.references]
        return sum(map(bool, heard)), len(heard)

    def root_causes(self) -> tuple[Subject, ...]:
        """Return what must be repaired.

        That is only the monitor's line while isolated; otherwise the hub, each provider with an
        outage, and every device that is down for another reason.
        """
        if self.is_isolated:
            return (MONITOR,)
        outages = self._outages.lasting
        behind = {site for outage in outages.values() for site in outage.sites}
        return (
            *((HUB,) if self.common_outage is not None else ()),
            *map(subject_of, outages),
            *(
                device.subject
                for device in self._roster.devices.values()
                if device.subject is not None
                and device.verdict.state is State.DOWN
                and not (
                    device.subject.kind is SubjectKind.UPLINK and device.subject.site_key in behind
                )
            ),
        )

    def _count(self, device: Device, observation: Observation, now: Moment) -> bool:
        """Add a round to its device's evidence; return whether it showed anything."""
        track = device.track
        one = Round(now.monotonic - observation.duration, now.monotonic)
        answer = answer_of(observation)
        if answer is Answer.NOTHING:
            words = observation.detail or observation.reason.value
            device.track = replace(track, last_words=words)
            return False
        # Evidence with a gap is not a series of rounds: the monitor slept, not the network.
        if track.is_stale(one.started, self.rules):
            track = track.forgotten()
        if answer is Answer.ANSWERED:
            device.track = with_answer(track, one)
            device.note(observation)
        else:
            words = observation.detail or observation.reason.value
            device.track = with_silence(track, one, words, self._required_evidence(device))
            device.complaints.pop(observation.check.name, None)
        self._hear_references(now)
        return True

    def _required_evidence(self, device: Device) -> RequiredEvidence:
        rules = self.rules
        if device.check.target.role is Role.SWITCH:
            site = self._roster.sites[device.check.target.site_key]
            upstream = self._path_to_switch(site, self._path_to_uplink()).upstream
            return RequiredEvidence(rules.down_rounds, rules.down_seconds, upstream)
        # No uplink goes down before every other site had its round: the cause is decided first.
        seconds = max(rules.down_seconds, self._roster.cycle_seconds)
        return RequiredEvidence(rules.down_rounds, seconds, self._line_upstream())

    def _hear_references(self, now: Moment) -> None:
        """Track since when at least one reference has been answering without interruption."""
        if not any(reference.track.answered for _, reference in self._roster.references):
            self._line_answering_from = None
        elif self._line_answering_from is None:
            self._line_answering_from = now.monotonic

    def _line_upstream(self) -> Upstream | None:
        if self._line.standing is Standing.WAITING:
            return Upstream(None, 0.0)
        references = self._roster.references
        if len(references) < self.rules.references:
            return None
        asked = [one.track.asked for _, one in references if one.track.answered]
        return Upstream(self._line_answering_from if asked else None, max(asked, default=0.0))

    def _path_to_uplink(self) -> NetworkPath:
        return NetworkPath(self._line_upstream(), 2 * self._roster.cycle_seconds)

    def _path_to_switch(self, site: SiteDevices, path: NetworkPath) -> NetworkPath:
        """Return the path to a site's switches; `path` is the path to any uplink."""
        uplink = site.uplink
        if uplink is None:
            return path
        track = uplink.track
        return NetworkPath(track.upstream, path.patience, uplink.verdict, track.silent_from)

    def _is_judged(self, site: SiteDevices) -> bool:
        return not self.is_isolated and site.provider not in self._line.providers

    def _judged_sites(self) -> Iterator[SiteDevices]:
        """Return the sites whose verdicts are not suspended."""
        sites = self._roster.sites.values()
        if self._is_suspended:
            return (site for site in sites if self._is_judged(site))
        return iter(sites)

    def _judge_site(self, site: SiteDevices, path: NetworkPath, now: Moment) -> Iterator[Change]:
        """Update the verdicts on a site's devices; `path` is the path to any uplink."""
        if site.uplink is not None:
            if self._outages.has(site.provider, site.key):
                path = replace(path, blame=Cause.PROVIDER_OUTAGE)
            yield from self._judge(site.uplink, path, now)
        if site.switches:
            path = self._path_to_switch(site, path)
            for switch in site.switches:
                yield from self._judge(switch, path, now)

    def _judge(self, device: Device, path: NetworkPath, now: Moment) -> Iterator[Change]:
        found = judge(device.verdict, device.track, path, self.rules, now)
        if device.subject is None or found.is_same_finding(device.verdict):
            device.verdict = found
        else:
            yield device.turned(device.subject, found, now.instant)

    @property
    def _is_suspended(self) -> bool:
        return self._line.standing is not Standing.CLEAR

    def _look(self, now: Moment) -> Iterator[Change]:
        """Decide on the cause of a loss, if there is one, and act on it."""
        roster, before = self._roster, self._line
        census = take_census(roster, now.monotonic, self.rules, self._outages.excused)
        line = self._line = assess(before, census, now.monotonic, roster.cycle_seconds, self.rules)
        if line.standing is not before.standing:
            yield from self._change_over(before, now)
        if not self.is_isolated:
            yield from self._set_monitor(self._monitor_at_large(now), now)
            if line.standing is not Standing.WAITING:
                yield from self._outages.look(roster, census, now, self.rules, line.providers)

    def _change_over(self, before: Line, now: Moment) -> Iterator[Change]:
        """Act on a changed standing: suspend verdicts, or resume them."""
        line = self._line
        if before.standing is Standing.COMMON:
            yield from self._set_hub(Verdict(State.UP, Cause.ANSWERS, now.instant), now)
        if line.standing is Standing.ISOLATED:
            found = Verdict(State.DOWN, Cause.ISOLATED, now.instant, line.why)
            yield from self._set_monitor(found, now)
            yield from self._suspend(
                self._roster.sites.values(), Cause.ISOLATED, "the monitor is isolated", now
            )
        elif line.standing is Standing.COMMON:
            found = Verdict(State.UNKNOWN, Cause.COMMON_OUTAGE, now.instant, line.why)
            yield from self._set_hub(found, now)
            for provider in line.providers & self._outages.lasting.keys():
                yield self._outages.end(provider, now)
            yield from self._suspend(
                [one for one in self._roster.sites.values() if one.provider in line.providers],
                Cause.COMMON_OUTAGE,
                "all providers stopped answering together",
                now,
            )
        elif before.standing in {Standing.ISOLATED, Standing.COMMON}:
            yield from self._resume(before, now)

    def _suspend(
        self, sites: Collection[SiteDevices], cause: Cause, detail: str, now: Moment
    ) -> Iterator[Change]:
        for site in sites:
            for device in site.devices():
                if device.subject is None:
                    continue
                before = device.verdict
                since = now.instant
                if before.state is State.UNKNOWN:
                    since = before.since
                elif before.state is State.UP and device.track.silent:
                    since = max(now.instant_of(device.track.silent_from), before.since)
                found = Verdict(State.UNKNOWN, cause, since, detail)
                yield device.turned(device.subject, found, now.instant)

    def _resume(self, before: Line, now: Moment) -> Iterator[Change]:
        """Discard unanswered rounds of the suspension; devices that have answered are up."""
        sites = [
            site
            for site in self._roster.sites.values()
            if before.standing is Standing.ISOLATED or site.provider in before.providers
        ]
        for site in sites:
            for device in site.devices():
                device.track = device.track.without_silence()
        path = self._path_to_uplink()
        for site in sites:
            yield from self._judge_site(site, path, now)

    def _monitor_at_large(self, now: Moment) -> Verdict:
        """Return the verdict on the monitor while it is not isolated."""
        if now.monotonic - self._begun < self._roster.cycle_seconds:
            return starting(now)
        answering = any(reference.track.answered for _, reference in self._roster.references)
        if len(self._roster.references) >= self.rules.references and not answering:
            return Verdict(State.UNKNOWN, Cause.NO_DATA, now.instant, "no reference was measured")
        return Verdict(State.UP, Cause.ANSWERS, now.instant)

    def _set_monitor(self, verdict: Verdict, now: Moment) -> Iterator[Change]:
        before = self._monitor
        if not before.is_same_finding(verdict):
            self._monitor = verdict
            yield Change(MONITOR, before, verdict, now.instant, verdict.since)

    def _set_hub(self, verdict: Verdict, now: Moment) -> Iterator[Change]:
        before, self._hub = self._hub, verdict
        yield Change(HUB, before, verdict, now.instant, verdict.since)


def _standing(track: Track) -> tuple[bool, bool]:
    """Return a device's part of the census: whether it ever answered, and whether it is lost."""
    return track.has_answered, bool(track.silent)
