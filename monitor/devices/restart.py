"""Whether a device restarted between two polls: its clocks compared with ours.

sysUpTime alone is not enough. It wraps after 497.1 days, which is not a restart, and on a server it
is the age of the SNMP agent, not of the machine. So it is compared with the time elapsed here, and
if it restarted, the device's other clocks show what restarted.

Source: RFC 3418 sysUpTime, RFC 2790 hrSystemUptime (hundredths of a second, both wrap at 2^32),
RFC 3411 snmpEngineTime (seconds since the engine last started).

Must not know: how a clock is read, or where a restart is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_TICKS = 100
_WRAP = 2**32
# A device's clock may drift against ours, and its reply may wait in a queue.
_DRIFT, _SLACK_SECONDS = 0.01, 30.0


class Restart(StrEnum):
    """What restarted: the device, or only its SNMP agent."""

    DEVICE = "device"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Clocks:
    """A device's clocks: hundredths, except `engine_seconds`; None if it lacks one."""

    uptime_ticks: int | None
    host_ticks: int | None = None
    engine_seconds: int | None = None


def restarted(before: Clocks, after: Clocks, seconds: float) -> Restart | None:
    """Return what restarted between two polls `seconds` apart, None if nothing did.

    Also None if the device has no sysUpTime: what is unknown is not counted.
    """
    if before.uptime_ticks is None or after.uptime_ticks is None:
        return None
    if _went_on(before.uptime_ticks, after.uptime_ticks, seconds):
        return None
    if before.host_ticks is not None and after.host_ticks is not None:
        host_went_on = _went_on(before.host_ticks, after.host_ticks, seconds)
        return Restart.AGENT if host_went_on else Restart.DEVICE
    if before.engine_seconds is not None and after.engine_seconds is not None:
        # If the engine kept running, neither it nor the machine restarted.
        went = after.engine_seconds - before.engine_seconds
        if went >= seconds - _slack(seconds):
            return None
    return Restart.DEVICE


def _went_on(before: int, after: int, seconds: float) -> bool:
    # Modulo, so that a wrap is not a decrease; a stopped clock is not a restart either.
    went = (after - before) % _WRAP / _TICKS
    return after == before or abs(went - seconds) <= _slack(seconds)


def _slack(seconds: float) -> float:
    return _SLACK_SECONDS + _DRIFT * seconds
