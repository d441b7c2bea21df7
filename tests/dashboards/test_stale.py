"""Nothing is shown as good while what it rests on is not known, as a real Prometheus calculates it.

The inputs of a panel end at different times: gauges with the scrape that lacks them, samples with
the instant of a poll five minutes after it, rates within their window, rules after five more.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from dashboards import ports
from dashboards.boards import BOARDS
from dashboards.panel import Colour, Kind
from dashboards.sentence import GOOD
from dashboards.shared import NO_SERIES, NONE
from tests.dashboards.promtool import Samples, expect_each
from tests.dashboards.test_port_states import HERE as SWITCH
from tests.dashboards.test_port_states import VARIABLES as OF_SWITCH
from tests.dashboards.test_port_states import WORDS, port, power

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from dashboards.panel import Board, Panel, Step, Value

# Everything is well until this minute.
LAST = 20
AFTER = range(LAST + 1, LAST + 13)
# In an order in which none begins with one before it.
VARIABLES = {"$sites": ".*", "$provider": ".*", "$__range_s": "1200", **OF_SWITCH}
LINE = 'school="a", site="main"'
ROUTER = f'{LINE}, device="router"'
TARGET = 365 * 86_400

# What the daemon says of itself and of the city, from one scrape.
OWN = {
    "monitor_isolated": "0",
    "school_common_outage": "0",
    'monitor_line_state{state="up"}': "1",
    'monitor_line_state{state="down"}': "0",
    'monitor_line_state{state="unknown"}': "0",
    "monitor_references_answering": "1",
    'monitor_reference_info{device="r1", host="192.0.2.1"}': "1",
    "monitor_config_last_reload_successful": "1",
    "monitor_ledger_healthy": "1",
    "monitor_ledger_quarantined": "0",
    "monitor_ledger_waiting": "0",
    'monitor_runs_skipped_total{kind="icmp"}': "0",
    'monitor_replies_dropped_total{protocol="icmp", reason="late"}': "0",
    'monitor_web_refusals_total{reason="busy"}': "0",
    'school_provider_outage{provider="A"}': "0",
    'rollout_goal_info{name="g", criterion="gigabit", unit="schools"}': "1",
    "rollout_goal_denominator": "1",
    "rollout_goal_verified": "1",
    "rollout_goal_listed": "1",
    "rollout_goal_built": "1",
    "rollout_goal_target_timestamp_seconds": f"{TARGET}",
    "rollout_goal_overdue_seconds": "0",
    "rollout_building_last_timestamp_seconds": f"{TARGET - 86_400}",
    'rollout_forecast_outlook{outlook="reached"}': "1",
    'rollout_sites{stage="regressed"}': "0",
}
# What it says of a school, from another one.
SCHOOL = {
    'school_info{school="a", name="Alpha", district="Mitte", type="G"}': "1",
    f'school_site_info{{{LINE}, provider="A", lot="1", programme="P"}}': "1",
    'school_in_lessons{school="a"}': "0",
    'school_maintenance{school="a"}': "0",
    f"school_contract_availability_ratio{{{LINE}}}": "0.9",
    f"school_contract_down_bits_per_second{{{LINE}}}": "1000",
    f'rollout_campaign_rate_bits_per_second{{{LINE}, direction="down", statistic="median"}}': "950",
    f'rollout_campaign_verdict{{{LINE}, verdict="passed"}}': "1",
    f'rollout_campaign_verdict{{{LINE}, verdict="failed"}}': "0",
    f'rollout_stage{{{LINE}, stage="verified"}}': "1",
    f"rollout_campaign_passed_timestamp_seconds{{{LINE}}}": "0",
    f'school_device_info{{{ROUTER}, role="uplink"}}': "1",
    f'school_device_info{{{SWITCH}, role="switch"}}': "1",
}
VERDICTS = {
    f'school_uplink_state{{{LINE}, state="up"}}': "1",
    f'school_uplink_state{{{LINE}, state="down"}}': "0",
    f'school_uplink_state{{{LINE}, state="unknown"}}': "0",
    f"school_uplink_up{{{LINE}}}": "1",
    f'school_uplink_cause_info{{{LINE}, cause="answers"}}': "1",
    f"school_uplink_state_since_timestamp_seconds{{{LINE}}}": "0",
    f"school_uplink_degraded{{{LINE}}}": "0",
    f'school_switch_state{{{SWITCH}, state="up"}}': "1",
    f'school_switch_state{{{SWITCH}, state="down"}}': "0",
    f'school_switch_state{{{SWITCH}, state="unknown"}}': "0",
    f'school_switch_cause_info{{{SWITCH}, cause="answers"}}': "1",
    f"school_switch_degraded{{{SWITCH}}}": "0",
    f'school_uplink_finding{{{LINE}, finding="errors"}}': "0",
    f"school_uplink_utilisation_ratio{{{LINE}}}": "0.1",
    f'probe_outcome{{{ROUTER}, check="icmp", outcome="ok"}}': "1",
    f'probe_outcome{{{SWITCH}, check="hardware", outcome="ok"}}': "1",
    f'school_device_fan_good{{{SWITCH}, part="1"}}': "1",
    f'school_device_neighbor{{{SWITCH}, port="1", neighbor="s2", neighbor_port="2"}}': "1",
}
COUNTED = {
    f'probe_icmp_lost_total{{{ROUTER}, check="icmp"}}': 0,
    f'smokeping_requests_total{{{ROUTER}, check="icmp"}}': 60,
    f'school_minutes_total{{{LINE}, class="up"}}': 1,
    f'school_minutes_total{{{LINE}, class="down"}}': 0,
}
# What the rules make of it.
RECORDED = {
    f"site:uplink_loss_while_up:ratio_rate5m{{{LINE}}}": "0",
    f"site:uplink_rtt_seconds:mean5m{{{LINE}}}": "0.01",
}


def polled(last: int = LAST) -> dict[str, str]:
    """Return the series of a switch's polls, which carry their instants: they end unmarked."""
    series = {
        f"school_device_read_timestamp_seconds{{{SWITCH}}}": "0+60x20",
        f"sysUpTime{{{SWITCH}}}": "100000000+6000x20",
        **port("1"),
    }
    return {name: values.replace("x20", f"x{last}") for name, values in series.items()}


