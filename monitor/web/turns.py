"""Which password is checked next; only one is checked at a time.

Addresses take turns, those with the fewest failed logins first, and of these the known ones. If the
queue is full, a less trusted login is removed for a more trusted one: unknown user names, addresses
with more failures, new addresses, addresses with more pending logins. So a flood of wrong logins
only delays itself.

Must not know: passwords, or threads.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_WAITING: Final = 16
MAX_WAITING_OF_ONE: Final = 4
KEPT_FOR_USERS: Final = 4
"""Places that are reserved for logins of configured users."""

Work = TypeVar("Work")


@dataclass(frozen=True, slots=True, eq=False)
class Waiting(Generic[Work]):
    """A pending login; `is_user` says whether the name is a configured user's."""

    address: str
    is_user: bool
    work: Work


class Turns(Generic[Work]):
    """The pending logins.

    `failures` returns how often an address has failed lately, `returns` whether it is known.
    """

    def __init__(self, failures: Callable[[str], float], returns: Callable[[str], bool]) -> None:
        self._failures = failures
        self._returns = returns
        # In the order in which the addresses are served.
        self._lines: dict[str, deque[Waiting[Work]]] = {}

    def __len__(self) -> int:
        """Return how many are pending."""
        return sum(map(len, self._lines.values()))

    def join(self, one: Waiting[Work]) -> tuple[bool, Waiting[Work] | None]:
        """Return whether a login may wait, and which other one is removed for it."""
        if len(self._lines.get(one.address, ())) >= MAX_WAITING_OF_ONE:
            return False, None
        other = None
        if len(self) >= MAX_WAITING - (0 if one.is_user else KEPT_FOR_USERS):
            other = self._giving_way_to(one)
            if other is None:
                return False, None
            self.leave(other)
        self._lines.setdefault(one.address, deque()).append(one)
        return True, other

    def leave(self, one: Waiting[Work]) -> None:
        """Remove a login; nothing happens if it is not pending."""
        line = self._lines.get(one.address, deque())
        if one in line:
            line.remove(one)
            if not line:
                del self._lines[one.address]

    def next(self) -> Waiting[Work] | None:
        """Remove and return the next login; None if none is pending."""
        if not self._lines:
            return None
        # Of equal ones the first: it has waited longest.
        line = self._lines.pop(min(self._lines, key=self._order))
        one = line.popleft()
        if line:
            self._lines[one.address] = line
        return one

    def _order(self, address: str) -> tuple[float, bool]:
        return self._failures(address), not self._returns(address)

    def _giving_way_to(self, one: Waiting[Work]) -> Waiting[Work] | None:
        last = max((line[-1] for line in self._lines.values()), key=self._standing)
        mine = len(self._lines.get(one.address, ())) + 1
        return last if self._standing(last) > self._standing(one, mine) else None

    def _standing(self, one: Waiting[Work], waiting: int = 0) -> tuple[bool, int, bool, int]:
        """Return a sort key: of two logins, the one with the larger key is removed first."""
        of_address = waiting or len(self._lines[one.address])
        failures, is_new = self._order(one.address)
        return not one.is_user, round(failures), is_new, of_address
