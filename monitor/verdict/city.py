"""The board of verdicts: takes observations in any order, tells what changed.

It holds one track and one verdict per uplink, switch and reference, and the state of our own
line. A site counts as one school here: each has an uplink of its own, and a school with two
sites loses them separately.

Must not know: clocks, sockets, the ledger, metrics. Time comes with every call.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.inventory import CheckKind, Role
from monitor.observation import Outcome, Reason, State
from monitor.verdict.answer import Answer, answer_of
from monitor.verdict.device import (
    Burden,
    Gate,
    Round,
    Track,
    Way,
    judge,
    with_answer,
    with_silence,
)
from monitor.verdict.isolation import Census, Line, assess
from monitor.verdict.model import (
    MONITOR,
    Cause,
    Change,
    Hysteresis,
    Subject,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from monitor.inventory import Check, Inventory
    from monitor.observation import Observation
    from monitor.verdict.model import Moment

_PREFERENCE = tuple(CheckKind)  # ICMP first, then SNMP, then whatever there is


@dataclass(slots=True)
class _Device:
    """What the board keeps of one device; `subject` is None for a reference."""

    check: Check
    subject: Subject | None
    track: Track
    verdict: Verdict
    complaints: dict[str, str]


@dataclass(slots=True)
class _Site:
    """A site's devices: its uplink, None where that has no check, and its switches."""

    uplink: _Device | None
    switches: list[_Device]


