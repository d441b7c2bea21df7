"""What the first rows of the boards say in words, as calculated by a real Prometheus."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from dashboards import city, contract, goal, health, school, switch
from dashboards.panel import Kind
from tests.dashboards.promtool import Samples, expect
from tests.dashboards.test_port_states import port, power

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dashboards.panel import Board, Panel

MINUTES = 20
ALIVE = {'up{job="schulnetz"}': "1x20"}
JOINED = "\N{NO-BREAK SPACE}"


def tile(board: Board, title: str) -> Panel:
    """Return a panel of a board's first row."""
    [found] = [panel for panel in board.rows[0].panels if panel.title.en == title]
    return found


def panel_of(board: Board, title: str) -> Panel:
    """Return the panel with this title, in any row."""
    [found] = [one for row in board.rows for one in row.panels if one.title.en == title]
    return found


def expect_said(
    place: Path,
    board: Board,
    series: Mapping[str, str],
    said: Mapping[str, Mapping[str, tuple[int, dict[str, str]]]],
    variables: Mapping[str, str],
) -> None:
    """Assert that tiles show exactly these sentences: title -> English text -> colour, labels."""
    expected: dict[str, Samples] = {}
    for title, sentences in said.items():
        queries = tile(board, title).queries
        assert set(sentences) <= {query.legend.en for query in queries}, title
        for query in queries:
            samples: Samples = []
            code, labels = sentences.get(query.legend.en, (0, {}))
            # One text may be there in several colours.
            if query.legend.en in sentences and query.expr.endswith(f"+ {code}"):
                assert set(re.findall(r"{{(\w+)}}", query.legend.en)) <= set(labels)
                inside = ", ".join(f'{name}="{value}"' for name, value in labels.items())
                samples = [{"labels": f"{{{inside}}}", "value": code}]
            expected[query.expr] = samples
    expect(place, series, expected, minutes=MINUTES, interval=1, variables=variables)


def line(school: str, name: str, state: str, cause: str) -> dict[str, str]:
    """Return the series of a line that has had its state since minute 5."""
    here = f'school="{school}", site="main"'
    states = {
        f'school_uplink_state{{{here}, state="{one}"}}': f"{int(one == state)}x20"
        for one in ("up", "down", "unknown")
    }
    return {
        **states,
        f'school_uplink_cause_info{{{here}, cause="{cause}"}}': "1x20",
        f"school_uplink_state_since_timestamp_seconds{{{here}}}": "300x20",
        f'school_info{{school="{school}", name="{name}"}}': "1x20",
        f'school_in_lessons{{school="{school}"}}': "1x20",
        f'school_site_info{{{here}, provider="A"}}': "1x20",
    }


def test_the_city_row_gives_totals_and_causes(tmp_path: Path) -> None:
    dead = "Anne-Frank-Schule am See"
    series = {
        **ALIVE,
        **line("a", dead, "down", "no_answer"),
        **line("b", "Beta", "up", "answers"),
        'school_uplink_degraded{school="b", site="main"}': "1x20",
        # A fault of a switch is not one of a line.
        'school_switch_degraded{school="b", site="main", device="s"}': "1x20",
        'school_switch_state{school="b", site="main", device="s", state="up"}': "1x20",
        'school_switch_state{school="b", site="main", device="s", state="down"}': "0x20",
        "monitor_isolated": "0x20",
        "school_common_outage": "0x20",
    }
    of = "{{number}} of {{whole}}"
    unbroken = dead.replace(" ", JOINED).replace("-", "\N{NON-BREAKING HYPHEN}")
    said = {
        "Lines down": {of: (2, {"number": "1", "whole": "2"})},
        "Lessons hit now": {"at 1 school": (2, {"number": "1", "whole": "2"})},
        "Lines degraded": {of: (1, {"number": "1", "whole": "2"})},
        "Lines unknown": {of: (0, {"number": "0", "whole": "2"})},
        "Switches down": {of: (0, {"number": "0", "whole": "1"})},
        "Which, why, and for how long": {
            "{{place}}: no answer for {{length}} min": (
                2,
                {"place": unbroken, "school": "a", "site": "main", "length": "15"},
            )
        },
    }
    expect_said(tmp_path, city.BOARD, series, said, {})


def test_a_provider_outage_counts_a_school_with_two_lines_once(tmp_path: Path) -> None:
    series: dict[str, str] = {}
    for ident, site in (("a", "main"), ("a", "annex"), ("b", "main")):
        of_line = line(ident, ident, "down", "provider_outage")
        series |= {name.replace('"main"', f'"{site}"'): values for name, values in of_line.items()}
    row = '{cause="provider_outage", place="A", provider="A"}'
    queries = tile(city.BOARD, "What is down, why, and who is affected").queries
    expected = {
        query.expr: [{"labels": row, "value": value}]
        for query, value in zip(queries[2:], (2, 3), strict=True)
    }
    expect(tmp_path, series, expected, minutes=MINUTES, interval=1, variables={})


