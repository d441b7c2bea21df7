from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.probes.echo.packet import (
    ECHO_REPLY,
    ECHO_REQUEST,
    EchoTemplate,
    ones_complement_sum,
    parse_error,
    parse_reply,
)

V4, V6 = socket.AF_INET, socket.AF_INET6
words = st.integers(0, 0xFFFF)
families = st.sampled_from([V4, V6])


def test_checksum_matches_the_example_of_rfc_1071() -> None:
    assert ones_complement_sum(bytes.fromhex("0001f203f4f5f6f7")) == 0xDDF2


@given(st.binary(max_size=200))
def test_checksum_matches_the_definition_word_by_word(data: bytes) -> None:
    padded = data + b"\0" * (len(data) % 2)
    total = 0
    for at in range(0, len(padded), 2):
        total += int.from_bytes(padded[at : at + 2], "big")
        total = (total & 0xFFFF) + (total >> 16)
    assert ones_complement_sum(data) == total


@given(words, words, st.binary(max_size=300))
def test_every_request_has_a_correct_checksum(
    identifier: int, sequence: int, payload: bytes
) -> None:
    packet = EchoTemplate(V4, identifier, payload).packet(sequence)
    assert ones_complement_sum(packet) == 0xFFFF
    assert packet[0] == ECHO_REQUEST[V4]
    assert packet[8:] == payload


@given(words, words)
def test_ipv6_checksum_is_left_to_the_kernel(identifier: int, sequence: int) -> None:
    packet = EchoTemplate(V6, identifier, b"x").packet(sequence)
    assert packet == struct.pack("!BBHHH", 128, 0, 0, identifier, sequence) + b"x"


@given(families, words, words, st.binary(max_size=300), st.integers(0, 10), st.booleans())
def test_an_echoed_request_parses_to_the_values_sent(
    family: socket.AddressFamily,
    identifier: int,
    sequence: int,
    payload: bytes,
    option_words: int,
    raw: bool,  # noqa: FBT001  # drawn by hypothesis
) -> None:
    has_ip_header = raw and family == V4
    header = bytes([0x45 + option_words]) + bytes(19 + 4 * option_words) if has_ip_header else b""
    request = EchoTemplate(family, identifier, payload).packet(sequence)
    reply = header + bytes([ECHO_REPLY[family]]) + request[1:]
    parsed = parse_reply(memoryview(reply), ECHO_REPLY[family], has_ip_header=has_ip_header)
    assert parsed is not None
    assert parsed[:2] == (identifier, sequence)
    assert parsed[2] == payload


@given(st.binary(max_size=100), families, st.booleans())
def test_the_reply_parser_never_raises(
    data: bytes,
    family: socket.AddressFamily,
    has_ip_header: bool,  # noqa: FBT001  # drawn by hypothesis
) -> None:
    parse_reply(memoryview(data), ECHO_REPLY[family], has_ip_header=has_ip_header)


@given(st.binary(max_size=64), st.binary(max_size=64), families)
def test_the_error_parser_never_raises(
    report: bytes, quoted: bytes, family: socket.AddressFamily
) -> None:
    parse_error(family, report, quoted, "192.0.2.1")


def test_a_request_is_not_mistaken_for_a_reply() -> None:
    request = EchoTemplate(V4, 7, b"payload").packet(9)
    assert parse_reply(memoryview(request), ECHO_REPLY[V4], has_ip_header=False) is None


def report(family: socket.AddressFamily, kind: int, code: int, offender: str) -> bytes:
    origin = 3 if family == V6 else 2
    packed = socket.inet_pton(family, offender)
    address = struct.pack("=HHI", family, 0, 0) + packed + b"\0" * 4
    if family == V4:
        address = struct.pack("=HH", family, 0) + packed + b"\0" * 8
    return struct.pack("=IBBBBII", 113, origin, kind, code, 0, 0, 0) + address


@pytest.mark.parametrize(
    ("family", "kind", "code", "offender", "sentence"),
    [
        (V4, 3, 1, "192.0.2.9", "host unreachable, reported by 192.0.2.9"),
        (V4, 3, 13, "192.0.2.9", "administratively prohibited, reported by 192.0.2.9"),
        (V4, 11, 0, "192.0.2.9", "time to live exceeded, reported by 192.0.2.9"),
        (V4, 12, 5, "192.0.2.9", "ICMP error type 12 code 5, reported by 192.0.2.9"),
        (V6, 1, 0, "2001:db8::9", "no route to host, reported by 2001:db8::9"),
        (V6, 3, 0, "2001:db8::9", "hop limit exceeded, reported by 2001:db8::9"),
    ],
)
def test_an_icmp_error_gives_its_cause_and_sender(
    family: socket.AddressFamily, kind: int, code: int, offender: str, sentence: str
) -> None:
    quoted = EchoTemplate(family, 0x1234, b"").packet(77)
    parsed = parse_error(family, report(family, kind, code, offender), quoted, "192.0.2.1")
    assert parsed is not None
    identifier, error = parsed
    assert (identifier, error.sequence, error.destination) == (0x1234, 77, "192.0.2.1")
    assert error.sentence == sentence


def test_an_icmp_error_about_another_kind_of_packet_is_ignored() -> None:
    assert parse_error(V4, report(V4, 3, 1, "192.0.2.9"), bytes(8), "192.0.2.1") is None


def test_a_local_error_is_not_blamed_on_a_router() -> None:
    local = struct.pack("=IBBBBII", 90, 1, 0, 0, 0, 0, 0)
    quoted = EchoTemplate(V4, 1, b"").packet(1)
    assert parse_error(V4, local, quoted, "192.0.2.1") is None
