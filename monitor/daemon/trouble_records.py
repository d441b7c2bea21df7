"""The ledger's entries on a device's problems, and how they are read back.

An entry lists all problems of a device from an instant on; the newest one counts. Outages of
uplinks are not included: they are transitions (`monitor.availability.records`).

Must not know: where entries are kept, or how problems are detected.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003  # read by the codec
from typing import TYPE_CHECKING, Final, Literal

from monitor.ledger.chain import MalformedEntryError
from monitor.ledger.codec import Codec
from monitor.observation import State
from monitor.verdict import Cause, Degradation, Remembered, Subject, SubjectKind, Trouble, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from monitor.ledger.chain import Entry

log = logging.getLogger(__name__)

TROUBLE: Final = "trouble"
# A device with a thousand broken sensors must not fill the ledger.
_MOST_PROBLEMS: Final = 50
_LONGEST_TEXT: Final = 200
_DOWN: Final = "down"


@dataclass(frozen=True, slots=True)
class _Problem:
    """One problem: `down` or a `Trouble`, as text because a newer program may know others."""

    reason: str
    check: str
    part: str
    since: datetime
    detail: str


@dataclass(frozen=True, slots=True)
class _DeviceTrouble:
    device: str
    at: datetime
    kind: Literal["uplink", "switch"]
    problems: tuple[_Problem, ...]
    falls: tuple[datetime, ...]


_CODEC: Final = Codec(TROUBLE, _DeviceTrouble, subject="device")


def trouble_entry(subject: Subject, found: Remembered, at: datetime) -> Entry:
    """Return the entry with a device's problems from an instant on."""
    problems = [
        _Problem(one.trouble.value, one.check, one.part, one.since, one.detail[:_LONGEST_TEXT])
        for one in found.degraded
        if len(one.part) <= _LONGEST_TEXT
    ][:_MOST_PROBLEMS]
    if (down := found.down) is not None:
        problems.insert(0, _Problem(_DOWN, "", "", down.since, down.detail[:_LONGEST_TEXT]))
    name = f"{subject.site_key}/{subject.device}"
    kind: Literal["uplink", "switch"] = "uplink" if subject.kind is SubjectKind.UPLINK else "switch"
    return _CODEC.entry(_DeviceTrouble(name, at, kind, tuple(problems), found.falls))


def read_trouble(entry: Entry) -> tuple[Subject, Remembered]:
    """Return the device that an entry is about, and its problems.

    Problems that only a newer program knows are left out.

    Raises:
        MalformedEntryError: if it is another kind of entry, or malformed.
    """
    recorded = _CODEC.read(entry)
    school, site, device = (*recorded.device.split("/"), "", "")[:3]
    down = [
        Verdict(State.DOWN, Cause.NO_ANSWER, one.since, one.detail)
        for one in recorded.problems
        if one.reason == _DOWN
    ]
    found = tuple(
        Degradation(Trouble(one.reason), one.check, one.part, one.since, one.detail)
        for one in recorded.problems
        if one.reason in set(Trouble)
    )
    subject = Subject(SubjectKind(recorded.kind), school, site, device)
    return subject, Remembered(next(iter(down), None), found, recorded.falls)


def troubles_of(
    entries: Iterable[Entry], devices: Collection[Subject]
) -> dict[Subject, Remembered]:
    """Return the problems of these devices, from the newest entry of each.

    An unreadable entry is logged and left out: only the start times of its problems are lost.
    """
    found: dict[Subject, Remembered] = {}
    for entry in entries:
        try:
            subject, wrong = read_trouble(entry)
        except MalformedEntryError as error:
            log.warning("ignored; its problems get new start times when found again: %s", error)
            continue
        if subject in devices:
            found[subject] = wrong
    return found
