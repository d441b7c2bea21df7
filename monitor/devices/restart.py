"""Whether a device restarted between two polls: by its clocks, held against ours.

sysUpTime alone cannot tell. It wraps after 497.1 days, which is no restart, and on a server it
is the SNMP agent's age, not the machine's. So it is compared with the time that passed here,
and where it began anew, the device's other clocks say what did.

Source: RFC 3418 sysUpTime, RFC 2790 hrSystemUptime (hundredths of a second, both wrap at 2^32),
RFC 3411 snmpEngineTime (seconds since the engine last started).

Must not know: how a clock is read, or where a restart is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_TICKS = 100
_WRAP = 2**32
# A device's clock may run a little off ours, and its answer may wait in a queue.
_DRIFT, _SLACK_SECONDS = 0.01, 30.0


class Restart(StrEnum):
    """What began anew: the device, or only the agent that speaks for it."""

    DEVICE = "device"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Clocks:
    """What a device's clocks said: hundredths, but `engine_seconds`; None where it has none."""

    uptime_ticks: int | None
    host_ticks: int | None = None
    engine_seconds: int | None = None


def restarted(before: Clocks, after: Clocks, seconds: float) -> Restart | None:
    """Return what began anew between two polls that lie `seconds` apart, None if nothing did.

    None as well where the device has no sysUpTime: what cannot be told is not counted.
    """
    if before.uptime_ticks is None or after.uptime_ticks is None:
        return None
    if _went_on(before.uptime_ticks, after.uptime_ticks, seconds):
        return None
    if before.host_ticks is not None and after.host_ticks is not None:
        host_went_on = _went_on(before.host_ticks, after.host_ticks, seconds)
        return Restart.AGENT if host_went_on else Restart.DEVICE
    if before.engine_seconds is not None and after.engine_seconds is not None:
        # An engine that went on was started by nothing, and neither was its machine.
        went = after.engine_seconds - before.engine_seconds
        if went >= seconds - _slack(seconds):
            return None
    return Restart.DEVICE


def _went_on(before: int, after: int, seconds: float) -> bool:
    # Modulo, so that a wrap is no step back; a clock that merely stands is no restart either.
    went = (after - before) % _WRAP / _TICKS
    return after == before or abs(went - seconds) <= _slack(seconds)


def _slack(seconds: float) -> float:
    return _SLACK_SECONDS + _DRIFT * seconds