def test_the_city_row_does_not_call_unread_lines_healthy(tmp_path: Path) -> None:
    """The monitor may answer while Prometheus does not find its schools."""
    series = {**ALIVE, "monitor_isolated": "0x20", "school_common_outage": "0x20"}
    expected: dict[str, Samples] = {}
    for title in ("Lines down", "Lines unknown", "Which, why, and for how long"):
        for query in tile(city.BOARD, title).queries:
            said = query.legend.en == "not measured"
            expected[query.expr] = [{"labels": "{}", "value": -1}] if said else []
    [timeline] = [one for one in city.DETAIL.panels if one.kind is Kind.STATE_TIMELINE]
    expected |= {query.expr: [] for query in timeline.queries}
    table = tile(city.BOARD, "What is down, why, and who is affected")
    rows = f"count by (place) ({table.queries[0].expr})"
    expected[rows] = [{"labels": '{place="not_read"}', "value": 1}]
    variables = {"$__range": "20m"}
    expect(tmp_path, series, expected, minutes=MINUTES, interval=1, variables=variables)


def test_the_contract_row_says_how_many_missed_it_and_its_basis(tmp_path: Path) -> None:
    series = {
        **ALIVE,
        **line("a", "Alpha", "down", "no_answer"),
        **line("b", "Beta", "up", "answers"),
    }
    for ident, grows in (("a", (0, 1)), ("b", (1, 0))):
        here = f'school="{ident}", site="main"'
        series[f"school_contract_availability_ratio{{{here}}}"] = "0.99x20"
        for name, by in zip(("up", "down"), grows, strict=True):
            series[f'school_minutes_total{{{here}, class="{name}"}}'] = f"0+{by}x20"
    campaign = 'rollout_campaign_verdict{school="b", site="main", verdict="failed"}'
    series[campaign] = "0x20"
    kept = "Met in this time range?"
    said = {
        kept: {"no: {{below}} of {{lines}} missed": (2, {"below": "1", "lines": "2"})},
        "Furthest below its contract": {
            "{{place}}, {{provider}}: available {{share}} % of {{span}} min": (
                2,
                {"place": "Alpha", "provider": "A", "share": "0", "span": "20"},
            )
        },
        "Lines down": {"{{number}} of {{whole}}": (2, {"number": "1", "whole": "2"})},
        "Lines too slow": {"{{number}} of {{whole}}": (0, {"number": "0", "whole": "1"})},
    }
    variables = {"$__range_s": "1200", "$__range": "20m", "$provider": ".*"}
    expect_said(tmp_path, contract.BOARD, series, said, variables)


def test_the_shortfall_of_a_line_names_the_measured_part_of_the_range(tmp_path: Path) -> None:
    series = {**ALIVE, **line("a", "Alpha", "down", "no_answer")}
    series['school_contract_availability_ratio{school="a", site="main"}'] = "0.9x20"
    for name, by in (("down", 1), ("up", 0)):
        of_line = f'school="a", site="main", class="{name}"'
        series[f"school_minutes_total{{{of_line}}}"] = f"_x13 0+{by}x7"
    said = {
        "Furthest below its contract": {
            "{{place}}, {{provider}}: available {{share}} % of {{span}} min": (
                2,
                {"place": "Alpha", "provider": "A", "share": "0", "span": "7"},
            )
        }
    }
    variables = {"$__range_s": "1200", "$__range": "20m", "$provider": ".*"}
    expect_said(tmp_path, contract.BOARD, series, said, variables)


DAY = 86_400
TARGET = 365 * DAY


@pytest.mark.parametrize(
    ("overdue", "late", "outlook", "built", "text", "code", "labels"),
    [
        (0, -40, "built", 12, "yes: built {{month}}/{{year}}", 0, {"month": "11", "year": "1970"}),
        (3, 0, "built", 12, "yes: built {{month}}/{{year}}", 0, {"month": "12", "year": "1970"}),
        (9, 0, "reached", 12, "yes: built {{month}}/{{year}}", 0, {"month": "12", "year": "1970"}),
        (4, 1, "built", 12, "no: 1 day late", 2, {}),
        (6, 3, "built", 12, "no: {{days}} days late", 2, {"days": "3"}),
        (94, 91, "reached", 12, "no: {{months}} months late", 2, {"months": "3"}),
        # When the goal's number was built is not exported.
        (0, -40, "built", 13, "yes: day not recorded", 0, {}),
        (6, 3, "built", 13, "built: day not recorded", 3, {}),
        (6, None, "reached", 12, "built: day not recorded", 3, {}),
    ],
)
def test_the_goal_row_says_whether_it_was_built_in_time(
    tmp_path: Path,
    overdue: int,
    late: int | None,
    outlook: str,
    built: int,
    text: str,
    code: int,
    labels: dict[str, str],
) -> None:
    series = {
        **ALIVE,
        'rollout_goal_info{name="g", criterion="gigabit", unit="schools"}': "1x20",
        "rollout_goal_denominator": "12x20",
        "rollout_goal_verified": "10x20",
        "rollout_goal_built": f"{built}x20",
        "rollout_goal_target_timestamp_seconds": f"{TARGET}x20",
        "rollout_goal_overdue_seconds": f"{overdue * DAY}x20",
        f'rollout_forecast_outlook{{outlook="{outlook}"}}': "1x20",
    }
    if late is not None:
        series["rollout_building_last_timestamp_seconds"] = f"{TARGET + late * DAY}x20"
    said: Mapping[str, Mapping[str, tuple[int, dict[str, str]]]] = {
        "Verified by measurement": {
            "{{number}} of {{goal}} schools": (1, {"number": "10", "goal": "12"})
        },
        "Built in time?": {text: (code, labels)},
        "All built between": {"nothing left to build": (0, {})},
    }
    expect_said(tmp_path, goal.BOARD, series, said, {})


