"""The contract's first row: more than one line, and a range that is hardly measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dashboards import contract
from dashboards.contract_lines import LINES
from dashboards.panel import Colour
from dashboards.sentence import BAD, GOOD, NOTHING, SENTENCE_STEPS
from tests.dashboards.promtool import Samples, expect
from tests.dashboards.test_first_rows import ALIVE, expect_said, line, tile

if TYPE_CHECKING:
    from pathlib import Path

KEPT = "Met in this time range?"
FURTHEST = "Furthest below its contract"


def _variables(hours: int) -> dict[str, str]:
    return {"$__range_s": str(hours * 3600), "$__range": f"{hours}h", "$provider": ".*"}


def _measured(school: str, up: float, down: float, unknown: float = 0) -> dict[str, str]:
    """Return the series of a line with a contract, of minutes a minute."""
    here = f'school="{school}", site="main"'
    classes = {"up": up, "down": down, "unknown": unknown}
    return {f"school_contract_availability_ratio{{{here}}}": "0.99x20"} | {
        f'school_minutes_total{{{here}, class="{name}"}}': f"0+{grows}x20"
        for name, grows in classes.items()
    }


@pytest.mark.parametrize(
    ("up", "unknown", "hours", "text", "code", "labels"),
    [
        # All of these are asked of the first 20 minutes of a monitor.
        (1, 0, 8, "all {{lines}} in {{span}} measured min", NOTHING, {"span": "20"}),
        (1, 0, 70_000, "all {{lines}} in {{span}} measured min", NOTHING, {"span": "20"}),
        # It was running, and knew nothing for most of the time.
        (0.2, 0.8, 0, "all {{lines}} in {{span}} measured min", NOTHING, {"span": "4"}),
        (1, 0, 0, "yes: all {{lines}} lines", GOOD, {}),
        # The last minutes are not settled yet.
        (0.6, 0, 0, "yes: all {{lines}} lines", GOOD, {}),
    ],
)
def test_a_range_that_was_hardly_measured_is_not_called_kept(
    tmp_path: Path,
    up: float,
    unknown: float,
    hours: int,
    text: str,
    code: int,
    labels: dict[str, str],
) -> None:
    series = {**ALIVE, **line("a", "Alpha", "up", "answers"), **_measured("a", up, 0, unknown)}
    variables = {"$__range_s": "1200", "$__range": "20m", "$provider": ".*"}
    if hours:
        variables = _variables(hours)
    nothing = "no line" if code == GOOD else "no line, as far as measured"
    said: dict[str, dict[str, tuple[int, dict[str, str]]]] = {
        KEPT: {text: (code, {"lines": "1", **labels})},
        FURTHEST: {nothing: (code, {})},
    }
    expect_said(tmp_path, contract.BOARD, series, said, variables)
    assert [one.colour for one in SENTENCE_STEPS if one.value is None] == [Colour.SILENT]
    column = next(one.name for one in LINES.columns if one.title.en == "Unknown")
    unknown_of_line = LINES.queries[ord(column[-1]) - ord("A")].expr
    rounded = f"max(round({unknown_of_line}, 1))"
    minutes = 60 * hours - 20 if hours else 20 * unknown
    samples: Samples = [{"labels": "{}", "value": minutes}]
    expect(tmp_path, series, {rounded: samples}, minutes=20, interval=1, variables=variables)


def test_the_two_lines_furthest_below_are_named_with_their_providers(tmp_path: Path) -> None:
    series = dict(ALIVE)
    for school, name, up in (("a", "Alpha", 0.0), ("b", "Beta", 0.5), ("c", "Gamma", 0.75)):
        series |= line(school, name, "down", "no_answer") | _measured(school, up, 1 - up)
    [b] = [one for one in series if one.startswith("school_site_info") and '"b"' in one]
    del series[b]
    series[b.replace(', provider="A"', "")] = "1x20"
    variables = {"$__range_s": "1200", "$__range": "20m", "$provider": ".*"}
    queries = tile(contract.BOARD, FURTHEST).queries
    [of_minutes] = [one.expr for one in queries if one.legend.en.endswith("% of {{span}} min")]
    lines = (("Alpha", "A", "0"), ("Beta", "–", "50"))
    samples: Samples = [
        {
            "labels": f'{{place="{place}", provider="{provider}", share="{share}", span="20"}}',
            "value": BAD,
        }
        for place, provider, share in lines
    ]
    expect(tmp_path, series, {of_minutes: samples}, minutes=20, interval=1, variables=variables)
