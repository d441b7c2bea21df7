"""Days of the daemon in minutes: at the end it holds what it held after the first day."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

import pytest

from tests.drills.soak import Held

pytestmark = pytest.mark.integration

MOST_BYTES_A_DAY = 1e6
# The first days fill the daily round-trip history and the caches of the runtime.
SETTLED_DAYS = 3
# A leak of one object per poll would be 77,000 blocks a day.
MOST_BLOCKS_A_DAY = 5_000
# SQLite keeps pages of the growing ledger, up to 2 MB: 60 kB a day here.
MOST_MALLOC_BYTES_A_DAY = 150e3


def soaked(hours: int, most_seconds: float) -> list[Held]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.drills.soak", str(hours)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=most_seconds,
    )
    return [Held(**json.loads(line)) for line in done.stdout.splitlines()]


def test_hours_of_faults_reloads_and_readers_leak_no_descriptor() -> None:
    hours = soaked(6, 1_200)
    assert [hour.outages for hour in hours] == [0, 0, 0, 0, 0, 1]
    assert hours[-1].polls > 6 * 2_800
    assert {hour.descriptors for hour in hours} == {hours[0].descriptors}


@pytest.mark.thorough
def test_a_fortnight_leaks_no_memory_and_no_descriptors() -> None:
    hours = soaked(14 * 24, 14_400)
    days = hours[23::24]
    assert len(days) == 14
    assert days[-1].polls > 14 * 70_000
    assert days[-1].outages == 28
    assert {hour.descriptors for hour in hours} == {hours[0].descriptors}
    settled = days[SETTLED_DAYS:]
    assert growth(settled, "resident_bytes") < MOST_BYTES_A_DAY
    assert growth(settled, "blocks") < MOST_BLOCKS_A_DAY
    assert growth(settled, "malloc_bytes") < MOST_MALLOC_BYTES_A_DAY


def growth(days: list[Held], what: str) -> float:
    """Return the growth per day: the slope of the regression line."""
    hours = [day.hours for day in days]
    return 24 * statistics.linear_regression(hours, [getattr(day, what) for day in days]).slope
