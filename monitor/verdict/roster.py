"""The monitored devices: every device's evidence and verdict, by site, and the references.

A site belongs to the provider of its contract, a reference to a provider where it is that
provider's hand-over router.

Must not know: how a verdict is reached, or the census of the city.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from monitor.inventory.checks import CheckKind, Role
from monitor.observation import Outcome, Reason, State
from monitor.verdict.device import Track
from monitor.verdict.model import Cause, Change, Subject, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from monitor.inventory.checks import Check
    from monitor.inventory.city import Inventory
    from monitor.inventory.site_key import SiteKey
    from monitor.observation import Observation
    from monitor.verdict.model import Moment

_PREFERENCE = tuple(CheckKind)  # ICMP first, then SNMP, then any other

DeviceKey = tuple[str, str, str]


@dataclass(slots=True)
class Device:
    """The state of one device; `subject` is None for a reference.

    `fell_from` is the start of the first unanswered round (monotonic s) for which a device that
    used to answer was declared down, None while it is not.
    """

    check: Check
    subject: Subject | None
    track: Track
    verdict: Verdict
    complaints: dict[str, str]
    fell_from: float | None = None
    known: Verdict | None = None

    @property
    def is_lost(self) -> bool:
        """Return whether it does not answer now, or was declared down."""
        return bool(self.track.silent) or self.verdict.state is State.DOWN

    @property
    def detail(self) -> str:
        """Return the verdict's sentence; of a device that is up, with the problems of other checks.

        If it is not, they follow from that, and would hide the cause among them.
        """
        if self.verdict.state is not State.UP:
            return self.verdict.detail
        parts = [self.verdict.detail, *self.complaints.values()]
        return "; ".join(part for part in parts if part)

    def turned(self, subject: Subject, found: Verdict, at: datetime) -> Change:
        """Apply a different verdict; return the change.

        If the device was down before an interruption of monitoring and after it, it has been down.
        """
        before, self.verdict = self.verdict, found.going_on(self.known)
        if found.state is State.DOWN:
            track = self.track
            self.fell_from = track.silent_from if track.has_answered else None
            self.track = replace(track, has_answered=False)
        if found.state is not State.UNKNOWN:
            self.known = self.verdict if found.state is State.DOWN else None
        return Change(subject, before, self.verdict, at, found.since)

    def note(self, observation: Observation) -> None:
        """Keep a check's problem, to be shown with the verdict."""
        name = observation.check.name
        if observation.outcome is Outcome.FAILED and observation.reason is not Reason.NONE:
            words = observation.detail or observation.reason.value
            self.complaints[name] = f"{name}: {words}"
        elif observation.outcome is Outcome.OK:
            self.complaints.pop(name, None)


@dataclass(slots=True)
class SiteDevices:
    """A site's provider, its uplink (None if that has no check), and its switches.

    The provider is empty if no contract names one.
    """

    key: SiteKey
    provider: str
    uplink: Device | None = None
    switches: list[Device] = field(default_factory=list)

    def devices(self) -> Iterator[Device]:
        """Yield the uplink, then the switches."""
        if self.uplink is not None:
            yield self.uplink
        yield from self.switches


class Roster:
    """The devices of an inventory; those that are checked in the same way keep their state.

    `cycle_seconds` is the longest round of an uplink or a reference: its interval and time-out.
    """

    __slots__ = ("cycle_seconds", "devices", "providers", "references", "sites")

    def __init__(self, inventory: Inventory, now: Moment, before: Roster | None = None) -> None:
        self.devices: dict[DeviceKey, Device] = {}
        self.sites: dict[SiteKey, SiteDevices] = {}
        self.references: list[tuple[str, Device]] = []
        providers = {school.key(site): site.uplink.provider for school, site in inventory.sites()}
        self.providers = tuple(dict.fromkeys(filter(None, providers.values())))
        handovers = {one.name: one.provider for one in inventory.references}
        known = before.devices if before is not None else {}
        for key, check in _deciding(inventory).items():
            device = known.get(key)
            if device is None or device.check != check:
                device = _new_device(check, now, device)
            self.devices[key] = device
            if check.target.role is Role.REFERENCE:
                self.references.append((handovers[check.target.device], device))
                continue
            place = check.target.site_key
            site = self.sites.setdefault(place, SiteDevices(place, providers[place]))
            if check.target.role is Role.UPLINK:
                site.uplink = device
            else:
                site.switches.append(device)
        rounds = [
            device.check.interval + device.check.timeout
            for device in self.devices.values()
            if device.check.target.role is not Role.SWITCH
        ]
        self.cycle_seconds = max(rounds, default=0.0)

    def remember(self, known: Mapping[Subject, Verdict]) -> None:
        """Restore the last verdicts from before the start that were not unknown."""
        for device in self.devices.values():
            if device.subject is None or device.subject not in known:
                continue
            device.known = known[device.subject]
            if device.known.state is State.UP:
                device.track = replace(device.track, has_answered=True)


def device_key(check: Check) -> DeviceKey:
    """Return the key of a device."""
    return check.target.school, check.target.site, check.target.device


def starting(now: Moment) -> Verdict:
    """Return the verdict on a device before its first round."""
    return Verdict(State.UNKNOWN, Cause.STARTING, now.instant, "no full round yet")


def _deciding(inventory: Inventory) -> dict[DeviceKey, Check]:
    """Return the check of each device that decides its verdict."""
    deciding: dict[DeviceKey, Check] = {}
    for check in inventory.checks():
        key = device_key(check)
        known = deciding.get(key)
        if known is None or _PREFERENCE.index(check.kind) < _PREFERENCE.index(known.kind):
            deciding[key] = check
    return deciding


def _new_device(check: Check, now: Moment, before: Device | None) -> Device:
    role, track = check.target.role, Track(check.interval, now.monotonic)
    subject = None if role is Role.REFERENCE else Subject.of(check.target)
    device = Device(check, subject, track, starting(now), {})
    if subject is not None and before is not None and before.check.target == check.target:
        is_known = before.verdict.state is not State.UNKNOWN
        device.known = before.verdict if is_known else before.known
    return device