def lasting(*families: Mapping[str, str], last: int = LAST) -> dict[str, str]:
    """Return series of constant values up to a minute, with the marker of their end."""
    return {name: f"{value}x{last} stale" for family in families for name, value in family.items()}


def counted(last: int = LAST) -> dict[str, str]:
    """Return counters that grow up to a minute, with the marker of their end."""
    return {name: f"0+{by}x{last} stale" for name, by in COUNTED.items()}


def up(minutes: int, then: int) -> dict[str, str]:
    """Return that the monitor's own scrape succeeds, and after some minutes does or does not."""
    return {'up{job="schulnetz"}': f"1x{minutes} {then}x40"}


WELL = {**lasting(OWN, SCHOOL, VERDICTS), **counted(), **polled()}


def _between(steps: tuple[Step, ...]) -> Iterator[str]:
    """Yield what is true of a figure in the colour of what is good, by its steps."""
    for low, high in zip(steps, (*steps[1:], None), strict=False):
        if low.colour is Colour.GOOD:
            bounds = [f" >= {low.value}"] if low.value is not None else []
            bounds += [f" < {high.value}"] if high is not None else []
            yield "".join(bounds)


def _of_values(values: tuple[Value, ...]) -> Iterator[str]:
    for one in values:
        if one.colour is Colour.GOOD and not isinstance(one.value, str):
            yield f" == {one.value}"


def goods(panel: Panel) -> Iterator[str]:
    """Yield PromQL of what a panel shows in the colour of what is good."""
    asked = [query.expr for query in panel.queries]
    if panel.in_words:
        yield from (expr for expr in asked if expr.endswith(f"+ {GOOD}"))
    elif panel.kind in {Kind.STAT, Kind.BAR_GAUGE, Kind.STATE_TIMELINE}:
        for holds in (*_of_values(panel.values), *_between(panel.steps)):
            yield from (f"({expr}){holds}" for expr in asked)
    elif panel.kind is Kind.TABLE:
        for column in panel.columns:
            place = re.fullmatch(r"Value(?: #(.))?", column.name)
            if place and column.coloured:
                expr = asked[ord(place[1] or "A") - ord("A")]
                for holds in (*_of_values(column.values), *_between(column.steps)):
                    yield f"({expr}){holds}"
    elif NO_SERIES in panel.series:
        yield from (one.expr for one in panel.queries if one.legend.en == NO_SERIES.name)


def panels(board: Board) -> Iterator[tuple[Panel, list[str]]]:
    """Yield the panels that can show something as good, with what is good of them."""
    for panel in (one for row in board.rows for one in row.panels):
        if found := list(goods(panel)):
            yield panel, found


def none_of(board: Board, *except_titles: str) -> dict[str, Samples]:
    """Return that no panel shows anything as good, except those with these titles."""
    return {
        expr: []
        for panel, found in panels(board)
        if panel.title.en not in except_titles
        for expr in found
    }


def never_none(board: Board, *except_titles: str) -> dict[str, Samples]:
    """Return that no table is empty and says "none", except those with these titles."""
    return {
        f"count({panel.queries[0].expr}) ^ 0": [{"labels": "{}", "value": 1}]
        for panel in (one for row in board.rows for one in row.panels)
        if panel.kind is Kind.TABLE and panel.no_data == NONE
        if panel.title.en not in except_titles
    }


