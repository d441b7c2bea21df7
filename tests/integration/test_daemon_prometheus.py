"""A real Prometheus scrapes the running daemon and answers questions about the schools."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.prometheus import prometheus_of
from tests.integration.running import DEAD_SCHOOL, DEMO_SCHOOLS, Daemon

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.prometheus import Prometheus

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def prometheus(
    dead_school_demo: Daemon, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    target = f"{dead_school_demo.host}:{dead_school_demo.port}"
    with prometheus_of(target, tmp_path_factory.mktemp("prometheus")) as found:
        yield found


def test_each_school_is_scraped_separately_and_the_monitor_once(prometheus: Prometheus) -> None:
    """`instance` is the school; the daemon's own metrics keep their labels."""
    schools = dict.fromkeys(DEMO_SCHOOLS, 1.0)
    assert prometheus.await_answer('up{job="schools"}', len(schools), "instance") == schools
    assert prometheus.await_answer('up{job="schulnetz"}', 1, "job") == {"schulnetz": 1}
    assert prometheus.ask("monitor_schools", "job") == {"schulnetz": len(schools)}
    assert prometheus.ask('count({exported_school!=""})') == {}
    assert prometheus.ask('count({job="schulnetz", school!=""})') == {}
    assert prometheus.ask("scrape_samples_scraped", "instance")["voede"] > 500


def test_the_schools_are_counted(prometheus: Prometheus) -> None:
    assert prometheus.await_answer("count(school_info)", 1) == {"": len(DEMO_SCHOOLS)}
    assert prometheus.ask("monitor_schools") == {"": len(DEMO_SCHOOLS)}
    devices = prometheus.ask("count by (school) (school_device_info)")
    assert devices == dict.fromkeys(DEMO_SCHOOLS, 3)


def test_every_living_school_has_traffic(prometheus: Prometheus) -> None:
    counters = '{__name__=~"ifHCInOctets|ifInOctets"}'
    question = f"sum by (school) (rate({counters}[10s])) > 0"
    alive = set(DEMO_SCHOOLS) - {DEAD_SCHOOL}
    assert set(prometheus.await_answer(question, len(alive))) == alive
    wide = prometheus.ask("sum by (school) (rate(ifHCInOctets[10s])) > 0")
    assert wide
    assert set(wide) <= alive


def test_uplinks_that_answer_are_up(prometheus: Prometheus) -> None:
    alive = set(DEMO_SCHOOLS) - {DEAD_SCHOOL}
    up = prometheus.await_answer("school_uplink_up == 1", len(alive))
    assert set(up) == alive
    # Joined with the school's attributes, as the dashboards do.
    join = "school_uplink_up * on (school) group_left (name) school_info"
    assert prometheus.ask(f"{join} == 1", "name").keys() == {
        f"{one.title()}-Schule" for one in alive
    }


def test_round_trip_times_give_a_quantile(prometheus: Prometheus) -> None:
    # References have an empty school, and switches have no buckets.
    times = 'smokeping_response_duration_seconds_bucket{school!="",device="router"}'
    question = f"histogram_quantile(0.9, sum by (school, le) (rate({times}[10s]))) > 0"
    found = prometheus.await_answer(question, len(DEMO_SCHOOLS) - 1)
    assert all(0.00001 < seconds < 5 for seconds in found.values()), found
