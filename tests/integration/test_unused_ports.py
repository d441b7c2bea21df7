"""The graph of a port being plugged in: its rate has no gap and never exceeds the true one.

The daemon's real parts poll switches for most of an hour of virtual time. Each play has two schools
whose devices do the same at the same instants: one as shipped, one that exports all of every port.
Their pages go to a real Prometheus, which is asked for the rates of both.
"""

from __future__ import annotations

import asyncio
import http.client
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.config import load
from monitor.snmp.read import Failure, FailureKind, Result
from tests.integration.played_pages import graph, replayed, stamped
from tests.integration.running import Town
from tests.modelled import Network, running
from tests.virtual_time import VirtualClock, run_virtually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from monitor.snmp.read import Agent, Request
    from tests.integration.prometheus import Prometheus

pytestmark = pytest.mark.integration

# When the port is plugged in relative to the polls; for the third a poll is lost just before.
PLAYS = {"early": 600.0, "late": 640.0, "lost": 600.0}
SCHOOLS = {
    f"{kind}-{play}": number
    for number, (kind, play) in enumerate(
        ((kind, play) for play in PLAYS for kind in ("thin", "whole")), 1
    )
}
POLL_SECONDS, SCRAPE_SECONDS, RUN_SECONDS = 60, 30, 40 * 60
USED_SECONDS, FREE_SECONDS = 600.0, 600.0
"""So long the port is used, free, and used again until the end."""
# For one poll, wherever in the minute it is.
LOST_SECONDS = (560.0, 620.0)
PER_SECOND = 12_500_000
BEFORE = 2**34
TOLERANCE = 0.015
ALWAYS, PLUGGED, NEVER = 1, 2, 3
# Including windows of public boards, and how many polls after the first octet they start: the poll
# that finds it also exports the previous sample, and a window of two minutes has room for two
# polls.
RATES = {"rate({}[2m])": 3, "rate({}[4m])": 2, "rate({}[5m])": 2, "irate({}[5m])": 2}


def used_seconds(since: float, now: float) -> float:
    """Return for how many seconds a port plugged in at `since` has been used so far."""
    first = min(max(0.0, now - since), USED_SECONDS)
    return first + max(0.0, now - since - USED_SECONDS - FREE_SECONDS)


