"""When each packet may be sent: in the order in which they are due, at a limited rate.

Must not know: what is sent, or how.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable

# At most 32 packets per millisecond: 2,000 targets are sent within 0.1 s, and the replies that
# arrive during a 20 ms stall of the loop stay below the receive buffer.
BATCH_PACKETS = 32
BATCH_PAUSE_SECONDS = 0.001

Item = TypeVar("Item")


class Pacer(Generic[Item]):
    """A queue of senders, each with the time of its next packet; one timer serves all of them."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        send: Callable[[list[Item]], Iterable[tuple[float, Item]]],
    ) -> None:
        """Send through `send` at a limited rate.

        Args:
            loop: the running event loop.
            send: sends one packet for each item, and returns the items that have another packet
                to send, with the seconds until then. The seconds count from the sending, so the
                packets of one item keep their distance after a stall of the loop.
        """
        self._loop = loop
        self._send = send
        self._queue: list[tuple[float, int, Item]] = []
        self._queued = 0
        self._timer: asyncio.TimerHandle | None = None
        self._next_batch = 0.0

    def add(self, item: Item) -> None:
        """Send an item's first packet as soon as the rate allows."""
        self._push(self._loop.time(), item)
        self._arm()

    def close(self) -> None:
        """Stop sending."""
        if self._timer is not None:
            self._timer.cancel()
        self._queue.clear()

    def _push(self, due: float, item: Item) -> None:
        self._queued += 1  # ties are sent in the order of arrival
        heapq.heappush(self._queue, (due, self._queued, item))

    def _arm(self) -> None:
        if not self._queue:
            return
        due = max(self._queue[0][0], self._next_batch)
        if self._timer is not None:
            if self._timer.when() <= due:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(due, self._send_batch)

    def _send_batch(self) -> None:
        self._timer = None
        now = self._loop.time()
        # One batch for all that is due before the next pause: what began together stays together.
        self._next_batch = horizon = now + BATCH_PAUSE_SECONDS
        batch: list[Item] = []
        while len(batch) < BATCH_PACKETS and self._queue and self._queue[0][0] <= horizon:
            batch.append(heapq.heappop(self._queue)[2])
        for pause, item in self._send(batch):
            self._push(now + pause, item)
        self._arm()
