from __future__ import annotations

import pytest

from monitor.snmp.ber import Tag
from monitor.snmp.decode import decode_head
from monitor.snmp.encode import encode_message, encode_pdu, wrap_pdu
from monitor.snmp.message import Message, PduType, Varbind
from monitor.snmp.model import Failure, FailureKind
from monitor.snmp.oid_octets import encode_oid
from monitor.snmp.walk import MAX_REQUESTS, MAX_ROWS, Walk
from tests.snmp.agent import (
    HC_IN_OCTETS,
    IF_NAME,
    IN_OCTETS,
    OUT_OCTETS,
    TIMEOUT,
    ByteAgent,
    columns,
    interfaces,
    lead,
    walked,
)

_FIRST = ((IN_OCTETS, Tag.COUNTER32, 1), (IF_NAME, Tag.OCTET_STRING, b"a"))
NAMES = ("ifInOctets", "ifOutOctets", "ifHCInOctets", "ifName")


def response(varbinds: list[tuple[bytes, int, int | bytes | None]], status: int = 0) -> bytes:
    return encode_message(Message(1, b"public", PduType.RESPONSE, 1, status, 0, tuple(varbinds)))


def take(walk: Walk, data: bytes) -> None:
    walk.answer(decode_head(data), data)


@pytest.mark.parametrize("rows", [1, 15, 52, 200])
def test_all_columns_are_walked_completely(rows: int) -> None:
    walk = walked(ByteAgent(interfaces(range(1, rows + 1))), *NAMES)
    assert walk.failure is None
    assert {name: [*values] for name, values in walk.columns.items()} == {
        name: list(range(1, rows + 1)) for name in NAMES
    }
    assert walk.columns["ifOutOctets"][1] == 2**32 - 1
    assert walk.columns["ifName"][rows] == b"Gi0/%d" % rows


def test_a_request_asks_for_about_sixty_varbinds() -> None:
    agent = ByteAgent(interfaces(range(1, 101)))
    walked(agent, *NAMES)
    asked = [len(request.varbinds) * request.error_index for request in agent.asked]
    assert max(asked) <= 80
    assert asked[0] == 60
    assert len(agent.asked) <= 9


def test_a_known_number_of_rows_saves_requests_beyond_the_end() -> None:
    agent = ByteAgent(interfaces(range(1, 53)))
    walk = Walk(columns(*NAMES), bulk=True, rows=[52] * len(NAMES))
    lead(walk, agent)
    assert walk.rows == (52,) * len(NAMES)
    assert walk.varbinds == 53 * len(NAMES)


@pytest.mark.parametrize("expected", [0, 3, 51, 53, 1000])
def test_a_wrong_number_of_rows_loses_no_row(expected: int) -> None:
    walk = Walk(columns(*NAMES), bulk=True, rows=[expected] * len(NAMES))
    lead(walk, ByteAgent(interfaces(range(1, 53))))
    assert {len(rows) for rows in walk.columns.values()} == {52}


def test_holes_in_one_column_do_not_affect_the_others() -> None:
    objects = interfaces([1, 2, 7, 130, 131, 20_000])
    del objects[f"{OUT_OCTETS}.2"]
    del objects[f"{HC_IN_OCTETS}.131"]
    del objects[f"{HC_IN_OCTETS}.20000"]
    walk = walked(ByteAgent(objects), *NAMES)
    assert walk.failure is None
    assert [*walk.columns["ifInOctets"]] == [1, 2, 7, 130, 131, 20_000]
    assert [*walk.columns["ifOutOctets"]] == [1, 7, 130, 131, 20_000]
    assert [*walk.columns["ifHCInOctets"]] == [1, 2, 7, 130]


def test_a_missing_column_is_absent_and_loses_no_other() -> None:
    objects = {
        oid: value for oid, value in interfaces(range(1, 31)).items() if HC_IN_OCTETS not in oid
    }
    walk = walked(ByteAgent(objects), *NAMES)
    assert walk.failure is None
    assert set(walk.columns) == {"ifInOctets", "ifOutOctets", "ifName"}


@pytest.mark.parametrize("varbinds", [1, 2, 3, 5, 17])
def test_truncated_replies_lose_no_row(varbinds: int) -> None:
    walk = walked(ByteAgent(interfaces(range(1, 21)), max_varbinds=varbinds), *NAMES)
    assert walk.failure is None
    assert {len(rows) for rows in walk.columns.values()} == {20}


