"""What counts as a restart and what only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.devices.restart import Clocks, Restart, restarted

DAY = 86_400 * 100
WRAP = 2**32
TICKS = st.integers(0, WRAP - 1)
SECONDS = st.floats(1, 30 * 86_400)


@given(TICKS, SECONDS, st.floats(-0.009, 0.009))
def test_a_clock_that_runs_on_or_wraps_is_no_restart(
    ticks: int, seconds: float, drift: float
) -> None:
    after = int(ticks + seconds * (1 + drift) * 100) % WRAP
    assert restarted(Clocks(ticks), Clocks(after), seconds) is None


@given(st.integers(2 * DAY, 400 * DAY), st.floats(60, 86_400), st.floats(0, 1))
def test_a_clock_that_started_over_is_a_restart(ticks: int, seconds: float, share: float) -> None:
    since = Clocks(int(share * seconds * 100))
    assert restarted(Clocks(ticks), since, seconds) is Restart.DEVICE


def test_a_restart_is_seen_even_if_the_new_uptime_is_longer() -> None:
    # Ten minutes old, then unreachable for a day, and started in its first hour.
    assert restarted(Clocks(60_000), Clocks(23 * 360_000), 86_400) is Restart.DEVICE


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (Clocks(50 * DAY, 90 * DAY), Clocks(3_000, 90 * DAY + 6_000), Restart.AGENT),
        (Clocks(50 * DAY, 90 * DAY), Clocks(3_000, 4_000), Restart.DEVICE),
        # The host's clock wraps while the agent starts.
        (Clocks(50 * DAY, WRAP - 2_000), Clocks(3_000, 4_000), Restart.AGENT),
        (Clocks(50 * DAY, None, 900), Clocks(3_000, None, 30), Restart.DEVICE),
        # sysUpTime was set back; the engine runs on.
        (Clocks(50 * DAY, None, 900), Clocks(3_000, None, 960), None),
        (Clocks(50 * DAY, 1), Clocks(3_000), Restart.DEVICE),
        (Clocks(None), Clocks(3_000), None),
        (Clocks(3_000), Clocks(None), None),
        (Clocks(3_000), Clocks(3_000), None),
    ],
)
def test_the_other_clocks_say_what_was_restarted(
    before: Clocks, after: Clocks, kind: Restart | None
) -> None:
    assert restarted(before, after, 60) is kind
