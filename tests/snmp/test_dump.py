from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.snmp import dump as dumps
from monitor.snmp.ber import Tag
from monitor.snmp.decode import decode_head
from monitor.snmp.dump import Dump
from monitor.snmp.encode import encode_pdu, encode_response, encode_varbind, wrap_pdu
from monitor.snmp.model import FailureKind
from monitor.snmp.oid_octets import encode_oid
from tests.snmp.agent import IF_NAME, TIMEOUT, ByteAgent, Objects, interfaces, lead

SYSTEM, IF_TABLE = "1.3.6.1.2.1.1", "1.3.6.1.2.1.2.2.1"


def below(objects: Objects, *subtrees: str) -> list[tuple[int, ...]]:
    arcs = [tuple(map(int, oid.split("."))) for oid in objects]
    roots = [tuple(map(int, oid.split("."))) for oid in subtrees]
    return sorted(one for one in arcs if any(one[: len(root)] == root for root in roots))


def dumped(agent: ByteAgent, *subtrees: str, version: int = 1) -> Dump:
    dump = Dump(subtrees, bulk=version > 0)
    lead(dump, agent, version=version)
    return dump


@given(st.sets(st.integers(1, 3000), min_size=1, max_size=80), st.integers(1, 60))
def test_exactly_the_contents_of_the_subtrees_are_read_in_order(rows: set[int], most: int) -> None:
    objects = interfaces(sorted(rows))
    for version in (0, 1):
        found = dumped(ByteAgent(objects, max_varbinds=most), IF_NAME, SYSTEM, version=version)
        assert [one.arcs for one in found.varbinds] == below(objects, SYSTEM, IF_NAME)
        assert found.failures == []


def test_a_subtree_within_another_is_read_once() -> None:
    objects = interfaces([1, 2])
    found = dumped(ByteAgent(objects), SYSTEM, f"{SYSTEM}.5", SYSTEM)
    assert [one.arcs for one in found.varbinds] == below(objects, SYSTEM)


def test_a_value_of_an_unexpected_type_is_kept() -> None:
    objects: Objects = {f"{IF_TABLE}.8.1": (Tag.OCTET_STRING, b"up")}
    (found,) = dumped(ByteAgent(objects), IF_TABLE).varbinds
    assert (found.tag, found.value) == (Tag.OCTET_STRING, b"up")


def test_an_agent_without_getbulk_is_walked_with_getnext() -> None:
    objects = interfaces([1, 2, 3])
    found = dumped(ByteAgent(objects, bulk=False), SYSTEM)
    assert len(found.varbinds) == 4
    assert found.failures == []


def test_an_agent_that_goes_backwards_loses_only_that_subtree() -> None:
    dump = Dump((SYSTEM, IF_NAME), bulk=True)
    agent = ByteAgent(interfaces([1, 2]), max_varbinds=2)
    pdu_type, status, index, varbinds = dump.question() or pytest.fail("asks for nothing")
    asked = encode_pdu(pdu_type, 77, status, index, varbinds)
    reply = agent.answer(wrap_pdu(1, b"public", asked))
    for _ in range(3):
        # Rows that a GETBULK repeats are requested with GETNEXT first.
        dump.answer(decode_head(reply), reply)
    assert [one.kind for one in dump.failures] == [FailureKind.NOT_INCREASING]
    lead(dump, agent)
    assert [one.arcs for one in dump.varbinds][2:] == below(interfaces([1, 2]), IF_NAME)


def test_silence_ends_the_dump() -> None:
    dump = Dump((SYSTEM, IF_NAME), bulk=True)
    for _ in range(2):
        assert dump.question()
        dump.unanswered(TIMEOUT)
    assert dump.question() is None
    assert dump.failures == [TIMEOUT]


def test_an_endless_agent_is_cut_off() -> None:
    dump = Dump((SYSTEM,), bulk=True)
    # An agent that invents another row for every request.
    for row in range(1, dumps.MAX_VARBINDS + 10):
        if not dump.question():
            break
        varbind = encode_varbind(encode_oid(f"{SYSTEM}.9.1.{row}"), Tag.INTEGER, 1)
        data = encode_response(1, b"public", 77, 0, 0, [varbind])
        dump.answer(decode_head(data), data)
    assert dump.question() is None
    assert [one.kind for one in dump.failures] == [FailureKind.LIMIT]
