"""The text of every family, one block per check or owner, streamed at a scrape.

A block is immutable and replaced as a whole, so a scrape sees each block either before or
after a poll, never half. Blocks live in dictionaries by family, school and owner, so one school's
series are cheap to find and to drop.

Must not know: HTTP, or how a block's text is made.
"""

from __future__ import annotations

import asyncio
import math
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import TYPE_CHECKING

from monitor.exposition.catalogue import CATALOGUE
from monitor.exposition.devices import POLLED
from monitor.exposition.interfaces import LONGEST_POLLED_SECONDS, LOOK_BACK_SECONDS
from monitor.exposition.inventory_info import (
    MONITOR_REFERENCE_INFO,
    render_references,
    render_school,
)
from monitor.exposition.render import CheckRenderer
from monitor.inventory.checks import BACK_OFF_KINDS, BACK_OFF_LIMIT_SECONDS
from monitor.observation import DeviceReading

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from monitor.clock import Clock
    from monitor.exposition.own import OwnMetrics
    from monitor.inventory.checks import Check
    from monitor.inventory.city import Inventory
    from monitor.observation import Observation

# Joining and sending 200 KiB blocks the loop for 0.5 ms at most (bench/exposition.py); the
# probes run between two slices.
SLICE_BYTES = 200 * 1024

# Series are kept for this many missed runs of their check.
MISSED_RUNS = 6
# Walks of dead devices back off and must not lose their probe_success 0 in between.
SHORTEST_LIFE_OF_WALKS = 1.2 * BACK_OFF_LIMIT_SECONDS

_INVENTORY = "inventory"


@dataclass(slots=True)
class _Owner:
    """The blocks of one check.

    `places` has, by family, the dictionary of blocks that contains this check's block. As long as
    it does, the dictionary is in use: only empty ones are removed. `expires` is monotonic;
    `polled_expires` is Unix time, for families that carry the time of their reading.
    """

    school: str
    renderer: CheckRenderer
    places: dict[str, dict[str, bytes]] = field(default_factory=dict)
    expires: float = 0.0
    polled_expires: float = math.inf


