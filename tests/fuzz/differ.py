"""Our decoder reads every datagram as net-snmp does, or refuses it for a known reason.

`python -m tests.fuzz.differ 1000000` tries that many damaged replies and reports how often each
reason of `docs/snmp.md` occurred. It calls a C library with damaged data, so tests run it as a
separate process.

Must not know: how the replies are damaged.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from monitor.snmp.ber import CodecError, Tag
from monitor.snmp.decode import UnreadableError, decode_head, decode_value, split_varbind
from monitor.snmp.encode import encode_message
from monitor.snmp.message import Message, PduType
from monitor.snmp.model import LeftOut
from monitor.snmp.oid_octets import decode_oid, encode_oid, read_oid
from tests.cases.device import Device, switch
from tests.cases.test_snmp_messages import of_eight, of_four, padded
from tests.fuzz.net_snmp import NetSnmp
from tests.snmp.test_columns import BY_ROW, LAYOUTS, mutate, reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fuzz.net_snmp import Read

_CORPUS: Final = Path(__file__).parent / "corpus"
_RESPONSE: Final = 0xA2
# Of an arc, seven bits each.
_OCTETS_OF_64_BITS: Final = 10
_VERSIONS: Final = (0, 1)
_BITS_32: Final = range(-(1 << 31), 1 << 31)
_PORTS: Final = switch([1, 200])
_DEVICES: Final = (
    Device(_PORTS),
    Device(_PORTS, tlv=of_four),
    Device(_PORTS, tlv=of_eight, pad=padded),
    Device(_PORTS, pad=padded, behind=b"more"),
)
# Why we refuse a message whose header net-snmp reads, by our messages.
_REFUSED_HEADS: Final = {
    "does not fit in 32 bits": "a number of the head that is too wide",
    f"expected tag {Tag.OCTET_STRING:#x}": "a community that is another kind of string",
}
# net-snmp decodes floats and 64-bit numbers within an Opaque, with its own types.
_WITHIN_OPAQUE: Final = range(0x76, 0x7C)


class DiffersError(AssertionError):
    """Both read a datagram, but to different values."""


def compare(data: bytes, read: Read, met: Counter[str]) -> None:
    """Compare what net-snmp and we read from a datagram; count the known reasons.

    Raises:
        DiffersError: if there is a difference that no reason explains.
    """
    if read.head[0] not in _VERSIONS or read.head[2] != _RESPONSE:
        met["not a response of version 1 or 2c"] += 1
        return
    try:
        head = decode_head(data)
    except CodecError as error:
        for words, reason in _REFUSED_HEADS.items():
            if words in str(error):
                met[reason] += 1
                return
        raise DiffersError(f"refused: {error}") from error
    if head[:6] != read.head:
        raise DiffersError(f"{head[:6]} is not {read.head}")
    try:
        _compare_varbinds(data[: head[7]], head[6], read, met)
    except CodecError as error:
        raise DiffersError(f"refused: {error}") from error


def _compare_varbinds(data: bytes, position: int, read: Read, met: Counter[str]) -> None:
    for name, tag, value in read.varbinds:
        if position >= len(data):
            raise DiffersError("a varbind is missing")
        octets, our_tag, value_at, position = split_varbind(data, position)
        try:
            oid = read_oid(octets)
        except CodecError:
            _explain_name(octets, name)
            met[LeftOut.NAME] += 1
            continue
        if decode_oid(oid) != name:
            raise DiffersError(f"{decode_oid(oid)} is not {name}")
        _compare_value(our_tag, data[value_at:position], (tag, value), met)
    if position != len(data):
        raise DiffersError("a varbind too many")


def _explain_name(octets: bytes, name: tuple[int, ...]) -> None:
    # An empty OID is one of zeros to net-snmp, and arcs beyond 64 bits lose their first ones.
    if len(octets) < _OCTETS_OF_64_BITS and (octets or any(name)):
        raise DiffersError(f"the name {octets.hex(' ')} is refused, which is {name}")


def _compare_value(
    our_tag: int,
    content: bytes,
    theirs: tuple[int, int | bytes | tuple[int, ...] | None],
    met: Counter[str],
) -> None:
    tag, value = theirs
    if our_tag == Tag.OPAQUE and tag in _WITHIN_OPAQUE:
        met["a number within an Opaque: octets to us"] += 1
        return
    if our_tag != tag:
        raise DiffersError(f"type {our_tag:#x} is not {tag:#x}")
    try:
        found = decode_value(our_tag, content)
    except UnreadableError as error:
        _explain(error.reason, our_tag, content)
        met[error.reason] += 1
        return
    if our_tag == Tag.OBJECT_IDENTIFIER and isinstance(found, bytes):
        if decode_oid(found) != value:
            raise DiffersError(f"{decode_oid(found)} is not {value!r}")
    elif our_tag == Tag.INTEGER and found not in _BITS_32:
        met["an INTEGER of more than 32 bits: whole to us"] += 1
    elif found != value:
        raise DiffersError(f"{found!r} is not {value!r}")


def _explain(reason: LeftOut, tag: int, content: bytes) -> None:
    """Raise unless the reason allows us to leave out what net-snmp reads."""
    number = int.from_bytes(content, "big")
    allowed = {
        # A Counter64 without octets is 0 to net-snmp; other numbers it refuses with their message.
        LeftOut.EMPTY: tag == Tag.COUNTER64,
        # net-snmp cuts the number to its type's width.
        LeftOut.NUMBER: number >> (64 if tag == Tag.COUNTER64 else 32) > 0,
        # An empty OID is 0.0 to net-snmp, and arcs beyond 64 bits lose their first ones.
        LeftOut.OID: not content or len(content) > 9,  # octets of a 64-bit arc
        # NsapAddress and BIT STRING of RFC 1442, and types internal to net-snmp.
        LeftOut.TYPE: tag in {0x03, 0x45, *_WITHIN_OPAQUE},
    }
    if not allowed.get(reason, False):
        raise DiffersError(f"{reason}: {tag:#x} {content.hex(' ')}")


def _of_people(device: Device) -> bytes:
    """Return a device's reply with all of its objects, in its message encoding."""
    asked = tuple((encode_oid(oid), int(Tag.NULL), None) for oid in device.objects)
    return device.answer(encode_message(Message(1, b"public", PduType.GET, 7, 0, 0, asked)))[0]


def damaged(chance: random.Random) -> Iterator[bytes]:
    """Yield damaged replies endlessly: from the corpus, and generated ones."""
    bases = [path.read_bytes() for path in sorted(_CORPUS.iterdir())]
    for layouts in (LAYOUTS, BY_ROW):
        bases += [reply(layouts, rows, chance) for rows in ([1, 2], [127, 128], [70_000], [])]
    bases += [_of_people(device) for device in _DEVICES]
    while True:
        yield mutate(chance.choice(bases), chance)


def main(count: int, seed: int) -> str:
    """Try this many damaged replies; return a summary line.

    Raises:
        DiffersError: at the first difference, with the datagram.
    """
    library, met, read_by_both = NetSnmp(), Counter[str](), 0
    for data, _ in zip(damaged(random.Random(seed)), range(count), strict=False):
        read = library.read(data)
        if read is None:
            continue
        read_by_both += 1
        try:
            compare(data, read, met)
        except DiffersError as error:
            raise DiffersError(f"{error}: {data.hex()}") from error
    reasons = "; ".join(f"{name} {times}" for name, times in sorted(met.items()))
    return f"{count} replies, {read_by_both} that net-snmp reads; {reasons}"


if __name__ == "__main__":
    print(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))  # noqa: T201  # a command
