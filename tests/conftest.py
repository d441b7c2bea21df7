"""What every test may ask for."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--thorough`: as many kills, clients and devices as the figures were taken with."""
    parser.addoption(
        "--thorough", action="store_true", help="the full counts; takes minutes instead of seconds"
    )


@pytest.fixture(scope="session")
def thorough(request: pytest.FixtureRequest) -> bool:
    """Return whether the full counts are wanted."""
    return bool(request.config.getoption("--thorough"))