every_board = pytest.mark.parametrize("board", BOARDS, ids=[board.uid for board in BOARDS])


@every_board
def test_a_well_city_is_shown_as_good(tmp_path: Path, board: Board) -> None:
    """Or else the other tests here would prove nothing."""
    shown: dict[str, Samples] = {}
    for _, found in panels(board):
        any_of_them = " or ".join(f"({expr})" for expr in found)
        shown[f"count({any_of_them}) ^ 0"] = [{"labels": "{}", "value": 1}]
    series = {**WELL, **lasting(RECORDED), **up(LAST, 0)}
    expect_each(tmp_path, series, {LAST: shown}, interval=1, variables=VARIABLES)


@every_board
def test_nothing_is_good_after_the_last_sample(tmp_path: Path, board: Board) -> None:
    """From the scrape that fails on, for as long as any input outlasts it."""
    series = {**WELL, **lasting(RECORDED, last=LAST + 5), **up(LAST, 0)}
    expected = {minute: none_of(board) for minute in AFTER}
    expect_each(tmp_path, series, expected, interval=1, variables=VARIABLES)


@every_board
def test_no_tile_is_good_while_only_the_schools_are_read(tmp_path: Path, board: Board) -> None:
    """The monitor's own scrape fails: it is unknown whether its own line is dead."""
    series = {
        **lasting(OWN),
        **lasting(SCHOOL, VERDICTS, RECORDED, last=40),
        **counted(last=40),
        **polled(last=40),
        **up(LAST, 0),
    }
    tiles: dict[str, Samples] = {
        expr: [] for panel, found in panels(board) if panel.kind is Kind.STAT for expr in found
    }
    expected: dict[int, dict[str, Samples]] = dict.fromkeys(AFTER, tiles)
    expect_each(tmp_path, series, expected, interval=1, variables=VARIABLES)


# Of a switch that answers no more, its ports stay known for as long as Prometheus looks back.
POLLED = {"Ports", "Ports, wrong ones first", "Last restart"}
OF_SCHOOLS = [one for one in BOARDS if one.uid not in {"schulnetz-goal", "schulnetz-monitor"}]


@pytest.mark.parametrize("board", OF_SCHOOLS, ids=[board.uid for board in OF_SCHOOLS])
def test_nothing_is_good_of_schools_that_are_not_read(tmp_path: Path, board: Board) -> None:
    series = {
        **lasting(OWN, last=40),
        **lasting(SCHOOL, VERDICTS),
        **counted(),
        **polled(),
        **lasting(RECORDED, last=LAST + 5),
        **up(LAST, 1),
    }
    expected = {
        minute: none_of(board, "Monitoring", *(POLLED if minute <= LAST + 5 else ()))
        for minute in AFTER
    }
    expect_each(tmp_path, series, expected, interval=1, variables=VARIABLES)


@every_board
def test_no_table_says_none_of_schools_that_are_not_read(tmp_path: Path, board: Board) -> None:
    """An empty table says "none"; so it has a row that says why it is empty."""
    series = {**lasting(OWN, last=40), **lasting(SCHOOL, VERDICTS), **counted(), **up(LAST, 1)}
    expect_each(tmp_path, series, {LAST + 2: never_none(board)}, interval=1, variables=VARIABLES)


# What the monitor knows at once: of itself, of its ledger, and what a switch says of itself.
KNOWN_AT_ONCE = {
    "Daemon",
    "Configuration",
    "Ledger",
    "Ledger's chain",
    "Lines too slow",
    "Last campaign against contract",
    "Contracted and measured rates",
    "Last restart",
}
# Tables of what is configured or recorded: none of it is known at once, too.
LISTED = {"In maintenance", "Minutes that people reclassified", "Read in clear"}
OF_NOW = [one for one in BOARDS if one.uid != "schulnetz-goal"]


@pytest.mark.parametrize("board", OF_NOW, ids=[board.uid for board in OF_NOW])
def test_nothing_is_good_right_after_the_first_start(tmp_path: Path, board: Board) -> None:
    """Every line is unknown, every counter has one value, every switch was polled once."""
    starting = {
        **OWN,
        'monitor_line_state{state="up"}': "0",
        'monitor_line_state{state="unknown"}': "1",
        "monitor_references_answering": "0",
        **SCHOOL,
        **{name: value for name, value in VERDICTS.items() if "_switch_" in name},
        **{name: value for name, value in VERDICTS.items() if "_uplink_state" in name},
        **{name: "0" for name in VERDICTS if 'state="up"' in name},
        **{name: "1" for name in VERDICTS if 'state="unknown"' in name},
        **dict.fromkeys(COUNTED, "0"),
        **{name: re.split(r"[+x]", values)[0] for name, values in polled().items()},
        'up{job="schulnetz"}': "1",
    }
    for name in [one for one in starting if "degraded" in one or "cause_info" in one]:
        del starting[name]
    series = {name: f"_x{LAST} {value}" for name, value in starting.items()}
    expected = {LAST: none_of(board, *KNOWN_AT_ONCE) | never_none(board, *LISTED)}
    expect_each(tmp_path, series, expected, interval=1, variables=VARIABLES)


