"""Graphs of devices with known rates: every rate on a board or in a rule is the true one.

The daemon's real parts poll eight switches of constant rate for most of an hour of virtual time,
each scraped at a different phase relative to its polls, across a reload, a lost poll and a restart.
The pages are served to a real Prometheus as the daemon serves them, one after the other however
slow the machine is, and Prometheus gets the queries of the boards and rules.
"""

from __future__ import annotations

import asyncio
import http.client
import http.server
import json
import re
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from dashboards.boards import BOARDS
from dashboards.ports import faulty_since
from monitor.config import load
from monitor.exposition.interfaces import INTERFACE_METRICS, LOOK_BACK_SECONDS
from monitor.inventory.checks import CheckKind
from monitor.snmp.read import Failure, FailureKind, Result
from tests.dashboards.test_boards import document, expressions
from tests.deploy.rules import all_rules
from tests.drills.pace import seconds
from tests.integration.played_pages import graph, replayed, stamped
from tests.integration.running import Town
from tests.modelled import COMMUNITY, Network, running
from tests.virtual_time import VirtualClock, run_virtually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from monitor.inventory.city import Inventory
    from monitor.snmp.read import Agent, Request
    from tests.integration.prometheus import Prometheus
    from tests.modelled import Running

pytestmark = pytest.mark.integration

SCHOOLS = {f"phase-{number}": number + 1 for number in range(8)}
POLL_SECONDS, SCRAPE_SECONDS = 60, 30
# Prometheus accepts no sample that is more than an hour older than its newest one.
RUN_SECONDS = 44 * 60
RELOAD_AT, LOST_AT, STOP_AT, START_AT = 600, 1_300, 1_900, 1_955
# Every fourth poll is retried and answers this much later.
LATE_SECONDS = 2.0
GAP_AT = "phase-3"
TOLERANCE = 0.015

# What each port counts per second: 100 Mbit/s in, 40 Mbit/s out; a twentieth with 32 bits, which
# does not wrap within the run. A counter shows whole packets: at every rate one packet more or less
# in a poll is within the tolerance.
PER_SECOND: Mapping[str, float] = {
    "InOctets": 12_500_000,
    "OutOctets": 5_000_000,
    "InUcastPkts": 100,
    "OutUcastPkts": 50,
    "InErrors": 200,
    "OutErrors": 100,
    "InDiscards": 300,
    "OutDiscards": 50,
}
# And what a panel of that title shows of it; all other polled series are states.
NARROW_SHARE = 1 / 20
# By the number of the query; None for a query that only reports missing data.
SHOWN: Mapping[str, Mapping[int, float | None]] = {
    "Busiest ports, received": {0: 100e6},
    "Busiest ports, sent": {0: 40e6},
    "Damaged packets": {0: 200, 1: 100, 2: None},
    "Packets dropped for lack of buffers": {0: 300, 1: 50, 2: None},
    # Both ports of a switch, by number; without the text for a single port or a healthy state.
    "Ports": {0: None, 1: 2, 2: None, 3: None, 4: None},
    # State (7: damaged packets), received, sent, damaged, dropped.
    "Ports, wrong ones first": {0: 7, 3: 100e6, 4: 40e6, 5: 300, 6: 350},
}
RULES: Mapping[str, float] = {"PortErrors": 200}

POLLED = {metric.name for metric in INTERFACE_METRICS}
_ANSWERS = ' and on () up{job="schulnetz"} == 1'
_SILENT = re.compile(r" or \(label_replace\(vector\(NaN\)[^{}]* unless on \(\) up\{[^{}]*\} == 1\)")
RATE = re.compile(r"\b(?:rate|irate|increase|delta|idelta|deriv)\((\w+)")


