from __future__ import annotations

from monitor.snmp.ber import Tag
from monitor.snmp.columns import Group
from monitor.snmp.encode import encode_varbind
from monitor.snmp.layout import Index, Layout, Value
from monitor.snmp.oid_octets import encode_oid
from monitor.snmp.rows import Row, RowReader, RowReaders

NAMES, STATES, OCTETS = COLUMNS = (
    Layout(encode_oid("1.3.6.1.2.1.31.1.1.1.1"), Tag.OCTET_STRING),
    Layout(encode_oid("1.3.6.1.2.1.2.2.1.8"), Tag.INTEGER),
    Layout(encode_oid("1.3.6.1.2.1.31.1.1.1.6"), Tag.COUNTER64),
)
TOP_BIT = (1 << 64) - 1


def row(number: int, octets: int = 7) -> bytes:
    index = encode_oid((1, 3, number))[1:]
    values: tuple[int | bytes, ...] = (b"port", 1, octets)
    return b"".join(
        encode_varbind(layout.oid + index, layout.tag, value)
        for layout, value in zip(COLUMNS, values, strict=True)
    )


def reader() -> RowReader:
    found = RowReaders().of(COLUMNS)
    assert found is not None
    return found


def test_rows_are_accepted_while_complete_and_increasing() -> None:
    rows: list[Row] = []
    whole = row(1) + row(127) + row(128) + row(16383)
    for rest in (b"", row(16383), row(3), row(20_000)[:-1], row(20_000)[:20]):
        rows.clear()
        assert reader().take(whole + rest, 0, -1, rows) == (16383, len(whole))
        indexes, columns = reader().values(rows)
        assert indexes == [1, 127, 128, 16383]
        assert [list(column) for column in columns] == [[b"port"] * 4, [1] * 4, [7] * 4]


def test_a_row_whose_columns_disagree_about_the_index_is_not_taken() -> None:
    two = row(1)[: len(encode_varbind(NAMES.oid + b"\x01", NAMES.tag, b"port"))]
    assert reader().take(two + row(2)[len(two) :], 0, -1, []) == (-1, 0)


def test_the_top_bit_of_a_counter_is_not_a_sign() -> None:
    rows: list[Row] = []
    reader().take(row(1, TOP_BIT), 0, -1, rows)
    _, columns = reader().values(rows)
    assert list(columns[2]) == [TOP_BIT]


def test_a_group_takes_complete_rows_and_the_incomplete_one_after_them() -> None:
    values: list[dict[Index, Value]] = [{}, {}, {}]
    group = Group(COLUMNS, values, [-1, -1, -1], reader())
    hole = encode_varbind(NAMES.oid + b"\x03", NAMES.tag, b"port") + encode_varbind(
        STATES.oid + b"\x04", STATES.tag, 2
    )
    assert group.take(row(1) + row(2) + hole, 0) == 8
    assert group.rows == 3
    assert group.values == [
        {1: b"port", 2: b"port", 3: b"port"},
        {1: 1, 2: 1, 4: 2},
        {1: 7, 2: 7},
    ]
    assert group.last == [3, 4, 2]


def test_patterns_are_compiled_once_for_at_most_sixteen_column_sets() -> None:
    readers = RowReaders()
    assert readers.of(COLUMNS) is readers.of(list(COLUMNS))
    others = [Layout(encode_oid((1, 3, 6, 1, number)), Tag.INTEGER) for number in range(70)]
    found = [readers.of([NAMES, STATES, other]) for other in others]
    assert sum(one is not None for one in found) == 15


def test_other_indexes_oids_and_few_columns_use_the_slow_path() -> None:
    two_arcs = Layout(encode_oid("1.3.6.1.2.1.105.1.1.1.3"), Tag.INTEGER, arity=2)
    oids = Layout(encode_oid("1.3.6.1.2.1.47.1.1.1.1.3"), Tag.OBJECT_IDENTIFIER)
    for columns in ([NAMES, STATES, two_arcs], [NAMES, STATES, oids], [NAMES, STATES]):
        assert RowReaders().of(columns) is None


def test_two_octet_indexes_are_read_after_one_octet_ones() -> None:
    for numbers in ([1, 200], [200, 201], [126, 127, 128]):
        rows: list[Row] = []
        whole = b"".join(map(row, numbers))
        assert reader().take(whole, 0, -1, rows) == (numbers[-1], len(whole))
        assert reader().values(rows)[0] == numbers
