"""What the first rows say while the monitor is silent, as calculated by a real Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dashboards import city, health, school, switch
from dashboards.boards import BOARDS
from dashboards.panel import HYPHEN, Colour
from dashboards.sentence import SILENT
from tests.dashboards.promtool import Samples, expect
from tests.dashboards.test_first_rows import tile

if TYPE_CHECKING:
    from pathlib import Path

    from dashboards.panel import Board, Panel

MINUTES = 60
# It answers until minute 20; from minute 30 on nothing is scraped at all.
FALLEN = {'up{job="schulnetz"}': "1x20 0x9 stale"}
CHOSEN = {"$school": "a-b", "$sites": ".*", "$site": "main", "$device": "switch-01"}


@pytest.mark.parametrize("minutes", [25, MINUTES])
def test_every_board_says_since_when_the_monitor_is_silent(tmp_path: Path, minutes: int) -> None:
    """Whether Prometheus does not reach it, or has no data at all."""
    for board in BOARDS:
        now, since = tile(board, "As of").queries
        expected: dict[str, Samples] = {
            now.expr: [],
            since.expr: [{"labels": "{}", "value": 20 * 60_000}],
        }
        expect(tmp_path, FALLEN, expected, minutes=minutes, interval=1, variables={})
        [named] = [one for one in tile(board, "As of").series if one.name == since.legend.en]
        assert (named.text.en, named.colour) == ("silent since", Colour.SILENT)


def test_a_board_of_an_answering_monitor_says_as_of_when_it_is(tmp_path: Path) -> None:
    now, since = tile(city.BOARD, "As of").queries
    expected: dict[str, Samples] = {
        now.expr: [{"labels": "{}", "value": 20 * 60_000}],
        since.expr: [],
    }
    expect(tmp_path, FALLEN, expected, minutes=20, interval=1, variables={})


@pytest.mark.parametrize(
    ("board", "title", "labels"),
    [
        (school.BOARD, "Line", '{place="Alpha neu"}'),
        (switch.BOARD, "Switch", f'{{place="Alpha neu", device="switch{HYPHEN}01"}}'),
    ],
)
def test_a_silent_board_keeps_the_last_name_of_its_school(
    tmp_path: Path, board: Board, title: str, labels: str
) -> None:
    series = {
        **FALLEN,
        # A school that was renamed ten minutes before.
        'school_info{school="a-b", name="Alpha alt"}': "1x10 stale",
        'school_info{school="a-b", name="Alpha neu"}': "_x10 1x10 stale",
        'school_info{school="c", name="Gamma"}': "1x20 stale",
    }
    expected: dict[str, Samples] = {query.expr: [] for query in tile(board, title).queries}
    *_, silent = tile(board, title).queries
    assert silent.legend.de.endswith(": MONITOR STUMM")
    unbroken = labels.replace("Alpha neu", "Alpha\N{NO-BREAK SPACE}neu")
    expected[silent.expr] = [{"labels": unbroken, "value": -1}]
    expect(tmp_path, series, expected, minutes=MINUTES, interval=1, variables=CHOSEN)


@pytest.mark.parametrize(("chosen", "said"), [("a-b", f"a{HYPHEN}b"), ("", "–")])
def test_a_school_that_was_never_known_is_called_by_its_id(
    tmp_path: Path, chosen: str, said: str
) -> None:
    *_, unmeasured, silent = tile(school.BOARD, "Line").queries
    sentence: Samples = [{"labels": f'{{place="{said}"}}', "value": -1}]
    variables = {**CHOSEN, "$school": chosen}
    for series, expected in (
        (FALLEN, {silent.expr: sentence, unmeasured.expr: []}),
        ({'up{job="schulnetz"}': "1x60"}, {silent.expr: [], unmeasured.expr: sentence}),
    ):
        expect(tmp_path, series, expected, minutes=MINUTES, interval=1, variables=variables)


def test_the_menu_of_schools_keeps_them_while_the_monitor_is_silent(tmp_path: Path) -> None:
    [choice] = [one for one in school.BOARD.choices if one.name == "school"]
    query = choice.query.removeprefix("query_result(").removesuffix(")")
    series = {
        'school_info{school="a", name="Alpha alt"}': "1x10 stale",
        'school_info{school="a", name="Alpha"}': "_x10 1x10 stale",
    }
    alpha, former = (
        {"labels": f'{{school="a", name="{name}"}}', "value": 1} for name in ("Alpha", "Alpha alt")
    )
    expect(tmp_path, series, {query: [alpha]}, minutes=15, interval=1, variables={})
    expect(tmp_path, series, {query: [alpha, former]}, minutes=MINUTES, interval=1, variables={})


def test_city_and_monitor_boards_say_silence_by_one_word_in_one_colour(tmp_path: Path) -> None:
    for panel in (tile(city.BOARD, "Monitoring"), tile(health.BOARD, "Daemon")):
        [query] = panel.queries
        [code] = [one.value for one in panel.values if one.text == SILENT]
        assert [one.colour for one in panel.values if one.text == SILENT] == [Colour.SILENT]
        assert panel.no_data == SILENT
        assert panel.silent is Colour.SILENT
        asked: dict[str, Samples] = {query.expr: [{"labels": "{}", "value": code}]}
        expect(tmp_path, FALLEN, asked, minutes=25, interval=1, variables={})


def _of_school(state: str, cause: str) -> dict[str, str]:
    here = 'school="a-b", site="main", device="s{}"'
    series = {}
    for number in (1, 2):
        labels = here.format(number)
        for one in ("up", "down", "unknown"):
            series[f'school_switch_state{{{labels}, state="{one}"}}'] = f"{int(one == state)}x60"
        series[f'school_switch_cause_info{{{labels}, cause="{cause}"}}'] = "1x60"
    return series


def _said(panel: Panel, text: str) -> str:
    [expr] = [query.expr for query in panel.queries if query.legend.en == text]
    return expr


LINE_READ = {'school_uplink_state{school="a-b", site="main", state="up"}': "1x60"}


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (_of_school("up", "answers"), [('{whole="2", number="0"}', 0)]),
        (_of_school("down", "no_answer"), [('{whole="2", number="2"}', 2)]),
        (_of_school("unknown", "behind_uplink"), [('{number="2"}', 3)]),
        (_of_school("unknown", "isolated"), [('{whole="2", number="2"}', 3)]),
        (LINE_READ, [("{}", -1)]),
    ],
)
def test_a_school_says_how_many_switches_are_down_or_behind_its_dead_line(
    tmp_path: Path, series: dict[str, str], expected: list[tuple[str, int]]
) -> None:
    queries = tile(school.BOARD, "Switches down").queries
    asked = f"({queries[0].expr}) or ({') or ('.join(query.expr for query in queries[1:])})"
    samples: Samples = [{"labels": labels, "value": value} for labels, value in expected]
    series = {'up{job="schulnetz"}': "1x60", **series}
    expect(tmp_path, series, {asked: samples}, minutes=MINUTES, interval=1, variables=CHOSEN)


def test_switches_of_a_silent_monitor_are_not_called_well(tmp_path: Path) -> None:
    panel = tile(school.BOARD, "Switches down")
    expected: dict[str, Samples] = {query.expr: [] for query in panel.queries}
    expected[_said(panel, "MONITOR SILENT")] = [{"labels": "{}", "value": -1}]
    expect(tmp_path, FALLEN, expected, minutes=MINUTES, interval=1, variables=CHOSEN)
    parts = tile(switch.BOARD, "Parts")
    asked: dict[str, Samples] = {parts.queries[0].expr: []}
    expect(tmp_path, FALLEN, asked, minutes=MINUTES, interval=1, variables=CHOSEN)
    assert (parts.no_data.en, parts.silent) == ("not measured", Colour.SILENT)


def test_every_sentence_of_silence_is_grey() -> None:
    for board in BOARDS:
        for panel in (one for row in board.rows for one in row.panels):
            if panel.in_words:
                assert (panel.steps[0].value, panel.steps[0].colour) == (None, Colour.SILENT)
                assert [step.value for step in panel.steps[1:2]] == [0], panel.title.en
