"""Notifies systemd about the daemon's state: ready, stopping, alive.

Without $NOTIFY_SOCKET nothing is sent.

Source: sd_notify(3), sd_watchdog_enabled(3).

Must not know: what makes the daemon ready or alive.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from monitor.clock import Clock

READY = "READY=1"
STOPPING = "STOPPING=1"
ALIVE = "WATCHDOG=1"


class Supervisor:
    """The service manager that started us, if any."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        environment = os.environ if environment is None else environment
        place = environment.get("NOTIFY_SOCKET", "")
        # An @ represents the leading NUL of an abstract socket address.
        self._place = "\0" + place[1:] if place.startswith("@") else place
        microseconds = environment.get("WATCHDOG_USEC", "")
        is_ours = environment.get("WATCHDOG_PID", "") in {"", str(os.getpid())}
        self._watchdog = int(microseconds) / 1e6 if microseconds.isdecimal() and is_ours else 0.0

    @property
    def feed_seconds(self) -> float | None:
        """Return the interval for notifying the watchdog, None if there is none."""
        return self._watchdog / 2 if self._place and self._watchdog else None

    async def feed(
        self, clock: Clock, done: Callable[[], int], longest_pause: Callable[[], float]
    ) -> None:
        """Notify the watchdog, if there is one, as long as `done` increases.

        A stuck schedule is a stall, like a blocked event loop: after `longest_pause()` seconds
        without a completed check, the watchdog is no longer notified.
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
        """Send a state; an unreachable service manager is not an error."""
        if not self._place:
            return
        kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK
        # Opening the socket fails, too, while the process has no file descriptor left.
        with suppress(OSError), socket.socket(socket.AF_UNIX, kind) as sending:
            sending.sendto(state.encode(), self._place)
