"""The real daemon on a simulated city that breaks, and every notification counted to its end.

Which notifications a drill must bring is data: `expected.yaml`. All seconds are those of the
deployed configuration; everything runs faster.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.drills.pace import Pace
from tests.drills.stack import running_stack
from tests.drills.town import School, Town
from tests.integration.probe_servers import dnsmasq, issue, nginx
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.drills.stack import Counted, Stack

pytestmark = [pytest.mark.integration, pytest.mark.heavy]

EXPECTED: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("expected.yaml").read_text(encoding="utf-8")
)
# After the last notification that has to come, so long nothing else may.
QUIET_SECONDS = 300.0
LINES = tuple(f"gross-{number:02}" for number in range(1, 31))
MORNING = "2026-09-09T09:00:00+02:00"
HOLIDAY = "2026-07-29T09:00:00+02:00"


@dataclass(slots=True)
class Course:
    """One drill under way: what it breaks and mends, and when."""

    town: Town
    stack: Stack
    services: Services | None = None
    begun: float = 0.0
    mended: float = 0.0

    async def pause(self, deployed_seconds: float) -> None:
        """Let as much time pass as this is in the deployed configuration."""
        await self.town.pace.pause(deployed_seconds)

    async def breaks(self, *faults: str) -> None:
        """Let faults begin, and note when the first of them did."""
        self.begun = self.begun or time.monotonic()
        await self.town.breaks(*faults)

    async def mends(self, *faults: str) -> None:
        """Let faults end, and note when the last of them did."""
        await self.town.mends(*faults)
        self.mended = time.monotonic()


@dataclass(slots=True)
class Services:
    """Web servers with a certificate and without, and a name server, which can be broken."""

    folder: Path
    web_port: int = field(default_factory=free_port)
    site_port: int = field(default_factory=free_port)
    dns_port: int = field(default_factory=free_port)
    _statuses: dict[int, int | None] = field(default_factory=dict)
    _web: ExitStack = field(default_factory=ExitStack)
    _dns: ExitStack = field(default_factory=ExitStack)

    def serve_certificate(self, days: float) -> None:
        """Serve with a certificate that ends in so many days, in place of the one before."""
        issued = issue("127.0.0.1", None, days=days, names=("127.0.0.1",))
        (self.folder / "server.pem").write_bytes(issued.pem)
        (self.folder / "server.key").write_bytes(issued.key_pem)
        self._serve()

    def answer_with(self, port: int, status: int | None) -> None:
        """Answer with a status at a port from now on; None refuses connections there."""
        self._statuses[port] = status
        self._serve()

    def _serve(self) -> None:
        self._web.close()
        secure = (
            f"server {{ listen 127.0.0.1:{self.web_port} ssl; location / {{ return 200 'ok'; }}"
            f" ssl_certificate {self.folder}/server.pem;"
            f" ssl_certificate_key {self.folder}/server.key; }}"
        )
        open_ports = {port: status for port, status in self._statuses.items() if status}
        plain = [
            f"server {{ listen 127.0.0.1:{port}; location / {{ return {status} 'said'; }} }}"
            for port, status in open_ports.items()
        ]
        ports = [self.web_port, *open_ports]
        self._web.enter_context(nginx(self.folder, "\n".join([secure, *plain]), ports))

    def answer_names(self) -> None:
        """Answer queries from now on."""
        lines = ["address=/schule.example/192.0.2.10"]
        self._dns.enter_context(dnsmasq(self.folder, lines, self.dns_port))

    def refuse_names(self) -> None:
        """Answer no query any more."""
        self._dns.close()

    def close(self) -> None:
        """End both servers."""
        self._web.close()
        self._dns.close()


async def one_uplink_dies(course: Course) -> None:
    await course.breaks("uplink-down@goethe")
    await course.pause(480)
    await course.mends("uplink-down@goethe")


async def one_switch_dies(course: Course) -> None:
    await course.breaks("switch-down@natorp/switch-03")
    await course.pause(900)
    await course.mends("switch-down@natorp/switch-03")


async def switches_fall_silent_before_their_uplink(course: Course) -> None:
    """As when the schedule comes to the switches first: they are silent for half a minute."""
    switches = [f"switch-down@hustadt/switch-{number:02}" for number in (1, 2, 3, 4)]
    await course.town.breaks(*switches)
    await course.pause(30)
    await course.breaks("uplink-down@hustadt")
    await course.pause(480)
    await course.mends("uplink-down@hustadt", *switches)


async def a_provider_fails(course: Course) -> None:
    """Thirty lines fall within ten seconds and come back within ten."""
    lines = [f"uplink-down@{line}" for line in LINES]
    for part in (lines[:10], lines[10:20], lines[20:]):
        await course.breaks(*part)
        await course.pause(5)
    await course.pause(480)
    for part in (lines[:10], lines[10:20], lines[20:]):
        await course.mends(*part)
        await course.pause(5)


async def a_line_flaps(course: Course) -> None:
    for _ in range(4):
        await course.breaks("uplink-down@flattern")
        await course.pause(100)
        await course.mends("uplink-down@flattern")
        await course.pause(60)


async def packets_are_lost(course: Course) -> None:
    await course.breaks("lossy@verlust")
    await course.pause(1500)
    await course.mends("lossy@verlust")


async def round_trips_take_three_times_as_long(course: Course) -> None:
    await course.breaks("slow@grumme")
    await course.pause(1800)
    await course.mends("slow@grumme")


async def a_certificate_ends_soon(course: Course) -> None:
    assert course.services is not None
    course.begun = time.monotonic()
    course.services.serve_certificate(days=5)
    await course.pause(1000)
    course.services.serve_certificate(days=90)
    course.mended = time.monotonic()


async def names_do_not_resolve(course: Course) -> None:
    assert course.services is not None
    course.begun = time.monotonic()
    course.services.refuse_names()
    await course.pause(800)
    course.services.answer_names()
    course.mended = time.monotonic()


async def a_website_answers_503_and_then_refuses(course: Course) -> None:
    assert course.services is not None
    course.begun = time.monotonic()
    course.services.answer_with(course.services.site_port, 503)
    await course.pause(500)
    course.services.answer_with(course.services.site_port, None)
    await course.pause(500)
    course.services.answer_with(course.services.site_port, 200)
    course.mended = time.monotonic()


async def a_switch_answers_pings_alone(course: Course) -> None:
    await course.breaks("snmp-silent@stumm/switch-01")
    await course.pause(1100)
    await course.mends("snmp-silent@stumm/switch-01")


async def a_switch_restarts(course: Course) -> None:
    await course.breaks("rebooted@neustart/switch-02")


async def a_port_receives_damaged_packets(course: Course) -> None:
    await course.breaks("port-errors@kabel/switch-01")
    await course.pause(1900)
    await course.mends("port-errors@kabel/switch-01")


async def a_switch_runs_out_of_power(course: Course) -> None:
    await course.breaks("poe-budget@strom/switch-01")
    await course.pause(1400)
    await course.mends("poe-budget@strom/switch-01")


async def interfaces_are_renumbered(course: Course) -> None:
    await course.breaks("renumbered@umzug/switch-02")


async def a_planned_site_is_silent(course: Course) -> None:
    assert "uplink-down@geplant" in course.town.faults
    await course.pause(600)


async def work_is_announced(course: Course) -> None:
    await course.breaks("uplink-down@baustelle")
    await course.pause(480)
    await course.mends("uplink-down@baustelle")


async def a_line_dies_outside_lessons(course: Course) -> None:
    await course.breaks("uplink-down@abend")
    await course.pause(480)
    await course.mends("uplink-down@abend")


async def a_line_comes_up_below_its_contract(course: Course) -> None:
    await course.breaks("slow-port@langsam")
    await course.pause(1400)
    await course.mends("slow-port@langsam")


async def a_line_dies_in_the_holidays(course: Course) -> None:
    await course.breaks("uplink-down@ferien")
    await course.pause(480)
    await course.mends("uplink-down@ferien")


async def the_monitors_own_line_dies(course: Course) -> None:
    await course.breaks("isolated")
    await course.pause(600)
    await course.mends("isolated")


async def the_daemon_is_killed(course: Course) -> None:
    """While a line is dead, of which was told before: that outage neither ends nor begins anew."""
    course.begun = time.monotonic()
    await course.stack.kill_daemon()
    await course.pause(300)
    await course.stack.start_daemon()
    course.mended = time.monotonic()


async def prometheus_is_restarted(course: Course) -> None:
    """Amid an outage, which is told of once and ends once."""
    await course.breaks("uplink-down@neubeginn")
    await course.pause(240)
    await course.stack.kill_prometheus()
    await course.pause(10)
    await course.stack.start_prometheus()
    await course.pause(600)
    await course.mends("uplink-down@neubeginn")


MORNING_DRILLS = (
    one_uplink_dies,
    one_switch_dies,
    switches_fall_silent_before_their_uplink,
    a_provider_fails,
    a_line_flaps,
    packets_are_lost,
    round_trips_take_three_times_as_long,
    a_certificate_ends_soon,
    names_do_not_resolve,
    a_website_answers_503_and_then_refuses,
    a_switch_answers_pings_alone,
    a_switch_restarts,
    a_port_receives_damaged_packets,
    a_switch_runs_out_of_power,
    interfaces_are_renumbered,
    a_planned_site_is_silent,
    work_is_announced,
    a_line_dies_outside_lessons,
    a_line_comes_up_below_its_contract,
)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """Run both servers, in good order."""
    running = Services(tmp_path)
    try:
        running.serve_certificate(days=90)
        running.answer_with(running.site_port, 200)
        running.answer_names()
        yield running
    finally:
        running.close()


def morning_schools(services: Services) -> Sequence[School]:
    """Return the schools of the morning; each drill has its own, and its own provider."""
    url = f'"https://127.0.0.1:{services.web_port}/"'
    website = (
        "checks:",
        f"  website: {{kind: http, url: {url}, verify: false, redirects: 0, timeout: 40s}}",
    )
    site = f'"http://127.0.0.1:{services.site_port}/"'
    shop = ("checks:", f"  laden: {{kind: http, url: {site}, redirects: 0, timeout: 40s}}")
    server = f"server: 127.0.0.1, port: {services.dns_port}"
    names = ("checks:", f"  names: {{kind: dns, {server}, name: schule.example, timeout: 40s}}")
    works = (
        "maintenance:",
        "  - {starts: 2026-09-09 08:00, ends: 2026-09-09 20:00, reason: new router}",
    )
    seldom = ("interfaces: {interval: 5m}",)
    return (
        School("goethe", "line-a", switches=12),
        School("natorp", "line-b", switches=4),
        School("hustadt", "line-c", switches=4),
        School("flattern", "line-d"),
        School("verlust", "line-e"),
        School("grumme", "line-f"),
        School("zeugnis", "line-g", lines=website),
        School("namen", "line-h", lines=names),
        School("laden", "line-r", lines=shop),
        School("stumm", "line-s", switches=1),
        School("neustart", "line-i", switches=2),
        School("kabel", "line-j", switches=1),
        School("strom", "line-q", switches=1),
        School("umzug", "line-k", switches=2),
        School("geplant", "line-l"),
        School("baustelle", "line-m", lines=works),
        School("abend", "line-n", type="Abendschule"),
        School("langsam", "line-o"),
        # Thirty lines of one provider must not be half the city: that would look as if it were us.
        School("uebrige", "line-p", lines=seldom, sites=40),
        *(School(line, "gross", lines=seldom) for line in LINES),
    )


@pytest.mark.thorough
async def test_each_fault_of_a_morning_is_told_exactly_as_written_down(
    tmp_path: Path, services: Services
) -> None:
    town = Town(
        tmp_path,
        morning_schools(services),
        MORNING,
        planned=frozenset({"geplant"}),
        faults={"uplink-down@geplant"},
    )
    history = week_of_round_trips("grumme", 0.007, town.pace)
    async with town.devices(), running_stack(town, tmp_path, history) as stack:
        courses = {drill.__name__: Course(town, stack, services) for drill in MORNING_DRILLS}
        await asyncio.gather(*(drill(courses[drill.__name__]) for drill in MORNING_DRILLS))
        await all_is_told(courses, stack, 7_000)
        await holds(courses, stack)


@pytest.mark.thorough
async def test_a_holiday_and_our_own_isolation_wake_nobody_for_a_school(tmp_path: Path) -> None:
    schools = [School(f"schule-{number}", f"line-{number % 2}") for number in range(8)]
    town = Town(tmp_path, [School("ferien", "line-c"), *schools], HOLIDAY)
    async with town.devices(), running_stack(town, tmp_path) as stack:
        courses = {
            drill.__name__: Course(town, stack)
            for drill in (a_line_dies_in_the_holidays, the_monitors_own_line_dies)
        }
        for drill in (a_line_dies_in_the_holidays, the_monitors_own_line_dies):
            await drill(courses[drill.__name__])
            await town.pace.pause(480)
        await all_is_told(courses, stack, 1_200)
        await holds(courses, stack)
        assert stack.counted.table(["line-0", "line-1", *(one.id for one in schools)]) == Counter()


@pytest.mark.thorough
async def test_a_killed_daemon_neither_ends_nor_repeats_an_outage(tmp_path: Path) -> None:
    town = Town(tmp_path, [School("tot", "line-a"), School("gesund", "line-b")], MORNING)
    async with town.devices(), running_stack(town, tmp_path) as stack:
        courses = {"the_daemon_is_killed": Course(town, stack)}
        await town.breaks("uplink-down@tot")
        await town.pace.pause(300)
        await the_daemon_is_killed(courses["the_daemon_is_killed"])
        await town.pace.pause(420)
        assert stack.counted.table(["tot"]) == Counter({("page", "UplinkDown", "begins"): 1})
        await town.mends("uplink-down@tot")
        await all_is_told(courses, stack, 600)
        await holds(courses, stack)
        told = {("page", "UplinkDown", "begins"): 1, ("page", "UplinkDown", "ends"): 1}
        assert stack.counted.table(["tot"]) == Counter(told)
        assert stack.counted.table(["gesund"]) == Counter()


@pytest.mark.thorough
async def test_a_restart_of_prometheus_neither_ends_nor_repeats_an_outage(tmp_path: Path) -> None:
    """Prometheus scrapes 5 s after its start at any pace, so this cannot be much faster."""
    town = Town(tmp_path, [School("neubeginn", "line-a")], MORNING, pace=Pace(6))
    async with town.devices(), running_stack(town, tmp_path) as stack:
        courses = {"prometheus_is_restarted": Course(town, stack)}
        await prometheus_is_restarted(courses["prometheus_is_restarted"])
        await all_is_told(courses, stack, 600)
        await holds(courses, stack)


def test_every_drill_is_written_down() -> None:
    drills = {name for name, found in globals().items() if name in EXPECTED and callable(found)}
    assert drills == set(EXPECTED)


async def all_is_told(courses: dict[str, Course], stack: Stack, seconds: float) -> None:
    """Wait until everything has come that is written down, or for so many seconds."""
    pace = stack.city.pace
    give_up = time.monotonic() + seconds / pace.factor
    while time.monotonic() < give_up and any(
        told(name, stack.counted) != wanted(name) for name in courses
    ):
        await pace.pause(15)
    await pace.pause(QUIET_SECONDS)


async def holds(courses: dict[str, Course], stack: Stack) -> None:
    """Compare what has come with what is written down, and when it came."""
    found = {name: told(name, stack.counted) for name in courses}
    assert found == {name: wanted(name) for name in courses}
    late = [text for name, course in courses.items() for text in _late(name, course, stack.counted)]
    assert not late
    for name in courses:
        for alert in EXPECTED[name].get("shown", ()):
            for school in EXPECTED[name]["about"]:
                assert await stack.fired(alert, school), f"{name}: {alert} was never shown"


def told(name: str, counted: Counted) -> Counter[tuple[str, str, str]]:
    """Return how often each notification came about those whom a drill is about.

    Those that may come and need not are left out, unless they came more often than they may.
    """
    found = counted.table(about(name))
    for line in EXPECTED[name]["told"]:
        for end in ("begins", "ends"):
            key = (line["to"], line["alert"], end)
            if line.get("may") and found[key] <= line[end]:
                del found[key]
    return found


def about(name: str) -> list[str]:
    """Return whom a drill's notifications name: schools, a provider, or the monitor."""
    named: list[str] = EXPECTED[name]["about"]
    return [*named, *LINES] if named == ["Gross"] else named


