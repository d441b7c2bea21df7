"""How a rate is written: one home for terminal, pages, findings and messages."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.shape.units import parse_rate
from monitor.words.rate import megabits, rate

PACKAGE = Path(__file__).parents[2] / "monitor"


@pytest.mark.parametrize(
    ("bits_per_second", "written"),
    [
        (0, "0 bit/s"),
        (0.4, "0 bit/s"),
        (999, "999 bit/s"),
        (999.6, "1 kbit/s"),
        (1000, "1 kbit/s"),
        (93_777_000, "93.8 Mbit/s"),
        (999_400_000, "999 Mbit/s"),
        (999_600_000, "1 Gbit/s"),
        (1_000_000_000, "1 Gbit/s"),
        (99_960_000_000, "100 Gbit/s"),
        (1_234_000_000_000, "1230 Gbit/s"),
    ],
)
def test_a_rate_has_three_figures_and_the_unit_that_suits_it(
    bits_per_second: float, written: str
) -> None:
    assert rate(bits_per_second) == written


def test_a_rate_is_written_in_the_language_of_the_page() -> None:
    assert rate(93_777_000, "de") == "93,8 Mbit/s"


@given(st.integers(1, 999_999), st.sampled_from(["bit/s", "kbit/s", "Mbit/s", "Gbit/s"]))
def test_six_figures_of_a_configured_rate_are_read_back(number: int, unit: str) -> None:
    bits_per_second = parse_rate(f"{number} {unit}")
    assert parse_rate(rate(bits_per_second, figures=6)) == bits_per_second


def test_rates_compared_with_each_other_are_all_in_megabits() -> None:
    assert megabits(1_000_000_000) == "1,000 Mbit/s"
    assert megabits(899_960_000) == "899.96 Mbit/s"
    assert megabits(899_960_000, ",.1f") == "900.0 Mbit/s"


def test_no_other_file_writes_a_rate() -> None:
    writers = [
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.JoinedStr)
        and any(isinstance(one, ast.FormattedValue) and one.format_spec for one in node.values)
        and "bit/s" in str(getattr(node.values[-1], "value", ""))
    ]
    assert set(writers) <= {"words/rate.py"}
