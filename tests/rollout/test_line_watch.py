"""The window of 24 hours against a plain model of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.availability.minutes import start_of
from monitor.inventory.city import ExpectedLine
from monitor.rollout.line import WINDOW_MINUTES
from monitor.rollout.line_watch import LineWatch

FIRST = 27_000_000
# Runs of minutes: an unrecorded pause before it, a class, a length.
RUNS = st.lists(
    st.tuples(
        st.integers(0, 90) | st.integers(1000, 4000), st.sampled_from("ud?mo-"), st.integers(1, 900)
    ),
    min_size=1,
    max_size=10,
)


def model(runs: list[tuple[int, str, int]]) -> list[tuple[int, str]]:
    """Return the minutes of the window, each with its class, the slow way."""
    recorded: dict[int, str] = {}
    minute = FIRST
    for number, (pause, code, length) in enumerate(runs):
        minute += pause if number else 0
        recorded.update(dict.fromkeys(range(minute, minute + length), code))
        minute += length
    everything = [(at, recorded.get(at, "?")) for at in range(FIRST, minute)]
    owed = [(at, "?" if code == "-" else code) for at, code in everything if code not in "mo"]
    return owed[-WINDOW_MINUTES:]


@given(RUNS)
def test_window_holds_the_latest_contract_minutes(runs: list[tuple[int, str, int]]) -> None:
    line, minute = LineWatch("first-school/main", ExpectedLine()), FIRST
    for number, (pause, code, length) in enumerate(runs):
        minute += pause if number else 0
        line.minutes(minute, code.encode() * length)
        minute += length
    expected, day = model(runs), line.day()
    if not expected:
        assert day is None
        return
    assert day is not None
    codes = [code for _, code in expected]
    assert (day.since, day.until) == (start_of(expected[0][0]), start_of(expected[-1][0] + 1))
    assert day.answered_minutes == codes.count("u")
    assert day.counted_minutes == codes.count("u") + codes.count("d")
