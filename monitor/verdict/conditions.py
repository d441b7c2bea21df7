"""Which of the city's devices are degraded, and the last result of each check.

It complements the verdict board: a degraded device is up. It processes the same observations, and
each change of a verdict.

Must not know: clocks, metrics, pages, or who is notified.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.inventory.checks import CheckKind
from monitor.inventory.city import checks_of_school
from monitor.inventory.site_key import SiteKey
from monitor.observation import HttpReading, Outcome, Reason, State
from monitor.verdict.condition import Condition
from monitor.verdict.model import Subject, SubjectKind
from monitor.verdict.same_cause import is_lossy, with_what_follows, without_what_follows
from monitor.verdict.trouble import Remembered, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from monitor.inventory.checks import Check
    from monitor.inventory.city import Inventory
    from monitor.inventory.limits import Limits
    from monitor.observation import Observation
    from monitor.uplink import Measured
    from monitor.verdict.city import VerdictBoard
    from monitor.verdict.model import Change, Moment, Verdict
    from monitor.verdict.trouble import Degradation


@dataclass(slots=True)
class LastRun:
    """A check's last result; `started` is None before its first run, `seconds` its duration.

    `since` is the start of the first run in the current series with this outcome.
    `certificate_ends` is the first end of any certificate that it was shown, None without one.
    """

    check: Check
    outcome: Outcome = Outcome.UNKNOWN
    reason: Reason = Reason.NOT_RUN
    detail: str = ""
    started: datetime | None = None
    since: datetime | None = None
    seconds: float = 0.0
    certificate_ends: datetime | None = None


@dataclass(slots=True)
class _Device:
    subject: Subject
    condition: Condition
    runs: tuple[LastRun, ...]


@dataclass(slots=True)
class _Watched:
    device: _Device
    run: LastRun
    is_ping: bool
    failed_since: datetime | None = None


@dataclass(slots=True)
class _Site:
    """A site's uplink, None if it has no check, and all its monitored devices."""

    uplink: _Device | None = None
    devices: list[_Device] = field(default_factory=list)

    @property
    def is_lossy(self) -> bool:
        return self.uplink is not None and is_lossy(self.uplink.condition.findings)