@pytest.mark.parametrize("limit", [1, 3, 7, 30])
def test_too_big_leads_to_smaller_requests(limit: int) -> None:
    walk = walked(ByteAgent(interfaces(range(1, 31)), too_big_above=limit), *NAMES)
    assert walk.failure is None
    assert {len(rows) for rows in walk.columns.values()} == {30}
    assert walk.ceiling <= max(1, limit)


@pytest.mark.parametrize("version", [0, 1])
def test_get_next_reads_the_same(version: int) -> None:
    agent = ByteAgent(interfaces(range(1, 21)))
    walk = walked(agent, *NAMES, bulk=False, version=version)
    assert walk.failure is None
    assert {len(rows) for rows in walk.columns.values()} == {20}
    assert {request.pdu_type for request in agent.asked} == {PduType.GET_NEXT}


def test_no_such_name_of_v1_ends_one_column_and_no_other() -> None:
    # ifName is the last of the MIB: the agent refuses the whole request for it.
    objects = interfaces(range(1, 11))
    objects["1.3.6.1.2.1.31.1.1.1.1.11"] = (Tag.OCTET_STRING, b"one more")
    walk = walked(ByteAgent(objects), *NAMES, bulk=False, version=0)
    assert walk.failure is None
    assert len(walk.columns["ifName"]) == 11
    assert len(walk.columns["ifOutOctets"]) == 10
    assert "ifHCInOctets" not in walk.columns


def test_an_agent_that_refuses_getbulk_is_walked_by_get_next() -> None:
    walk = walked(ByteAgent(interfaces(range(1, 21)), bulk=False), *NAMES)
    assert walk.failure is None
    assert not walk.bulk
    assert {len(rows) for rows in walk.columns.values()} == {20}


def test_an_agent_silent_to_getbulk_is_walked_by_get_next() -> None:
    walk = Walk(columns(*NAMES), bulk=True, answered=True)
    while walk.question() and walk.bulk:
        walk.unanswered(TIMEOUT)
    assert walk.requests <= 3
    lead(walk, ByteAgent(interfaces(range(1, 4))))
    assert walk.failure is None
    assert len(walk.columns) == 4


def test_a_broken_column_is_dropped_with_its_name_and_loses_no_other() -> None:
    walk = walked(ByteAgent(interfaces(range(1, 31)), broken=OUT_OCTETS), *NAMES)
    assert walk.failure is not None
    assert walk.failure.kind is FailureKind.AGENT_ERROR
    # ifInOctets is followed by ifOutOctets: its end cannot be seen, its rows can.
    assert walk.failure.message == "the agent reports error 5: ifOutOctets, ifInOctets"
    assert {len(walk.columns[name]) for name in ("ifInOctets", "ifHCInOctets", "ifName")} == {30}


@pytest.mark.parametrize("version", [0, 1])
def test_a_dead_agent_is_given_up_after_silence_to_get_next(version: int) -> None:
    walk = Walk(columns(*NAMES), bulk=version > 0)
    asked = []
    while question := walk.question():
        asked.append(question[0])
        walk.unanswered(TIMEOUT)
    assert asked == [*[PduType.GET_BULK] * version, PduType.GET_NEXT]
    shown = f"no reply: {', '.join(NAMES[:3])} and {len(NAMES) - 3} more"
    assert walk.failure == Failure(FailureKind.TIMEOUT, shown)


def test_silence_in_the_middle_halves_the_requests_and_then_gives_up() -> None:
    agent = ByteAgent(interfaces(range(1, 101)))
    walk = Walk(columns(*NAMES), bulk=True, answered=True)
    question = walk.question()
    assert question
    assert question[2] == 15
    found = agent.answer(encode_message(Message(1, b"public", question[0], 1, 0, 15, _asked())))
    take(walk, found)
    sizes = []
    while question := walk.question():
        sizes.append(question[2])
        walk.unanswered(TIMEOUT)
    assert sizes[1] == sizes[0] // 2
    assert len(sizes) == 4
    assert walk.failure is not None
    assert walk.failure.kind is FailureKind.TIMEOUT
    assert len(walk.columns["ifName"]) == 15


