"""How the contract board treats excuses, as calculated by a real Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dashboards.contract_terms import EXCUSED, KEPT
from tests.dashboards.promtool import expect

if TYPE_CHECKING:
    from pathlib import Path

RANGE_MINUTES = 1000
STEPS = 100
DOWN, EXCUSED_MINUTES, UNKNOWN = 100, 90, 50
COUNTED = RANGE_MINUTES - UNKNOWN
SITE = 'school="a", site="main"'
VARIABLES = {"$__range_s": str(RANGE_MINUTES * 60), "$__range": f"{RANGE_MINUTES}m"}


def minutes() -> dict[str, str]:
    """Return the series of a site's minutes by class."""
    counts = {"up": COUNTED - DOWN, "down": DOWN, "unknown": UNKNOWN}
    family = f'school_minutes_total{{{SITE}, instance="one"'
    return {
        f'{family}, class="{name}"}}': f"0+{count / STEPS}x{STEPS}"
        for name, count in counts.items()
    }


def excuse(into: str, changed: int, begins: int, ends: int) -> dict[str, str]:
    """Return the series of an excuse that lasts from one minute to another of Prometheus' time."""
    return {
        f'school_excuse_minutes{{{SITE}, excuse="e", into="{into}"}}': f"{changed}x{STEPS}",
        'school_excuse_begins_timestamp_seconds{excuse="e"}': f"{begins * 60}x{STEPS}",
        'school_excuse_ends_timestamp_seconds{excuse="e"}': f"{ends * 60}x{STEPS}",
    }


def expect_of_site(place: Path, series: dict[str, str], values: dict[str, float | None]) -> None:
    """Compare rounded expressions with the site's values, None for no value."""
    expected = {
        f"round({expr}, 0.0001)": [{"labels": f"{{{SITE}}}", "value": value}]
        if value is not None
        else []
        for expr, value in values.items()
    }
    expect(
        place,
        minutes() | series,
        expected,
        minutes=RANGE_MINUTES,
        interval=RANGE_MINUTES // STEPS,
        variables=VARIABLES,
    )


@pytest.mark.parametrize(
    ("begins", "ends", "excused"),
    [
        (500, 590, EXCUSED_MINUTES),
        (-45, 45, EXCUSED_MINUTES // 2),  # half of it is before the range
        (-200, -110, 0),
    ],
)
def test_excused_minutes_count_neither_way(
    tmp_path: Path, begins: int, ends: int, excused: int
) -> None:
    kept = 1 - (DOWN - excused) / (COUNTED - excused)
    series = excuse("excused", EXCUSED_MINUTES, begins, ends)
    expect_of_site(tmp_path, series, {KEPT: round(kept, 4), EXCUSED: excused})


def test_charged_unknown_minutes_count_as_down(tmp_path: Path) -> None:
    kept = 1 - (DOWN + UNKNOWN) / (COUNTED + UNKNOWN)
    series = excuse("down", UNKNOWN, 500, 550)
    expect_of_site(tmp_path, series, {KEPT: round(kept, 4), EXCUSED: None})


def test_without_an_excuse_availability_follows_from_the_minutes(tmp_path: Path) -> None:
    expect_of_site(tmp_path, {}, {KEPT: round(1 - DOWN / COUNTED, 4), EXCUSED: None})
