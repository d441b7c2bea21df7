"""Tells systemd how the daemon does: ready, stopping, alive.

Where nobody asked for it (no $NOTIFY_SOCKET), nothing is sent.

Source: sd_notify(3), sd_watchdog_enabled(3).

Must not know: what makes the daemon ready or alive.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from monitor.clock import Clock

READY = "READY=1"
STOPPING = "STOPPING=1"
ALIVE = "WATCHDOG=1"


class Supervisor:
    """The service manager that started us, if one did."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        environment = os.environ if environment is None else environment
        place = environment.get("NOTIFY_SOCKET", "")
        # An @ stands for the zero of an abstract address.
        self._place = "\0" + place[1:] if place.startswith("@") else place
        microseconds = environment.get("WATCHDOG_USEC", "")
        is_ours = environment.get("WATCHDOG_PID", "") in {"", str(os.getpid())}
        self._watchdog = int(microseconds) / 1e6 if microseconds.isdecimal() and is_ours else 0.0

    @property
    def feed_seconds(self) -> float | None:
        """Return how often the watchdog is to be fed, None if there is none."""
        return self._watchdog / 2 if self._place and self._watchdog else None

    async def feed(
        self, clock: Clock, done: Callable[[], int], longest_pause: Callable[[], float]
    ) -> None:
        """Feed the watchdog, if there is one, as long as what is `done` gets more.

        A schedule that stands still is a stall, as a loop that does: after `longest_pause()`
        seconds without anything done, nothing is fed any more.
        """
        pause = self.feed_seconds
        if pause is None:
            return
        seen, since = -1, clock.monotonic()
        while True:
            now = clock.monotonic()
            if (count := done()) != seen:
                seen, since = count, now
            if now - since <= longest_pause():
                self.tell(ALIVE)
            await clock.sleep(pause)

    def tell(self, state: str) -> None:
        """Send a state; a manager that cannot be reached is no reason to fail."""
        if not self._place:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sending:
            try:
                sending.sendto(state.encode(), self._place)
            except OSError:
                return
