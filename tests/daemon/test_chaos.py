"""An exception at every call that a reload makes: the daemon keeps all of the old configuration.

The calls are found by observing a successful reload, so that no step is missed.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import socket
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from holidays import list_supported_countries
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from monitor.config import ConfigError, load_text
from monitor.daemon.daemon import HOUSEKEEPING_SECONDS
from monitor.verdict import SubjectKind
from tests.exposition.support import exact_names
from tests.integration.running import Town, series
from tests.modelled import COMMUNITY, inventory_of, running
from tests.virtual_time import run_virtually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType

    from monitor.inventory.city import Inventory
    from tests.modelled import Running

PACKAGE = str(Path(__file__).parents[2] / "monitor")
SCHOOLS = {"voede": 1, "goethe": 2, "kant": 3, "natorp": 4, "kortum": 5}
OLD = Town(161, SCHOOLS, switches=1)
NEW = Town(
    161,
    {**{school: number for school, number in SCHOOLS.items() if school != "kortum"}, "neu": 9},
    switches=2,
    extra={
        "voede": [
            "days_off: [2022-09-02]",
            "line: {sys_name: another}",
            "maintenance: [{starts: 2022-09-01 09:00, ends: 2022-09-01 18:00, reason: new line}]",
        ]
    },
)
ROUTER = "127.82.1.1"
LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
# The daemon's own metrics change while it runs.
OWN = ("monitor_", "process_", "# ")
PARTS = {
    "monitor/calendar/school_days.py:SchoolCalendar.__init__",
    "monitor/daemon/consumers/campaigns.py:Campaigns.reconfigure",
    "monitor/exposition/store.py:Exposition.set_inventory",
    "monitor/calendar/maintenance.py:MaintenanceBook.reconfigure",
    "monitor/rollout/board.py:RolloutBoard.reconfigure",
    "monitor/campaigns/runner.py:CampaignRunner.reconfigure",
    "monitor/schedule.py:Schedule.want",
    "monitor/snmp/traps.py:TrapReceiver.__init__",
    "monitor/status/history.py:RoundTripHistory.reconfigure",
    "monitor/status/equipment.py:EquipmentBook.reconfigure",
    "monitor/status/outcomes.py:OutcomeHistory.reconfigure",
    "monitor/daemon/swap.py:Swap.commit",
    "monitor/devices/links.py:Topology.reconfigure",
    "monitor/daemon/consumers/traps.py:TrapListener.reconfigure",
    "monitor/uplink/meters.py:UplinkMeters.reconfigure",
    "monitor/verdict/city.py:VerdictBoard.reconfigure",
    "monitor/daemon/pipeline.py:Pipeline.reconfigure",
    "monitor/daemon/consumers/runs.py:Runs.reconfigure",
    "monitor/daemon/consumers/samples.py:Samples.reconfigure",
    "monitor/daemon/consumers/verdicts.py:Verdicts.reconfigure",
    "monitor/daemon/consumers/verdict_output.py:VerdictOutput.reconfigure",
    "monitor/daemon/consumers/minutes.py:Minutes.reconfigure",
    "monitor/daemon/consumers/uplinks.py:Uplinks.reconfigure",
    "monitor/daemon/consumers/links.py:Links.reconfigure",
    "monitor/daemon/consumers/stages.py:Stages.reconfigure",
    "monitor/daemon/consumers/round_trips.py:RoundTrips.reconfigure",
    "monitor/daemon/consumers/goal.py:CityGoal.reconfigure",
}
# They report that a reload failed and cannot themselves fail because of the reload.
HANDLERS = {
    "Reloads.run",
    "Reloads._reload_for_callers",
    "Reloads._reload",
    "Reloads._refuse",
    "OwnMetrics.count_reload",
    "Reloads.close_outdated",
}


class InjectedError(Exception):
    """An exception that no code expects."""


@dataclass
class Steps:
    """The calls of reloads; `raise_at` is the one that fails: a function and its call number."""

    calls: dict[str, int] = field(default_factory=dict)
    raise_at: tuple[str, int] = ("", 0)
    has_raised: bool = False
    # A generator is also called when it is closed, and exceptions raised then are ignored.
    generators: set[str] = field(default_factory=set)

    def profile(self, frame: FrameType, event: str, _: object) -> None:
        name = _name(frame.f_code) if event == "call" else ""
        if not name or asyncio.current_task() is not self.task:
            return
        self.calls[name] = self.calls.get(name, 0) + 1
        if frame.f_code.co_flags & inspect.CO_GENERATOR:
            self.generators.add(name)
        if (name, self.calls[name]) == self.raise_at:
            self.has_raised = True
            raise InjectedError(f"at call {self.calls[name]} of {name}")

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Observe the calls of the daemon's task that reloads within the context."""
        [self.task] = [task for task in asyncio.all_tasks() if task.get_name() == "reload"]
        sys.setprofile(self.profile)
        try:
            yield
        finally:
            sys.setprofile(None)


