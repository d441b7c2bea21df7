"""Which schools one of several daemons watches: rendezvous hashing by school.

Every daemon computes the same result without communication, and changing the number of daemons
moves as few schools as possible.

Source: Thaler and Ravishankar, "Using Name-Based Mappings to Increase Hit Rates" (1998).

Must not know: daemons.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.inventory.city import Inventory


@dataclass(frozen=True, slots=True)
class Shard:
    """Daemon `number` of `count`, counted from 1."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def has(self, school_id: str) -> bool:
        """Return whether this daemon monitors the school."""
        return self.with_school(school_id) == self

    def with_school(self, school_id: str) -> Shard:
        """Return the one of all `count` shards that monitors the school."""
        numbers = range(1, self.count + 1)
        number = max(numbers, key=lambda number: (_weight(school_id, number), number))
        return Shard(number, self.count)

    def of(self, inventory: Inventory) -> Inventory:
        """Return the inventory with this daemon's schools only; all daemons have all references."""
        shards = {school.id: self.with_school(school.id) for school in inventory.schools}
        schools = tuple(school for school in inventory.schools if shards[school.id] == self)
        elsewhere = {school: str(shard) for school, shard in shards.items() if shard != self}
        return replace(inventory, schools=schools, shard=str(self), elsewhere=elsewhere)


def _weight(school_id: str, number: int) -> bytes:
    return blake2b(f"{number}/{school_id}".encode(), digest_size=8).digest()
