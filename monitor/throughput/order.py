"""The settings of a throughput test, and the count of its transferred payload.

Must not know: iperf3, or HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.observation import Outcome, Reason
from monitor.probes.attempt import ProbeError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from monitor.clock import Clock
    from monitor.inventory.city import Throughput
    from monitor.threads import ProbeThreads


class Tally:
    """Payload bytes transferred so far, of at most `limit`; changes are reported to a callback."""

    __slots__ = ("_told", "limit", "moved")

    def __init__(self, limit: int, told: Callable[[int], None]) -> None:
        self._told = told
        self.limit = limit
        self.moved = 0

    def set(self, moved: int) -> None:
        """Set the sum so far.

        Raises:
            ProbeError: if it exceeds the cap.
        """
        self.moved = max(self.moved, moved)
        self._told(self.moved)
        if self.moved > self.limit:
            raise self.exhausted()

    def exhausted(self) -> ProbeError:
        """Return the failure for reaching the cap."""
        said = f"stopped at the cap of {self.limit / 1e6:.1f} MB"
        return ProbeError(Reason.LIMIT, said, Outcome.UNKNOWN)


@dataclass(frozen=True, slots=True)
class TransferOrder:
    """One test of one direction; `deadline` is a monotonic instant in seconds."""

    settings: Throughput
    direction: Literal["down", "up"]
    clock: Clock
    deadline: float
    tally: Tally
    threads: ProbeThreads

    def without_payload(self) -> ProbeError:
        """Return the failure of a test that received no payload: that is not a rate."""
        said = f"no payload came through in {self.settings.seconds:g} s"
        return ProbeError(Reason.TIMEOUT, said)
