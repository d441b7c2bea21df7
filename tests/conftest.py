"""What every test may ask for."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.guardian import guarded


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--thorough`: as many kills, clients and devices as the figures were taken with."""
    parser.addoption(
        "--thorough", action="store_true", help="the full counts; takes minutes instead of seconds"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Have whatever the tests start end with this run, however the run ends."""
    life = ExitStack()
    life.enter_context(guarded())
    config.add_cleanup(life.close)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked `thorough` where that is not asked for."""
    if config.getoption("--thorough"):
        return
    left_out = [item for item in items if item.get_closest_marker("thorough")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session")
def thorough(request: pytest.FixtureRequest) -> bool:
    """Return whether the full counts are wanted."""
    return bool(request.config.getoption("--thorough"))
