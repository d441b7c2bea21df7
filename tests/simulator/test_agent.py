from __future__ import annotations

import itertools
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.inventory.checks import Role
from monitor.simulator.faults import Condition
from monitor.simulator.model import Bulk, Device
from monitor.snmp.ber import CodecError, Tag
from monitor.snmp.decode import decode_message
from monitor.snmp.encode import encode_message, encode_varbind
from monitor.snmp.message import Message, PduType
from monitor.snmp.oid_octets import decode_oid, encode_oid
from tests.simulator.requests import (
    COMMUNITY,
    agent_where,
    agents_of,
    answered,
    ask,
    walk,
)

if TYPE_CHECKING:
    from monitor.simulator.agent import Agent

AGENTS = agents_of()
SYS_UPTIME, SYS_NAME = "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.5.0"
IF_INDEX, IF_DESCR = "1.3.6.1.2.1.2.2.1.1", "1.3.6.1.2.1.2.2.1.2"
IF_IN_OCTETS = "1.3.6.1.2.1.2.2.1.10"
IF_HC_IN_OCTETS, IF_NAME = "1.3.6.1.2.1.31.1.1.1.6", "1.3.6.1.2.1.31.1.1.1.1"
DISCONTINUITY = "1.3.6.1.2.1.31.1.1.1.19"

plain_agents = st.sampled_from(
    [a for a in AGENTS if a.device.bulk is Bulk.ANSWERS and 1 in a.device.versions][::9]
)


def is_plain(device: Device) -> bool:
    """Return whether a switch has ifXTable, answers everything and sends large replies."""
    usual = device.bulk is Bulk.ANSWERS and device.has_if_x_table
    return device.place.role is Role.SWITCH and usual and device.reply_limit >= 1400


def index_of(device: Device, at: int = 0) -> int:
    return device.interfaces[at].index


def number(message: Message, at: int = 0) -> int:
    value = message.varbinds[at][2]
    assert isinstance(value, int)
    return value


@pytest.mark.parametrize("agent", AGENTS[::11], ids=lambda agent: agent.device.host)
def test_getnext_is_total_and_strictly_increasing(agent: Agent) -> None:
    version = agent.device.versions[-1]
    found = walk(agent, version=version)
    arcs = [decode_oid(oid) for oid, _, _ in found]
    assert arcs == sorted(set(arcs))
    rows = sum(1 for oid, _, _ in found if oid.startswith(encode_oid(IF_INDEX)))
    assert rows == len(agent.device.interfaces)


@given(
    agent=plain_agents,
    start=st.integers(0, 1500),
    step=st.lists(st.integers(0, 1500), max_size=6),
    non_repeaters=st.integers(-1, 3),
    repetitions=st.integers(-1, 40),
)
def test_getbulk_equals_repeated_getnext(
    agent: Agent, start: int, step: list[int], non_repeaters: int, repetitions: int
) -> None:
    known = known_of(agent)
    names = [known[at % len(known)] for at in (start, *step)]
    reply = answered(ask(agent, PduType.GET_BULK, names, first=non_repeaters, second=repetitions))
    single = max(0, non_repeaters)
    expected = [next_of(agent, name) for name in names[:single]]
    current = names[single:]
    for _ in range(max(0, repetitions)):
        row = [next_of(agent, name) for name in current]
        expected += row
        current = [name for name, _, _ in row]
        if all(tag == Tag.END_OF_MIB_VIEW for _, tag, _ in row):
            break
    got = list(reply.varbinds)
    assert got == expected[: len(got)]
    if len(got) < len(expected):
        rest = encode_varbind(*expected[len(got)])
        size = len(encode_message(reply)) + len(rest)
        assert size + 10 > agent.device.reply_limit, "the reply was truncated without need"
    assert len(encode_message(reply)) <= agent.device.reply_limit


@cache
def known_of(agent: Agent) -> list[bytes]:
    return [oid for oid, _, _ in walk(agent)]


def next_of(agent: Agent, name: bytes) -> tuple[bytes, int, int | bytes | None]:
    return answered(ask(agent, PduType.GET_NEXT, [name])).varbinds[0]


