"""What a minute counts as, and the sums of a local day.

Every minute of a site has exactly one class; the classes of a local day sum to the day's
minutes, 1380 and 1500 on the days when the clock changes. Minutes are numbered from
1970-01-01 00:00 UTC, so a change of the local clock neither repeats nor skips one.

Must not know: the ledger, or how states are determined.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from monitor.observation import State

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE: Final = timedelta(minutes=1)


class MinuteClass(StrEnum):
    """The class of a minute; only up and down count towards the contract."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"
    MAINTENANCE = "maintenance"
    OUTSIDE = "outside"


# One character per minute: a month of the city is 4 MB, and counting is a byte search.
CODES: Final = {
    MinuteClass.UP: "u",
    MinuteClass.DOWN: "d",
    MinuteClass.UNKNOWN: "?",
    MinuteClass.MAINTENANCE: "m",
    MinuteClass.OUTSIDE: "o",
}
MISSING: Final = b"-"
AHEAD: Final = b"."
# Before the ledger's first record of the site: the monitor was not installed yet.
BEFORE: Final = b"<"
# Recorded as down and excused by a person: counts neither for nor against the line.
EXCUSED: Final = b"x"


@dataclass(frozen=True, slots=True)
class Account:
    """Minutes by class; `ahead` are those that are not over or not settled yet.

    `before` are those before the site was first recorded. `excused` were down, and a person excused
    them afterwards.
    """

    up: int = 0
    down: int = 0
    unknown: int = 0
    maintenance: int = 0
    outside: int = 0
    ahead: int = 0
    excused: int = 0
    before: int = 0

    def __add__(self, other: Account) -> Account:
        return Account(
            self.up + other.up,
            self.down + other.down,
            self.unknown + other.unknown,
            self.maintenance + other.maintenance,
            self.outside + other.outside,
            self.ahead + other.ahead,
            self.excused + other.excused,
            self.before + other.before,
        )

    @property
    def minutes(self) -> int:
        """Return the sum of all classes."""
        seen = self.up + self.down + self.unknown + self.excused
        return seen + self.maintenance + self.outside + self.ahead + self.before

    @property
    def is_whole(self) -> bool:
        """Return whether no minute is before the installation or ahead."""
        return not (self.before or self.ahead)

    @property
    def recorded_share(self) -> float:
        """Return the share of the minutes that are recorded and not unknown, a ratio."""
        missing = self.before + self.ahead + self.unknown
        return 1 - missing / self.minutes if self.minutes else 0.0

    @property
    def counted(self) -> int:
        """Return the minutes that the availability is based on: up and down."""
        return self.up + self.down

    @property
    def availability(self) -> float | None:
        """Return up / (up + down), a ratio; None without a counted minute."""
        return self.up / self.counted if self.counted else None

    @property
    def availability_at_worst(self) -> float | None:
        """Return the availability if every unknown minute had been down; None without minutes."""
        owed = self.counted + self.unknown
        return self.up / owed if owed else None

    @property
    def availability_at_best(self) -> float | None:
        """Return the availability if every unknown minute had been up; None without minutes."""
        owed = self.counted + self.unknown
        return (self.up + self.unknown) / owed if owed else None


@dataclass(frozen=True, slots=True)
class DayAccount:
    """The account of one local day."""

    day: date
    account: Account


def minute_class(state: State, *, in_maintenance: bool, in_service_hours: bool) -> MinuteClass:
    """Return the class of a minute.

    Outside the contract's hours nothing is owed, whatever happens then: `outside` comes first,
    so that night work never looks like maintenance in the hours that count. In a maintenance
    window down does not count against the line, nor up for it: a window cannot improve the
    figure. In all other minutes the observed state counts.
    """
    if not in_service_hours:
        return MinuteClass.OUTSIDE
    if in_maintenance:
        return MinuteClass.MAINTENANCE
    return MinuteClass(state.value)


def minute_of(at: datetime) -> int:
    """Return the number of the minute that contains an aware instant."""
    return (at - _EPOCH) // _MINUTE


def start_of(minute: int) -> datetime:
    """Return the aware UTC instant at which a minute begins."""
    return _EPOCH + minute * _MINUTE


def minutes_of_day(day: date, zone: ZoneInfo) -> range:
    """Return the minutes of a local day: 1440 of them, or 1380 or 1500 when the clock changes."""
    return range(_local_midnight(day, zone), _local_midnight(day + timedelta(days=1), zone))


def settle_missing(
    codes: bytes,
    span: range,
    horizon: int,
    in_service_hours: Callable[[datetime], bool] | None,
    begun: int,
) -> bytes:
    """Return one class per minute, where some minutes have no record.

    A minute without a record is unknown, or outside if the calendar alone says so
    (`in_service_hours`; None is round the clock), or ahead from minute `horizon` on, or before
    the installation if it is before minute `begun`.
    """
    begins_ahead = min(max(horizon - span.start, 0), len(codes))
    ends_before = min(max(begun - span.start, 0), begins_ahead)
    ahead = codes[begins_ahead:].replace(MISSING, AHEAD)
    early = codes[:ends_before].replace(MISSING, BEFORE)
    past = codes[ends_before:begins_ahead]
    unknown = CODES[MinuteClass.UNKNOWN].encode()
    if in_service_hours is None:
        return early + past.replace(MISSING, unknown) + ahead
    outside = CODES[MinuteClass.OUTSIDE].encode()
    settled = bytearray(past)
    place = past.find(MISSING)
    while place >= 0:
        owed = in_service_hours(start_of(span[ends_before + place]))
        settled[place : place + 1] = unknown if owed else outside
        place = past.find(MISSING, place + 1)
    return early + bytes(settled) + ahead


def account(codes: bytes) -> Account:
    """Return the sums of minutes, given as codes without gaps.

    Raises:
        ValueError: if a minute has no class.
    """
    up, down, unknown, maintenance, outside = (
        codes.count(CODES[kind].encode())
        for kind in (
            MinuteClass.UP,
            MinuteClass.DOWN,
            MinuteClass.UNKNOWN,
            MinuteClass.MAINTENANCE,
            MinuteClass.OUTSIDE,
        )
    )
    total = Account(
        up,
        down,
        unknown,
        maintenance,
        outside,
        codes.count(AHEAD),
        codes.count(EXCUSED),
        codes.count(BEFORE),
    )
    if total.minutes != len(codes):
        raise ValueError(f"{len(codes) - total.minutes} minutes have no class")
    return total


def account_days(codes: bytes, days: list[date], zone: ZoneInfo) -> list[DayAccount]:
    """Return the account of each of consecutive local days, whose minutes are `codes`."""
    accounts, place = [], 0
    for day in days:
        length = len(minutes_of_day(day, zone))
        accounts.append(DayAccount(day, account(codes[place : place + length])))
        place += length
    return accounts


def _local_midnight(day: date, zone: ZoneInfo) -> int:
    return minute_of(datetime.combine(day, time(), zone).astimezone(UTC))
