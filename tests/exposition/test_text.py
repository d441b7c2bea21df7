from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from monitor.exposition.devices import SYS_UP_TIME
from monitor.exposition.hardware import PETH_PSE_PORT_DETECTION_STATUS
from monitor.exposition.outcome import PROBE_SUCCESS
from monitor.exposition.own import MONITOR_LOOP_LAG_SECONDS
from monitor.exposition.text import LABEL_LIMIT, Blocks, LineBegins, labels, number, sanitise

# Including lone surrogates, which a configuration or a lenient decoder may produce.
any_text = st.text(st.characters(exclude_categories=()), max_size=300)


def read_back(text: str) -> list[tuple[dict[str, str], float]]:
    families = text_string_to_metric_families(text)
    return [(sample.labels, sample.value) for family in families for sample in family.samples]


@given(st.binary(max_size=300))
def test_any_bytes_from_a_device_become_one_clean_line(raw: bytes) -> None:
    text = sanitise(raw)
    assert len(text) <= LABEL_LIMIT
    assert text.encode().decode() == text
    assert len(text.splitlines()) <= 1
    assert not any(unicodedata.category(char) in {"Cc", "Cs", "Cf"} for char in text)


@given(any_text)
def test_sanitising_is_idempotent(raw: str) -> None:
    assert sanitise(sanitise(raw)) == sanitise(raw)


@given(st.lists(st.one_of(any_text, st.binary(max_size=200)), min_size=3, max_size=3))
def test_any_label_values_parse_back_to_their_sanitised_form(values: list[str | bytes]) -> None:
    names = ("school", "ifName", "ifDescr")
    [(found, value)] = read_back(f"ifSpeed{labels(names, values)} 1\n")
    assert found == dict(zip(names, map(sanitise, values), strict=True))
    assert value == 1


def test_invalid_utf8_is_replaced_and_controls_are_removed() -> None:
    assert sanitise(b"ge-\xff0/0\x00\x1b[31m\n") == "ge-\ufffd0/0[31m"
    assert sanitise("a\ud800b\u202ec\u2028d\x85") == "abcd"


def test_ordinary_names_are_unchanged() -> None:
    assert sanitise("Straße 5 – Büro „Süd“".encode()) == "Straße 5 – Büro „Süd“"


def test_a_name_is_cut_at_the_limit() -> None:
    assert sanitise("ä" * 500) == "ä" * 128
    assert sanitise("abcdef", limit=3) == "abc"


def test_quotes_and_backslashes_are_escaped() -> None:
    assert labels(("a",), ('C:\\temp "x"',)) == '{a="C:\\\\temp \\"x\\""}'


@given(st.integers(min_value=0, max_value=2**64 - 1))
def test_integers_are_written_exactly(value: int) -> None:
    assert int(number(value)) == value


@given(st.floats(allow_nan=False))
def test_floats_are_read_back_the_same(value: float) -> None:
    [(_, found)] = read_back(f"ifSpeed {number(value)}\n")
    assert found == value


def test_nan_and_infinities_are_written_in_prometheus_syntax() -> None:
    written = [number(value) for value in (float("nan"), float("inf"), -float("inf"), True)]
    assert written == ["NaN", "+Inf", "-Inf", "1"]


def test_a_wrong_number_of_label_values_is_refused() -> None:
    with pytest.raises(ValueError, match="2 values for the labels school, site, device, check"):
        Blocks().add(PROBE_SUCCESS, ("goethe", "main"), 1)


def test_an_unknown_value_adds_no_line() -> None:
    blocks = Blocks()
    blocks.add(SYS_UP_TIME, ("goethe", "main", "router"), None)
    assert blocks.text() == {}


@given(st.lists(st.tuples(st.tuples(any_text, any_text, any_text), st.integers()), max_size=5))
def test_table_rows_equal_those_written_one_by_one(
    rows: list[tuple[tuple[str, str, str], int]],
) -> None:
    metric, device = PETH_PSE_PORT_DETECTION_STATUS, ("goethe", "main", 'a "switch"')
    together, alone = Blocks(), Blocks()
    together.add_rows(metric, device, rows)
    for own, value in rows:
        alone.add(metric, (*device, *own), value)
    assert together.text() == alone.text()


def test_a_row_of_a_table_with_a_wrong_number_of_label_values_is_refused() -> None:
    with pytest.raises(ValueError, match="2 values for the labels pethPsePortGroupIndex, "):
        Blocks().add_rows(PETH_PSE_PORT_DETECTION_STATUS, ("a", "b", "c"), [(("1", "2"), 1)])


def test_a_histogram_is_cumulative_with_and_without_labels() -> None:
    blocks = Blocks()
    blocks.add_histogram(MONITOR_LOOP_LAG_SECONDS, (), {0.5: 2, float("inf"): 1}, 1.25)
    assert blocks.text()["monitor_loop_lag_seconds"].decode().splitlines() == [
        'monitor_loop_lag_seconds_bucket{le="0.5"} 2',
        'monitor_loop_lag_seconds_bucket{le="+Inf"} 3',
        "monitor_loop_lag_seconds_sum 1.25",
        "monitor_loop_lag_seconds_count 3",
    ]


def test_line_prefixes_are_cached_up_to_a_limit() -> None:
    known = LineBegins()
    for poll in range(1000):
        blocks = Blocks(known)
        blocks.add(PROBE_SUCCESS, ("goethe", "main", "router", f"poll-{poll}"), 1)
        assert f'check="poll-{poll}"' in blocks.text()["probe_success"].decode()
    assert len(known) <= 256