@pytest.mark.parametrize("version", [0, 1])
def test_get_returns_what_a_walk_shows(version: int) -> None:
    agent = agent_where(is_plain)
    for oid, tag, value in walk(agent, version=version):
        reply = answered(ask(agent, PduType.GET, [oid], version=version))
        assert reply.varbinds == ((oid, tag, value),)


def test_version_1_never_sees_64_bit_counters() -> None:
    agent = agent_where(is_plain)
    tags = {tag for _, tag, _ in walk(agent, version=0)}
    assert Tag.COUNTER64 not in tags
    assert Tag.COUNTER32 in tags
    name = f"{IF_HC_IN_OCTETS}.{index_of(agent.device)}"
    reply = answered(ask(agent, PduType.GET, [SYS_NAME, name], version=0))
    assert (reply.error_status, reply.error_index) == (2, 2)


def test_missing_objects_get_the_exception_of_their_version() -> None:
    agent = agent_where(is_plain)
    missing = [f"{IF_DESCR}.999999", "1.3.6.1.2.1.99.1.0"]
    reply = answered(ask(agent, PduType.GET, missing))
    assert [tag for _, tag, _ in reply.varbinds] == [Tag.NO_SUCH_INSTANCE, Tag.NO_SUCH_OBJECT]
    reply = answered(ask(agent, PduType.GET, missing, version=0))
    assert (reply.error_status, reply.error_index) == (2, 1)
    reply = answered(ask(agent, PduType.GET_NEXT, ["1.3.6.1.6"]))
    assert reply.varbinds == ((encode_oid("1.3.6.1.6"), Tag.END_OF_MIB_VIEW, None),)
    reply = answered(ask(agent, PduType.GET_NEXT, ["1.3.6.1.6"], version=0))
    assert (reply.error_status, reply.error_index) == (2, 1)


def test_a_get_that_does_not_fit_is_too_big() -> None:
    agent = agent_where(lambda device: device.reply_limit == 484)
    names = [f"{IF_DESCR}.{row.index}" for row in agent.device.interfaces] * 10
    reply = answered(ask(agent, PduType.GET, names))
    assert (reply.error_status, reply.varbinds) == (1, ())
    reply = answered(ask(agent, PduType.GET, names, version=0))
    assert (reply.error_status, len(reply.varbinds)) == (1, len(names))


@pytest.mark.parametrize("limit", [484, 1400, 1472, 2048, 8192])
def test_a_bulk_reply_fills_its_limit_but_not_more(limit: int) -> None:
    agent = agent_where(lambda device: device.reply_limit == limit and device.bulk is Bulk.ANSWERS)
    reply = answered(ask(agent, PduType.GET_BULK, ["1.3.6.1.2.1.2.2"], second=900))
    assert limit - 80 < len(encode_message(reply)) <= limit


@pytest.mark.parametrize("community", [b"private", b"", b"public\x00"])
def test_a_wrong_community_gets_no_reply(community: bytes) -> None:
    assert ask(AGENTS[0], PduType.GET, [SYS_NAME], community=community) is None


def test_a_version_1_device_ignores_version_2c() -> None:
    agent = agent_where(lambda device: device.versions == (0,))
    assert ask(agent, PduType.GET, [SYS_NAME], version=1) is None
    assert ask(agent, PduType.GET, [SYS_NAME], version=0) is not None


def test_devices_without_getbulk_refuse_or_ignore_it() -> None:
    refusing = agent_where(lambda device: device.bulk is Bulk.ERROR)
    reply = answered(ask(refusing, PduType.GET_BULK, ["1.3.6.1.2.1.2"], second=10))
    assert reply.error_status == 5
    ignoring = agent_where(lambda device: device.bulk is Bulk.SILENT)
    assert ask(ignoring, PduType.GET_BULK, ["1.3.6.1.2.1.2"], second=10) is None
    assert ask(ignoring, PduType.GET_NEXT, ["1.3.6.1.2.1.2"]) is not None