def _is(number: int, state: str) -> dict[str, Samples]:
    """Return that a port is in this state."""
    named = f'{{ifName="{number}", ifDescr="port {number}", port="{number}"}}'
    this = f'label_replace(vector(1), "port", "{number}", "", "")'
    of_port = f"({ports.state_code()}) and on (port) {this}"
    return {of_port: [{"labels": named, "value": WORDS[state]}]}


def _tile() -> dict[str, Samples]:
    """Return that the tile of ports does not say that all are well."""
    [board] = [one for one in BOARDS if one.uid == "schulnetz-switch"]
    return {
        expr: [] for panel, found in panels(board) if panel.title.en == "Ports" for expr in found
    }


@pytest.mark.parametrize("lost", ["", "18", "19"], ids=["no poll lost", "the third", "the second"])
def test_a_damaged_port_is_not_in_use_after_the_last_poll(tmp_path: Path, lost: str) -> None:
    """A device that dies may lose polls before; two of them make no rate then."""
    ends = {"": "0+{0}x20", "18": "0+{0}x17 _ {1}+{0}x1", "19": "0+{0}x18 _ {2}"}[lost]

    def grown(by: int) -> str:
        return ends.format(by, 19 * by, 20 * by)

    named = f'{SWITCH}, ifName="2", ifDescr="port 2"'
    present = re.sub(r"0\+\{0\}|\{1\}\+\{0\}|\{2\}", "1", ends)
    series = {
        **up(40, 1),
        **port("2", oper=present),
        f"school_device_read_timestamp_seconds{{{SWITCH}}}": grown(60),
        f"ifInErrors{{{named}}}": grown(60),
        f"ifOutErrors{{{named}}}": grown(0),
    }
    good = f"({ports.state_code()}) == {WORDS['in use']}"
    expected: dict[int, dict[str, Samples]] = {
        minute: {good: [], **_tile()} for minute in (LAST, *AFTER)
    }
    expected[LAST] |= _is(2, "DAMAGED PACKETS")
    expect_each(tmp_path, series, expected, interval=1, variables=VARIABLES)


def test_a_faulty_port_stays_so_through_a_restart_of_the_monitor(tmp_path: Path) -> None:
    """Two minutes without it; its hardware polls are up to five minutes later."""
    gap = "_x2"
    here = f'{SWITCH}, ifName="{{}}", ifDescr="port {{}}"'
    read = f"1x{LAST} {gap} 1x17"
    rises = f"0+60x{LAST} {gap} {60 * 23}+60x17"
    series = {
        'up{job="schulnetz"}': f"1x{LAST} 0 0 1x17",
        f"school_device_read_timestamp_seconds{{{SWITCH}}}": rises,
        **port("1", oper=read, damaged=60),
        **port("2", oper=read),
        f"ifInErrors{{{here.format('1', '1')}}}": rises,
        f"ifInErrors{{{here.format('2', '2')}}}": f"0x{LAST} {gap} 0x17",
        **dict.fromkeys(power(2, "2", 4), f"4x{LAST} stale _x6 4x12"),
        f'probe_outcome{{{SWITCH}, check="hardware", outcome="ok"}}': f"1x{LAST} stale _x6 1x12",
    }
    expected = {
        minute: {**_tile(), **_is(1, "DAMAGED PACKETS"), **_is(2, "NO POWER (PoE FAULT)")}
        for minute in range(LAST, 41)
    }
    expect_each(tmp_path, series, expected, interval=1, variables=VARIABLES)


def test_a_power_fault_ends_with_the_poll_that_finds_none(tmp_path: Path) -> None:
    """A port that feeds nothing is left out of what is exported."""
    series = {
        **up(40, 1),
        f"school_device_read_timestamp_seconds{{{SWITCH}}}": "0+60x40",
        **{name: values.replace("x20", "x40") for name, values in port("2").items()},
        **dict.fromkeys(power(2, "2", 4), f"4x{LAST} stale"),
        f'probe_outcome{{{SWITCH}, check="hardware", outcome="ok"}}': "1x40",
    }
    expected = {LAST: _is(2, "NO POWER (PoE FAULT)"), LAST + 1: _is(2, "in use")}
    expect_each(tmp_path, series, expected, interval=1, variables=VARIABLES)