def test_lines_without_a_contract_are_measured_and_not_judged(tmp_path: Path) -> None:
    series = {
        **ALIVE,
        **line("a", "Alpha", "down", "no_answer"),
        **line("b", "Beta", "up", "answers"),
    }
    for ident, grows in (("a", (0, 1)), ("b", (1, 0))):
        here = f'school="{ident}", site="main"'
        for name, by in zip(("up", "down"), grows, strict=True):
            series[f'school_minutes_total{{{here}, class="{name}"}}'] = f"0+{by}x20"
    said: dict[str, dict[str, tuple[int, dict[str, str]]]] = {
        "Met in this time range?": {"no contract: not judged": (3, {})},
        "Furthest below its contract": {
            "no contract: availability is measured, not judged": (3, {})
        },
    }
    variables = {"$__range_s": "1200", "$__range": "20m", "$provider": ".*"}
    expect_said(tmp_path, contract.BOARD, series, said, variables)


def test_the_school_row_shows_name_verdict_and_cause(tmp_path: Path) -> None:
    series = {**ALIVE, **line("a", "Alpha", "down", "no_answer")}
    labels = {"school": "a", "site": "main", "name": "Alpha", "place": "Alpha"}
    said = {"Line": {"{{place}}: DOWN: no answer": (2, labels)}}
    variables = {"$school": "a", "$sites": ".*"}
    expect_said(tmp_path, school.BOARD, series, said, variables)


@pytest.mark.parametrize(
    ("ports", "text", "code", "labels"),
    [
        ((port("1"), port("2")), "none faulty", 0, {}),
        ((port("1"), port("2", damaged=60)), "{{port}} faulty", 2, {"port": "2"}),
        # One port with two faults is one.
        (
            (port("1"), port("2", damaged=60), power(2, "2", 4)),
            "{{port}} faulty",
            2,
            {"port": "2"},
        ),
        (
            (port("1"), port("2", damaged=60), power(1, "1", 4)),
            "{{faulty}} faulty",
            2,
            {"faulty": "2"},
        ),
    ],
)
def test_the_switch_row_names_the_faulty_port(
    tmp_path: Path, ports: tuple[dict[str, str], ...], text: str, code: int, labels: dict[str, str]
) -> None:
    here = 'school="a", site="main", device="switch-01"'
    series = {
        **ALIVE,
        f"school_device_read_timestamp_seconds{{{here}}}": "0+60x20",
        f'school_switch_cause_info{{{here}, cause="answers"}}': "1x20",
        f"school_switch_degraded{{{here}}}": "0x20",
        'school_info{school="a", name="Alpha"}': "1x20",
    }
    for one in ports:
        series |= one
    named = {
        "school": "a",
        "site": "main",
        "device": "switch\N{NON-BREAKING HYPHEN}01",
        "name": "Alpha",
        "place": "Alpha",
    }
    said: Mapping[str, Mapping[str, tuple[int, dict[str, str]]]] = {
        "Switch": {"{{place}} · {{device}}: online": (0, named)},
        "Ports": {text: (code, labels)},
    }
    variables = {
        "$school": "a",
        "$site": "main",
        "$device": "switch-01",
        "$__rate_interval": "4m",
    }
    expect_said(tmp_path, switch.BOARD, series, said, variables)


@pytest.mark.parametrize(("answering", "code"), [(2, 0), (1, 1), (0, 2)])
def test_the_monitor_row_says_how_many_references_answer(
    tmp_path: Path, answering: int, code: int
) -> None:
    series = {
        **ALIVE,
        'monitor_reference_info{device="r1", host="192.0.2.1"}': "1x20",
        'monitor_reference_info{device="r2", host="192.0.2.2"}': "1x20",
        "monitor_references_answering": f"{answering}x20",
    }
    labels = {"number": f"{answering}", "whole": "2"}
    said = {"References": {"{{number}} of {{whole}} answer": (code, labels)}}
    expect_said(tmp_path, health.BOARD, series, said, {})
