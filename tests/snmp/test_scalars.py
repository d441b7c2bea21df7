from __future__ import annotations

from monitor.snmp.ber import Tag
from monitor.snmp.decode import decode_head
from monitor.snmp.encode import encode_message
from monitor.snmp.message import Message, PduType
from monitor.snmp.model import FailureKind
from monitor.snmp.oid_octets import encode_oid
from monitor.snmp.oids import objects
from monitor.snmp.scalars import Get, by_oid
from tests.snmp.agent import TIMEOUT, ByteAgent, interfaces, lead

NAMES = ("sysDescr", "sysObjectID", "sysUpTime", "sysName")


def wanted(*names: str) -> Get:
    return Get(by_oid([objects()[name] for name in names]))


def test_all_scalars_come_with_one_request() -> None:
    get = wanted(*NAMES)
    lead(get, ByteAgent(interfaces([1])))
    assert get.values == {
        "sysDescr": b"a switch",
        "sysObjectID": (1, 3, 6, 1, 4, 1, 9, 1, 1),
        "sysUpTime": 4_000_000_000,
        "sysName": b"sw1",
    }
    assert (get.requests, get.varbinds, get.failure) == (1, 4, None)


def test_a_missing_scalar_is_absent_and_loses_no_other() -> None:
    get = wanted("sysName", "sysLocation", "sysUpTime")
    lead(get, ByteAgent(interfaces([1])))
    assert set(get.values) == {"sysName", "sysUpTime"}
    assert get.failure is None


def test_no_such_name_of_v1_leaves_out_one_scalar() -> None:
    agent = ByteAgent(interfaces([1]))
    get = wanted("sysName", "sysLocation", "sysUpTime")
    lead(get, agent, version=0)
    assert set(get.values) == {"sysName", "sysUpTime"}
    assert get.failure is None
    assert len(agent.asked) == 2


def test_after_too_big_or_a_broken_scalar_each_is_requested_alone() -> None:
    get = wanted(*NAMES)
    lead(get, ByteAgent(interfaces([1]), too_big_above=1))
    assert set(get.values) == set(NAMES)
    get = wanted(*NAMES)
    lead(get, ByteAgent(interfaces([1]), broken="1.3.6.1.2.1.1.5.0"))
    assert set(get.values) == {"sysDescr", "sysObjectID", "sysUpTime"}
    assert get.failure is not None
    assert get.failure.kind is FailureKind.AGENT_ERROR
    assert get.failure.message.startswith("sysName")


def test_a_scalar_of_the_wrong_type_is_absent() -> None:
    found = interfaces([1])
    found["1.3.6.1.2.1.1.3.0"] = (Tag.OCTET_STRING, b"a week")
    found["1.3.6.1.2.1.1.5.0"] = (Tag.INTEGER, 5)
    get = wanted(*NAMES)
    lead(get, ByteAgent(found))
    assert set(get.values) == {"sysDescr", "sysObjectID"}


def test_unrequested_objects_are_ignored() -> None:
    get = wanted("sysName")
    assert get.question()
    forged = (encode_oid("1.3.6.1.2.1.1.3.0"), int(Tag.TIMETICKS), 1)
    data = encode_message(Message(1, b"public", PduType.RESPONSE, 1, 0, 0, (forged,)))
    get.answer(decode_head(data), data)
    assert get.values == {}
    assert get.question() is None


def test_a_refused_credential_and_silence_end_the_conversation() -> None:
    for_status = Message(1, b"public", PduType.RESPONSE, 1, 16, 0, ())
    get = wanted(*NAMES)
    assert get.question()
    data = encode_message(for_status)
    get.answer(decode_head(data), data)
    assert get.question() is None
    assert get.failure is not None
    assert get.failure.kind is FailureKind.AUTHENTICATION
    get = wanted(*NAMES)
    assert get.question()
    get.unanswered(TIMEOUT)
    assert get.question() is None
    assert (get.failure, get.answered) == (TIMEOUT, False)
