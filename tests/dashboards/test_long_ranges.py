"""Graphs and tables over years, with points days apart, from a real Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dashboards import contract, goal
from dashboards.panel import Kind
from dashboards.shared import SILENT_ROW
from tests.dashboards.promtool import expect
from tests.dashboards.test_first_rows import panel_of

if TYPE_CHECKING:
    from pathlib import Path

HOUR = 60
DAY = 24 * HOUR


@pytest.mark.parametrize("hours", [23, 24, 30], ids="{} hours after a midnight".format)
def test_a_daily_history_is_drawn_in_every_time_zone(tmp_path: Path, hours: int) -> None:
    """Points of a range over years are at the reader's midnights, the samples at those of UTC."""
    # Forecasts are not part of a history.
    asked = {
        query.legend.en: query.expr
        for title in ("Burn-up against the goal", "Sites by stage over time")
        for query in panel_of(goal.BOARD, title).queries
        if "forecast" not in query.expr
    }
    assert set(asked) == {"verified", "built", "goal", "{{stage}}"}
    day = f"{DAY}m"
    series = {
        "rollout_goal_verified": "3 4",
        "rollout_goal_built": "5 6",
        "rollout_goal_denominator": "9 9",
        'rollout_sites{stage="live"}': "7 8",
        'rollout_sites{stage="planned"}': "2 0",
        'rollout_sites{stage="regressed"}': "0 0",
    }
    last = int(hours >= 24)
    expected = {
        asked["verified"]: [{"labels": "{}", "value": 3 + last}],
        asked["built"]: [{"labels": "{}", "value": 5 + last}],
        asked["goal"]: [{"labels": "{}", "value": 9}],
        # An area is not stacked where one of its points is missing.
        asked["{{stage}}"]: [
            {"labels": '{stage="live"}', "value": 7 + last},
            {"labels": '{stage="planned"}', "value": 2 - 2 * last},
        ],
    }
    expect(
        tmp_path,
        series,
        expected,
        minutes=hours * HOUR,
        interval=DAY,
        variables={"$__interval": day, "$__range": "2d"},
    )


def test_a_daily_history_is_a_line_at_short_steps() -> None:
    """A range of a year has points every half day, and every other one has no sample."""
    panels = [panel for row in goal.BOARD.rows for panel in row.panels]
    graphs = [panel for panel in panels if panel.kind is Kind.TIME_SERIES]
    assert graphs
    for panel in graphs:
        assert 24 < panel.joined_hours < 48, panel.title.en


@pytest.mark.parametrize("minutes", [120, 180], ids=["the last whole step", "a later point"])
def test_every_outage_of_a_long_range_is_listed(tmp_path: Path, minutes: int) -> None:
    """Of two outages of a line between two points the first was lost, and one after the last."""
    [query] = panel_of(contract.BOARD, "Outages").queries
    line = 'school="a", site="main", cause="no_answer"'
    seen = 'site:uplink_outages_seen:timestamp_seconds{{{}, started="{}"}}'
    # Minutes 65 to 67, 90 to 99 and 125 to 126.
    began_and_lasted = ((65, 2), (90, 9), (125, 1))
    series = {
        'up{job="schulnetz"}': "1x200",
        'school_info{school="a", name="Alpha"}': "1x200",
        'school_site_info{school="a", site="main", provider="A"}': "1x200",
    }
    for begin, lasted in began_and_lasted:
        values = f"_x{begin} {begin * 60}+60x{lasted} stale"
        series[seen.format(line, begin * 60_000)] = values
    listed = [
        {
            "labels": f'{{{line}, name="Alpha", place="Alpha", started="{begin * 60_000}"}}',
            "value": (begin + lasted) * 60_000,
        }
        for begin, lasted in began_and_lasted
        if minutes == 120 or begin > 120
    ]
    expect(
        tmp_path,
        series,
        {query.expr: listed},
        minutes=minutes,
        interval=1,
        variables={"$__interval": "60m", "$provider": ".*"},
        known=200,
    )


@pytest.mark.parametrize(
    ("up", "silent"),
    [
        ("_x119 1x20", False),
        ("1x110 0x40", True),
        ("_x150", True),
        ("1x60 0x5 1x80", False),
    ],
    ids=["began after the last point", "fell silent", "not there", "back"],
)
def test_the_outage_table_says_silent_only_for_a_silent_monitor(
    tmp_path: Path, up: str, *, silent: bool
) -> None:
    """The last point of a range over years is up to one step before its end."""
    panel = panel_of(contract.BOARD, "Outages")
    assert panel.kind is Kind.TABLE
    [query] = panel.queries
    row = {"labels": f'{{place="{SILENT_ROW.value}", started="-1", cause="–"}}', "value": -1}
    expect(
        tmp_path,
        {'up{job="schulnetz"}': up},
        {query.expr: [row] if silent else []},
        minutes=100,
        interval=1,
        variables={"$__interval": "60m", "$provider": ".*"},
        known=140,
    )
