"""Turns SNMP results into sample lines with the daemon's own parts.

Must not know: how the values were read.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from monitor.clock import SystemClock
from monitor.exposition.store import Exposition
from monitor.inventory.checks import Check, CheckKind, InterfacesOptions, Role, SnmpAccess, Target
from monitor.observation import DeviceReading, Observation, Outcome
from monitor.probes.interface_columns import settled

if TYPE_CHECKING:
    from monitor.snmp.read import Result

_STARTED = datetime(2022, 3, 7, tzinfo=UTC)


class PollRenderer:
    """Renders the polls of one device, each replacing the previous one."""

    def __init__(self) -> None:
        target = Target("school-01", "main", "switch-01", Role.SWITCH, "127.0.0.1")
        options = InterfacesOptions(SnmpAccess("2c", "none"))
        self._check = Check(CheckKind.INTERFACES, "interfaces", target, 60.0, 20.0, options)
        self._exposition = Exposition(SystemClock())

    def render(self, result: Result) -> None:
        """Render a poll that found the device's system group and columns."""
        uptime = result.scalars["sysUpTime"]
        reading = DeviceReading(
            sys_name=_text(result.scalars["sysName"]),
            sys_descr=_text(result.scalars["sysDescr"]),
            sys_object_id=_text(result.scalars["sysObjectID"]),
            uptime_ticks=uptime if isinstance(uptime, int) else None,
            columns=settled(result.columns, result.odd_types),
            requests=result.requests,
            varbinds=result.varbinds,
            read_at=datetime.now(UTC),
        )
        self._exposition.observe(
            Observation(self._check, _STARTED, 0.1, Outcome.OK, values=reading)
        )

    async def text(self) -> bytes:
        """Return the exposition as it is now."""
        return b"".join([piece async for piece in self._exposition.stream()])


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return ".".join(map(str, value)) if isinstance(value, tuple) else ""