def _asked() -> tuple[tuple[bytes, int, None], ...]:
    oids = (IN_OCTETS, OUT_OCTETS, HC_IN_OCTETS, IF_NAME)
    return tuple((encode_oid(oid), Tag.NULL, None) for oid in oids)


@pytest.mark.parametrize("rows", [[1, 2, 2], [1, 2, 1], [200, 199, 200], [2, 1, 3, 1]])
def test_repeated_rows_end_the_walk_with_a_reason(rows: list[int]) -> None:
    walk = Walk(columns("ifInOctets"), bulk=False)
    assert walk.question()
    take(walk, response([(encode_oid(f"{IN_OCTETS}.{row}"), Tag.COUNTER32, 1) for row in rows]))
    assert walk.question() is None
    assert walk.failure is not None
    assert walk.failure.kind is FailureKind.NOT_INCREASING
    assert walk.columns["ifInOctets"]


def test_a_jump_back_before_the_table_is_not_taken_for_its_end() -> None:
    walk = Walk(columns("ifInOctets"), bulk=False)
    assert walk.question()
    take(walk, response([(encode_oid("1.3.6.1.2.1.1.1.0"), Tag.OCTET_STRING, b"again")]))
    assert walk.failure is not None
    assert walk.failure.kind is FailureKind.NOT_INCREASING


def test_the_column_itself_as_its_first_row_is_not_increasing() -> None:
    walk = Walk(columns("ifInOctets"), bulk=False)
    assert walk.question()
    take(walk, response([(encode_oid(IN_OCTETS), Tag.COUNTER32, 1)]))
    assert walk.failure is not None
    assert walk.failure.kind is FailureKind.NOT_INCREASING


def test_a_cycle_longer_than_a_reply_is_detected() -> None:
    walk = Walk(columns("ifInOctets"), bulk=False)
    for rows in ([1, 2, 3], [4, 5, 6], [1, 2, 3]):
        assert walk.question()
        take(walk, response([(encode_oid(f"{IN_OCTETS}.{r}"), Tag.COUNTER32, 1) for r in rows]))
    assert walk.question() is None
    assert walk.failure is not None
    assert walk.failure.kind is FailureKind.NOT_INCREASING
    assert len(walk.columns["ifInOctets"]) == 6


def test_an_endless_table_ends_at_the_row_limit() -> None:
    walk = walked(ByteAgent(interfaces(range(1, 3 * MAX_ROWS))), "ifInOctets")
    assert walk.failure is not None
    assert walk.failure.kind is FailureKind.LIMIT
    assert MAX_ROWS <= len(walk.columns["ifInOctets"]) <= MAX_ROWS + 100


def test_an_endless_conversation_ends_at_the_request_limit() -> None:
    walk = walked(ByteAgent(interfaces(range(1, MAX_ROWS)), max_varbinds=1), "ifInOctets")
    assert walk.failure == Failure(
        FailureKind.LIMIT, f"no end after {MAX_REQUESTS} requests: ifInOctets"
    )
    assert walk.requests == MAX_REQUESTS
    assert len(walk.columns["ifInOctets"]) == MAX_REQUESTS


def test_replies_without_varbinds_end_the_walk_with_a_reason() -> None:
    walk = Walk(columns(*NAMES), bulk=True, answered=True)
    while walk.question():
        take(walk, response([]))
    assert walk.failure is not None
    assert walk.failure.kind is FailureKind.AGENT_ERROR
    assert walk.requests < 20


def test_a_truncated_varbind_ends_its_column_and_keeps_its_data() -> None:
    walk = Walk(columns("ifInOctets", "ifName"), bulk=True)
    assert walk.question()
    whole: list[Varbind] = [(encode_oid(f"{oid}.1"), tag, value) for oid, tag, value in _FIRST]
    take(walk, response(whole))
    while question := walk.question():
        asked = encode_pdu(question[0], 1, *question[1:])
        data = bytearray(ByteAgent(interfaces([1, 2, 3])).answer(wrap_pdu(1, b"public", asked)))
        at = data.find(encode_oid(f"{IN_OCTETS}.2"))
        if at > 0:
            # The varbind's length.
            data[at - 3] = 0x80
        take(walk, bytes(data))
    assert walk.failure is not None
    assert walk.failure.kind is FailureKind.MALFORMED
    assert walk.columns == {
        "ifInOctets": {1: 1},
        "ifName": {1: b"a", 2: b"Gi0/2", 3: b"Gi0/3"},
    }
