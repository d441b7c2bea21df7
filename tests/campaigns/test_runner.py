from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Literal

import pytest

from monitor.campaigns.evidence import CampaignOutcome, Invalidity
from monitor.campaigns.gates import TRAFFIC
from monitor.campaigns.layers import ACKNOWLEDGEMENT_PER_PAYLOAD, COUNTED_PER_PAYLOAD
from monitor.campaigns.load import OctetReading
from monitor.campaigns.plan import CampaignError, campaign_id, plan, progress
from monitor.campaigns.requests import FILE_NAME, Request, RequestFile, RequestFileError
from monitor.campaigns.rules import evaluate
from monitor.campaigns.runner import CampaignRunner, Surroundings
from monitor.inventory.shard import Shard
from monitor.ledger.chain import require_valid
from monitor.observation import Outcome, Reason, State, ThroughputReading
from tests.rollout.lines import (
    MEGABIT,
    SETTINGS,
    SITE,
    city_with_lessons,
    contracted_school,
    lessons,
)
from tests.virtual_time import VirtualClock, run_virtually

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from monitor.campaigns.plan import Progress
    from monitor.clock import Clock
    from monitor.inventory.city import Inventory, Throughput
    from monitor.ledger.chain import Entry

NOW = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)


@dataclass
class World:
    """A line of 10 Mbit/s with its counters, a calendar, and a ledger that is a list."""

    clock: VirtualClock = field(default_factory=lambda: VirtualClock(NOW))
    rate: float = 10 * MEGABIT
    others_bps: float = 0.0
    answers: bool = True
    busy: bool = False
    state: State = State.UP
    maintenance: datetime | None = None
    entries: list[Entry] = field(default_factory=list)
    tests: list[tuple[datetime, str]] = field(default_factory=list)
    down: float = 0.0
    up: float = 0.0
    seen: float = 0.0
    at_once: int = 0
    most_at_once: int = 0

    async def measure(
        self,
        settings: Throughput,
        direction: Literal["down", "up"],
        max_bytes: int,
        clock: Clock,
        progress: Callable[[int], None],
    ) -> ThroughputReading:
        if self.busy:
            return ThroughputReading(direction, "iperf3", Outcome.UNKNOWN, Reason.BUSY, "busy")
        assert max_bytes > 0
        self.tests.append((clock.now(), direction))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        moved = 0
        try:
            for _ in range(int(2 * (settings.warm_up + settings.seconds))):
                await clock.sleep(0.5)
                part = int(self.rate / 16)
                moved += part
                wire, back = part * COUNTED_PER_PAYLOAD, part * ACKNOWLEDGEMENT_PER_PAYLOAD
                self.down += wire if direction == "down" else back
                self.up += back if direction == "down" else wire
                progress(moved)
        finally:
            self.at_once -= 1
        return ThroughputReading(
            direction, "iperf3", Outcome.OK, Reason.NONE, "", self.rate, 8, 10.0, moved, 0
        )

    async def read_octets(self, _: str) -> OctetReading | None:
        now = self.clock.monotonic()
        self.down += max(0.0, now - (self.seen or now)) * self.others_bps / 8
        self.seen = now
        return OctetReading(now, int(self.down), int(self.up)) if self.answers else None

    def submit(self, entries: Sequence[Entry]) -> bool:
        require_valid(entries)
        self.entries.extend(entries)
        return True

    def runner(self, inventory: Inventory | None = None) -> CampaignRunner:
        around = Surroundings(
            self.clock,
            lessons(),
            self.measure,
            self.read_octets,
            self.submit,
            lambda _school, at: (
                self.maintenance if self.maintenance and at < self.maintenance else None
            ),
            lambda _site: self.state,
        )
        return CampaignRunner(inventory or city_with_lessons(), around, tuple(self.entries))

    def so_far(self, site: str = SITE) -> Progress:
        return progress([one for one in self.entries if one.subject == site])[-1]

    @property
    def reasons(self) -> list[str]:
        return [f"{step.phase} {step.reason}" for step in self.so_far().held_up]


