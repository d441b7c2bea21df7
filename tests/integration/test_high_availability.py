"""Two daemons of the same schools, two Prometheus, one store: each series once, and no gap."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.integration.prometheus import prometheus_of, victoria_metrics
from tests.integration.running import Town, city, run, until
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = [pytest.mark.integration, pytest.mark.heavy]

SCHOOLS = {"voede": 1, "schiller": 3}
WINDOW_SECONDS = 10


def is_full(counts: Mapping[str, float]) -> bool:
    """Return whether each school has a sample of about every second of a window."""
    return set(counts) == set(SCHOOLS) and min(counts.values()) >= WINDOW_SECONDS - 2


def test_a_pair_of_daemons_looks_like_one_and_survives_a_loss(tmp_path: Path) -> None:
    port = free_port()
    config = Town(port, SCHOOLS, switches=1).write(tmp_path / "schools.yaml")
    places = [tmp_path / name for name in ("one", "two")]
    for place in places:
        (place / "rules").mkdir(parents=True)
    with (
        city(config, port),
        run(config, places[0] / "state") as one,
        run(config, places[1] / "state") as two,
        victoria_metrics(tmp_path) as store,
    ):
        write = f"http://{store.address}/api/v1/write"
        addresses = [f"127.0.0.1:{daemon.port}" for daemon in (one, two)]
        with (
            prometheus_of(addresses[0], places[0], write),
            prometheus_of(addresses[1], places[1], write),
        ):
            up = store.await_answer("school_uplink_up == 1", len(SCHOOLS))
            assert set(up) == set(SCHOOLS)
            time.sleep(WINDOW_SECONDS)
            assert set(store.ask("count by (school) (school_uplink_up)").values()) == {1}
            samples = f"count_over_time(school_uplink_up[{WINDOW_SECONDS}s])"
            assert all(count <= WINDOW_SECONDS + 1 for count in store.ask(samples).values())
            one.stop()
            time.sleep(WINDOW_SECONDS)
            # From here on the window has no samples of the first. A busy machine misses scrapes.
            until(lambda: is_full(store.ask(samples)), two)
            assert set(store.ask("min_over_time(school_uplink_up[10s])").values()) == {1}
