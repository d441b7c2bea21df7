from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.probes.echo.match import (
    LATE_WINDOW_NS,
    SEQUENCES,
    ClockReading,
    Drop,
    Matcher,
    Round,
    read_clocks,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ADDRESS = "192.0.2.1"
COOKIE = b"sixteen bytes ok"
WAIT_NS = 2_000_000_000
MS = 1_000_000
WALL = 1_800_000_000_000_000_000  # wall clock minus monotonic clock


def clocks(
    monotonic_ns: int, wall_offset_ns: int = WALL, uncertainty_ns: int = 100
) -> ClockReading:
    return ClockReading(monotonic_ns, wall_offset_ns, uncertainty_ns)


def new_round(packets: int = 3) -> Round:
    return Round(ADDRESS, packets, COOKIE, WAIT_NS)


def send(matcher: Matcher, round_: Round, at_ns: int = 0) -> int:
    sequence = matcher.reserve(at_ns)
    matcher.sent(sequence, round_, WALL + at_ns, clocks(at_ns))
    return sequence


def reply(
    matcher: Matcher,
    sequence: int,
    at_ns: int,
    source: str = ADDRESS,
    payload: bytes = COOKIE,
    offset_ns: int = WALL,
) -> Round | None:
    return matcher.reply(
        sequence, source, memoryview(payload), offset_ns + at_ns, 60, clocks(at_ns, offset_ns)
    )


def test_times_are_in_sending_order_whatever_the_order_of_replies() -> None:
    matcher, round_ = Matcher(), new_round()
    first, second, third = (send(matcher, round_) for _ in range(3))
    reply(matcher, third, 30 * MS)
    reply(matcher, first, 10 * MS)
    assert reply(matcher, second, 20 * MS) is round_
    found = matcher.close(round_)
    assert found.rtts == (0.010, 0.020, 0.030)
    assert (found.sent, found.lost, found.hop_limit) == (3, 0, 60)


def test_a_round_is_not_complete_before_its_last_packet_was_sent() -> None:
    matcher, round_ = Matcher(), new_round(packets=2)
    assert reply(matcher, send(matcher, round_), MS) is None
    assert reply(matcher, send(matcher, round_, 5 * MS), 6 * MS) is round_


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        (lambda m, s: reply(m, s ^ 1, MS), Drop.UNKNOWN_SEQUENCE),
        (lambda m, s: reply(m, s, MS, source="192.0.2.2"), Drop.WRONG_ADDRESS),
        (lambda m, s: reply(m, s, MS, payload=b"sixteen bytes no"), Drop.WRONG_COOKIE),
        (lambda m, s: reply(m, s, MS, payload=COOKIE[:7]), Drop.WRONG_COOKIE),
    ],
)
def test_a_forged_reply_is_dropped_and_counted_and_the_true_one_accepted(
    forge: Callable[[Matcher, int], object], reason: Drop
) -> None:
    matcher, round_ = Matcher(), new_round(packets=1)
    sequence = send(matcher, round_)
    assert forge(matcher, sequence) is None
    assert matcher.drops == {drop: int(drop is reason) for drop in Drop}
    assert reply(matcher, sequence, 2 * MS) is round_
    assert matcher.close(round_).rtts == (0.002,)


def test_a_reply_in_time_counts_and_a_nanosecond_later_it_is_late() -> None:
    matcher, round_ = Matcher(), new_round(packets=2)
    in_time, late = send(matcher, round_), send(matcher, round_)
    reply(matcher, in_time, WAIT_NS)
    reply(matcher, late, WAIT_NS + 1)
    found = matcher.close(round_)
    assert (found.rtts, found.lost, found.late) == ((2.0,), 1, 1)


def test_a_reply_stamped_in_time_counts_however_late_it_is_read() -> None:
    matcher, round_ = Matcher(), new_round(packets=1)
    sequence = send(matcher, round_)
    read_at = clocks(WAIT_NS + 500 * MS)
    matcher.reply(sequence, ADDRESS, memoryview(COOKIE), WALL + 7 * MS, None, read_at)
    assert matcher.close(round_).rtts == (0.007,)


def test_late_and_duplicate_replies_are_reported_once_by_the_next_round() -> None:
    matcher, round_ = Matcher(), new_round(packets=2)
    answered, lost = send(matcher, round_), send(matcher, round_)
    reply(matcher, answered, MS)
    assert matcher.close(round_).lost == 1
    reply(matcher, lost, WAIT_NS + MS)
    reply(matcher, lost, WAIT_NS + 2 * MS)
    reply(matcher, answered, WAIT_NS + 3 * MS)
    following = matcher.close(new_round())
    assert (following.late, following.duplicates) == (1, 2)
    again = matcher.close(new_round())
    assert (again.late, again.duplicates) == (0, 0)