def _name(code: CodeType) -> str:
    if not code.co_filename.startswith(PACKAGE) or code.co_qualname in HANDLERS:
        return ""
    return f"monitor{code.co_filename.removeprefix(PACKAGE)}:{code.co_qualname}"


@dataclass(frozen=True)
class World:
    """Everything visible of a daemon's configuration from outside."""

    text: str
    verdicts: tuple[str, ...]
    running: frozenset[str]
    wanted: frozenset[str]
    windows: int
    lessons: str
    readers: tuple[int, int]


async def world(one: Running, *, traps: bool = True) -> World:
    await asyncio.sleep(0)
    daemon, watch = one.daemon, one.pipeline.verdicts
    lines = (await one.text()).splitlines()
    tasks = {task.get_name() for task in asyncio.all_tasks()}
    wanted = {check.id for check in daemon.inventory.checks()}
    listener = daemon.traps
    assert (listener is not None) is traps
    return World(
        "\n".join(line for line in lines if not line.startswith(OWN)),
        tuple(f"{subject}: {found}" for subject, found in watch.board.verdicts.items()),
        frozenset(name for name in tasks if name.count("/") == 3),
        frozenset(wanted),
        len(watch.maintenance.windows()),
        watch.calendar.day_kind(one.clock.now().date()),
        (id(listener.receiver) if listener else 0, len(daemon.sources.inventory.schools)),
    )


STATES = (
    *("BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV"),
    *("NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH"),
)
ELSEWHERE = (
    'timezone: Europe/Vienna, country: AT, state: "9"',
    "timezone: Europe/Warsaw, country: PL, days_off: [2022-09-01]",
    "timezone: Asia/Tokyo, country: JP, holidays: [{name: x, from: 2022-09-01, to: 2022-09-02}]",
    "timezone: Pacific/Apia, country: WS",
    "timezone: Europe/Berlin, state: Augsburg",
    "timezone: UTC, state: NW, holidays: [{name: x, from: 2031-01-01, to: 2031-01-01}]",
)
HEAD = "timezone: Europe/Berlin, state: NW"
CITIES = (*(f"timezone: Europe/Berlin, state: {state}" for state in STATES), *ELSEWHERE)


def inventory_in(folder: Path, city: str) -> Inventory:
    text = OLD.text()
    assert HEAD in text
    return load_text(text.replace(HEAD, city).encode(), str(folder))


def test_the_daemon_starts_with_and_reloads_to_a_city_in_any_state(tmp_path: Path) -> None:
    async def started(city: str, folder: Path) -> None:
        folder.mkdir()
        async with running(folder, inventory_in(folder, city)) as one:
            await asyncio.sleep(6)
            samples = exact_names(await one.text())
            days = series(samples, "school_calendar_day")
            assert sum(days.values()) == 1
            assert len(series(samples, "school_in_lessons")) == len(SCHOOLS)

    for number, city in enumerate(CITIES):
        run_virtually(started(city, tmp_path / str(number)))

    async def reloaded() -> None:
        async with running(tmp_path, inventory_in(tmp_path, CITIES[0])) as one:
            for city in CITIES:
                wanted = inventory_in(tmp_path, city)
                one.offer(wanted)
                assert await one.daemon.reload("a test"), city
                assert one.pipeline.verdicts.calendar.timezone.key == wanted.calendar.timezone
                await asyncio.sleep(6)
                assert (await world(one, traps=False)).running

    run_virtually(reloaded())


def name_of(key: str, value: object) -> str:
    return f"{key}: {json.dumps(value)}" if value else ""


