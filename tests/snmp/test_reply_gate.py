"""Only replies from the requested agent, to the request sent to it, reach pysnmp."""

from __future__ import annotations

from dataclasses import replace

from monitor.snmp.encode import encode_message
from monitor.snmp.message import Message, PduType
from monitor.snmp.reply_gate import MOST_REPLIES, ReplyGate

ASKED, OTHER = ("192.0.2.1", 161), ("192.0.2.2", 161)
REQUEST = Message(
    version=1,
    community=b"public",
    pdu_type=PduType.GET,
    request_id=4711,
    error_status=0,
    error_index=0,
    varbinds=(),
)


def reply(request_id: int) -> bytes:
    return encode_message(replace(REQUEST, pdu_type=PduType.RESPONSE, request_id=request_id))


def test_only_the_reply_to_the_request_passes() -> None:
    gate = ReplyGate()
    with gate.expecting(ASKED), gate.expecting(OTHER):
        gate.sent(ASKED, encode_message(REQUEST))
        gate.sent(OTHER, encode_message(replace(REQUEST, request_id=4712)))
        assert gate.admits(ASKED, reply(4711))
        assert not gate.admits(OTHER, reply(4711)), "it answers for another"
        assert not gate.admits(ASKED, reply(4712))
        assert not gate.admits(("192.0.2.1", 162), reply(4711))
        assert not gate.admits(ASKED, b"\x30")
        assert not gate.admits(ASKED, b"\x30" * 20_000)
    assert not gate.admits(ASKED, reply(4711)), "no request is pending any more"


def test_repeated_replies_of_an_agent_are_limited() -> None:
    gate = ReplyGate()
    with gate.expecting(ASKED):
        gate.sent(ASKED, encode_message(REQUEST))
        assert [gate.admits(ASKED, reply(4711)) for _ in range(MOST_REPLIES + 1)] == [
            *[True] * MOST_REPLIES,
            False,
        ]


def test_two_requests_to_one_agent_do_not_end_each_other() -> None:
    gate = ReplyGate()
    with gate.expecting(ASKED):
        with gate.expecting(ASKED):
            gate.sent(ASKED, encode_message(REQUEST))
        assert gate.admits(ASKED, reply(4711))
