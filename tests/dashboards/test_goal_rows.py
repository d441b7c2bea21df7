"""What the goal's board says of a forecast, of today, and of more than the goal asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dashboards import goal
from dashboards.sentence import BAD, CARE, GOOD, NOTHING
from tests.dashboards.promtool import Samples, expect
from tests.dashboards.test_first_rows import ALIVE, DAY, TARGET, expect_said, panel_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("middle", "latest", "text", "code", "labels"),
    [
        (-9, -1, "forecast: on time", GOOD, {}),
        (-9, 9, "forecast: probably on time", CARE, {}),
        (1, 9, "forecast: 1 day late", CARE, {}),
        (58, 90, "forecast: {{days}} days late", CARE, {"days": "58"}),
        (700, 900, "forecast: {{months}} months late", BAD, {"months": "23"}),
    ],
)
def test_what_is_expected_is_called_a_forecast(
    tmp_path: Path, middle: int, latest: int, text: str, code: int, labels: dict[str, str]
) -> None:
    finish = "rollout_forecast_finish_timestamp_seconds"
    series = {
        **ALIVE,
        "rollout_goal_target_timestamp_seconds": f"{TARGET}x20",
        'rollout_forecast_outlook{outlook="expected"}': "1x20",
        f'{finish}{{quantile="0.5"}}': f"{TARGET + middle * DAY}x20",
        f'{finish}{{quantile="0.9"}}': f"{TARGET + latest * DAY}x20",
    }
    said = {"Built in time?": {text: (code, labels)}}
    expect_said(tmp_path, goal.BOARD, series, said, {})


def test_the_time_past_the_target_day_is_not_called_a_forecast(tmp_path: Path) -> None:
    series = {**ALIVE, "rollout_goal_overdue_seconds": f"{334 * DAY}x20"}
    expected: dict[str, Samples] = {}
    for query in panel_of(goal.BOARD, "Past the target day by").queries:
        is_said = query.legend.en == "{{months}} months"
        expected[query.expr] = [{"labels": '{months="11"}', "value": BAD}] if is_said else []
    expect(tmp_path, series, expected, minutes=20, interval=1, variables={})


@pytest.mark.parametrize(
    ("outlook", "latest", "text", "code"),
    [
        ("expected", -1, "not due yet", GOOD),
        # It stood in green beside "forecast: 58 days late".
        ("expected", 58, "not due yet", NOTHING),
        ("expected", None, "not due yet", NOTHING),
        ("stalled", None, "not due yet", NOTHING),
        # On the target day and later: it was reached before.
        ("reached", None, "not at all", GOOD),
        ("built", None, "not at all", GOOD),
    ],
)
def test_a_goal_that_is_not_due_is_good_only_while_it_is_forecast_in_time(
    tmp_path: Path, outlook: str, latest: int | None, text: str, code: int
) -> None:
    series = {
        **ALIVE,
        "rollout_goal_target_timestamp_seconds": f"{TARGET}x20",
        "rollout_goal_overdue_seconds": "0x20",
        f'rollout_forecast_outlook{{outlook="{outlook}"}}': "1x20",
    }
    if latest is not None:
        finish = 'rollout_forecast_finish_timestamp_seconds{quantile="0.9"}'
        series[finish] = f"{TARGET + latest * DAY}x20"
    expected: dict[str, Samples] = {}
    for query in panel_of(goal.BOARD, "Past the target day by").queries:
        is_said = query.legend.en == text and query.expr.endswith(f"+ {code}")
        expected[query.expr] = [{"labels": "{}", "value": code}] if is_said else []
    assert sum(map(bool, expected.values())) == 1
    expect(tmp_path, series, expected, minutes=20, interval=1, variables={})


@pytest.mark.parametrize(
    ("listed", "text", "code"),
    [
        (78, "only {{number}} of {{goal}} schools", BAD),
        (79, "{{number}} of {{goal}} schools", GOOD),
        (80, "{{number}} schools, goal {{goal}}", GOOD),
    ],
)
def test_more_than_the_goal_is_not_a_part_of_it(
    tmp_path: Path, listed: int, text: str, code: int
) -> None:
    series = {
        **ALIVE,
        'rollout_goal_info{name="g", criterion="gigabit", unit="schools"}': "1x20",
        "rollout_goal_denominator": "79x20",
        "rollout_goal_listed": f"{listed}x20",
    }
    expected: dict[str, Samples] = {}
    labels = f'{{number="{listed}", goal="79"}}'
    for query in panel_of(goal.BOARD, "Listed").queries:
        is_said = query.legend.en == text
        expected[query.expr] = [{"labels": labels, "value": code}] if is_said else []
    expect(tmp_path, series, expected, minutes=20, interval=1, variables={})
