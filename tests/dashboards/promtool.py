"""Expressions of boards, calculated by a real Prometheus over series that a test writes."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Samples = list[dict[str, Any]]


def expect(  # what promtool needs, each named at the call
    place: Path,
    series: Mapping[str, str],
    expected: Mapping[str, Samples],
    *,
    minutes: int,
    interval: int,
    variables: Mapping[str, str],
    known: int = 0,
) -> None:
    """Let promtool compare expressions with their samples after this many minutes.

    `series` have a value every `interval` minutes. `variables` are Grafana's, substituted in their
    order. At least `known` minutes of the series are loaded, for queries that look past their time.
    """
    # promtool loads series up to its last query.
    ends: dict[int, Mapping[str, Samples]] = {known: {"vector(0) > 0": []}}
    ends[minutes] = {**ends.get(minutes, {}), **expected}
    expect_each(place, series, ends, interval=interval, variables=variables)


def expect_each(
    place: Path,
    series: Mapping[str, str],
    expected: Mapping[int, Mapping[str, Samples]],
    *,
    interval: int,
    variables: Mapping[str, str],
) -> None:
    """Let promtool compare expressions as `expect` does, after each of several numbers of minutes.

    `expected` has the minutes, and the samples of each expression then.
    """
    tests: list[dict[str, Any]] = []
    for minutes, samples_of in expected.items():
        for expr, samples in samples_of.items():
            asked = expr
            for name, put in variables.items():
                asked = asked.replace(name, put)
            tests.append({"expr": asked, "eval_time": f"{minutes}m", "exp_samples": samples})
    case = {
        "interval": f"{interval}m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": tests,
    }
    file = place / "board.test.yml"
    file.write_text(yaml.safe_dump({"tests": [case]}), encoding="utf-8")
    command = ("promtool", "test", "rules", str(file))
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stdout + ran.stderr
