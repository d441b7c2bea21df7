from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.snmp.ber import CodecError
from monitor.snmp.decode import decode_varbinds
from monitor.snmp.encode import encode_pdu
from monitor.snmp.message import PduType
from monitor.snmp.secure_message import (
    decode_scoped,
    decode_secure,
    encode_scoped,
    encode_secure,
    is_secure,
)

NAMES = st.binary(max_size=32)
NUMBERS = st.integers(0, 2**31 - 1)


@given(
    message_id=NUMBERS,
    flags=st.sampled_from([0, 1, 3, 4, 5, 7]),
    engine_id=NAMES,
    boots=NUMBERS,
    time=NUMBERS,
    user=NAMES,
    digest=st.binary(max_size=48),
    salt=st.binary(max_size=8),
    content=st.binary(max_size=300),
)
def test_encoded_messages_round_trip(  # all that is in a message
    message_id: int,
    flags: int,
    engine_id: bytes,
    boots: int,
    time: int,
    user: bytes,
    digest: bytes,
    salt: bytes,
    content: bytes,
) -> None:
    if not flags & 2:
        content = encode_scoped(engine_id, b"", content)
    whole, digest_at = encode_secure(
        message_id, flags, engine_id, boots, time, user, digest, salt, content
    )
    assert is_secure(whole)
    found = decode_secure(whole)
    assert found == (
        whole, message_id, flags, engine_id, boots, time, user, digest, digest_at, salt, content
    )  # fmt: skip
    assert whole[digest_at : digest_at + len(digest)] == digest


@given(engine=NAMES, context=st.binary(max_size=200), padding=st.integers(0, 16))
def test_a_scoped_pdu_is_decoded_without_its_padding(
    engine: bytes, context: bytes, padding: int
) -> None:
    pdu = encode_pdu(PduType.RESPONSE, 77, 0, 0, b"")
    found = decode_scoped(encode_scoped(engine, context, pdu) + bytes(padding))
    assert (found.context_engine, found.context) == (engine, context)
    assert found.head[2:6] == (PduType.RESPONSE, 77, 0, 0)
    assert decode_varbinds(found.data, found.head[6]) == ()


def sample(flags: int) -> bytes:
    scoped = encode_scoped(b"engine", b"", encode_pdu(PduType.RESPONSE, 77, 0, 0, b""))
    return encode_secure(4711, flags, b"engine", 7, 100_000, b"user", bytes(12), bytes(8), scoped)[
        0
    ]


@pytest.mark.parametrize("flags", [0, 1, 3])
def test_truncated_messages_are_refused_and_trailing_octets_ignored(
    flags: int,
) -> None:
    whole = sample(flags)
    for size in range(len(whole)):
        with pytest.raises(CodecError):
            decode_secure(whole[:size])
    assert decode_secure(whole + b"\x00") == decode_secure(whole)
    with pytest.raises(CodecError):
        decode_secure(bytes(16 * 1024 + 1))


def test_encryption_without_authentication_is_refused() -> None:
    with pytest.raises(CodecError, match="not authenticated"):
        decode_secure(sample(2))


def test_mutated_messages_raise_only_codec_errors(
    thorough: bool,  # noqa: FBT001  # a fixture
) -> None:
    mutants = 100_000 if thorough else 20_000
    dice = random.Random(3414)
    samples = [sample(flags) for flags in (0, 1, 3)]
    refused = 0
    for _ in range(mutants):
        data = bytearray(dice.choice(samples))
        for _ in range(dice.randint(1, 4)):
            data[dice.randrange(len(data))] = dice.choice(
                (0, 0x7F, 0x80, 0x84, 0xFF, dice.randrange(256))
            )
        if dice.random() < 0.2:
            del data[dice.randrange(len(data)) :]
        try:
            message = decode_secure(bytes(data))
            decode_scoped(message.content)
        except CodecError:
            refused += 1
    assert 0.3 * mutants < refused < mutants
