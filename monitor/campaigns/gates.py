"""Whether a test may start now, and whether it may go on; every refusal has its reason.

Pure: the caller provides the state of the line, the calendar and the ledger.

Must not know: how a test is run, where anything is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal

from monitor.ledger.codec import Codec
from monitor.observation import State
from monitor.state.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from monitor.campaigns.plan import LessonHours
    from monitor.inventory.city import Contract, Throughput
    from monitor.ledger.chain import Entry

TRAFFIC: Final = "campaign_traffic"


class Refusal(StrEnum):
    """Why a test was not started, or was stopped."""

    CANCELLED = "cancelled"
    NOT_CONFIGURED = "not_configured"
    LESSONS = "lessons"
    MAINTENANCE = "maintenance"
    UPLINK = "uplink"
    SLOT_TAKEN = "slot_taken"
    BYTE_CAP = "byte_cap"
    LOAD_UNKNOWN = "load_unknown"
    LOAD = "load"
    MONITOR_STOPS = "monitor_stops"


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal with its sentence; `until` is when a retry makes sense, if known."""

    refusal: Refusal
    sentence: str
    until: datetime | None = None

    def __str__(self) -> str:
        return f"{self.refusal}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Situation:
    """The conditions for a test at one moment.

    `lessons_until` and `maintenance_until` are None outside of them, `slot_holder` is the site
    under test (empty: none). `load` is the cross traffic as a share of the contracted rate, None
    if unknown. Bytes are payload.
    """

    uplink: State
    lessons_until: datetime | None
    maintenance_until: datetime | None
    slot_holder: str
    bytes_left: int
    bytes_needed: int
    load: float | None
    max_load: float
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """A site that tests, or is about to: tests of one scope exclude one another."""

    site: str
    scope: Literal["city", "provider"]
    provider: str

    def excludes(self, other: Hold) -> bool:
        """Return whether the two must not test at the same time."""
        if "city" in {self.scope, other.scope}:
            return True
        return self.provider == other.provider


def why_not_begin(situation: Situation) -> Refused | None:
    """Return why a test may not start, None if it may."""
    refused = why_stop(situation)
    if refused is not None:
        return refused
    if situation.uplink is not State.UP:
        return Refused(Refusal.UPLINK, f"the uplink is {situation.uplink}, not up")
    if situation.slot_holder:
        return Refused(Refusal.SLOT_TAKEN, f"{situation.slot_holder} is being tested")
    if situation.bytes_needed > situation.bytes_left:
        said = (
            f"a test takes {_amount(situation.bytes_needed)}, and "
            f"{_amount(max(0, situation.bytes_left))} are left of the day's cap"
        )
        return Refused(Refusal.BYTE_CAP, said)
    if situation.load is None:
        said = "the uplink's load is not known from its counters"
        return Refused(Refusal.LOAD_UNKNOWN, said)
    return None


def why_stop(situation: Situation) -> Refused | None:
    """Return why a running test must stop at once, None if it may go on."""
    if situation.is_cancelled:
        return Refused(Refusal.CANCELLED, "the campaign was cancelled")
    if situation.lessons_until is not None:
        until = situation.lessons_until
        return Refused(Refusal.LESSONS, f"lessons until {until:%Y-%m-%d %H:%M} UTC", until)
    if situation.maintenance_until is not None:
        until = situation.maintenance_until
        return Refused(Refusal.MAINTENANCE, f"maintenance until {until:%Y-%m-%d %H:%M} UTC", until)
    if situation.uplink is State.DOWN:
        return Refused(Refusal.UPLINK, "the uplink is down")
    if situation.load is not None and situation.load > situation.max_load:
        said = (
            f"others use {100 * situation.load:.1f} % of the contracted rate, "
            f"{100 * situation.max_load:g} % are allowed"
        )
        return Refused(Refusal.LOAD, said)
    return None


def bytes_needed(settings: Throughput, contract: Contract) -> int:
    """Return the payload that one test in both directions transfers at the contracted rates."""
    seconds = settings.warm_up + settings.seconds
    return int((contract.down_bps + contract.up_bps) * seconds / 8)


def lessons_until(
    school_type: str, lessons: LessonHours, begin: datetime, end: datetime
) -> datetime | None:
    """Return the end of lessons that a test from `begin` to `end` overlaps, None if none."""
    days = {lessons.local_day(begin), lessons.local_day(end)}
    touched = [
        ends
        for day in days
        for starts, ends in lessons.lessons_on(school_type, day)
        if starts <= end and begin < ends
    ]
    return max(touched, default=None)


@dataclass(frozen=True, slots=True)
class Traffic:
    """The payload of a test at a `school/site` that began at `at`, whether it counts or not."""

    site: str
    campaign: str
    at: datetime
    payload_bytes: int


_TRAFFIC: Final = Codec(
    TRAFFIC, Traffic, subject="site", wires={"payload_bytes": Wire(int, int, int, "bytes")}
)
traffic_entry, read_traffic = _TRAFFIC.entry, _TRAFFIC.read


def moved_on(entries: Iterable[Entry], site: str, day: date, lessons: LessonHours) -> int:
    """Return the payload bytes that a site's tests transferred on a local day.

    Raises:
        MalformedEntryError: if an entry has an invalid payload.
    """
    return sum(
        read_traffic(entry).payload_bytes
        for entry in entries
        if entry.kind == TRAFFIC and entry.subject == site and lessons.local_day(entry.at) == day
    )


def _amount(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 10**9 else f"{count / 1e6:.1f} MB"