def attempt(world: World, change: Callable[[CampaignRunner], None] | None = None) -> None:
    """Make one attempt; change the world three seconds after the first direction started."""

    async def main() -> None:
        runner = world.runner()
        runner.start(SITE, world.clock.now())
        test = asyncio.ensure_future(runner.test(SITE))
        if change is not None:
            await world.clock.sleep(8)
            change(runner)
        await test

    run_virtually(main())


def test_a_quiet_line_gives_a_measurement_that_counts() -> None:
    world = World()
    attempt(world)
    [found] = world.so_far().campaign.measurements
    assert found.invalidities() == ()
    assert (found.down_bps, found.up_bps) == (10e6, 10e6)
    assert found.cross_traffic_share == pytest.approx(0, abs=0.001)
    assert [direction for _, direction in world.tests] == ["down", "up"]


def test_lessons_prevent_a_test() -> None:
    world = World(VirtualClock(datetime(2026, 11, 25, 10, 0, tzinfo=UTC)))
    attempt(world)
    assert world.reasons == ["skipped lessons: lessons until 2026-11-25 14:30 UTC"]
    assert world.tests == []


def test_maintenance_uplink_not_up_and_silent_counters_prevent_a_test() -> None:
    for world, reason in (
        (World(maintenance=NOW + timedelta(hours=1)), "skipped maintenance: maintenance until"),
        (World(state=State.UNKNOWN), "skipped uplink: the uplink is unknown, not up"),
        (World(answers=False), "skipped load_unknown: the uplink's load"),
        (World(others_bps=0.51 * MEGABIT), "skipped load: others use 5.1 % of"),
    ):
        attempt(world)
        assert world.tests == []
        assert len(world.reasons) == 1
        assert world.reasons[0].startswith(reason)


def test_cross_traffic_gets_the_line_back_within_seconds() -> None:
    world = World()

    def begin(_: CampaignRunner) -> None:
        world.others_bps = 3 * MEGABIT

    attempt(world, begin)
    assert world.reasons[0].startswith("stopped load: others use ")
    ended = world.so_far().held_up[0].at
    assert ended - NOW < timedelta(seconds=8 + 4)
    assert world.so_far().campaign.measurements == ()


def test_a_cancelled_campaign_stops_its_test_within_a_second() -> None:
    world = World()

    def cancel(runner: CampaignRunner) -> None:
        found = runner.running(SITE)
        assert found
        runner.cancel(SITE, found.campaign.id)

    attempt(world, cancel)
    found = world.so_far()
    assert found.ended is not None
    assert found.ended.reason == "cancelled on request"
    assert world.reasons == ["stopped cancelled: the campaign was cancelled"]


def test_lessons_maintenance_and_a_dead_uplink_stop_a_running_test() -> None:
    dead = World()
    attempt(dead, lambda _: setattr(dead, "state", State.DOWN))
    assert dead.reasons == ["stopped uplink: the uplink is down"]
    at_work = World()
    attempt(at_work, lambda _: setattr(at_work, "maintenance", NOW + timedelta(hours=1)))
    assert at_work.reasons[0].startswith("stopped maintenance:")
    early = World(VirtualClock(datetime(2026, 11, 25, 6, 44, 40, tzinfo=UTC)))
    attempt(early)
    assert early.reasons[0].startswith("stopped lessons:")
    assert len(early.tests) == 1