class VerdictBoard:
    """Verdicts of the whole city, advanced by observations and by time.

    Not thread-safe and free of I/O. `answered_before` names the uplinks that were up before the
    start, by the ledger: without it a restart amid a city-wide outage would take schools that
    were lost for schools that never were there.
    """

    def __init__(
        self,
        inventory: Inventory,
        now: Moment,
        rules: Hysteresis | None = None,
        answered_before: Collection[Subject] = (),
    ) -> None:
        self.rules = rules or Hysteresis()
        self._devices: dict[tuple[str, str, str], _Device] = {}
        self._sites: dict[tuple[str, str], _Site] = {}
        self._references: list[_Device] = []
        self._line = Line()
        self._line_answering_from: float | None = None
        self._monitor = _starting(now)
        self._begun = now.monotonic
        self._cycle_seconds = 0.0
        self.reconfigure(inventory, now)
        for site in self._sites.values():
            if site.uplink is not None and site.uplink.subject in answered_before:
                site.uplink.track = replace(site.uplink.track, has_answered=True)

    def reconfigure(self, inventory: Inventory, now: Moment) -> None:
        """Take over another inventory; devices that are asked the same way keep their verdict."""
        deciding: dict[tuple[str, str, str], Check] = {}
        for check in inventory.checks():
            key = _key(check)
            known = deciding.get(key)
            if known is None or _PREFERENCE.index(check.kind) < _PREFERENCE.index(known.kind):
                deciding[key] = check
        devices: dict[tuple[str, str, str], _Device] = {}
        self._sites, self._references = {}, []
        for key, check in deciding.items():
            device = self._devices.get(key)
            if device is None or device.check != check:
                device = _new_device(check, now)
            devices[key] = device
            self._place(device)
        self._devices = devices
        rounds = [
            device.check.interval + device.check.timeout
            for device in devices.values()
            if device.check.target.role is not Role.SWITCH
        ]
        self._cycle_seconds = max(rounds, default=0.0)

    def observe(self, observation: Observation, now: Moment) -> tuple[Change, ...]:
        """Take in one observation that just finished; return the verdicts that changed."""
        device = self._devices.get(_key(observation.check))
        if device is None:
            return ()
        if device.check.name != observation.check.name:
            self._note(device, observation)
            return ()
        role, before = device.check.target.role, device.track
        if not self._count(device, observation, now):
            return ()
        # The census goes through the whole city. A round that tells it nothing new waits for the
        # tick, or a city of thousands would cost by the square of its size.
        is_news = role is Role.REFERENCE or _standing(before) != _standing(device.track)
        changes = list(self._assess_line(now)) if is_news or self._line.is_isolated else []
        if self._line.is_isolated:
            return tuple(changes)
        if role is Role.REFERENCE:
            for site in self._sites.values():
                if site.uplink is not None and site.uplink.track.charge is not None:
                    changes.extend(self._judge_site(site, self._way_to_uplink(), now))
        else:
            site = self._sites[_site_key(device.check)]
            changes.extend(
                self._judge_site(site, self._way_to_uplink(), now)
                if role is Role.UPLINK
                else self._judge(device, self._way_to_switch(site), now)
            )
        return tuple(changes)

    def tick(self, now: Moment) -> tuple[Change, ...]:
        """Let time pass without an observation (call it every few seconds); return the changes."""
        for device in self._devices.values():
            if device.track.is_stale(now.monotonic, self.rules):
                device.track = device.track.forgotten()
        self._hear_references(now)
        changes = list(self._assess_line(now))
        if not self._line.is_isolated:
            way = self._way_to_uplink()
            for site in self._sites.values():
                changes.extend(self._judge_site(site, way, now))
        return tuple(changes)

    @property
    def monitor(self) -> Verdict:
        """Return the verdict on the monitor itself: up, down (isolated), or still starting."""
        return self._monitor

    @property
    def is_isolated(self) -> bool:
        """Return whether our own line is taken for dead."""
        return self._line.is_isolated

    def findings(self) -> Iterator[tuple[Subject, Verdict]]:
        """Yield every uplink's and switch's verdict in the inventory's order.

        The sentences are those of the moment of the finding; `verdict` has the present ones.
        """
        for device in self._devices.values():
            if device.subject is not None:
                yield device.subject, device.verdict

    @property
    def verdicts(self) -> Mapping[Subject, Verdict]:
        """Return every uplink's and switch's verdict, with sentences as they stand now."""
        return {
            device.subject: replace(device.verdict, detail=_detail(device))
            for device in self._devices.values()
            if device.subject is not None
        }

    def verdict(self, subject: Subject) -> Verdict | None:
        """Return one verdict, None for a subject that is not configured or has no check."""
        if subject == MONITOR:
            return self._monitor
        device = self._devices.get((subject.school, subject.site, subject.device))
        if device is None or device.subject != subject:
            return None
        return replace(device.verdict, detail=_detail(device))

    def references(self) -> tuple[int, int]:
        """Return how many references answer, and how many there are."""
        answering = sum(1 for reference in self._references if reference.track.answered)
        return answering, len(self._references)

    def root_causes(self) -> tuple[Subject, ...]:
        """Return what has to be repaired: the monitor's line alone, or every device down."""
        if self._line.is_isolated:
            return (MONITOR,)
        return tuple(
            device.subject
            for device in self._devices.values()
            if device.subject is not None and device.verdict.state is State.DOWN
        )

    def _place(self, device: _Device) -> None:
        if device.check.target.role is Role.REFERENCE:
            self._references.append(device)
            return
        site = self._sites.setdefault(_site_key(device.check), _Site(None, []))
        if device.check.target.role is Role.UPLINK:
            site.uplink = device
        else:
            site.switches.append(device)

    def _count(self, device: _Device, observation: Observation, now: Moment) -> bool:
        """Add a round to its device's evidence; return whether it said anything."""
        track = device.track
        one = Round(now.monotonic - observation.duration, now.monotonic)
        answer = answer_of(observation)
        if answer is Answer.NOTHING:
            words = observation.detail or observation.reason.value
            device.track = replace(track, last_words=words)
            return False
        # Evidence with a hole in it is no run of rounds: we slept, not the network.
        if track.is_stale(one.started, self.rules):
            track = track.forgotten()
        if answer is Answer.ANSWERED:
            device.track = with_answer(track, one)
            self._note(device, observation)
        else:
            words = observation.detail or observation.reason.value
            device.track = with_silence(track, one, words, self._burden(device))
            device.complaints.pop(observation.check.name, None)
        self._hear_references(now)
        return True

    def _burden(self, device: _Device) -> Burden:
        rules = self.rules
        if device.check.target.role is Role.SWITCH:
            gate = self._way_to_switch(self._sites[_site_key(device.check)]).gate
            return Burden(rules.down_rounds, rules.down_seconds, gate)
        # No uplink goes down before every other site had its round: the majority rule first.
        seconds = max(rules.down_seconds, self._cycle_seconds)
        return Burden(rules.down_rounds, seconds, self._line_gate())

    def _hear_references(self, now: Moment) -> None:
        """Keep since when at least one reference has been answering without a break."""
        if not any(reference.track.answered for reference in self._references):
            self._line_answering_from = None
        elif self._line_answering_from is None:
            self._line_answering_from = now.monotonic

    def _line_gate(self) -> Gate | None:
        if len(self._references) < self.rules.references:
            return None
        asked = [ref.track.asked for ref in self._references if ref.track.answered]
        return Gate(self._line_answering_from if asked else None, max(asked, default=0.0))

    def _way_to_uplink(self) -> Way:
        return Way(self._line_gate(), 2 * self._cycle_seconds)

    def _way_to_switch(self, site: _Site) -> Way:
        uplink = site.uplink
        if uplink is None:
            return self._way_to_uplink()
        track = uplink.track
        return Way(track.gate, 2 * self._cycle_seconds, uplink.verdict, track.silent_from)

    def _judge_site(self, site: _Site, way: Way, now: Moment) -> Iterator[Change]:
        """Judge a site's devices; `way` is the way to any uplink."""
        if site.uplink is not None:
            yield from self._judge(site.uplink, way, now)
        if site.switches:
            way = self._way_to_switch(site)
            for switch in site.switches:
                yield from self._judge(switch, way, now)

    def _judge(self, device: _Device, way: Way, now: Moment) -> Iterator[Change]:
        before = device.verdict
        device.verdict = judge(before, device.track, way, self.rules, now)
        if device.subject is not None and not device.verdict.is_same_finding(before):
            if device.verdict.state is State.DOWN:
                device.track = replace(device.track, has_answered=False)
            yield Change(device.subject, before, device.verdict, now.instant)

    def _assess_line(self, now: Moment) -> Iterator[Change]:
        before = self._line
        self._line = assess(
            before, self._census(now), now.monotonic, self._cycle_seconds, self.rules
        )
        if self._line.is_isolated and not before.is_isolated:
            yield from self._isolate(now)
        elif before.is_isolated and not self._line.is_isolated:
            yield from self._begin_anew(now)
        elif not self._line.is_isolated:
            yield from self._set_monitor(self._monitor_at_large(now), now)

    def _census(self, now: Moment) -> Census:
        references = [reference.track for reference in self._references]
        present = lost = newly_lost = 0
        for site in self._sites.values():
            if site.uplink is None or not site.uplink.track.has_answered:
                continue
            track = site.uplink.track
            present += 1
            if track.silent:
                lost += 1
                newly_lost += now.monotonic - track.silent_from <= self._cycle_seconds
        return Census(
            references=len(references),
            silent_references=sum(1 for track in references if track.silent),
            steady_references=sum(
                1 for track in references if track.answered >= self.rules.up_rounds
            ),
            present_sites=present,
            lost_sites=lost,
            newly_lost_sites=newly_lost,
        )

    def _isolate(self, now: Moment) -> Iterator[Change]:
        why = self._line.why
        yield from self._set_monitor(Verdict(State.DOWN, Cause.ISOLATED, now.instant, why), now)
        for device in self._devices.values():
            if device.subject is None:
                continue
            before = device.verdict
            since = before.since if before.state is State.UNKNOWN else now.instant
            detail = "the monitor is isolated"
            device.verdict = Verdict(State.UNKNOWN, Cause.ISOLATED, since, detail)
            yield Change(device.subject, before, device.verdict, now.instant)

    def _begin_anew(self, now: Moment) -> Iterator[Change]:
        """Forget all silence gathered while isolated; who answered since is up at once."""
        for device in self._devices.values():
            if device.subject is not None:
                device.track = device.track.without_silence()
        yield from self._set_monitor(self._monitor_at_large(now), now)
        for site in self._sites.values():
            yield from self._judge_site(site, self._way_to_uplink(), now)

    def _monitor_at_large(self, now: Moment) -> Verdict:
        """Return the verdict on the monitor while it is not isolated."""
        if now.monotonic - self._begun < self._cycle_seconds:
            return _starting(now)
        gate = self._line_gate()
        if gate is not None and gate.answering_from is None:
            return Verdict(State.UNKNOWN, Cause.NO_DATA, now.instant, "no reference was measured")
        return Verdict(State.UP, Cause.ANSWERS, now.instant)

    def _set_monitor(self, verdict: Verdict, now: Moment) -> Iterator[Change]:
        before = self._monitor
        if not before.is_same_finding(verdict):
            self._monitor = verdict
            yield Change(MONITOR, before, verdict, now.instant)

    def _note(self, device: _Device, observation: Observation) -> None:
        """Keep what another check complains of, to be told beside the verdict."""
        name = observation.check.name
        if observation.outcome is Outcome.FAILED and observation.reason is not Reason.NONE:
            words = observation.detail or observation.reason.value
            device.complaints[name] = f"{name}: {words}"
        elif observation.outcome is Outcome.OK:
            device.complaints.pop(name, None)


def _new_device(check: Check, now: Moment) -> _Device:
    subject = None if check.target.role is Role.REFERENCE else Subject.of(check.target)
    return _Device(check, subject, Track(check.interval, now.monotonic), _starting(now), {})


def _starting(now: Moment) -> Verdict:
    return Verdict(State.UNKNOWN, Cause.STARTING, now.instant, "no full round yet")


def _detail(device: _Device) -> str:
    parts = [device.verdict.detail, *device.complaints.values()]
    return "; ".join(part for part in parts if part)


def _key(check: Check) -> tuple[str, str, str]:
    return check.target.school, check.target.site, check.target.device


def _site_key(check: Check) -> tuple[str, str]:
    return check.target.school, check.target.site


def _standing(track: Track) -> tuple[bool, bool]:
    """Return what a census wants to know of a device: whether it ever answered, and is silent."""
    return track.has_answered, bool(track.silent)