class Conditions:
    """The condition of every uplink and switch. Not thread-safe and free of I/O."""

    def __init__(self, inventory: Inventory, board: VerdictBoard) -> None:
        self._devices: dict[Subject, _Device] = {}
        self._checks: dict[str, _Watched] = {}
        self._lines: dict[SiteKey, _Watched] = {}
        self._sites: dict[SiteKey, _Site] = {}
        self.reconfigure(inventory, board)

    def reconfigure(self, inventory: Inventory, board: VerdictBoard) -> None:
        """Apply another inventory; devices with the same checks and limits are kept."""
        up = {subject for subject, verdict in board.findings() if verdict.state is State.UP}
        before, self._devices = self._devices, {}
        self._checks, self._lines, self._sites = {}, {}, {}
        for subject, checks, limits in _devices(inventory):
            known = before.get(subject)
            if (
                known is None
                or known.condition.limits != limits
                or tuple(run.check for run in known.runs) != checks
            ):
                runs = {run.check: run for run in known.runs} if known else {}
                known = _Device(
                    subject,
                    Condition(limits, is_up=subject in up),
                    tuple(runs.get(check) or LastRun(check) for check in checks),
                )
            self._devices[subject] = known
            site = self._sites.setdefault(subject.site_key, _Site())
            site.devices.append(known)
            if subject.kind is SubjectKind.UPLINK:
                site.uplink = known
            for run in known.runs:
                watched = _Watched(known, run, run.check.kind is CheckKind.ICMP)
                self._checks[run.check.id] = watched
                if subject.kind is SubjectKind.UPLINK and run.check.kind is CheckKind.INTERFACES:
                    self._lines.setdefault(subject.site_key, watched)

    def remember(
        self,
        known: Mapping[Subject, Remembered],
        verdicts: Mapping[Subject, Verdict],
        now: Moment,
    ) -> None:
        """Take in what was wrong before the start: what is found unchanged has that beginning."""
        for subject, device in self._devices.items():
            found = known.get(subject, Remembered())
            checks = {run.check.name: run.check for run in device.runs}
            device.condition.remember(found.degraded, found.falls, checks, now)
            failed = {
                one.check: one.since
                for one in device.condition.held
                if one.trouble in {Trouble.SERVICE, Trouble.SNMP}
            }
            verdict = verdicts.get(subject)
            is_down = verdict is not None and verdict.state is State.DOWN
            for run in device.runs:
                watched = self._checks[run.check.id]
                watched.failed_since = failed.get(run.check.name)
                if watched.is_ping and verdict is not None and is_down:
                    watched.failed_since = verdict.since

    def held(self) -> Iterator[tuple[Subject, Remembered]]:
        """Yield the state of each degraded device that must survive a restart; it is not down."""
        for subject, device in self._devices.items():
            condition = device.condition
            if condition.has_cases and (held := condition.held):
                yield subject, Remembered(None, held, condition.falls)

    def observe(self, observation: Observation, now: Moment) -> bool:
        """Process one observation that just ended; return whether problems changed."""
        watched = self._checks.get(observation.check.id)
        if watched is None:
            return False
        run = watched.run
        if run.outcome is not observation.outcome or run.started is None:
            run.since = observation.started
            if observation.outcome is Outcome.FAILED and run.started is None:
                run.since = min(watched.failed_since or run.since, run.since)
        run.outcome, run.reason = observation.outcome, observation.reason
        run.detail, run.started = observation.detail, observation.started
        run.seconds = observation.duration
        run.certificate_ends = _certificate_ends(observation)
        condition = watched.device.condition
        if watched.is_ping:
            return condition.pinged(observation, now)
        return condition.asked(observation, now)

    def measured(self, measured: Measured, now: Moment) -> bool:
        """Process the load of a line; return whether problems changed."""
        watched = self._lines.get(SiteKey(measured.school, measured.site))
        if watched is None:
            return False
        return watched.device.condition.measured(measured, watched.run.check, now)

    def changed(self, change: Change, now: Moment) -> None:
        """Process a changed verdict on a device."""
        device = self._devices.get(change.subject)
        if device is not None:
            state = change.after.state
            fell = state is State.DOWN and not change.goes_on
            device.condition.turned(now, is_up=state is State.UP, fell=fell)

    def tick(self, now: Moment) -> bool:
        """Advance the time; return whether problems changed."""
        is_news = False
        for device in self._devices.values():
            if device.condition.has_cases and device.condition.tick(now):
                is_news = True
        return is_news

    def of(self, subject: Subject) -> tuple[Degradation, ...]:
        """Return the problems of a device that is up; empty if it has none.

        Problems caused by its line are reported there (`monitor.verdict.same_cause`).
        """
        device = self._devices.get(subject)
        return self._of(device) if device is not None else ()

    def _of(self, device: _Device) -> tuple[Degradation, ...]:
        found = device.condition.findings
        if not found:
            return ()
        site = self._sites[device.subject.site_key]
        return _own(device, found, site) if site.is_lossy else found

    def degraded(self) -> Mapping[Subject, tuple[Degradation, ...]]:
        """Return the problems of each degraded device, in the inventory's order."""
        return {
            subject: found
            for subject, device in self._devices.items()
            if (found := self._of(device))
        }

    def runs(self, subject: Subject) -> tuple[LastRun, ...]:
        """Return the last result of each check of a device."""
        device = self._devices.get(subject)
        return device.runs if device is not None else ()

    def certificates(self) -> Iterator[tuple[Subject, LastRun]]:
        """Yield the checks whose last run was shown a certificate, in the inventory's order."""
        for watched in self._checks.values():
            if watched.run.certificate_ends is not None:
                yield watched.device.subject, watched.run


def _certificate_ends(observation: Observation) -> datetime | None:
    values = observation.values
    chain = values.certificate if isinstance(values, HttpReading) else None
    return chain.earliest_expiry if chain is not None else None


def _own(device: _Device, found: tuple[Degradation, ...], site: _Site) -> tuple[Degradation, ...]:
    found = without_what_follows(found)
    if device is not site.uplink:
        return found
    unread = tuple(
        one.subject.device
        for one in site.devices
        if any(each.trouble is Trouble.SNMP for each in one.condition.findings)
    )
    return with_what_follows(found, unread)


def _devices(inventory: Inventory) -> Iterator[tuple[Subject, tuple[Check, ...], Limits]]:
    for school in inventory.schools:
        limits = {}
        for site in school.sites:
            limits[site.id, site.uplink.device] = site.uplink.limits
            limits |= {(site.id, switch.name): switch.limits for switch in site.switches}
        checks: dict[Subject, list[Check]] = {}
        for check in checks_of_school(school):
            checks.setdefault(Subject.of(check.target), []).append(check)
        for subject, found in checks.items():
            yield subject, tuple(found), limits[subject.site, subject.device]


def told(
    before: Mapping[Subject, tuple[Degradation, ...]],
    after: Mapping[Subject, tuple[Degradation, ...]],
) -> Iterable[tuple[Subject, Degradation, bool]]:
    """Yield each finding that began (true) or ended (false) between two states.

    A finding that becomes part of its line's problem has not ended.
    """
    joined = {
        (subject.school, subject.site, device)
        for subject, found in after.items()
        for one in found
        for device in one.devices
    }
    for subject in {**before, **after}:
        old, new = before.get(subject, ()), after.get(subject, ())
        is_joined = (subject.school, subject.site, subject.device) in joined
        yield from (
            (subject, one, False)
            for one in old
            if not _is_among(one, new) and not (is_joined and one.trouble is Trouble.SNMP)
        )
        yield from ((subject, one, True) for one in new if not _is_among(one, old))


def _is_among(one: Degradation, others: Iterable[Degradation]) -> bool:
    return any(one.is_same_finding(other) for other in others)
