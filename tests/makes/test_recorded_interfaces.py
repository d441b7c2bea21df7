"""The interfaces check reads from recorded devices, over UDP, what net-snmp reads from them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from monitor.clock import SystemClock
from monitor.config.secrets import Secret
from monitor.inventory.checks import CheckKind, Engine, InterfacesOptions, SnmpAccess
from monitor.observation import DeviceReading
from monitor.probes import interfaces
from monitor.probes.context import ProbeContext
from monitor.probes.snmp_transport import SnmpReaders
from monitor.snmp.client import SnmpClient
from monitor.snmp.oids import objects
from monitor.snmp.read import NativeReader
from tests.integration.snmpd import net_snmp_walk
from tests.makes.meter import CHECK
from tests.makes.recording import Recorded, names
from tests.probes.support import THREADS, NoTransport
from tests.snmp.agent import ByteAgent
from tests.snmp.hostile import serving

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.snmp.model import Agent

    Rows = Mapping[int, int | bytes]

pytestmark = pytest.mark.integration

_SUBTREES: Final = ("1.3.6.1.2.1.1", "1.3.6.1.2.1.2", "1.3.6.1.2.1.31.1.1")
_SAME: Final = ("ifName", "ifDescr", "ifOperStatus")
_OCTETS: Final = (("ifHCInOctets", "ifInOctets"), ("ifHCOutOctets", "ifOutOctets"))
# The least that a poll reads from a device with more interfaces than its requests can cover.
_MOST_ROWS: Final = 1_000
# The others need --thorough.
_FEW: Final = (
    "network/switch/cisco-c3560",
    "network/router/juniper-mx960-12-3r6-6",
    "network/firewall/fortinet-xcu",
    "network/switch/brocade-icx6430-24",
)


async def _observed(agent: Agent) -> tuple[DeviceReading, str]:
    access = SnmpAccess("2c", "x", Engine.NATIVE, port=agent.port, timeout=10.0)
    options = InterfacesOptions(access)
    check = replace(CHECK, kind=CheckKind.INTERFACES, name="interfaces", options=options)
    async with SnmpClient() as client:
        readers = SnmpReaders({Engine.NATIVE: NativeReader(client)}, {"x": Secret("public")})
        clock = SystemClock()
        context = ProbeContext(clock, clock.monotonic() + 300, NoTransport(), readers, THREADS)
        found = await interfaces.run(check, context)
    assert isinstance(found.values, DeviceReading), found.detail
    return found.values, found.detail


async def _walked(agent: Agent, name: str) -> Rows:
    place = f"{agent.address}:{agent.port}"
    oid = objects()[name].oid
    walked = await asyncio.to_thread(net_snmp_walk, "2c", "public", place, oid)
    return {int(row.rpartition(".")[2]): value for row, value in walked.items()}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in _FEW else pytest.mark.thorough) for name in names()],
)
async def test_interfaces_of_a_recorded_device_match_those_net_snmp_reads(name: str) -> None:
    recorded = Recorded.of(name)
    if next(recorded.column(objects()["ifDescr"].oid), None) is None:
        pytest.skip("no interface was recorded")
    device = ByteAgent({oid: said for one in _SUBTREES for oid, said in recorded.tlv(one)})
    async with serving(lambda data: [device.answer(data)], timeout=10.0) as agent:
        reading, detail = await _observed(agent)
        found = reading.columns
        theirs = {
            column: await _walked(agent, column)
            for column in (*_SAME, *(one for pair in _OCTETS for one in pair))
        }
    rows = {*theirs["ifDescr"]}
    if len(rows) > _MOST_ROWS:
        # A poll takes at most 300 requests; the rest is left out and reported.
        assert "no end after 300 requests: ifDescr" in detail
        rows = {*found["ifDescr"]}
        assert len(rows) >= _MOST_ROWS
    for column in _SAME:
        assert _of(rows, found.get(column, {})) == _of(rows, theirs[column]), column
    for pair in _OCTETS:
        ours = [_of(rows, found.get(column, {})) for column in pair]
        assert {*ours[0], *ours[1]} == rows & {*theirs[pair[0]], *theirs[pair[1]]}
        for column, other, values in zip(pair, reversed(pair), ours, strict=True):
            for row, value in values.items():
                # The type on the wire can be the other column's, and decides then.
                said = theirs[column] if row in theirs[column] else theirs[other]
                assert value == said[row], f"{column}.{row}"


def _of(rows: set[int], column: Rows) -> dict[int, int | bytes]:
    return {row: value for row, value in column.items() if row in rows}