@given(
    zone=st.sampled_from(sorted(available_timezones() - {"localtime"})),
    country=st.sampled_from(sorted(one for one in list_supported_countries() if len(one) == 2)),
    state=st.sampled_from(["", "BY", "Augsburg", "NW", "9", "CA", "02", "Stadt Zurich"]),
    days_off=st.lists(st.dates(date(1, 1, 1), date(9999, 12, 31)).map(str), max_size=3),
    holidays=st.lists(
        st.tuples(st.dates(date(1900, 1, 1), date(9000, 1, 1)), st.integers(-1, 210)), max_size=3
    ),
)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@example(zone="Europe/Berlin", country="DE", state="BY", days_off=["9999-12-31"], holidays=[])
@example(zone="UTC", country="AT", state="", days_off=["0001-01-01"], holidays=[])
def test_any_file_check_accepts_can_be_run_and_reloaded(
    zone: str, country: str, state: str, days_off: list[str], holidays: list[tuple[date, int]]
) -> None:
    spells = [
        {"name": "x", "from": str(first), "to": str(first + timedelta(days=days))}
        for first, days in holidays
    ]
    given_keys = {
        "timezone": zone,
        "country": country,
        "state": state,
        "days_off": days_off,
        "holidays": spells,
    }
    city = ", ".join(filter(None, (name_of(key, value) for key, value in given_keys.items())))

    async def main(folder: Path) -> None:
        async with running(folder, wanted) as one:
            await asyncio.sleep(6)
            one.offer(old)
            assert await one.daemon.reload("a test")
            one.offer(wanted)
            assert await one.daemon.reload("a test")
            await asyncio.sleep(6)
            assert (await world(one, traps=False)).running

    with tempfile.TemporaryDirectory() as folder:
        old = inventory_in(Path(folder), CITIES[0])
        try:
            wanted = inventory_in(Path(folder), city)
        except ConfigError:
            return
        run_virtually(main(Path(folder)))


def trap_datagram() -> bytes:
    """Return what net-snmp sends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        sink.bind(("127.0.0.1", 0))
        sink.settimeout(60)
        there = f"127.0.0.1:{sink.getsockname()[1]}"
        command = ["snmptrap", "-v2c", "-c", COMMUNITY, there, "", LINK_DOWN]
        subprocess.run(command, check=True, timeout=60)
        return sink.recv(2048)


async def traps_taken(one: Running, datagram: bytes, there: tuple[str, int]) -> bool:
    """Send a trap as the router does; return whether it was counted."""
    before = await one.text("voede")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.bind((ROUTER, 0))
        sending.sendto(datagram, there)
    for _ in range(200):
        await asyncio.sleep(0.005)
        after = await one.text("voede")
        if _traps(after) == _traps(before) + 1:
            return True
    return False


def _traps(text: str) -> float:
    found = [line for line in text.splitlines() if line.startswith("school_device_traps_total")]
    return sum(float(line.split()[-1]) for line in found if 'device="router"' in line)


def test_an_exception_anywhere_in_a_reload_keeps_the_old_configuration(tmp_path: Path) -> None:
    old, new = inventory_of(tmp_path, OLD), inventory_of(tmp_path, NEW)

    async def main() -> None:
        async with AsyncExitStack() as stack:
            one = await stack.enter_async_context(running(tmp_path, old))
            there = await one.take_traps(stack)
            await asyncio.sleep(30)
            one.network.dead.add(ROUTER)
            await asyncio.sleep(120)
            steps = Steps()
            one.offer(new)
            with steps.watched():
                assert await one.daemon.reload("a test")
            assert steps.calls.keys() >= PARTS, PARTS - steps.calls.keys()
            renewed = await world(one)
            assert renewed.running == renewed.wanted
            one.offer(old)
            assert await one.daemon.reload("a test")
            datagram = trap_datagram()
            await asyncio.sleep(120)
            one.offer(new)
            tried = 0
            for name, count in steps.calls.items():
                for which in sorted({1, 1 if name in steps.generators else count}):
                    before = await world(one)
                    failing = Steps(raise_at=(name, which))
                    with failing.watched():
                        taken = await one.daemon.reload("a test")
                    if taken:
                        # After the swap: the new configuration applies completely.
                        await asyncio.sleep(HOUSEKEEPING_SECONDS + 1)
                        found = await world(one)
                        assert found.wanted == found.running == renewed.wanted, (name, which)
                        one.offer(old)
                        assert await one.daemon.reload("a test")
                        one.offer(new)
                        continue
                    tried += 1
                    assert failing.has_raised, (name, which)
                    after = await world(one)
                    for part in World.__dataclass_fields__:
                        assert getattr(after, part) == getattr(before, part), (name, which, part)
                    assert after.running == after.wanted
                    if tried % 25 == 0:
                        assert await traps_taken(one, datagram, there), (name, which)
            assert tried >= len(PARTS)
            assert await traps_taken(one, datagram, there)
            assert await one.daemon.reload("a test")
            assert (await world(one)).wanted == renewed.wanted
            down = [
                subject
                for subject, verdict in one.pipeline.verdicts.board.findings()
                if verdict.state == "down" and subject.kind is SubjectKind.UPLINK
            ]
            assert [subject.school for subject in down] == ["voede"]

    run_virtually(main())