@dataclass
class Plugged(Network):
    """Switches with three ports: one always used, one used from some time on, one never."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    since: Mapping[str, float] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()
    began: float = 0.0

    async def read(self, agent: Agent, request: Request, deadline: float) -> Result:
        now = self.clock.monotonic() - self.began
        if agent.address in self.lost and LOST_SECONDS[0] <= now < LOST_SECONDS[1]:
            await asyncio.sleep(max(0.0, deadline - asyncio.get_running_loop().time()))
            return Result({}, {}, Failure(FailureKind.TIMEOUT, "no reply"), 1, 0)
        await asyncio.sleep(0.02)
        now = self.clock.monotonic() - self.began
        since = self.since[agent.address.split(".")[2]]
        used = {ALWAYS: now, PLUGGED: used_seconds(since, now), NEVER: 0.0}
        later = now + 0.001
        is_up = {ALWAYS: True, PLUGGED: used_seconds(since, later) > used[PLUGGED], NEVER: False}
        octets = {port: int(seconds * PER_SECOND) for port, seconds in used.items()}
        octets[PLUGGED] += BEFORE
        columns: dict[str, dict[int, int | bytes]] = {
            "ifDescr": {port: b"port %d" % port for port in used},
            "ifName": {port: b"%d" % port for port in used},
            "ifType": dict.fromkeys(used, 6),
            "ifAdminStatus": dict.fromkeys(used, 1),
            "ifOperStatus": {port: 1 if is_up[port] else 2 for port in used},
            # As from a device that does not maintain it.
            "ifLastChange": dict.fromkeys(used, 0),
            "ifHighSpeed": dict.fromkeys(used, 1000),
            **{f"ifHC{way}Octets": {**octets} for way in ("In", "Out")},
            **{
                f"ifHC{way}UcastPkts": {p: n // 1000 for p, n in octets.items()}
                for way in ("In", "Out")
            },
            **{
                f"if{way}Errors": {p: n // 10_000_000 for p, n in octets.items()}
                for way in ("In", "Out")
            },
            **{f"if{way}Discards": dict.fromkeys(used, 0) for way in ("In", "Out")},
        }
        scalars: dict[str, int | bytes | tuple[int, ...]] = {}
        if request.scalars:
            scalars = {"sysUpTime": int(now * 100) + 10**8, "sysName": b"sw"}
        found = {name: rows for name, rows in columns.items() if name in request.columns}
        return Result(
            dict(scalars), found, None, 1, 3, {}, [(asyncio.get_running_loop().time(), 3)]
        )


@dataclass(frozen=True)
class Play:
    """The pages of each school in order, and the start of the run."""

    pages: Mapping[str, list[bytes]]
    began: float


async def _played(folder: Path, began: datetime) -> Play:
    clock = VirtualClock(began)
    everything = ("interfaces: {unused: whole}",)
    extra = {school: everything for school in SCHOOLS if school.startswith("whole")}
    text = Town(161, SCHOOLS, switches=1, extra=extra).text()
    text = text.replace("interfaces: {interval: 2s, timeout: 1500ms", "interfaces: {timeout: 20s")
    config = folder / "town.yaml"
    config.write_text(text.replace("interval: 1s", "interval: 30s"), encoding="utf-8")
    inventory = load(config)
    since = {str(number): PLAYS[name.partition("-")[2]] for name, number in SCHOOLS.items()}
    lost = frozenset(f"127.82.{number}.11" for name, number in SCHOOLS.items() if "lost" in name)
    first = clock.monotonic()
    network = Plugged(clock=clock, since=since, lost=lost, began=first)
    pages: dict[str, list[bytes]] = {school: [] for school in SCHOOLS}
    async with running(folder, inventory, network, clock=clock) as found:
        for number in range(RUN_SECONDS // SCRAPE_SECONDS):
            await asyncio.sleep(first + 0.5 + number * SCRAPE_SECONDS - clock.monotonic())
            for school, taken in pages.items():
                taken.append(stamped(await found.text(school), clock.now()).encode())
    return Play(pages, began.timestamp())


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Play:
    # The polls' phases are those of the wall clock: the same in each run.
    ended = datetime.now(UTC).replace(second=0, microsecond=0)
    began = ended - timedelta(seconds=RUN_SECONDS + 300)
    return run_virtually(_played(tmp_path_factory.mktemp("play"), began))


@pytest.fixture(scope="module")
def prometheus(play: Play, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    with replayed(play.pages, tmp_path_factory.mktemp("prometheus")) as found:
        yield found


def port(school: str, number: int, family: str = "ifHCInOctets") -> str:
    return f'{family}{{school="{school}",device="switch-01",ifName="{number}"}}'


def drawn(prometheus: Prometheus, play: Play, expr: str) -> dict[float, float]:
    """Return the points of a graph over the whole run, by seconds since its start."""
    end = play.began + RUN_SECONDS - SCRAPE_SECONDS
    found = graph(prometheus, expr, play.began, end, SCRAPE_SECONDS / 2)
    assert len(found) <= 1, found
    return {float(at) - play.began: float(value) for one in found for at, value in one["values"]}


@pytest.mark.parametrize("name", PLAYS)
@pytest.mark.parametrize("rate", RATES)
def test_the_rate_of_a_returning_port_has_no_gap_and_no_spike(
    prometheus: Prometheus, play: Play, name: str, rate: str
) -> None:
    thin = drawn(prometheus, play, rate.format(port(f"thin-{name}", PLUGGED)))
    whole = drawn(prometheus, play, rate.format(port(f"whole-{name}", PLUGGED)))
    back = (PLAYS[name], PLAYS[name] + USED_SECONDS + FREE_SECONDS)
    for value in thin.values():
        assert 0 <= value <= PER_SECOND * (1 + TOLERANCE)
    for since, until in zip(back, (back[0] + USED_SECONDS, RUN_SECONDS), strict=True):
        first = since + (RATES[rate] + (name == "lost")) * POLL_SECONDS + 1
        points = [at for at in whole if first <= at < until]
        assert len(points) > 10
        assert all(at in thin for at in points)
        # All samples of the window are after its first octet.
        later = [at for at in points if at >= first + 300]
        assert later
        for at in later:
            assert abs(thin[at] - PER_SECOND) <= TOLERANCE * PER_SECOND
            assert abs(thin[at] - whole[at]) <= TOLERANCE * PER_SECOND


@pytest.mark.parametrize("school", SCHOOLS)
@pytest.mark.parametrize(
    ("family", "octets"), [("ifHCInOctets", 1), ("ifHCOutUcastPkts", 1000), ("ifOutErrors", 10**7)]
)
def test_all_its_traffic_is_counted_once(
    prometheus: Prometheus, play: Play, school: str, family: str, octets: int
) -> None:
    counter, ends = port(school, PLUGGED, family), play.began + RUN_SECONDS - SCRAPE_SECONDS
    expr = f"max_over_time({counter}[1h] @ {ends}) - min_over_time({counter}[1h] @ {ends})"
    (grown,) = prometheus.ask(expr).values()
    (stamp,) = prometheus.ask(f"timestamp({counter} @ {ends})").values()
    used = used_seconds(PLAYS[school.partition("-")[2]], stamp - play.began)
    # Time stamps are in milliseconds.
    assert abs(grown - used * PER_SECOND / octets) <= 0.002 * PER_SECOND / octets + 1


@pytest.mark.parametrize("name", PLAYS)
def test_its_series_starts_before_its_first_octet(
    prometheus: Prometheus, play: Play, name: str
) -> None:
    """With the last known value, under the time stamp of the poll that found it."""
    counter = port(f"thin-{name}", PLUGGED)
    for since, counted in ((PLAYS[name], 0), (PLAYS[name] + USED_SECONDS + FREE_SECONDS, 1)):
        still = BEFORE + counted * int(USED_SECONDS * PER_SECOND)
        at = play.began + since
        (value,) = prometheus.ask(f"{counter} @ {at}").values()
        assert value == still
        (stamp,) = prometheus.ask(f"timestamp({counter} @ {at})").values()
        assert at - stamp <= POLL_SECONDS * (2 if name == "lost" else 1)


@pytest.mark.parametrize("school", SCHOOLS)
def test_the_states_are_present_at_every_point(
    prometheus: Prometheus, play: Play, school: str
) -> None:
    for number in (ALWAYS, PLUGGED, NEVER):
        found = drawn(prometheus, play, port(school, number, "ifOperStatus"))
        assert min(found) <= 2 * POLL_SECONDS
        assert len(found) >= (RUN_SECONDS - 3 * POLL_SECONDS) / (SCRAPE_SECONDS / 2)


def test_a_port_never_used_has_counters_only_if_configured(
    prometheus: Prometheus, play: Play
) -> None:
    ends = play.began + RUN_SECONDS
    never = f'ifHCInOctets{{ifName="{NEVER}",device="switch-01"}}[1h] @ {ends}'
    expr = f"count by (school) (last_over_time({never}))"
    assert prometheus.ask(expr).keys() == {school for school in SCHOOLS if "whole" in school}


def test_prometheus_accepts_all_samples(prometheus: Prometheus) -> None:
    connection = http.client.HTTPConnection(prometheus.address, timeout=60)
    with closing(connection):
        connection.request("GET", "/metrics")
        page = connection.getresponse().read().decode()
    for refused in ("out_of_order", "out_of_bounds", "duplicate_timestamp"):
        assert f"prometheus_target_scrapes_sample_{refused}_total 0\n" in page
