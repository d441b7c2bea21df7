"""Fixtures and options for all tests."""

from __future__ import annotations

import fcntl
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tools.guardian import guarded

if TYPE_CHECKING:
    from collections.abc import Iterator

# How long an example takes depends on what else the machine does.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--thorough`: as many kills, clients and devices as in the documented measurements."""
    parser.addoption(
        "--thorough", action="store_true", help="the full counts; takes minutes instead of seconds"
    )


def pytest_configure(config: pytest.Config) -> None:
    """End every process the tests start with this run, however the run ends."""
    life = ExitStack()
    life.enter_context(guarded())
    config.add_cleanup(life.close)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Run a test that is marked `heavy` while no other of them runs in this working copy."""
    if not item.get_closest_marker("heavy"):
        return (yield)
    # Any file that all workers share will do; the lock disappears when a worker is killed.
    with (item.config.rootpath / "pyproject.toml").open("rb") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests marked `thorough` unless requested.

    If requested, tests with a larger count are marked as well, so that `-m thorough` finds them.
    """
    if config.getoption("--thorough"):
        for item in items:
            if "thorough" in getattr(item, "fixturenames", ()):
                item.add_marker("thorough")
        return
    left_out = [item for item in items if item.get_closest_marker("thorough")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session")
def thorough(request: pytest.FixtureRequest) -> bool:
    """Return whether the full counts are wanted."""
    return bool(request.config.getoption("--thorough"))