def test_light_cross_traffic_is_harmless_and_a_clock_step_invalidates() -> None:
    little = World(others_bps=0.3 * MEGABIT)
    attempt(little)
    [found] = little.so_far().campaign.measurements
    assert found.invalidities() == ()
    # 16 s of it between the two readings, against the 11 s of the test.
    assert found.cross_traffic_share == pytest.approx(0.03 * 16 / 11, abs=0.002)
    assert found.down_others_bps == pytest.approx(0.3 * MEGABIT * 16 / 10, rel=0.05)
    assert found.up_others_bps == pytest.approx(0, abs=0.01 * MEGABIT)
    stepped = World()
    attempt(stepped, lambda _: setattr(stepped.clock, "step", timedelta(hours=-1)))
    [found] = stepped.so_far().campaign.measurements
    assert found.invalidities() == (Invalidity.CLOCK_STEP,)


def test_a_busy_server_makes_a_test_invalid() -> None:
    world = World(busy=True)
    attempt(world)
    [found] = world.so_far().campaign.measurements
    assert Invalidity.TOOL_FAILED in found.invalidities()
    assert found.detail == "busy; busy"


def test_the_byte_cap_survives_a_restart() -> None:
    # One test takes 27.5 MB, so that one fits.
    settings = replace(SETTINGS, bytes_per_day=40 * MEGABIT)
    inventory = city_with_lessons(contracted_school(settings=settings))
    world = World()

    async def main() -> None:
        first = world.runner(inventory)
        first.start(SITE, world.clock.now())
        await first.test(SITE)
        await world.runner(inventory).test(SITE)

    run_virtually(main())
    assert len(world.so_far().counted(lessons().timezone)) == 1
    assert world.reasons == [
        "skipped byte_cap: a test takes 27.5 MB, and 12.5 MB are left of the day's cap"
    ]


@pytest.mark.parametrize(("slot", "at_once"), [("city", 1), ("provider", 1)])
def test_one_test_holds_the_slot(slot: Literal["city", "provider"], at_once: int) -> None:
    settings = replace(SETTINGS, slot=slot)
    inventory = city_with_lessons(
        contracted_school("goethe", settings), contracted_school("schiller", settings)
    )
    world = World()

    async def main() -> None:
        runner = world.runner(inventory)
        for site in ("goethe/main", "schiller/main"):
            runner.start(site, world.clock.now())
        await asyncio.gather(runner.test("goethe/main"), runner.test("schiller/main"))
        assert runner.testing == ()

    run_virtually(main())
    assert world.most_at_once == at_once
    refused = world.so_far("schiller/main").held_up
    assert [step.reason for step in refused] == ["slot_taken: goethe/main is being tested"]


