"""The clock of a real Prometheus compared with ours, which is set wrong by minutes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.cli.doctor import same_clock
from monitor.cli.finding import Health
from monitor.clock import SystemClock
from monitor.exposition.own import OwnMetrics
from tests.integration.prometheus import prometheus_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.integration


def test_doctor_reports_the_clock_difference(tmp_path: Path) -> None:
    with prometheus_of("127.0.0.1:1", tmp_path) as prometheus:
        prometheus.await_answer("vector(1)", 1)
        url = f"http://{prometheus.address}"
        for minutes, way in ((-3, "ahead of ours"), (3, "behind ours")):
            finding = same_clock(url, clock_that_is_off(minutes))
            assert finding.health is Health.BAD
            seconds, _, words = finding.seen.partition(" s ")
            # The response takes at most five seconds, and its midpoint counts.
            assert abs(int(seconds) - 180) <= 5
            assert words == way
        assert same_clock(url, clock_that_is_off(0)).health is Health.GOOD


def clock_that_is_off(minutes: float) -> Callable[[], datetime]:
    return lambda: SystemClock().now() + timedelta(minutes=minutes)


def test_the_clock_metric_is_taken_at_the_scrape() -> None:
    own = OwnMetrics("0")
    clock = [1_700_000_000.0]
    own.tell_time(lambda: datetime.fromtimestamp(clock[0], tz=SystemClock().now().tzinfo))
    for _ in range(2):
        text = b"".join(own.families()).decode()
        (line,) = [
            line
            for line in text.splitlines()
            if line.startswith("monitor_clock_timestamp_seconds ")
        ]
        assert float(line.split()[1]) == clock[0]
        clock[0] += 60
