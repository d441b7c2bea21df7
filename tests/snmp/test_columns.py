from __future__ import annotations

import itertools
import random
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from monitor.snmp.ber import SEQUENCE, CodecError, Tag, enter
from monitor.snmp.columns import Group
from monitor.snmp.decode import decode_as, decode_head, split_varbind
from monitor.snmp.encode import encode_message
from monitor.snmp.layout import Index, Layout, Value
from monitor.snmp.message import Message, PduType
from monitor.snmp.notes import End
from monitor.snmp.oid_octets import decode_oid, encode_oid, read_oid
from monitor.snmp.rows import RowReaders

if TYPE_CHECKING:
    from collections.abc import Sequence

# The minimum per run; ten times as many with --thorough.
MUTANTS = 10_000

LAYOUTS = (
    Layout(encode_oid("1.3.6.1.2.1.2.2.1.8"), Tag.INTEGER),
    Layout(encode_oid("1.3.6.1.2.1.2.2.1.10"), Tag.COUNTER32),
    Layout(encode_oid("1.3.6.1.2.1.31.1.1.1.6"), Tag.COUNTER64),
    Layout(encode_oid("1.3.6.1.2.1.31.1.1.1.1"), Tag.OCTET_STRING),
    Layout(encode_oid("1.3.6.1.2.1.105.1.1.1.3"), Tag.INTEGER, arity=2),
)
# Columns with one arc of index are read row by row, others varbind by varbind.
BY_ROW = LAYOUTS[:4]
# One column alone with several arcs of index is read in runs.
IN_A_RUN = LAYOUTS[4:]
SETS = pytest.mark.parametrize("layouts", [LAYOUTS, BY_ROW], ids=["by varbind", "by row"])
Outcome = tuple[list[dict[Index, Value]], list[End | None]]


def reply(layouts: Sequence[Layout], rows: Sequence[int], values: random.Random) -> bytes:
    varbinds = []
    for row in rows:
        for layout in layouts:
            index = encode_oid((1, 3, row, row))[1:] if layout.arity == 2 else b""
            oid = encode_oid((*layout.arcs, row)) if not index else layout.oid + index
            varbinds.append((oid, layout.plan[3], _value(layout, values)))
    return encode_message(Message(1, b"public", PduType.RESPONSE, 99, 0, 0, tuple(varbinds)))


def _value(layout: Layout, values: random.Random) -> Value:
    if not layout.numeric:
        return bytes(values.randbytes(values.choice((0, 3, 12, 130))))
    if layout.plan[3] == Tag.INTEGER:
        return values.choice((1, 2, -1, 127, 128, -(2**31), 2**31 - 1))
    return values.randrange(1 << values.choice((1, 8, 31, 32)))


def fast(layouts: Sequence[Layout], data: bytes, readers: RowReaders) -> Outcome | None:
    """Return what the hot path reads from a reply, None if it refuses it."""
    rows: list[dict[Index, Value]] = [{} for _ in layouts]
    group = Group(layouts, rows, [layout.first for layout in layouts], readers.of(layouts))
    try:
        position, end = decode_head(data)[6:]
        group.take(data[:end], position)
    except CodecError:
        return None
    assert group.values is rows
    return rows, group.ends


def general(layouts: Sequence[Layout], data: bytes) -> Outcome | None:
    """Return what the general codec and plain tuples read from a reply, None if it is refused."""
    rows: list[dict[Index, Value | None]] = [{} for _ in layouts]
    ends: list[End | None] = [None for _ in layouts]
    try:
        position, end = decode_head(data)[6:]
        for column, layout in itertools.cycle(enumerate(layouts)):
            if position == end:
                break
            if ends[column] is not None:
                position = enter(data[:end], position, SEQUENCE)[1]
            else:
                octets, tag, value_at, position = split_varbind(data[:end], position)
                value = (tag, data[value_at:position])
                ends[column] = _take_apart(layout, octets, value, rows[column])
    except CodecError:
        return None
    read = [{name: one for name, one in column.items() if one is not None} for column in rows]
    return read, ends


