"""Encodes and decodes OIDs (X.690 §8.19).

In memory an OID stays in its encoded form, because decoding and printing OIDs is what makes
other codecs slow. It is the shortest form; padded OIDs of agents are converted to it.

Must not know: which object an OID names.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from monitor.snmp.ber import CodecError

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_ARC = 0xFFFFFFFF
_MAX_ARCS = 128
_KEPT_ARCS = 1024
# At most 128 arcs below 2**32, each in its shortest form (X.690 §8.19.2, RFC 2578 §3.5).
_OID = re.compile(
    rb"(?:(?:[\x81-\xff][\x80-\xff]{0,2}|[\x81-\x8f][\x80-\xff]{3})?[\x00-\x7f]){1,127}", re.DOTALL
)


def encode_oid(oid: str | Iterable[int]) -> bytes:
    """Return the content octets of an OID given as `1.3.6.1` or as its arcs (X.690 §8.19).

    Raises:
        CodecError: if SNMP cannot carry the OID (RFC 2578 §3.5).
    """
    try:
        arcs = [int(arc) for arc in oid.strip(".").split(".")] if isinstance(oid, str) else [*oid]
    except ValueError as error:
        raise CodecError(f"not an OID: {oid!r}") from error
    if not 2 <= len(arcs) <= _MAX_ARCS:  # noqa: PLR2004  # the bounds of RFC 2578 §3.5
        raise CodecError(f"an OID has 2 to {_MAX_ARCS} arcs, not {len(arcs)}")
    first, second = arcs[0], arcs[1]
    if not 0 <= first <= 2 or second < 0 or (first < 2 and second >= 40):  # noqa: PLR2004  # X.690 §8.19.4
        raise CodecError(f"no OID begins with {first}.{second}")
    return encode_arcs((first * 40 + second, *arcs[2:]))


def encode_arcs(arcs: Iterable[int]) -> bytes:
    """Return the octets of a part of an OID after its first two arcs.

    Raises:
        CodecError: if an arc is negative or above 2**32-1.
    """
    encoded = bytearray()
    for arc in arcs:
        if 0 <= arc <= 0x7F:  # noqa: PLR2004  # one octet, the usual case
            encoded.append(arc)
            continue
        if not 0 <= arc <= _MAX_ARC:
            raise CodecError(f"arc {arc} is outside 0 to 2**32-1")
        septets = [arc & 0x7F]
        rest = arc >> 7
        while rest:
            septets.append(rest & 0x7F | 0x80)
            rest >>= 7
        encoded += bytes(reversed(septets))
    return bytes(encoded)


@lru_cache(maxsize=_KEPT_ARCS)
def encode_arc(arc: int) -> bytes:
    """Return the octets of one arc; cached, because every request repeats the same few indexes.

    Raises:
        CodecError: as for `encode_arcs`.
    """
    return encode_arcs((arc,))


def decode_oid(encoded: bytes) -> tuple[int, ...]:
    """Return the arcs of an OID from its content octets.

    Raises:
        CodecError: if the OID is not in its shortest form, or has an arc above 2**32-1.
    """
    arcs = decode_arcs(check_oid(encoded))
    first = arcs[0]
    if first < 80:  # noqa: PLR2004  # X.690 §8.19.4: 40 times the first arc plus the second
        return (first // 40, first % 40, *arcs[1:])
    return (2, first - 80, *arcs[1:])


def decode_arcs(encoded: bytes) -> tuple[int, ...]:
    """Return the arcs of a part of an OID after its first two arcs."""
    arcs = []
    arc = 0
    for octet in encoded:
        arc = arc << 7 | octet & 0x7F
        if octet < 0x80:  # noqa: PLR2004  # the high bit says that more follows
            arcs.append(arc)
            arc = 0
    return tuple(arcs)


def check_oid(encoded: bytes) -> bytes:
    """Return the content octets unchanged.

    Raises:
        CodecError: if they are not an OID in its shortest form.
    """
    if _OID.fullmatch(encoded) is None:
        raise _not_an_oid(encoded)
    return encoded


def read_oid(octets: bytes) -> bytes:
    """Return an agent's OID in its shortest form: some agents pad arcs with a leading 0x80.

    Raises:
        CodecError: if the octets are empty, end within an arc, or hold an arc above 2**32-1.
    """
    if _OID.fullmatch(octets) is not None:
        return octets
    if not octets or octets[-1] > 0x7F:  # noqa: PLR2004  # the high bit says that more follows
        raise _not_an_oid(octets)
    arcs = decode_arcs(octets)
    # The first octets encode two arcs.
    if len(arcs) >= _MAX_ARCS:
        raise _not_an_oid(octets)
    return encode_arcs(arcs)


def _not_an_oid(octets: bytes) -> CodecError:
    return CodecError(f"not an OID: {octets[:40].hex(' ')}")
