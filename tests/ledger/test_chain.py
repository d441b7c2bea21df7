from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ledger.chain import (
    GENESIS,
    Entry,
    Json,
    Row,
    instant,
    link,
    milliseconds,
    require_valid,
)

NOON = datetime(2026, 10, 5, 12, 0, 0, 123456, tzinfo=UTC)

json_values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_digest_can_be_checked_with_sha256sum() -> None:
    row = link([Entry(NOON, "minutes", "a/main", {"b": "ä", "a": 1})], 6, GENESIS)[0]
    lines = f"{GENESIS.hex()}\n7\n{milliseconds(NOON)}\nminutes\na/main\n" + r'{"a":1,"b":"\u00e4"}'
    output = subprocess.run(["sha256sum"], input=lines.encode(), capture_output=True, check=True)
    assert output.stdout.split()[0].decode() == row.digest.hex()


@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_payload_round_trips(payload: dict[str, Json]) -> None:
    entry = Entry(instant(milliseconds(NOON)), "note", "a/main", payload)
    assert link([entry], 0, GENESIS)[0].recorded().entry == entry


def test_order_of_keys_and_time_zone_do_not_change_the_digest() -> None:
    east = NOON.astimezone(timezone(timedelta(hours=2)))
    one = link([Entry(NOON, "note", "", {"a": 1, "b": 2})], 0, GENESIS)
    other = link([Entry(east, "note", "", {"b": 2, "a": 1})], 0, GENESIS)
    assert one == other


@given(st.integers(0, 2), st.sampled_from(["at", "kind", "subject", "payload", "sequence"]))
def test_changed_row_changes_its_digest_and_all_later_ones(place: int, name: str) -> None:
    entries = [Entry(NOON, "note", "a", {"n": n}) for n in range(3)]
    rows = link(entries, 0, GENESIS)
    changed = list(entries)
    was = entries[place]
    changed[place] = Entry(
        was.at + timedelta(milliseconds=name == "at"),
        was.kind + ("x" if name == "kind" else ""),
        was.subject + ("x" if name == "subject" else ""),
        {"n": 9} if name == "payload" else was.payload,
    )
    start = 1 if name == "sequence" else 0
    again = link(changed, start, GENESIS)
    first = 0 if name == "sequence" else place
    same = [row.digest == other.digest for row, other in zip(rows, again, strict=True)]
    assert same == [number < first for number in range(3)]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (Entry(NOON.replace(tzinfo=None), "note", "", {}), "without a time zone"),
        (Entry(NOON, "Note", "", {}), "allowed are a-z"),
        (Entry(NOON, "note\n", "", {}), "allowed are a-z"),
        (Entry(NOON, "note", "a\nb", {}), "printable ASCII"),
        (Entry(NOON, "note", "\udc80", {}), "printable ASCII"),
        (Entry(NOON, "note", "", {"x": float("nan")}), "not JSON compliant"),
        (Entry(NOON, "note", "", {"x": "y" * 4_194_304}), "4194304"),
    ],
)
def test_invalid_entry_is_refused_with_a_message(entry: Entry, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        require_valid([entry])


def test_row_keeps_lone_surrogates_of_a_device_string() -> None:
    row = link([Entry(NOON, "note", "", {"text": "\ud800\x00"})], 0, GENESIS)[0]
    assert row.payload.isascii()
    assert isinstance(row, Row)
    assert row.recorded().entry.payload == {"text": "\ud800\x00"}