def test_a_duplicate_does_not_change_the_time_of_the_first_reply() -> None:
    matcher, round_ = Matcher(), new_round(packets=2)
    sequence = send(matcher, round_)
    reply(matcher, sequence, MS)
    reply(matcher, sequence, 9 * MS)
    found = matcher.close(round_)
    assert (found.rtts, found.answered, found.duplicates) == ((0.001,), 1, 1)


@pytest.mark.parametrize("step_ns", [3600 * 10**9, -3600 * 10**9, MS, -MS])
def test_a_sample_across_a_clock_step_is_discarded_but_not_counted_lost(step_ns: int) -> None:
    matcher, round_ = Matcher(), new_round(packets=2)
    before, after = send(matcher, round_), send(matcher, round_)
    reply(matcher, before, 5 * MS)
    assert reply(matcher, after, 5 * MS, offset_ns=WALL + step_ns) is round_
    found = matcher.close(round_)
    assert (found.rtts, found.discarded, found.lost) == ((0.005,), 1, 0)


def test_an_uncertain_offset_is_not_treated_as_a_clock_step() -> None:
    earlier = clocks(0, uncertainty_ns=2 * MS)
    assert not clocks(MS, WALL + MS, uncertainty_ns=MS).stepped_since(earlier)
    assert clocks(MS, WALL + 4 * MS, uncertainty_ns=MS).stepped_since(earlier)


def test_the_tightest_of_three_clock_readings_is_used() -> None:
    monotonic = iter([0, 900_000, 1_000_000, 1_400_000, 2_000_000, 2_100_000])
    wall = iter([WALL + 800_000, WALL + 1_200_000, WALL + 2_050_000])
    assert read_clocks(lambda: next(wall), lambda: next(monotonic)) == ClockReading(
        2_100_000, WALL, 50_000
    )


def test_an_icmp_error_is_recorded_once_for_its_target_only() -> None:
    matcher, round_ = Matcher(), new_round()
    sequence = send(matcher, round_)
    matcher.error(sequence, ADDRESS, "host unreachable, reported by 192.0.2.9")
    matcher.error(sequence, ADDRESS, "host unreachable, reported by 192.0.2.9")
    matcher.error(sequence, "192.0.2.2", "forged")
    matcher.error(sequence ^ 1, ADDRESS, "forged")
    assert matcher.close(round_).errors == ("host unreachable, reported by 192.0.2.9",)


def test_no_sequence_is_reused_before_its_late_window_is_over() -> None:
    matcher, round_ = Matcher(next_sequence=SEQUENCES - 2), new_round(packets=SEQUENCES)
    taken = {send(matcher, round_) for _ in range(SEQUENCES)}
    assert len(taken) == SEQUENCES
    with pytest.raises(OSError, match="in flight") as raised:
        matcher.reserve(WAIT_NS + LATE_WINDOW_NS - 1)
    assert raised.value.errno == errno.ENOBUFS
    assert matcher.reserve(WAIT_NS + LATE_WINDOW_NS) == SEQUENCES - 2


def test_a_reply_after_the_late_window_is_unknown() -> None:
    matcher, round_ = Matcher(), new_round(packets=1)
    sequence = send(matcher, round_)
    matcher.close(round_)
    matcher.reserve(WAIT_NS + LATE_WINDOW_NS)
    reply(matcher, sequence, WAIT_NS + LATE_WINDOW_NS)
    assert matcher.drops[Drop.UNKNOWN_SEQUENCE] == 1


@given(
    st.lists(
        st.tuples(st.sampled_from(["send", "reply", "close"]), st.integers(0, 40)), max_size=80
    )
)
def test_every_reply_is_counted_exactly_once(steps: list[tuple[str, int]]) -> None:
    matcher, now, rounds = Matcher(), 0, [new_round(packets=100)]
    sequences: list[int] = []
    replies = answered = late = duplicates = 0
    for step, number in steps:
        now += 200 * MS
        if step == "send":
            sequences.append(send(matcher, rounds[-1], now))
        elif step == "reply" and sequences:
            reply(matcher, sequences[number % len(sequences)], now)
            replies += 1
        elif step == "close":
            found = matcher.close(rounds[-1])
            assert found.sent == found.lost + len(found.rtts) + found.discarded
            answered, late, duplicates = (
                answered + found.answered,
                late + found.late,
                duplicates + found.duplicates,
            )
            rounds.append(new_round(packets=100))
    last = matcher.close(rounds[-1])
    counted = answered + late + duplicates + last.answered + last.late + last.duplicates
    assert counted + sum(matcher.drops.values()) == replies
