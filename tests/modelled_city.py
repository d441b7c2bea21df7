"""The simulated devices of an inventory behind modelled transports: no sockets, no wall time.

Device values come from the simulator's own tables; the protocol (messages, limits, GETBULK) is left
out, so that the page of a whole city can be made within seconds.

Must not know: what any test expects.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.simulator.model import build_devices
from monitor.simulator.table import Living, TableBuilder
from monitor.simulator.traffic import STREAMS
from monitor.snmp.ber import Tag
from monitor.snmp.oid_octets import decode_oid
from monitor.snmp.oids import objects
from monitor.snmp.read import Result
from tests.modelled import Network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.inventory.city import Inventory
    from monitor.simulator.model import Device
    from monitor.simulator.table import Table
    from monitor.snmp.oids import Object
    from monitor.snmp.read import Agent, Request

    Value = int | bytes | tuple[int, ...]


@dataclass
class ModelledCity(Network):
    """Answers for every device of `inventory`, each second as busy as the mean of its week."""

    inventory: Inventory | None = None
    devices: dict[str, Device] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert self.inventory is not None
        self._builder = TableBuilder()
        self._tables: dict[str, Table] = {}
        self._objects = objects()
        self.devices = {device.host: device for device in build_devices(self.inventory)}

    async def read(self, agent: Agent, request: Request, deadline: float) -> Result:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(min(0.01, deadline - loop.time()))
        device = self.devices[agent.address]
        table = self._tables.get(agent.address)
        if table is None:
            table = self._tables[agent.address] = self._builder.build(device)
        up = device.uptime_seconds + loop.time()
        amounts = (*(up * 0.2,) * STREAMS, up * 100)
        scalars = {
            one.name: value
            for one in map(self._object, request.scalars)
            for _, value in _values(device, table, one, amounts)
        }
        columns: dict[str, dict[int, int | bytes]] = {}
        for one in map(self._object, request.columns):
            rows = {
                index if one.arity != 1 else index[0]: value
                for index, value in _values(device, table, one, amounts)
            }
            if rows:
                columns[one.name] = rows  # type: ignore[assignment]  # by the object's syntax
        return Result(scalars, columns, None, 1, 3, {}, [(loop.time(), 2**31)])

    def _object(self, wanted: str | Object) -> Object:
        return self._objects[wanted] if isinstance(wanted, str) else wanted


def _values(
    device: Device, table: Table, wanted: Object, amounts: tuple[float, ...]
) -> Iterator[tuple[tuple[int, ...], Value]]:
    """Yield index and value of an object's instances; a scalar's index is empty."""
    root = tuple(map(int, wanted.oid.split(".")))
    layout = table.layout
    for at in range(bisect_left(layout.arcs, root), len(layout.arcs)):
        arcs = layout.arcs[at]
        if arcs[: len(root)] != root:
            return
        cell = layout.cells[at]
        if isinstance(cell, Living):
            yield arcs[len(root) :], cell.value(table.rates, amounts)
            continue
        read, row = cell
        tag, value = read(device, device.interfaces[row])
        if tag is Tag.OBJECT_IDENTIFIER and isinstance(value, bytes):
            yield arcs[len(root) :], decode_oid(value)
        else:
            yield arcs[len(root) :], value