@dataclass
class Steady(Network):
    """Switches that count at constant rates by the clock of the loop, every second one in 32 bits.

    A device that is `deaf` answers no SNMP. `polls` counts the answers of each address.
    """

    clock: VirtualClock = field(default_factory=VirtualClock)
    deaf: set[str] = field(default_factory=set)
    polls: dict[str, int] = field(default_factory=dict)

    async def read(self, agent: Agent, request: Request, deadline: float) -> Result:
        assert agent.community == COMMUNITY.encode()
        loop = asyncio.get_running_loop()
        if agent.address in self.deaf:
            await asyncio.sleep(max(0.0, deadline - loop.time()))
            return Result({}, {}, Failure(FailureKind.TIMEOUT, "no reply"), 1, 0)
        wanted = set(request.columns)
        # A poll requests the names again when it continues with the 32-bit counters.
        is_first = "ifName" in wanted and bool(request.scalars)
        if is_first:
            self.polls[agent.address] = self.polls.get(agent.address, 0) + 1
        late = self.polls.get(agent.address, 0) % 4 == 1 and is_first
        await asyncio.sleep(LATE_SECONDS if late else 0.02)
        columns = self._columns(agent.address, wanted)
        arrivals = [(loop.time(), 2)]
        scalars: dict[str, int | bytes | tuple[int, ...]] = {}
        if request.scalars:
            scalars = {"sysUpTime": int(loop.time() * 100), "sysName": b"sw"}
        return Result(scalars, columns, None, 1, 3, {}, arrivals)

    def _columns(self, address: str, wanted: set[Any]) -> dict[str, dict[int, int | bytes]]:
        # Devices began to count at different times, wide ones beyond what 32 bits hold.
        now = asyncio.get_running_loop().time() + sum(map(int, address.split(".")))
        is_wide = is_wide_at(address)
        table: dict[str, dict[int, int | bytes]] = {
            "ifDescr": {1: b"port 1", 2: b"port 2"},
            "ifName": {1: b"1", 2: b"2"},
            "ifType": {1: 6, 2: 6},
            "ifOperStatus": {1: 1, 2: 1},
            "ifAdminStatus": {1: 1, 2: 1},
            "ifHighSpeed": {1: 1000, 2: 1000},
        }
        for name, rate in PER_SECOND.items():
            is_counted_wide = is_wide and name.endswith(("Octets", "Pkts"))
            has_share = name.endswith("Octets") and not is_wide
            total = int(rate * now * (NARROW_SHARE if has_share else 1))
            if is_counted_wide:
                table[f"ifHC{name}"] = {1: 2**33 + total, 2: 2**33 + total}
            narrow = total + (2**31 if is_counted_wide else 0)
            table[f"if{name}"] = {1: narrow % 2**32, 2: narrow % 2**32}
        return {name: rows for name, rows in table.items() if name in wanted}


@dataclass(frozen=True)
class Play:
    """The pages of each school in order, the start of the run, and the successful polls."""

    pages: Mapping[str, list[bytes]]
    began: float
    polls: Mapping[str, int]


def is_wide_at(address: str) -> bool:
    """Return whether a device counts in 64 bits."""
    return int(address.split(".")[2]) % 2 == 0


def address(school: str) -> str:
    return f"127.82.{SCHOOLS[school]}.11"


def town(folder: Path) -> Inventory:
    """Return the configuration: the product's own pace of polls, one switch a school."""
    text = Town(161, SCHOOLS, switches=1).text()
    text = text.replace("interfaces: {interval: 2s, timeout: 1500ms", "interfaces: {timeout: 20s")
    text = text.replace("interval: 1s", "interval: 30s")
    config = folder / "town.yaml"
    config.write_text(text, encoding="utf-8")
    inventory = load(config)
    polls = [check for check in inventory.checks() if check.kind is CheckKind.INTERFACES]
    assert {check.interval for check in polls} == {POLL_SECONDS}
    return inventory


