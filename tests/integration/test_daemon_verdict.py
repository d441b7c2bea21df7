"""A dead uplink, from the lost ping to the verdict on /metrics.

The demo that this file looks at has been started by the files before it: the minute that a
verdict needs has mostly passed by now.
"""

from __future__ import annotations

import pytest

from tests.integration.running import (
    DEAD_SCHOOL,
    DEMO_SCHOOLS,
    Daemon,
    series,
    until,
    value,
)

pytestmark = pytest.mark.integration

# A verdict of down needs a minute of silence; the evidence before it some seconds more.
UNTIL_DOWN_SECONDS = 100.0


def test_one_dead_uplink_is_one_finding(dead_school_demo: Daemon) -> None:
    def is_found() -> bool:
        found = series(dead_school_demo.samples(f"?school={DEAD_SCHOOL}"), "school_uplink_up")
        return list(found.values()) == [0.0]

    until(is_found, dead_school_demo, UNTIL_DOWN_SECONDS)
    samples = dead_school_demo.samples()
    for school in set(DEMO_SCHOOLS) - {DEAD_SCHOOL}:
        assert value(samples, "school_uplink_up", school=school) == 1
        assert set(series(samples, "school_switch_up", school=school).values()) == {1.0}
    causes = series(samples, "school_switch_cause_info", school=DEAD_SCHOOL)
    assert {dict(key)["cause"] for key in causes} == {"behind_uplink"}
    assert len(causes) == 2
    unknown = series(samples, "school_switch_state", school=DEAD_SCHOOL, state="unknown")
    assert list(unknown.values()) == [1.0, 1.0]
    assert not series(samples, "school_switch_up", school=DEAD_SCHOOL)
    assert value(samples, "monitor_isolated") == 0
    assert dead_school_demo.said.count(" uplink goethe/main/router: down") == 1
