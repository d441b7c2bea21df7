"""Minutes that a person reclassified afterwards: who, when, why, which, and into what.

The rows of the minutes never change. An excuse is a separate entry that reclassifies, for a month's
SLA figures, down as excused or unknown as down; another entry withdraws it.

Must not know: the ledger's file, verdicts, or how the figures are shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

from monitor.availability.minutes import CODES, EXCUSED, MinuteClass, minute_of, start_of
from monitor.ledger.codec import Codec
from monitor.state.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from monitor.ledger.chain import Entry

EXCUSE: Final = "excuse"
EXCUSE_WITHDRAWN: Final = "excuse_withdrawn"
MAX_DAYS: Final = 62
MAX_WORDS: Final = 200
MAX_SITES: Final = 2_000

Into = Literal["unknown", "down"]
INTO: Final[tuple[Into, ...]] = ("unknown", "down")


class ExcuseError(ValueError):
    """Minutes cannot be reclassified in this way; the message is one line with the remedy."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The withdrawal of an excuse (its id): when, by whom, and why."""

    excuse: str
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Excuse:
    """Reclassified `minutes` of some `school/site`, from minute `first` (number since 1970) on.

    `into` unknown: their down minutes are excused. `into` down: their unknown minutes count as
    down. `provider` is set if all sites of a provider were meant.
    """

    id: str
    at: datetime
    by: str
    reason: str
    sites: tuple[str, ...]
    provider: str
    first: int
    minutes: int
    into: Into
    withdrawn: Withdrawal | None = None

    @property
    def stop(self) -> int:
        """Return the number of the first minute after it."""
        return self.first + self.minutes

    @property
    def begins(self) -> datetime:
        """Return the instant at which its first minute begins."""
        return start_of(self.first)

    @property
    def ends(self) -> datetime:
        """Return the instant at which its last minute ends."""
        return start_of(self.stop)

    def touches(self, site: str, span: range) -> bool:
        """Return whether it covers a minute of a span at a site, withdrawn or not."""
        return site in self.sites and self.first < span.stop and span.start < self.stop


_EXCUSE: Final = Codec(
    EXCUSE, Excuse, wires={"id": Wire(str, str, str, "excuse"), "withdrawn": None}
)
_WITHDRAWAL: Final = Codec(EXCUSE_WITHDRAWN, Withdrawal)
excuse_entry, withdrawal_entry = _EXCUSE.entry, _WITHDRAWAL.entry


def read_excuses(entries: Iterable[Entry]) -> tuple[Excuse, ...]:
    """Return all excuses in the order they were recorded; other kinds are ignored.

    Of several entries with the same id, the first is used.

    Raises:
        MalformedEntryError: if an entry has an invalid payload.
    """
    found: dict[str, Excuse] = {}
    withdrawn: dict[str, Withdrawal] = {}
    for entry in entries:
        if entry.kind == EXCUSE:
            excuse = _EXCUSE.read(entry)
            found.setdefault(excuse.id, excuse)
        elif entry.kind == EXCUSE_WITHDRAWN:
            one = _WITHDRAWAL.read(entry)
            withdrawn.setdefault(one.excuse, one)
    return tuple(replace(one, withdrawn=withdrawn.get(one.id)) for one in found.values())


def minutes_between(begins: datetime, ends: datetime, now: datetime, zone: ZoneInfo) -> range:
    """Return the minutes from one instant to another; messages use the local time of `zone`.

    Raises:
        ExcuseError: if the range is empty, reversed, in the future, before 1970, longer than
            `MAX_DAYS`, or not in whole minutes.
    """
    if ends > now:
        raise ExcuseError(
            f"the end {ends.astimezone(zone):%Y-%m-%d %H:%M} lies in the future: it is "
            f"{now.astimezone(zone):%Y-%m-%d %H:%M %Z} now, and only minutes that are over can be "
            "reclassified"
        )
    for name, at in (("start", begins), ("end", ends)):
        if at.second or at.microsecond:
            local = at.astimezone(zone).time().isoformat()
            raise ExcuseError(f"the {name} {local} is not a whole minute; leave the seconds out")
    if ends == begins:
        raise ExcuseError("the end is the start: no minute lies between; name a later end")
    if ends < begins:
        raise ExcuseError("the end lies before the start; swap them")
    if minute_of(begins) < 0:
        raise ExcuseError("the start lies before 1970, and so before any record; name a later one")
    if ends - begins > timedelta(days=MAX_DAYS):
        raise ExcuseError(
            f"{(ends - begins).days} days at once; at most {MAX_DAYS} are allowed: split the range"
        )
    return range(minute_of(begins), minute_of(ends))