async def _played(folder: Path, began: datetime) -> Play:
    clock = VirtualClock(began)
    network = Steady(clock=clock)
    inventory = town(folder)
    pages: dict[str, list[bytes]] = {school: [] for school in SCHOOLS}
    first = clock.monotonic()
    daemon: list[Running] = []

    async def scrape(school: str, phase: float) -> None:
        """Scrape a school's page at its phase, as Prometheus would; none while no daemon runs."""
        for number in range(RUN_SECONDS // SCRAPE_SECONDS):
            at = first + phase + number * SCRAPE_SECONDS
            await asyncio.sleep(max(0.0, at - clock.monotonic()))
            page = stamped(await daemon[0].text(school), clock.now()) if daemon else ""
            pages[school].append(page.encode())

    async def live() -> None:
        ends = first + RUN_SECONDS + SCRAPE_SECONDS
        for until, place in ((first + STOP_AT, "one"), (ends, "two")):
            state = folder / place
            state.mkdir()
            async with running(state, inventory, network, clock=clock) as found:
                daemon.append(found)
                if place == "one":
                    await meanwhile(found)
                await asyncio.sleep(until - clock.monotonic())
                daemon.clear()
            if place == "one":
                await asyncio.sleep(first + START_AT - clock.monotonic())

    async def meanwhile(found: Running) -> None:
        await asyncio.sleep(RELOAD_AT)
        found.offer(replace(inventory, city="Bochum an der Ruhr"))
        assert await found.daemon.reload()
        await asyncio.sleep(LOST_AT - RELOAD_AT)
        # For one poll, wherever in the minute it is.
        network.deaf = {address(school) for school in SCHOOLS}
        await asyncio.sleep(POLL_SECONDS)
        network.deaf = set()

    async with asyncio.TaskGroup() as group:
        group.create_task(live())
        for number, school in enumerate(SCHOOLS):
            phase = number * SCRAPE_SECONDS / len(SCHOOLS)
            group.create_task(scrape(school, 0.5 + phase))
    return Play(pages, began.timestamp(), dict(network.polls))


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Play:
    ended = datetime.now(UTC) - timedelta(seconds=300)
    # The polls' phases are those of the wall clock. At this second the restart costs `GAP_AT` a
    # poll that was not scraped, and its window of four minutes has fewer than two once.
    began = ended.replace(second=16, microsecond=0) - timedelta(seconds=RUN_SECONDS)
    return run_virtually(_played(tmp_path_factory.mktemp("play"), began))


@pytest.fixture(scope="module")
def prometheus(play: Play, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    with replayed(play.pages, tmp_path_factory.mktemp("prometheus")) as found:
        yield found


def first_full(expr: str) -> float:
    """Return after how many seconds of the run an expression has its first full window."""
    windows = [seconds(found) for found in re.findall(r"\[([\dsmh]+)\]", expr)]
    # The whole range is available from the start.
    return max((window for window in windows if window < RUN_SECONDS), default=0) + POLL_SECONDS


def drawn(prometheus: Prometheus, expr: str, play: Play) -> list[dict[str, Any]]:
    """Return what a graph of the run would show, from its first full window on."""
    start, end = play.began + first_full(expr), play.began + RUN_SECONDS - SCRAPE_SECONDS
    return graph(prometheus, expr, start, end, SCRAPE_SECONDS / 2)


def gaps(prometheus: Prometheus, expr: str, play: Play) -> set[float]:
    """Return the seconds of the run at which a graph lacks a point of some series."""
    found = drawn(prometheus, expr, play)
    assert found, expr
    instants = [{float(at) - play.began for at, _ in one["values"]} for one in found]
    steps = int((RUN_SECONDS - SCRAPE_SECONDS - first_full(expr)) / SCRAPE_SECONDS * 2)
    grid = {first_full(expr) + step * SCRAPE_SECONDS / 2 for step in range(steps + 1)}
    return grid - instants[0].intersection(*instants[1:])


def points(question: Prometheus, expr: str, play: Play) -> list[list[float]]:
    """Return the values of each series; assert that none has a gap except at the restart."""
    lacking = gaps(question, expr, play)
    assert all(STOP_AT < at < START_AT + 2 * POLL_SECONDS for at in lacking), (expr, lacking)
    found = drawn(question, expr, play)
    return [[float(value) for _, value in one["values"]] for one in found]


def of_grafana(expr: str, interval: str, school: str) -> str:
    """Return an expression as Grafana sends it for a short time range: four steps per window."""
    window = f"{max(4 * seconds(interval or '15s'), seconds('2m')):.0f}s"
    # By scrape time the monitor was silent throughout, as a table would say.
    told = _SILENT.sub("", expr).replace(_ANSWERS, "")
    return (
        told.replace("$__rate_interval", window)
        .replace("$__range", f"{RUN_SECONDS}s")
        .replace("$school", school)
        .replace("$sites", "main")
        .replace("$site", "main")
        .replace("$device", "switch-01")
    )


def is_rate(expr: str) -> bool:
    """Return whether a query shows rates: since when a port has been faulty is an instant."""
    shown = expr
    for window in ("$__rate_interval", "4m"):
        shown = shown.replace(faulty_since().replace("$__rate_interval", window), "")
    # Without faulty ports its tile says 0, of those that are read.
    shown = re.sub(r"\b0 \* max\(.*", "", shown)
    return bool(POLLED & set(RATE.findall(shown)))


def panels() -> list[tuple[str, int, str, str]]:
    """Return title, number, expression and shortest step of every query over polled counters."""
    found = []
    for board in BOARDS:
        for row in board.rows:
            for panel in row.panels:
                for number, query in enumerate(panel.queries):
                    if is_rate(query.expr):
                        found.append((panel.title.en, number, query.expr, query.every))
    return found


PANELS = panels()


def test_every_rate_on_a_board_or_in_a_rule_is_covered_here() -> None:
    assert {title for title, *_ in PANELS} == set(SHOWN)
    # Instant queries have their own window in the files.
    asked = {expr.replace("$__rate_interval", "4m") for _, _, expr, _ in PANELS}
    for board in BOARDS:
        for expr in expressions(document(board, "en")):
            windowed = expr.replace("$__rate_interval", "4m")
            assert not is_rate(windowed) or windowed in asked, expr
    rules = {rule.alert for rule in all_rules() if POLLED & set(RATE.findall(rule.expression))}
    assert rules == set(RULES)


@pytest.mark.parametrize("school", SCHOOLS)
@pytest.mark.parametrize(("title", "number", "expr", "every"), PANELS)
def test_every_point_of_a_panel_is_the_true_rate(
    prometheus: Prometheus, play: Play, school: str, title: str, number: int, expr: str, every: str
) -> None:
    truth = SHOWN[title][number]
    asked = of_grafana(expr, every, school)
    if truth is None:
        # A stop can lose the poll not scraped yet, and so the windows across the restart.
        known = [
            float(at) - play.began
            for one in drawn(prometheus, asked, play)
            for at, _ in one["values"]
        ]
        assert not [at for at in known if not STOP_AT < at < START_AT + 3 * POLL_SECONDS], known
        return
    if "Octets" in expr and not is_wide_at(address(school)):
        truth *= NARROW_SHARE
    for values in points(prometheus, asked, play):
        off = [value for value in values if abs(value - truth) > TOLERANCE * truth]
        assert not off, (len(off), len(values), off[:5])


def test_a_faulty_port_stays_so_at_the_restart_where_its_rate_is_not_known(
    prometheus: Prometheus, play: Play
) -> None:
    """For one point it was "in use", and green."""
    asked = {
        number: of_grafana(expr, every, GAP_AT)
        for title, number, expr, every in PANELS
        if title == "Ports, wrong ones first"
    }
    states = next(number for number, of in SHOWN["Ports, wrong ones first"].items() if of == 7)
    for number, expr in asked.items():
        assert bool(gaps(prometheus, expr, play)) == (number != states)


@pytest.mark.parametrize("alert", RULES)
def test_every_point_of_a_rule_is_the_true_rate(
    prometheus: Prometheus, play: Play, alert: str
) -> None:
    (rule,) = [rule for rule in all_rules() if rule.alert == alert]
    series = points(prometheus, rule.expression, play)
    # A router and a switch of two ports each.
    assert len(series) == 4 * len(SCHOOLS)
    for values in series:
        off = [value for value in values if abs(value - RULES[alert]) > TOLERANCE * RULES[alert]]
        assert not off, (len(off), len(values), off[:5])


def test_five_minute_rates_of_public_boards_are_true_while_polls_succeed(
    prometheus: Prometheus, play: Play
) -> None:
    """As on boards for snmp_exporter, which do not know our time stamps."""
    expr = "rate(ifHCInOctets[5m]) * 8 or rate(ifInOctets[5m]) * 8 / NARROW"
    expr = expr.replace("NARROW", str(NARROW_SHARE))
    ends = play.began + LOST_AT
    for one in drawn(prometheus, expr, play):
        values = [float(value) for at, value in one["values"] if at < ends]
        assert values
        assert all(abs(value - 100e6) <= TOLERANCE * 100e6 for value in values), one["metric"]


@pytest.mark.parametrize(
    ("expr", "least", "most"),
    [
        # Polls seen only by scrape time, and samples of polls where one is missing.
        ("rate(probe_last_run_timestamp_seconds{check='interfaces'}[2m])", 0.7, 1.3),
        ("rate(ifInErrors[4m]) / 200", 0.7, 0.99),
    ],
)
def test_naive_queries_draw_the_same_devices_wrong(
    prometheus: Prometheus, play: Play, expr: str, least: float, most: float
) -> None:
    """Otherwise the other tests could not fail."""
    series = drawn(prometheus, expr, play)
    values = [float(value) for one in series for _, value in one["values"]]
    assert min(values) < least
    assert max(values) > most


def test_a_series_stores_one_sample_per_poll_not_per_scrape(
    prometheus: Prometheus, play: Play
) -> None:
    for school in SCHOOLS:
        polls = play.polls[address(school)]
        selector = f'{{school="{school}", device="switch-01", ifName="1"}}'
        counted = f"count_over_time(ifOperStatus{selector}[1h])"
        (samples,) = prometheus.ask(counted).values()
        # Polls around a restart of the daemon and at both ends of the run were never scraped.
        assert polls - 3 <= samples <= polls
        assert polls < RUN_SECONDS / SCRAPE_SECONDS * 0.6


def test_each_series_exists_once(prometheus: Prometheus, play: Play) -> None:
    at = play.began + RUN_SECONDS - POLL_SECONDS
    for family in ("ifOperStatus", "ifInErrors"):
        found = prometheus.vector(f"count by (school) ({family}{{device='switch-01'}} @ {at})")
        assert {one["metric"]["school"]: one["value"][1] for one in found} == dict.fromkeys(
            SCHOOLS, "2"
        )


def test_the_look_back_matches_that_of_prometheus(prometheus: Prometheus) -> None:
    connection = http.client.HTTPConnection(prometheus.address, timeout=60)
    with closing(connection):
        connection.request("GET", "/api/v1/status/flags")
        flags = json.load(connection.getresponse())["data"]
    assert seconds(flags["query.lookback-delta"]) == LOOK_BACK_SECONDS