class Exposition:
    """All series of the daemon as text, ready to be joined."""

    def __init__(self, clock: Clock, own: OwnMetrics | None = None) -> None:
        self._clock = clock
        self._own = own
        self._blocks: dict[str, dict[str, dict[str, bytes]]] = {}
        self._owners: dict[str, _Owner] = {}
        self._replaced: dict[tuple[str, str], AbstractSet[str]] = {}
        self._wanted: AbstractSet[str] | None = None
        self.generation = 0

    def observe(self, observation: Observation) -> None:
        """Render an observation; its blocks replace those of the check's previous run.

        An observation of a check that a reload has removed is ignored.
        """
        check = observation.check
        if self._wanted is not None and check.id not in self._wanted:
            return
        owner = self._owners.get(check.id)
        if owner is None:
            owner = self._owners[check.id] = _Owner(check.target.school, CheckRenderer(check))
        now = self._clock.monotonic()
        self._put(check, owner, owner.renderer.render(observation, now), now)
        owner.polled_expires = _polled_expires(observation)

    def _put(self, check: Check, owner: _Owner, rendered: Mapping[str, bytes], now: float) -> None:
        places = owner.places
        for family, text in rendered.items():
            place = places.get(family)
            if place is None:
                place = places[family] = self._place(family, owner.school)
            place[check.id] = text
        if len(places) != len(rendered):
            for family in places.keys() - rendered.keys():
                self.drop_block(family, owner.school, check.id)
                del places[family]
        life = check.interval * MISSED_RUNS
        if check.kind in BACK_OFF_KINDS:
            life = max(life, SHORTEST_LIFE_OF_WALKS)
        owner.expires = now + life

    def set_block(self, family: str, school: str, owner: str, text: bytes) -> None:
        """Set the sample lines of `owner` (unique within family and school).

        `text` consists of whole lines without HELP and TYPE, as `Blocks.text` makes them; an empty
        one removes the block. `school` is empty for series that belong to no school.

        Raises:
            KeyError: if the family is not in the catalogue.
        """
        if not text:
            self.drop_block(family, school, owner)
            return
        self._place(family, school)[owner] = text

    def set_blocks(self, school: str, owner: str, texts: Mapping[str, bytes]) -> None:
        """Set the blocks that `Blocks.text` returns: family to the sample lines of `owner`."""
        for family, text in texts.items():
            self.set_block(family, school, owner, text)

    def replace_blocks(self, school: str, owner: str, texts: Mapping[str, bytes]) -> None:
        """Set these blocks in place of all earlier ones of `owner` in that school."""
        for family in self._replaced.get((school, owner), frozenset()) - texts.keys():
            self.drop_block(family, school, owner)
        self._replaced[school, owner] = frozenset(texts)
        self.set_blocks(school, owner, texts)

    def drop_block(self, family: str, school: str, owner: str) -> None:
        """Remove a block; nothing happens if there is none."""
        schools = self._blocks.get(family, {})
        blocks = schools.get(school, {})
        blocks.pop(owner, None)
        if not blocks:
            schools.pop(school, None)

    def retain(self, check_ids: AbstractSet[str]) -> None:
        """Drop the series and the totals of all other checks, and ignore their later runs."""
        self.generation += 1
        self._wanted = frozenset(check_ids)
        for check_id in [known for known in self._owners if known not in check_ids]:
            self._drop_series(check_id, self._owners.pop(check_id))

    def set_inventory(self, inventory: Inventory) -> None:
        """Expose the inventory, and drop the series of removed checks and schools."""
        self.retain({check.id for check in inventory.checks()})
        schools = {"", *(school.id for school in inventory.schools)}
        for by_school in self._blocks.values():
            for gone in by_school.keys() - schools:
                del by_school[gone]
        self._replaced = {key: held for key, held in self._replaced.items() if key[0] in schools}
        self._count_from_zero(inventory)
        for school in inventory.schools:
            self.set_blocks(school.id, _INVENTORY, render_school(school))
        self.drop_block(MONITOR_REFERENCE_INFO.name, "", _INVENTORY)
        self.set_blocks("", _INVENTORY, render_references(inventory))

    def unshare(self) -> None:
        """Continue with copies of everything that is changed in place, as a twin must."""
        self._blocks = {
            family: {school: dict(blocks) for school, blocks in schools.items()}
            for family, schools in self._blocks.items()
        }
        self._owners = {
            check_id: replace(
                owner,
                places={family: self._blocks[family][owner.school] for family in owner.places},
            )
            for check_id, owner in self._owners.items()
        }
        self._replaced = dict(self._replaced)

    def _count_from_zero(self, inventory: Inventory) -> None:
        """Expose the counters of new checks at 0, before their first run."""
        now = self._clock.monotonic()
        for check in inventory.checks():
            if check.id not in self._owners:
                owner = _Owner(check.target.school, CheckRenderer(check))
                self._owners[check.id] = owner
                self._put(check, owner, owner.renderer.totals(), now)

    def expire(self) -> None:
        """Drop the series of checks whose last runs are overdue; totals are kept.

        Series that carry the time of their reading are dropped when it is older than the look-back.
        """
        now, instant = self._clock.monotonic(), self._clock.now().timestamp()
        for check_id, owner in self._owners.items():
            if owner.places and owner.expires <= now:
                self._drop_series(check_id, owner)
            elif owner.polled_expires <= instant:
                self._drop_series(check_id, owner, POLLED)

    async def stream(self, school: str | None = None) -> AsyncGenerator[bytes, None]:
        """Yield the whole exposition, or one school's, in slices of about `SLICE_BYTES`.

        An empty `school` selects the series that belong to no school, including the daemon's own.
        Families come one after the other, each with its HELP and TYPE once. The event loop runs
        other tasks between any two slices.
        """
        self.expire()
        rest: list[bytes] = []
        for pieces in self._families(school):
            *whole, rest = _slices(rest + pieces)
            for one in whole:
                yield b"".join(one)
                await asyncio.sleep(0)
        if rest:
            yield b"".join(rest)
        if not school and self._own is not None:
            for text in self._own.families():
                await asyncio.sleep(0)
                yield text

    def _place(self, family: str, school: str) -> dict[str, bytes]:
        """Return the blocks of a family and a school, created if there are none."""
        try:
            return self._blocks[family][school]
        except KeyError:
            CATALOGUE[family]  # refuses what is not declared
            return self._blocks.setdefault(family, {}).setdefault(school, {})

    def _families(self, school: str | None) -> Iterator[list[bytes]]:
        """Yield each family that has blocks: its header and its blocks."""
        for family in sorted(self._blocks):
            blocks = self._of_family(family, school)
            if blocks:
                yield [CATALOGUE[family].header, *blocks]

    def _of_family(self, family: str, school: str | None) -> list[bytes]:
        """Return a family's blocks as they are now; later changes do not affect the list."""
        schools = self._blocks[family]
        if school is not None:
            return list(schools.get(school, {}).values())
        return [block for blocks in schools.values() for block in blocks.values()]

    def _drop_series(
        self, check_id: str, owner: _Owner, families: AbstractSet[str] | None = None
    ) -> None:
        gone = owner.places.keys() if families is None else owner.places.keys() & families
        for family in list(gone):
            self.drop_block(family, owner.school, check_id)
            del owner.places[family]


def _slices(pieces: list[bytes]) -> Iterator[list[bytes]]:
    """Yield the pieces, as many at a time as fit into `SLICE_BYTES`, but at least one."""
    ends = [*accumulate(map(len, pieces))]
    first = sent = 0
    while first < len(pieces):
        behind = max(bisect_right(ends, sent + SLICE_BYTES), first + 1)
        yield pieces[first:behind]
        first, sent = behind, ends[behind - 1]


def _polled_expires(observation: Observation) -> float:
    """Return until when (Unix time) the values of a timestamped reading may be exposed."""
    values = observation.values
    if not isinstance(values, DeviceReading) or values.read_at is None:
        return math.inf
    if observation.check.interval > LONGEST_POLLED_SECONDS:
        return math.inf
    return values.read_at.timestamp() + LOOK_BACK_SECONDS
