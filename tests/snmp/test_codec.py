from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.snmp.ber import CodecError, Tag
from monitor.snmp.decode import _decode_any_head, _decode_usual_head, decode_message, decode_value
from monitor.snmp.encode import encode_message, encode_response, encode_varbind
from monitor.snmp.message import MAX_DATAGRAM_BYTES, Message, PduType, Varbind
from monitor.snmp.oid_octets import decode_oid, encode_oid

arcs = st.integers(0, 2**32 - 1)
oids = st.one_of(
    st.tuples(st.integers(0, 1), st.integers(0, 39)),
    st.tuples(st.just(2), st.integers(0, 2**32 - 81)),
).flatmap(lambda first: st.lists(arcs, max_size=40).map(lambda rest: (*first, *rest)))


def _values() -> st.SearchStrategy[tuple[int, int | bytes | None]]:
    def of(
        tags: list[Tag], values: st.SearchStrategy[Any]
    ) -> st.SearchStrategy[tuple[int, int | bytes | None]]:
        return st.tuples(st.sampled_from(tags), values)

    return st.one_of(
        of([Tag.INTEGER], st.integers(-(2**31), 2**31 - 1)),
        of([Tag.COUNTER32, Tag.GAUGE32, Tag.TIMETICKS], st.integers(0, 2**32 - 1)),
        of([Tag.COUNTER64], st.integers(0, 2**64 - 1)),
        of([Tag.OCTET_STRING, Tag.OPAQUE, Tag.IP_ADDRESS], st.binary(max_size=300)),
        of([Tag.OBJECT_IDENTIFIER], oids.map(encode_oid)),
        of(
            [Tag.NULL, Tag.NO_SUCH_OBJECT, Tag.NO_SUCH_INSTANCE, Tag.END_OF_MIB_VIEW],
            st.none(),
        ),
    )


varbinds: st.SearchStrategy[Varbind] = st.tuples(oids.map(encode_oid), _values()).map(
    lambda pair: (pair[0], int(pair[1][0]), pair[1][1])
)
messages = st.builds(
    Message,
    version=st.sampled_from([0, 1]),
    community=st.binary(max_size=200),
    pdu_type=st.sampled_from([int(kind) for kind in PduType if kind != PduType.TRAP_V1]),
    request_id=st.integers(-(2**31), 2**31 - 1),
    error_status=st.integers(0, 2**31 - 1),
    error_index=st.integers(0, 2**31 - 1),
    varbinds=st.lists(varbinds, max_size=12).map(tuple),
)


@given(messages)
def test_every_message_round_trips(message: Message) -> None:
    assert decode_message(encode_message(message)) == message


@given(oids)
def test_every_oid_round_trips(oid: tuple[int, ...]) -> None:
    assert decode_oid(encode_oid(oid)) == oid
    assert encode_oid(".".join(map(str, oid))) == encode_oid(oid)


@given(st.binary(max_size=400))
def test_garbage_raises_only_codec_errors(data: bytes) -> None:
    with pytest.raises(CodecError):
        decode_message(b"\x31" + data)
    with contextlib.suppress(CodecError):
        decode_message(data)


@given(messages, st.data())
def test_a_message_truncated_anywhere_is_refused(message: Message, data: st.DataObject) -> None:
    whole = encode_message(message)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(CodecError):
        decode_message(whole[:cut])


@given(messages, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), max_size=3))
def test_the_fast_path_for_usual_heads_decodes_the_same(
    message: Message, changes: list[tuple[int, int]]
) -> None:
    data = bytearray(encode_message(message))
    for place, octet in changes:
        data[place % len(data)] = octet
    usual = _decode_usual_head(bytes(data))
    if usual is not None:
        assert usual == _decode_any_head(bytes(data))
    elif not changes and len(message.community) < 0x80:
        assert max(message.error_status, message.error_index) > 0x7F


@pytest.mark.parametrize(
    ("tag", "octets", "value"),
    [
        (Tag.COUNTER32, "ff ff ff ff", 2**32 - 1),
        (Tag.COUNTER32, "00 ff ff ff ff", 2**32 - 1),
        (Tag.GAUGE32, "ff", 255),
        (Tag.TIMETICKS, "00 00 00 01", 1),
        (Tag.COUNTER64, "ff ff ff ff ff ff ff ff", 2**64 - 1),
        (Tag.COUNTER64, "00 ff ff ff ff ff ff ff ff", 2**64 - 1),
        (Tag.INTEGER, "ff", -1),
        (Tag.INTEGER, "00 ff", 255),
        (Tag.INTEGER, "80 00 00 00", -(2**31)),
        (Tag.COUNTER32, "00 00 00 00 00 01", 1),
        (Tag.UINTEGER32, "07", 7),
    ],
)
def test_integers_are_read_with_and_without_a_leading_zero(
    tag: Tag, octets: str, value: int
) -> None:
    assert decode_value(tag, bytes.fromhex(octets)) == value