def test_a_set_is_refused() -> None:
    agent = agent_where(is_plain)
    assert answered(ask(agent, PduType.SET, [SYS_NAME])).error_status == 6
    assert answered(ask(agent, PduType.SET, [SYS_NAME], version=0)).error_status == 2


@pytest.mark.parametrize("kind", [PduType.RESPONSE, PduType.TRAP, PduType.INFORM])
def test_non_requests_get_no_reply(kind: PduType) -> None:
    assert ask(AGENTS[0], kind, [SYS_NAME]) is None


@given(st.binary(max_size=200))
def test_garbage_gets_no_reply(garbage: bytes) -> None:
    try:
        decode_message(garbage)
    except CodecError:
        assert AGENTS[0].answer(garbage, 0.0) is None


@given(at=st.integers(0, 90), octet=st.integers(0, 255))
def test_a_damaged_request_never_raises(at: int, octet: int) -> None:
    names = [encode_oid(oid) for oid in (SYS_NAME, IF_DESCR, IF_HC_IN_OCTETS)]
    varbinds = tuple((name, int(Tag.NULL), None) for name in names)
    whole = bytearray(encode_message(Message(1, COMMUNITY, PduType.GET_BULK, 1, 1, 9, varbinds)))
    whole[at % len(whole)] = octet
    reply = AGENTS[1].answer(bytes(whole), 0.0)
    assert reply is None or decode_message(reply).pdu_type == PduType.RESPONSE


def counters(seconds: float, condition: Condition, at: int = 0) -> tuple[int, int, int, int]:
    """Return uptime, 32-bit and 64-bit octets, and the discontinuity of one interface."""
    agent = agent_where(is_plain)
    index = index_of(agent.device, at)
    names = [SYS_UPTIME] + [
        f"{root}.{index}" for root in (IF_IN_OCTETS, IF_HC_IN_OCTETS, DISCONTINUITY)
    ]
    reply = answered(ask(agent, PduType.GET, names, seconds=seconds, condition=condition))
    uptime, narrow, wide, discontinuity = (number(reply, at) for at in range(4))
    return uptime, narrow, wide, discontinuity


def uplink_at() -> int:
    """Return the position of an interface that certainly carries traffic."""
    rows = agent_where(is_plain).device.interfaces
    return next(at for at, row in enumerate(rows) if row.alias == b"Uplink zum Router")


def test_counters_grow_and_the_32_bit_one_is_the_64_bit_one_truncated() -> None:
    readings = [counters(60.0 * minute, Condition(), uplink_at()) for minute in range(60)]
    wide = [reading[2] for reading in readings]
    assert all(after > before for before, after in itertools.pairwise(wide))
    assert all(reading[1] == reading[2] % (1 << 32) for reading in readings)
    uptimes = [reading[0] for reading in readings]
    assert uptimes[1] - uptimes[0] == 6000


def test_a_counter_reset_starts_at_zero_and_keeps_the_uptime() -> None:
    reset = Condition(counters_since=100.0)
    before = counters(100.0, Condition(), uplink_at())
    at_reset = counters(100.0, reset, uplink_at())
    later = counters(160.0, reset, uplink_at())
    assert before[2] > 0
    assert at_reset[2] == 0
    assert 0 < later[2] < before[2]
    assert at_reset[0] == before[0]
    assert later[3] == before[0]


def test_renumbering_restarts_the_device_with_other_ifindexes() -> None:
    agent = agent_where(is_plain)
    moved = Condition(booted=100.0, counters_since=100.0, numbering=1)
    names = [f"{IF_NAME}.{row.index}" for row in agent.device.interfaces]
    before = answered(ask(agent, PduType.GET, names[:20], seconds=99.0))
    after = answered(ask(agent, PduType.GET, names[:20], seconds=101.0, condition=moved))
    assert all(a != b for a, b in zip(before.varbinds, after.varbinds, strict=True))
    uptime = answered(ask(agent, PduType.GET, [SYS_UPTIME], seconds=101.0, condition=moved))
    assert number(uptime) == 100