def wanted(name: str) -> Counter[tuple[str, str, str]]:
    """Return how often each notification has to come."""
    lines = EXPECTED[name]["told"]
    return Counter(
        {
            (one["to"], one["alert"], end): one[end]
            for one in lines
            for end in ("begins", "ends")
            if not one.get("may")
        }
    )


def _late(name: str, course: Course, counted: Counted) -> Iterator[str]:
    for line in EXPECTED[name]["told"]:
        for is_end, since, key in ((False, course.begun, "begins"), (True, course.mended, "ends")):
            times = [
                one.at
                for one in counted.notifications
                if (one.receiver, one.alert, one.is_end) == (line["to"], line["alert"], is_end)
                and not one.about.isdisjoint(about(name))
            ]
            if line.get("may") and not times:
                continue
            seconds = (max(times) - since) * course.town.pace.factor
            allowed = line[f"{key}_by"]
            if seconds > allowed:
                yield f"{name}: {line['alert']} {key} after {seconds:.0f} s, not {allowed}"


def week_of_round_trips(school: str, seconds: float, pace: Pace) -> str:
    """Return a week of a line's round-trip times in OpenMetrics text, as faster as all is."""
    name, now, week = "site:uplink_rtt_seconds:mean5m", time.time(), 7 * 86_400 / pace.factor
    samples = (
        f'{name}{{school="{school}",site="main"}} {seconds} {now - week * (1 - step / 2_000):.3f}'
        for step in range(2_000)
    )
    return "\n".join([*samples, "# EOF", ""])
