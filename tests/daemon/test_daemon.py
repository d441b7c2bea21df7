"""The daemon itself on modelled transports and virtual time."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

from monitor.daemon.settings import Loaded
from monitor.inventory.checks import CheckKind
from monitor.inventory.shard import Shard
from monitor.observation import Outcome, Reason
from monitor.probes.registry import PROBES
from monitor.schedule import CapacityError
from monitor.status.build import school_status
from tests.exposition.support import exact_names
from tests.integration.running import Town, series, value
from tests.modelled import Network, Running, inventory_of, running
from tests.virtual_time import run_virtually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.status.model import CheckStatus

TOWN = Town(161, {"voede": 1, "goethe": 2, "kant": 3, "natorp": 4, "kortum": 5}, switches=1)
SCHOOLS = len(TOWN.schools)
ROUTER = "127.82.2.1"
SWITCH = "127.82.2.11"
HELD_SECONDS = 120.0


def fewer(schools: int) -> Town:
    return Town(161, dict(list(TOWN.schools.items())[:schools]), switches=1)


def test_status_counts_schools_devices_and_root_causes(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, inventory_of(tmp_path, TOWN)) as one:
            begin = one.daemon.status()
            assert (begin.schools, begin.schools_up, begin.polls) == (SCHOOLS, 0, 0)
            await asyncio.sleep(30)
            fine = one.daemon.status()
            assert (fine.schools_up, fine.devices, fine.devices_answered) == (5, 10, 10)
            assert fine.root_causes == ()
            assert fine.polls > begin.polls
            one.network.dead |= {ROUTER, SWITCH}
            await asyncio.sleep(120)
            found = one.daemon.status()
            assert (found.schools_up, found.devices_answered) == (4, 8)
            assert found.root_causes == ("uplink goethe/main/router",)

    run_virtually(main())


def test_not_ready_until_every_check_has_run_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, inventory_of(tmp_path, TOWN)) as one:
            assert one.daemon.not_ready() == "23 checks have not run yet"
            await asyncio.sleep(4)
            assert one.daemon.not_ready() == ""
            one.offer(inventory_of(tmp_path, Town(161, {**TOWN.schools, "new": 6}, switches=0)))
            assert await one.daemon.reload()
            assert one.daemon.not_ready() == "2 checks have not run yet"
            await asyncio.sleep(4)
            assert one.daemon.not_ready() == ""

    run_virtually(main())


def test_ready_does_not_wait_for_hardware_checks(
    tmp_path: Path,
) -> None:
    def hardware(one: Running) -> CheckStatus:
        school = one.daemon.inventory.school("goethe")
        assert school is not None
        [site] = school_status(one.daemon.sources, school, (), one.clock.now()).sites
        return next(check for check in site.checks if check.kind is CheckKind.HARDWARE)

    async def main() -> None:
        async with running(tmp_path, inventory_of(tmp_path, TOWN), Network({SWITCH})) as one:
            await asyncio.sleep(4)
            assert one.daemon.not_ready() == ""
            before = hardware(one)
            assert (before.at, before.reason) == (None, Reason.NOT_RUN)
            # The device is dead, and its hardware is read all the same.
            await asyncio.sleep(before.interval_seconds + 60)
            after = hardware(one)
            assert (after.outcome, after.reason) == (Outcome.FAILED, Reason.TIMEOUT)

    run_virtually(main())


def test_a_backed_off_walk_runs_early_when_the_ping_returns(tmp_path: Path) -> None:
    async def main() -> None:
        dead = {ROUTER}
        async with running(tmp_path, inventory_of(tmp_path, TOWN), Network(dead)) as one:
            await asyncio.sleep(1200)
            walks = one.network.times("read", ROUTER)
            assert walks[-1] - walks[-2] == pytest.approx(300, abs=2)
            # In the middle of the long pause, far from its start and end.
            loop = asyncio.get_running_loop()
            await asyncio.sleep(max(0.0, walks[-1] + 120 - loop.time()))
            before = len(one.network.times("read", ROUTER))
            dead.clear()
            back = loop.time()
            await asyncio.sleep(3)
            again = one.network.times("read", ROUTER)[before:]
            assert again
            assert again[0] - back < 1.5
            assert series(exact_names(await one.text("goethe")), "ifHCInOctets", device="router")

    run_virtually(main())


def test_a_bug_in_a_probe_is_logged_and_exported_as_unknown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        network = Network(bug=ROUTER)
        async with running(tmp_path, inventory_of(tmp_path, TOWN), network) as one:
            await asyncio.sleep(200)
            samples = exact_names(await one.text("goethe"))
            place = {"device": "router", "check": "icmp"}
            assert value(samples, "probe_outcome", outcome="unknown", **place) == 1
            assert value(samples, "probe_failure_reason", reason="bug", **place) == 1
            assert not series(samples, "probe_success", **place)
            # Our own fault counts against no device.
            assert value(samples, "school_uplink_state", state="unknown") == 1
            assert not series(samples, "school_uplink_up")
            assert value(samples, "school_switch_state", state="down") == 0
            assert one.daemon.status().root_causes == ()
            assert one.daemon.status().schools_up == SCHOOLS - 1

    with caplog.at_level(logging.ERROR, "monitor.daemon.consumers.runs"):
        run_virtually(main())
    told = [record.getMessage() for record in caplog.records]
    assert any("goethe/main/router/icmp: a bug of the monitor" in line for line in told)
    assert any("ZeroDivisionError: a bug that the test made" in line for line in told)


async def refused(one: Running) -> str:
    before = one.daemon.inventory
    assert not await one.daemon.reload()
    assert one.daemon.inventory is before
    samples = exact_names(await one.text())
    assert value(samples, "monitor_config_last_reload_successful") == 0
    assert len(series(samples, "school_info")) == SCHOOLS
    return ""


@pytest.mark.parametrize(("kept", "is_accepted"), [(9, True), (7, False)])
def test_a_shard_judges_a_loss_of_schools_by_the_whole_file(
    tmp_path: Path, *, kept: int, is_accepted: bool
) -> None:
    """All shards apply a file, or all reject it, wherever the lost schools were."""
    schools = [f"school-{number}" for number in range(1, 11)]
    shard = min(
        (Shard(number, 4) for number in range(1, 5)), key=lambda it: sum(map(it.has, schools))
    )
    own = sorted(schools, key=shard.has, reverse=True)

    def part(names: list[str]) -> Loaded:
        whole = inventory_of(tmp_path, Town(161, {name: own.index(name) + 1 for name in names}))
        return Loaded(shard.of(whole), {}, "", whole)

    async def main() -> bool:
        before = part(schools)
        assert 1 <= len(before.inventory.schools) <= 3
        async with running(tmp_path, before.inventory) as one:
            one.loaded[0] = replace(before, credentials=one.loaded[0].credentials)
            assert await one.daemon.reload()
            lost = own[: len(schools) - kept] if is_accepted else own[kept - len(schools) :]
            after = part([name for name in schools if name not in lost])
            one.loaded[0] = replace(after, credentials=one.loaded[0].credentials)
            return await one.daemon.reload()

    assert run_virtually(main()) is is_accepted


def test_a_reload_is_all_or_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with running(tmp_path, inventory_of(tmp_path, TOWN), concurrency=20) as one:
            await asyncio.sleep(5)
            one.offer(inventory_of(tmp_path, fewer(3)))
            await refused(one)
            assert "3 schools instead of 5" in caplog.text
            since = one.daemon.config_rejected_since()
            assert since is not None
            await asyncio.sleep(5)
            many = {f"school-{number}": number for number in range(1, 41)}
            one.offer(inventory_of(tmp_path, Town(161, many)))
            await refused(one)
            assert "20 are allowed" in caplog.text
            assert one.daemon.config_rejected_since() == since
            one.offer(inventory_of(tmp_path, fewer(4)))
            assert await one.daemon.reload()
            assert one.daemon.config_rejected_since() is None
            samples = exact_names(await one.text())
            assert value(samples, "monitor_config_last_reload_successful") == 1
            assert not [key for key in samples if ("school", "kortum") in key[1]]

    run_virtually(main())


def test_many_reload_requests_are_merged_and_run_one_at_a_time(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, inventory_of(tmp_path, TOWN)) as one:
            for number in (4, 5, 4, 5):
                one.offer(inventory_of(tmp_path, fewer(number)))
                one.daemon.request_reload("SIGHUP")
                one.daemon.request_reload("SIGHUP")
                await asyncio.sleep(5)
                assert len(one.daemon.inventory.schools) == number

    run_virtually(main())


@contextmanager
def slow_reloads(one: Running) -> Iterator[asyncio.Event]:
    """Let reloads wait for the end of the context; yield the event that one has begun."""
    loop, begun, hold = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def load() -> Loaded:
        loop.call_soon_threadsafe(begun.set)
        hold.wait(HELD_SECONDS)
        return one.loaded[0]

    with patch.object(one.daemon._reloads, "_load", load):
        try:
            yield begun
        finally:
            hold.set()


def test_a_reload_that_has_begun_ends_although_its_caller_is_gone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with running(tmp_path, inventory_of(tmp_path, TOWN)) as one:
            await asyncio.sleep(5)
            one.offer(inventory_of(tmp_path, fewer(4)))
            with slow_reloads(one) as begun:
                callers = [asyncio.create_task(one.daemon.reload(name)) for name in ("ada", "bob")]
                await begun.wait()
                for caller in callers:
                    caller.cancel()
                await asyncio.wait(callers)
                later = asyncio.create_task(one.daemon.reload("eve"))
                await asyncio.sleep(0)
            assert await later
            assert len(one.daemon.inventory.schools) == 4

    with caplog.at_level(logging.INFO, "monitor.audit"):
        run_virtually(main())
    said = [line.partition(":")[0] for line in caplog.messages if "reload by" in line]
    by = ["reload by HTTP (user ada)", "reload by HTTP (user eve)"]
    assert said == by, "the turn of bob had not come"


def test_no_caller_waits_for_a_reload_beyond_the_stop(tmp_path: Path) -> None:
    async def main() -> None:
        with ExitStack() as stack:
            async with running(tmp_path, inventory_of(tmp_path, TOWN)) as one:
                begun = stack.enter_context(slow_reloads(one))
                callers = [asyncio.create_task(one.daemon.reload()) for _ in range(2)]
                await begun.wait()
            await asyncio.wait(callers)
            assert all(caller.cancelled() for caller in callers)

    run_virtually(main())


def test_a_removed_school_is_no_longer_contacted(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, inventory_of(tmp_path, TOWN)) as one:
            await asyncio.sleep(5)
            one.offer(inventory_of(tmp_path, fewer(4)))
            assert await one.daemon.reload()
            asked = len(one.network.asked)
            await asyncio.sleep(20)
            later = {address for _, address, _ in one.network.asked[asked:]}
            assert later
            assert not [address for address in later if address.startswith("127.82.5.")]

    run_virtually(main())


def test_an_on_demand_check_is_not_recorded(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, inventory_of(tmp_path, TOWN)) as one:
            check = next(iter(one.daemon.inventory.checks()))
            observation = await one.daemon.probe_now(check)
            assert observation.check == check
            assert one.daemon.status().polls == 0

    run_virtually(main())


def test_a_bug_in_an_on_demand_check_is_its_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the schedule: a campaign that checks a line would end the daemon."""

    async def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    async def main() -> None:
        async with running(tmp_path, inventory_of(tmp_path, TOWN)) as one:
            check = next(iter(one.daemon.inventory.checks()))
            monkeypatch.setitem(PROBES, check.kind, broken)
            observation = await one.daemon.probe_now(check)
            assert (observation.outcome, observation.reason) == (Outcome.UNKNOWN, Reason.BUG)
            assert "ZeroDivisionError: a bug" in observation.detail

    run_virtually(main())


def test_every_check_has_ended_when_run_returns(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, inventory_of(tmp_path, TOWN)) as one:
            await asyncio.sleep(10)
            assert len(asyncio.all_tasks()) > 23
        assert [task.get_name() for task in asyncio.all_tasks()] == [
            task.get_name() for task in (asyncio.current_task(),) if task
        ]
        asked = len(one.network.asked)
        await asyncio.sleep(30)
        assert len(one.network.asked) == asked

    run_virtually(main())


def test_too_little_capacity_is_refused_at_the_start(tmp_path: Path) -> None:
    async def main() -> None:
        with pytest.raises(CapacityError, match="1 are allowed"):
            async with running(tmp_path, inventory_of(tmp_path, TOWN), concurrency=1):
                raise AssertionError("it started")

    run_virtually(main())


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, inventory_of(tmp_path, TOWN)) as one:
            await asyncio.sleep(5)
            assert "ganz-geheim" not in repr(one.loaded[0]) + await one.text()

    run_virtually(main())
