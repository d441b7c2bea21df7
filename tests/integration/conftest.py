"""One demo with a dead school for all tests, because a down verdict takes a minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.running import DEAD_SCHOOL, DEMO_SCHOOLS, Daemon, Town, demo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="package")
def demo_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the demo's configuration; its state is in the same folder."""
    return Town(161, DEMO_SCHOOLS).write(tmp_path_factory.mktemp("demo") / "schools.yaml")


@pytest.fixture(scope="package")
def dead_school_demo(demo_config: Path) -> Iterator[Daemon]:
    """Run the demo while the tests run; the minute passes meanwhile."""
    fault = f"uplink-down@{DEAD_SCHOOL}"
    with demo(demo_config, demo_config.with_name("state"), "--fault", fault) as daemon:
        daemon.await_ready()
        yield daemon