@pytest.mark.parametrize(
    ("tag", "octets"),
    [
        (Tag.INTEGER, ""),
        (Tag.INTEGER, "00 " * 9),
        (Tag.COUNTER32, ""),
        (Tag.COUNTER32, "01 00 00 00 00"),
        (Tag.COUNTER32, "00 00 00 00 00 00 00 00 00 01"),
        (Tag.COUNTER64, "01 00 00 00 00 00 00 00 00"),
        (Tag.OBJECT_IDENTIFIER, ""),
        (Tag.OBJECT_IDENTIFIER, "2b 86"),
        (0x45, "00"),
        (0x30, ""),
    ],
)
def test_invalid_value_encodings_are_refused(tag: int, octets: str) -> None:
    with pytest.raises(CodecError):
        decode_value(tag, bytes.fromhex(octets))


@pytest.mark.parametrize(
    "octets",
    ["", "80 01", "2b 80 01", "2b 90 80 80 80 00", "2b 06 01 81", "2b" + " 01" * 127],
)
def test_invalid_oid_encodings_are_refused(octets: str) -> None:
    with pytest.raises(CodecError):
        decode_oid(bytes.fromhex(octets))


@pytest.mark.parametrize("text", ["", "1", "3.1", "1.40", "1.3.-6", "1.3.4294967296", "iso.3"])
def test_text_that_is_not_an_oid_is_refused(text: str) -> None:
    with pytest.raises(CodecError):
        encode_oid(text)


def test_long_lengths_of_net_snmp_are_read() -> None:
    # A sysUpTime reply whose lengths are all written in two octets, as net-snmp's agent does.
    data = bytes.fromhex(
        "30 82 00 30 02 01 01 04 06 70 75 62 6c 69 63 a2 82 00 21 02 02 30 39 02 01 00 02 01 00"
        "30 82 00 13 30 82 00 0f 06 08 2b 06 01 02 01 01 03 00 43 03 01 e2 40"
    )
    message = decode_message(data)
    assert message.request_id == 12345
    assert message.varbinds == ((encode_oid("1.3.6.1.2.1.1.3.0"), Tag.TIMETICKS, 123456),)


@pytest.mark.parametrize("length", ["80", "89 00 00 00 00 00 00 00 00 24", "ff", "84 00 01 00 24"])
def test_other_forms_of_length_are_refused(length: str) -> None:
    whole = encode_response(1, b"public", 1, 0, 0, [])
    with pytest.raises(CodecError):
        decode_message(whole[:1] + bytes.fromhex(length) + whole[2:])


def test_a_datagram_above_16_kib_is_refused_before_decoding() -> None:
    large = encode_varbind(encode_oid("1.3.6.1"), Tag.OCTET_STRING, bytes(MAX_DATAGRAM_BYTES))
    with pytest.raises(CodecError, match="more than the 16384 accepted"):
        decode_message(encode_response(1, b"public", 1, 0, 0, [large]))


def test_snmpv3_and_v1_traps_are_refused_for_now() -> None:
    response = bytearray(encode_response(1, b"public", 1, 0, 0, []))
    response[4] = 3
    with pytest.raises(CodecError, match="version 3"):
        decode_message(bytes(response))
    response[4] = 0
    response[response.index(0xA2)] = 0xA4
    with pytest.raises(CodecError, match="0xa4"):
        decode_message(bytes(response))


def test_a_deeply_nested_bomb_is_refused_without_recursion() -> None:
    with pytest.raises(CodecError):
        decode_message(b"\x30\x80" * 8000)
    with pytest.raises(CodecError):
        decode_message(b"\x30\x82\x3f\xfc" + b"\x30\x02" * 8190)


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (Tag.COUNTER32, -1),
        (Tag.COUNTER32, 2**32),
        (Tag.COUNTER64, 2**64),
        (Tag.OCTET_STRING, 7),
        (Tag.OCTET_STRING, None),
        (Tag.INTEGER, b"7"),
        (Tag.OBJECT_IDENTIFIER, b"\x80"),
    ],
)
def test_a_value_that_does_not_fit_its_tag_is_not_encoded(
    tag: Tag, value: int | bytes | None
) -> None:
    with pytest.raises(CodecError):
        encode_varbind(encode_oid("1.3.6.1"), tag, value)


def test_the_community_is_not_in_the_repr() -> None:
    assert "s3cret" not in repr(Message(1, b"s3cret", PduType.GET, 1, 0, 0, ()))
