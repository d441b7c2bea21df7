from __future__ import annotations

import importlib
import itertools
import math

import pytest

from bench import city, prometheus, servers, snmp
from bench.__main__ import BEGIN, END, PARTS, README, between, main, report
from bench.part import Part, at_most, from_json, times_cheaper, to_json
from bench.rendering import PollRenderer
from bench.table import Table
from bench.turns import lag
from monitor.cli.common import read_inventory
from monitor.snmp.model import Result


def a_part(name: str) -> Part:
    goals = (times_cheaper(f"{name} against a peer", 7.0, 5), at_most(f"{name} lag", 9, 5, "ms"))
    return Part(goals, (Table(f"Table of {name}", ("", "figure"), (("row", "1 ms"),), ("note",)),))


def tables_of(markdown: str) -> list[list[str]]:
    """Return the tables of a text, each as its lines."""
    groups = itertools.groupby(markdown.splitlines(), key=lambda line: line.startswith("|"))
    return [list(lines) for is_table, lines in groups if is_table]


@pytest.mark.parametrize("name", PARTS)
def test_every_part_can_be_run_by_its_name(name: str) -> None:
    assert callable(importlib.import_module(f"bench.{name}").run)


def test_a_part_survives_the_round_trip_to_its_parent() -> None:
    part = a_part("snmp")
    assert from_json(to_json(part)) == part


def test_goals_say_whether_they_are_met() -> None:
    assert times_cheaper("", 5.0, 5).met
    assert not times_cheaper("", 4.99, 5).met
    assert at_most("", 3.0, 3, "s").met
    assert not at_most("", 3.01, 3, "s").met


def test_a_report_lists_ratios_first_and_every_table_in_full() -> None:
    text = report({name: a_part(name) for name in PARTS})
    ratios, absolute = text.split("## Absolute")
    assert "snmp against a peer" in ratios
    assert "snmp lag" not in ratios
    assert "**no**" in absolute
    tables = tables_of(text)
    assert len(tables) == 2 + len(PARTS)
    for lines in tables:
        assert len({line.count("|") for line in lines}) == 1
        assert set(lines[1]) <= set("|-: ")
    for name in PARTS:
        assert f"--only {name}`" in text


def test_only_the_figures_between_the_markers_are_replaced() -> None:
    once = between(f"before\n{BEGIN}\nold\n{END}\nafter\n", "new")
    assert once == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    assert between(once, "new") == once
    with pytest.raises(ValueError, match="missing"):
        between("no markers", "new")


def test_the_readme_has_the_markers_and_names_every_part() -> None:
    text = README.read_text(encoding="utf-8")
    between(text, "")
    for name in PARTS:
        assert f"--only {name}" in text


def test_an_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--only", "weather"])
    assert left.value.code == 2
    assert "weather" in capsys.readouterr().err


def test_lag_is_the_rest_of_the_loop_turn_a_timer_falls_into() -> None:
    # One turn of 20 ms in every second: a timer falls into it in 2 % of all cases, and in half
    # of those it has more than 10 ms to wait.
    found = lag([0.020] * 10, 10.0)
    assert found.p50 == 0
    assert math.isclose(found.p99, 10.0, abs_tol=1e-6)
    assert math.isclose(found.p999, 19.0, abs_tol=1e-6)
    assert math.isclose(found.longest, 20.0)
    assert math.isclose(found.busy, 0.02)


def test_an_idle_loop_has_no_lag() -> None:
    assert lag([], 10.0).p99 == lag([0.001], 10.0).p99 == 0


def test_the_citys_figures_become_a_part() -> None:
    inventory = read_inventory(city.CONFIG)
    spent = city.Spent(2.0, 0.5, {("interfaces", "ok"): 1096, ("dns", "ok"): 0})
    lags = city.Lags(lag([0.001] * 600, 30), lag([0.001] * 500, 30), 20.0, 1.0)
    scrape = city.Scrape(80_000_000, 600_000, 0.05)
    memory = city.Memory(50_000_000, 200_000_000, 301_000_000)
    part = city._part(inventory, city.Size(), city.Cycle(spent, lags, memory, scrape, scrape))
    assert [goal.met for goal in part.goals] == [True, True, False]
    [table] = part.tables
    figures = {row[0]: row[1] for row in table.rows}
    assert figures["runs: interfaces, ok"] == "1096"
    assert "runs: dns, ok" not in figures
    assert figures["samples"] == "600,000"
    assert len({line.count("|") for line in table.markdown().splitlines() if "|" in line}) == 1


def test_samples_kept_by_prometheus_are_counted_per_minute() -> None:
    reading = servers.Reading
    began = (reading(1, 10), reading(2, 20, 100, 7), reading(3, 30, 1000, 7))
    ended = (reading(3, 11), reading(4, 21, 500, 8), reading(9, 31, 1800, 8))
    part = prometheus._part(began, ended, 120.0)
    assert [goal.figure for goal in part.goals] == ["2.00 x"]
    [table] = part.tables
    cells = [row[1::2] for row in table.rows]
    assert cells == [("1.0 s", "–"), ("1.0 s", "200"), ("3.0 s", "400")]


def test_the_histogram_p99_is_the_smallest_bucket_that_contains_it() -> None:
    assert city._p99_bound({0.001: 98, 0.005: 99, math.inf: 100}) == 0.005


async def test_a_rendered_poll_has_every_value_in_the_text() -> None:
    octets = {1: 11, 2: 22}
    names = {1: b"ge-0/0/1", 2: b"ge-0/0/2"}
    renderer = PollRenderer()
    renderer.render(
        Result(
            {"sysUpTime": 7, "sysName": b"sw", "sysDescr": b"x", "sysObjectID": (1, 3, 6)},
            {"ifName": names, "ifHCInOctets": octets},
            None,
            requests=2,
            varbinds=8,
        )
    )
    text = (await renderer.text()).decode()
    for row, total in octets.items():
        # The value precedes the time stamp of the poll.
        line = next(one for one in text.splitlines() if one.split(" ")[1:2] == [str(total)])
        assert line.startswith("ifHCInOctets{")
        assert f'ifName="ge-0/0/{row}"' in line
    assert 'sys_object_id="1.3.6"' in text


@pytest.mark.integration
def test_the_snmp_part_measures_every_contestant() -> None:
    part = snmp.run(rounds=1)
    [table] = part.tables
    assert len(table.rows) == 7
    assert all(float(cell) > 0 for row in table.rows for cell in row[1:])
    assert all(goal.ratio for goal in part.goals)