def test_a_whole_campaign_passes_over_two_weeks_and_a_restart() -> None:
    world = World()

    async def main() -> None:
        runner = world.runner()
        runner.start(SITE, world.clock.now())
        for minute in range(14 * 24 * 60 // 5):
            for site in runner.due():
                await runner.test(site)
            if minute == 1500:
                runner = world.runner()
            await world.clock.sleep(300)

    run_virtually(main())
    found = world.so_far()
    assert len(found.counted(lessons().timezone)) == 30
    assert found.ended is not None
    assert found.ended.reason == "passed"
    assert evaluate(found.campaign, lessons().timezone).outcome is CampaignOutcome.PASSED
    assert not any(lessons().in_lessons("Gymnasium", at) for at, _ in world.tests)


def test_a_campaign_that_never_gets_a_free_line_ends_incomplete() -> None:
    world = World(state=State.DOWN)

    async def main() -> None:
        runner = world.runner()
        runner.start(SITE, world.clock.now())
        for _ in range(14 * 24 * 12):
            for site in runner.due():
                await runner.test(site)
            await world.clock.sleep(300)

    run_virtually(main())
    ended = world.so_far().ended
    assert ended is not None
    assert ended.reason.startswith("incomplete; 0 of 3 days have 10")
    assert len(world.reasons) < 3 * 24 * 4, "one attempt every fifteen minutes, not more"


def test_a_due_test_starts_and_its_stop_records_the_bytes_moved() -> None:
    first, *_ = plan(contracted_school(), lessons(), NOW, campaign_id(SITE, NOW))
    world = World(VirtualClock(first.at - timedelta(minutes=1)))

    async def main() -> None:
        runner = world.runner()
        runner.start(SITE, NOW)
        work = asyncio.ensure_future(runner.run())
        await world.clock.sleep(58)
        assert world.tests == []
        await world.clock.sleep(13)
        assert runner.testing == (SITE,)
        work.cancel()
        await asyncio.wait({work})
        assert work.cancelled()

    run_virtually(main())
    assert (len(world.tests), world.at_once) == (1, 0)
    assert world.reasons == ["stopped monitor_stops: the monitor was stopped"]
    [traffic] = [entry for entry in world.entries if entry.kind == TRAFFIC]
    assert traffic.payload["bytes"] == pytest.approx(world.down / COUNTED_PER_PAYLOAD, rel=0.01)


def test_a_request_is_executed_once_however_often_it_is_read(tmp_path: Path) -> None:
    file = RequestFile(tmp_path / FILE_NAME)
    assert file.read() == ()
    start = Request("start", SITE, f"{SITE}@20261125T170000Z", NOW)
    file.add(start)
    world = World()

    async def main() -> None:
        runner = world.runner()
        assert runner.obey(file.read()) == {}
        assert runner.obey(file.read()) == {}
        another = Request("start", SITE, "another", NOW + timedelta(seconds=9))
        file.add(another)
        refused = runner.obey(file.read())
        assert refused.keys() == {another}
        assert "cancel it first" in refused[another]
        file.add(Request("cancel", SITE, start.campaign, NOW + timedelta(seconds=10)))
        runner = world.runner()
        runner.obey(file.read()[::2])
        runner.obey(file.read()[::2])

    run_virtually(main())
    assert [entry.payload["phase"] for entry in world.entries] == ["started", "cancelled"]


def test_requests_for_a_school_of_another_shard_are_refused_with_the_cure() -> None:
    other = Shard(1, 2).with_school(SITE.partition("/")[0])
    shard = Shard(3 - other.number, 2)
    start = Request("start", SITE, f"{SITE}@20261125T170000Z", NOW)
    cancel = Request("cancel", SITE, start.campaign, NOW)
    refused = World().runner(shard.of(city_with_lessons())).obey([start, cancel])
    assert refused == dict.fromkeys(
        (start, cancel),
        f"{SITE}: shard {other} monitors it; give the command with the --state-dir of that daemon",
    )


@pytest.mark.parametrize("content", [b"", b"[]", b'{"schema": 1}', b'{"schema":1,"requests":[{}]}'])
def test_a_damaged_request_file_is_reported(tmp_path: Path, content: bytes) -> None:
    file = RequestFile(tmp_path / FILE_NAME)
    file.path.write_bytes(content)
    with pytest.raises(RequestFileError, match="is damaged"):
        file.read()
    with pytest.raises(RequestFileError, match="is damaged"):
        file.add(Request("start", SITE, "c", NOW))
    assert file.path.read_bytes() == content


def test_a_request_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    file = RequestFile(tmp_path / FILE_NAME)
    file.path.write_bytes(b'{"schema": 2}')
    for ask in (file.read, partial(file.add, Request("start", SITE, "c", NOW))):
        with pytest.raises(RequestFileError, match=r"newer version .*; upgrade"):
            ask()
    assert file.path.read_bytes() == b'{"schema": 2}'


def test_a_site_that_a_reload_removes_just_before_its_test_is_not_tested() -> None:
    world = World()

    async def main() -> None:
        runner = world.runner()
        runner.start(SITE, world.clock.now())
        runner.reconfigure(replace(city_with_lessons(), schools=()))
        await runner.test(SITE)

    run_virtually(main())
    assert world.tests == []
    assert world.reasons == []


def test_a_site_without_settings_has_no_campaign() -> None:
    world = World()
    with pytest.raises(CampaignError, match=r"no throughput\.method"):
        world.runner(city_with_lessons(contracted_school(settings=None))).start(SITE, NOW)