def checked_words(words: str, what: str) -> str:
    """Return one line of printable text.

    Raises:
        ExcuseError: if it is empty or too long.
    """
    line = " ".join("".join(char if char.isprintable() else " " for char in words).split())
    if not line:
        raise ExcuseError(f"an excuse needs {what}: the report shows it; give one")
    if len(line) > MAX_WORDS:
        raise ExcuseError(f"{what} has {len(line)} characters; {MAX_WORDS} fit")
    return line


def require_free(excuse: Excuse, others: Iterable[Excuse]) -> None:
    """Reject an excuse that overlaps one in force.

    Raises:
        ExcuseError: names the site and the other excuse.
    """
    if len(excuse.sites) > MAX_SITES:
        raise ExcuseError(f"{len(excuse.sites)} sites at once; {MAX_SITES} are allowed")
    mine, span = frozenset(excuse.sites), range(excuse.first, excuse.stop)
    for other in others:
        common = mine.intersection(other.sites)
        if other.withdrawn is None and common and other.touches(min(common), span):
            raise ExcuseError(
                f"{min(common)} has minutes in common with excuse {other.id} ({other.reason}); "
                "withdraw that one first, or name other minutes"
            )


def unrecorded(asked: Excuse | Withdrawal, known: Sequence[Excuse]) -> Entry | None:
    """Return the entry for a person's request, None if it is in the ledger already.

    Raises:
        ExcuseError: if the request is not possible.
    """
    same = next((one for one in known if one.id == _id(asked)), None)
    if isinstance(asked, Excuse):
        if same is not None:
            return None
        require_free(asked, known)
        return excuse_entry(asked)
    if same is None:
        ids = ", ".join(one.id for one in known if one.withdrawn is None) or "none"
        raise ExcuseError(f"there is no excuse {asked.excuse!r}; those in force: {ids}")
    return withdrawal_entry(asked) if same.withdrawn is None else None


def _id(asked: Excuse | Withdrawal) -> str:
    return asked.id if isinstance(asked, Excuse) else asked.excuse


def with_asked(known: Sequence[Excuse], asked: Iterable[Excuse | Withdrawal]) -> tuple[Excuse, ...]:
    """Return the excuses as they will be once all requests are in the ledger."""
    entries = [excuse_entry(one) for one in known]
    entries += [withdrawal_entry(one.withdrawn) for one in known if one.withdrawn is not None]
    for one in asked:
        entries.append(excuse_entry(one) if isinstance(one, Excuse) else withdrawal_entry(one))
    return read_excuses(entries)


def read_asked(entry: Entry) -> Excuse | Withdrawal:
    """Return the request in a single entry.

    Raises:
        MalformedEntryError: if it is neither an excuse nor a withdrawal.
    """
    return _WITHDRAWAL.read(entry) if entry.kind == EXCUSE_WITHDRAWN else _EXCUSE.read(entry)


@dataclass(frozen=True, slots=True)
class Turned:
    """A site's minutes after the excuses: `excused` were down, `charged` were unknown.

    `by_excuse` has how many each excuse changed, by its id.
    """

    codes: bytes
    excused: int
    charged: int
    by_excuse: Mapping[str, int]


def turn_over(codes: bytes, span: range, site: str, excuses: Sequence[Excuse]) -> Turned:
    """Return a site's minutes of a span with the excuses in force applied."""
    down, unknown = (CODES[kind].encode() for kind in (MinuteClass.DOWN, MinuteClass.UNKNOWN))
    excused = charged = 0
    by_excuse: dict[str, int] = {}
    for excuse in excuses:
        if excuse.withdrawn is not None or not excuse.touches(site, span):
            continue
        begins = max(excuse.first, span.start) - span.start
        ends = min(excuse.stop, span.stop) - span.start
        part = codes[begins:ends]
        if excuse.into == "unknown":
            by_excuse[excuse.id] = part.count(down)
            excused += by_excuse[excuse.id]
            part = part.replace(down, EXCUSED)
        else:
            by_excuse[excuse.id] = part.count(unknown)
            charged += by_excuse[excuse.id]
            part = part.replace(unknown, down)
        codes = codes[:begins] + part + codes[ends:]
    return Turned(codes, excused, charged, by_excuse)
