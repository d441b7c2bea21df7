from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.clock import SystemClock
from monitor.inventory.city import Throughput
from monitor.observation import Outcome, Reason
from monitor.probes.attempt import ProbeError
from monitor.throughput.iperf3 import read_report
from monitor.throughput.order import Tally, TransferOrder
from tests.probes.support import THREADS

if TYPE_CHECKING:
    from collections.abc import Callable


def order(direction: Literal["down", "up"] = "up") -> TransferOrder:
    settings = Throughput("iperf3", "192.0.2.1", streams=4)
    return TransferOrder(
        settings, direction, SystemClock(), 0.0, Tally(10**12, lambda _: None), THREADS
    )


def report() -> dict[str, Any]:
    """Return the parts of iperf 3.12's output that are read."""
    return {
        "start": {"version": "iperf 3.12"},
        "intervals": [{"sum": {"bytes": 100, "omitted": True}}, {"sum": {"bytes": 1000}}],
        "end": {
            "streams": [{"receiver": {"bytes": 250}} for _ in range(4)],
            "sum_sent": {"retransmits": 7},
            "sum_received": {"bits_per_second": 941e6, "seconds": 9.9993, "bytes": 1000},
        },
    }


def test_the_rate_of_the_receiver_is_used_and_all_bytes_are_counted() -> None:
    found = read_report(json.dumps(report()).encode(), "", order())
    assert (found.tool, found.outcome) == ("iperf 3.12", Outcome.OK)
    assert (found.bits_per_second, found.streams, found.seconds) == (941e6, 4, 10.0)
    assert (found.total_bytes, found.retransmits) == (1100, 7)


def test_bytes_written_by_the_sender_are_not_taken_as_delivered() -> None:
    found = read_report(json.dumps(report()).encode(), "", order("down"))
    assert found.total_bytes == int(941e6 * 10.9993 / 8), "rate by measuring time and warm-up"


def test_a_stream_without_data_does_not_count_as_used() -> None:
    lame = report()
    lame["end"]["streams"][2]["receiver"]["bytes"] = 0
    assert read_report(json.dumps(lame).encode(), "", order()).streams == 3


def test_a_truncated_test_is_recognised_by_its_duration() -> None:
    short = report()
    short["end"]["sum_received"]["seconds"] = 9.9
    assert read_report(json.dumps(short).encode(), "", order()).seconds == 9.9


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("the server is busy running a test. try again later", Reason.BUSY),
        ("unable to connect to server: Connection refused", Reason.REFUSED),
        ("unable to connect to server: Connection timed out", Reason.TIMEOUT),
        ("unable to connect to server: No route to host", Reason.UNREACHABLE),
        ("unable to receive control message: Connection reset by peer", Reason.RESET),
        ("control socket has closed unexpectedly", Reason.RESET),
        ("unable to receive control message - port may not be available", Reason.MALFORMED),
        ("test authorization failed", Reason.AUTHENTICATION),
        ("\x1b[31msomething new", Reason.MALFORMED),
    ],
)
def test_iperf3_errors_are_distinguished(message: str, reason: Reason) -> None:
    with pytest.raises(ProbeError) as caught:
        read_report(json.dumps({"error": message}).encode(), "", order())
    assert caught.value.reason is reason
    assert caught.value.sentence.isprintable()


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one["start"].update(version="iperf 2.1.8"),
        lambda one: one["start"].update(version="iperf 3.1"),
        lambda one: one["start"].update(version="iperf 3." + "1" * 5000),
        lambda one: one.pop("start"),
    ],
)
def test_a_report_of_another_version_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    other = report()
    change(other)
    with pytest.raises(ProbeError) as caught:
        read_report(json.dumps(other).encode(), "", order())
    assert (caught.value.reason, caught.value.outcome) == (Reason.TOOL, Outcome.UNKNOWN)


def test_a_program_that_rejects_the_options_is_not_iperf3() -> None:
    with pytest.raises(ProbeError) as caught:
        read_report(b"", "iperf3: unrecognized option '--connect-timeout'", order())
    assert caught.value.reason is Reason.TOOL


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(where=st.sampled_from(["start", "intervals", "end"]), value=JSON)
def test_any_report_raises_only_its_own_error(where: str, value: Any) -> None:
    garbled = report() | {where: value}
    with pytest.raises(ProbeError):
        read_report(json.dumps(garbled).encode(), "", order())


@given(
    field=st.sampled_from(["bits_per_second", "seconds"]),
    value=st.sampled_from([-1, "1", None, True, float("nan"), float("inf"), [], 10**400]),
)
def test_an_invalid_rate_is_refused(field: str, value: Any) -> None:
    garbled = report()
    garbled["end"]["sum_received"][field] = value
    with pytest.raises(ProbeError):
        read_report(json.dumps(garbled).encode(), "", order())


@given(st.binary(max_size=64))
def test_any_bytes_raise_only_its_own_error(output: bytes) -> None:
    with pytest.raises(ProbeError):
        read_report(output, "", order())


@pytest.mark.parametrize("rate", [1.7e308, 10**300])
def test_a_rate_beyond_all_numbers_is_refused(rate: float) -> None:
    """The figures come from the server: the bytes of such a rate fit into no number."""
    garbled = report()
    garbled["end"]["sum_received"].update(bits_per_second=rate, seconds=10**300)
    with pytest.raises(ProbeError) as caught:
        read_report(json.dumps(garbled).encode(), "", order("down"))
    assert caught.value.reason is Reason.MALFORMED