def _take_apart(
    layout: Layout, octets: bytes, value: tuple[int, bytes], rows: dict[Index, Value | None]
) -> End | None:
    """Take one varbind and return why the column ends; values left out are `None` in rows."""
    tag, content = value
    if tag in {0x80, 0x81, 0x82}:
        return End.FINISHED
    try:
        oid = decode_oid(read_oid(octets))
    except CodecError:
        return None
    index = oid[len(layout.arcs) :]
    if oid[: len(layout.arcs)] != layout.arcs:
        return End.FINISHED if oid > layout.arcs else End.NOT_INCREASING
    name: Index = index[0] if layout.arity == 1 and len(index) == 1 else index
    if not index or name in rows:
        return End.NOT_INCREASING
    rows[name] = None
    if len(index) == layout.arity:
        with suppress(CodecError):
            rows[name] = decode_as(layout.tags, tag, content)
    return None


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Return the data with one to four small damages, some of which keep it well formed."""
    mutant = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(mutant))
        match chance.randrange(6):
            case 0:
                mutant[place] = chance.randrange(256)
            case 1:
                mutant[place] ^= 1 << chance.randrange(8)
            case 2:
                mutant[place] = chance.choice(
                    (0, 1, 2, 4, 5, 6, 0x30, 0x41, 0x46, 0x7F, 0x80, 0x82)
                )
            case 3:
                del mutant[place]
            case 4:
                mutant.insert(place, chance.randrange(256))
            case _:
                other = chance.randrange(len(mutant))
                mutant[place], mutant[other] = mutant[other], mutant[place]
    return bytes(mutant)


@pytest.mark.parametrize(
    "layouts", [LAYOUTS, BY_ROW, IN_A_RUN], ids=["by varbind", "by row", "in a run"]
)
def test_both_decoders_agree_on_mutated_replies(
    layouts: Sequence[Layout],
    thorough: bool,  # noqa: FBT001  # a fixture
) -> None:
    readers, mutants = RowReaders(), MUTANTS * (10 if thorough else 1)
    chance = random.Random(82)
    # Indexes around the edges of one and two octets, an end, and steps backwards.
    bases = [
        reply(layouts, rows, chance)
        for rows in ([1, 2, 3], [126, 127, 128], [16382, 16383, 16384], [5, 5], [9, 4], [])
        for _ in range(4)
    ]
    read = 0
    for _ in range(mutants):
        mutant = mutate(chance.choice(bases), chance)
        found = fast(layouts, mutant, readers)
        assert found == general(layouts, mutant), mutant.hex(" ")
        read += found is not None
    assert read > mutants // 10, "the mutants are too broken to show anything"


@SETS
def test_values_of_every_type_are_read(layouts: Sequence[Layout]) -> None:
    values = random.Random(1)
    for rows in ([1, 2], [127, 128, 129], [70_000]):
        data = reply(layouts, rows, values)
        found = fast(layouts, data, RowReaders())
        assert found is not None
        assert found == general(layouts, data)
        assert [*found[0][0]] == rows
        for column in found[0][4:]:
            assert [*column] == [(row, row) for row in rows]


def test_a_value_of_the_wrong_kind_is_left_out_and_the_column_continues() -> None:
    layout = LAYOUTS[1]
    rows: dict[Index, Value] = {}
    group = Group([layout], [rows], [layout.first])
    varbinds = (
        (layout.oid + b"\x01", Tag.OCTET_STRING, b"text"),
        (layout.oid + b"\x02", Tag.NULL, None),
        (layout.oid + b"\x03", Tag.GAUGE32, 7),
    )
    data = encode_message(Message(1, b"public", PduType.RESPONSE, 1, 0, 0, varbinds))
    assert group.take(data, decode_head(data)[6]) == 3
    assert rows == {3: 7}
    assert group.ends == [None]


def test_a_request_for_columns_of_one_row_equals_single_requests() -> None:
    layouts = LAYOUTS[:4]
    for last in ([7, 7, 7, 7], [7, 8, 7, 7], [-1, -1, -1, -1], [200, 200, 200, 200]):
        group = Group(layouts, [{} for _ in layouts], last)
        singles = [layout.ask(index) for layout, index in zip(layouts, last, strict=True)]
        assert group.ask() == b"".join(singles)


def test_a_damaged_oid_tag_in_a_column_of_two_arcs_is_refused() -> None:
    layout = LAYOUTS[4]
    group = Group([layout], [{}], [(1, 2)])
    data = bytes.fromhex("30 0e 00 0c 2b 06 01 02 01 69 01 01 01 03 02 01 01 01")
    with pytest.raises(CodecError):
        group.take(data, 0)


def test_an_empty_request_takes_nothing() -> None:
    with pytest.raises(CodecError):
        Group((), (), ()).take(b"\x30\x00", 0)
