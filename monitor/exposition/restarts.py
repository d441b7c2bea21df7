"""The restarts of one device, counted from poll to poll.

Must not know: how a restart is distinguished from a wrap.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from monitor.devices.restart import Clocks, Restart, restarted
from monitor.exposition.metric import DEVICE, Kind, Metric

if TYPE_CHECKING:
    from monitor.exposition.text import Blocks
    from monitor.observation import DeviceReading

SCHOOL_DEVICE_RESTARTS_TOTAL: Final = Metric(
    "school_device_restarts_total",
    Kind.COUNTER,
    "restarts",
    "Restarts seen since the monitor's own start: of the device, or only of its SNMP agent;"
    " a sysUpTime that wraps after 497 days does not count",
    (*DEVICE, "kind"),
    known={"kind": tuple(Restart)},
)


class RestartTotals:
    """The restarts since the device was first read."""

    __slots__ = ("_before", "_totals")

    def __init__(self) -> None:
        self._totals = Counter[Restart]()
        self._before: tuple[Clocks, float] | None = None

    def count(self, reading: DeviceReading, now: float) -> None:
        """Process a reading that was made at `now`, on the monotonic clock."""
        if reading.uptime_ticks is None:
            return
        clocks = Clocks(reading.uptime_ticks, reading.host_uptime_ticks, reading.engine_seconds)
        if self._before is not None:
            before, then = self._before
            found = restarted(before, clocks, now - then)
            if found is not None:
                self._totals[found] += 1
        self._before = clocks, now

    @property
    def number(self) -> int:
        """Return how many restarts there were, of any kind."""
        return self._totals.total()

    def forget(self) -> None:
        """Discard the earlier readings: it is another device from now on."""
        self._before = None

    def render(self, blocks: Blocks, device: tuple[str, ...]) -> None:
        """Add the totals."""
        blocks.add_counts(SCHOOL_DEVICE_RESTARTS_TOTAL, device, self._totals)
