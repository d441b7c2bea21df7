"""What the contract's board makes of excuses, as a real Prometheus calculates it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from dashboards.contract_terms import EXCUSED, KEPT

if TYPE_CHECKING:
    from pathlib import Path

RANGE_MINUTES = 1000
STEPS = 100
DOWN, EXCUSED_MINUTES, UNKNOWN = 100, 90, 50


def kept_with(place: Path, series: dict[str, str]) -> dict[str, Any]:
    """Return the test of `promtool` that expects the values of these expressions, run."""
    site = 'school="a", site="main"'
    minutes = {
        "up": RANGE_MINUTES - DOWN - UNKNOWN,
        "down": DOWN,
        "unknown": UNKNOWN,
    }
    family = f'school_minutes_total{{{site}, instance="one"'
    told = {
        f'{family}, class="{name}"}}': f"0+{count / STEPS}x{STEPS}"
        for name, count in minutes.items()
    }
    return {
        "interval": f"{RANGE_MINUTES // STEPS}m",
        "input_series": [
            {"series": name, "values": values} for name, values in (told | series).items()
        ],
        "place": place,
    }


def excuse(into: str, minutes: int, begins: int, ends: int) -> dict[str, str]:
    """Return the series of an excuse that lasts from one minute to another of Prometheus' time."""
    return {
        f'school_excuse_minutes{{school="a", site="main", excuse="e", into="{into}"}}': (
            f"{minutes}x{STEPS}"
        ),
        'school_excuse_begins_timestamp_seconds{excuse="e"}': f"{begins * 60}x{STEPS}",
        'school_excuse_ends_timestamp_seconds{excuse="e"}': f"{ends * 60}x{STEPS}",
    }


def promtool(case: dict[str, Any], expected: dict[str, float | None]) -> None:
    """Have promtool compare expressions with their values, None for no value."""
    place = case.pop("place")
    window = {"$__range_s": str(RANGE_MINUTES * 60), "$__range": f"{RANGE_MINUTES}m"}
    tests = []
    for expr, value in expected.items():
        for name, put in window.items():
            expr = expr.replace(name, put)  # noqa: PLW2901  # one after the other
        samples = [{"labels": '{school="a", site="main"}', "value": value}]
        tests.append(
            {
                "expr": f"round({expr}, 0.0001)",
                "eval_time": f"{RANGE_MINUTES}m",
                "exp_samples": samples if value is not None else [],
            }
        )
    case["promql_expr_test"] = tests
    file = place / "contract.test.yml"
    file.write_text(yaml.safe_dump({"tests": [case]}), encoding="utf-8")
    ran = subprocess.run(
        ("promtool", "test", "rules", str(file)),
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("into", "minutes", "begins", "ends", "down", "counted"),
    [
        # Whole in the range: 90 of the 100 minutes are gone from both sides of the fraction.
        ("excused", EXCUSED_MINUTES, 500, 590, DOWN - EXCUSED_MINUTES, 950 - EXCUSED_MINUTES),
        # Half of it lies before the range.
        ("excused", EXCUSED_MINUTES, -45, 45, DOWN - 45, 950 - 45),
        # All of it lies before the range.
        ("excused", EXCUSED_MINUTES, -200, -110, DOWN, 950),
        # Unknown minutes that count as down.
        ("down", UNKNOWN, 500, 550, DOWN + UNKNOWN, 950 + UNKNOWN),
    ],
)
def test_excused_minutes_count_neither_way_and_charged_ones_count(
    tmp_path: Path, into: str, minutes: int, begins: int, ends: int, down: int, counted: int
) -> None:
    case = kept_with(tmp_path, excuse(into, minutes, begins, ends))
    excused = DOWN - down if into == "excused" else None
    promtool(case, {KEPT: round(1 - down / counted, 4), EXCUSED: excused})


def test_without_an_excuse_availability_is_that_of_the_minutes(tmp_path: Path) -> None:
    promtool(kept_with(tmp_path, {}), {KEPT: round(1 - DOWN / 950, 4), EXCUSED: None})
