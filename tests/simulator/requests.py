"""SNMP requests to a simulated agent, without a network."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from monitor.simulator.agent import Agent
from monitor.simulator.faults import HEALTHY
from monitor.simulator.model import build_devices
from monitor.simulator.table import TableBuilder
from monitor.simulator.traffic import Traffic
from monitor.snmp.ber import Tag
from monitor.snmp.decode import decode_message
from monitor.snmp.encode import encode_message
from monitor.snmp.message import Message, PduType
from monitor.snmp.oid_octets import encode_oid
from tests.simulator.cities import simulated_city

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from monitor.simulator.faults import Condition
    from monitor.simulator.model import Device
    from monitor.snmp.message import Varbind

TUESDAY = datetime(2024, 3, 5, 9, 30, tzinfo=UTC)
COMMUNITY = b"public"


def agents_of(schools: int = 12, switches: int = 12) -> list[Agent]:
    """Return the agents of a city large enough to have every oddity."""
    builder, traffic = TableBuilder(), Traffic(TUESDAY)
    devices = build_devices(simulated_city(schools, switches))
    return [Agent(device, COMMUNITY, builder, traffic) for device in devices]


def agent_where(wanted: Callable[[Device], bool]) -> Agent:
    """Return the first agent of a full-size city whose device is as wanted."""
    device = next(filter(wanted, full_size_city()))
    return Agent(device, COMMUNITY, TableBuilder(), Traffic(TUESDAY))


@cache
def full_size_city() -> tuple[Device, ...]:
    """Return about a thousand devices; built once, because they never change."""
    return build_devices(simulated_city(83, 12))


def ask(
    agent: Agent,
    pdu_type: PduType,
    oids: Sequence[str | bytes],
    *,
    version: int = 1,
    community: bytes = COMMUNITY,
    first: int = 0,
    second: int = 0,
    seconds: float = 0.0,
    condition: Condition = HEALTHY,
) -> Message | None:
    """Return the decoded reply; `first` and `second` are GETBULK's two numbers."""
    names = [oid if isinstance(oid, bytes) else encode_oid(oid) for oid in oids]
    varbinds: tuple[Varbind, ...] = tuple((name, int(Tag.NULL), None) for name in names)
    request = Message(version, community, pdu_type, 4711, first, second, varbinds)
    reply = agent.answer(encode_message(request), seconds, condition)
    return None if reply is None else decode_message(reply)


def answered(reply: Message | None) -> Message:
    """Return the reply, which must have come."""
    assert reply is not None, "the agent did not answer"
    return reply


def walk(agent: Agent, *, version: int = 1, seconds: float = 0.0) -> list[Varbind]:
    """Return every object of an agent by GETNEXT, one at a time."""
    found: list[Varbind] = []
    name: str | bytes = "1.3"
    while True:
        reply = answered(ask(agent, PduType.GET_NEXT, [name], version=version, seconds=seconds))
        if reply.error_status or reply.varbinds[0][1] == Tag.END_OF_MIB_VIEW:
            return found
        found.append(reply.varbinds[0])
        name = reply.varbinds[0][0]
        assert len(found) < 5000, "the walk does not end"
