"""Threads by purpose: their bounds, and that one purpose never waits for another."""

from __future__ import annotations

import ast
import asyncio
import weakref
from concurrent.futures import CancelledError
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

from monitor.clock import SystemClock
from monitor.observation import Outcome, Reason
from monitor.probes.resolve import ResolveError, resolve
from monitor.threads import READER_QUEUE, READER_THREADS, FullError, Threads, open_daemon_threads

if TYPE_CHECKING:
    from concurrent.futures import Future

PACKAGE = Path(__file__).parent.parent / "monitor"
BLOCKED_SECONDS = 120.0


async def test_excess_work_is_refused_at_once_and_later_work_accepted_again() -> None:
    hold, begun = Event(), Event()

    def work(number: int) -> int:
        begun.set()
        hold.wait(BLOCKED_SECONDS)
        return number

    with Threads("tests", 1, 2) as threads:
        try:
            running = [asyncio.ensure_future(threads.run(work, number)) for number in range(3)]
            await asyncio.sleep(0)
            with pytest.raises(FullError, match="3 jobs run or wait for tests"):
                await threads.run(work, 3)
        finally:
            hold.set()
        assert await asyncio.gather(*running) == [0, 1, 2]
        assert await threads.run(work, 4) == 4


async def test_a_cancelled_caller_frees_its_queue_slot_but_no_busy_thread() -> None:
    hold, begun = Event(), Event()

    def work() -> None:
        begun.set()
        hold.wait(BLOCKED_SECONDS)

    with Threads("tests", 1, 1) as threads:
        try:
            works = asyncio.ensure_future(threads.run(work))
            waits = asyncio.ensure_future(threads.run(work))
            await asyncio.to_thread(begun.wait, BLOCKED_SECONDS)
            for one in (works, waits):
                one.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await one
            later = asyncio.ensure_future(threads.run(lambda: 1))
            await asyncio.sleep(0)
            with pytest.raises(FullError):
                await threads.run(work)
        finally:
            hold.set()
        assert await later == 1


async def test_a_cancelled_job_is_not_kept_until_its_turn() -> None:
    class Argument:
        pass

    hold, argument = Event(), Argument()
    gone = weakref.ref(argument)
    with Threads("tests", 1, 1) as threads:
        held = threads.submit(hold.wait, BLOCKED_SECONDS)
        try:
            waits = threads.submit(print, argument)
            del argument
            assert waits.cancel()
            assert gone() is None
            with pytest.raises(CancelledError):
                waits.result()
        finally:
            hold.set()
        assert held.result(BLOCKED_SECONDS)


async def test_jobs_wait_for_the_threads_there_are_if_no_more_can_be_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hold, start = Event(), Thread.start
    with Threads("tests", 2, 0) as threads:
        held = threads.submit(hold.wait, BLOCKED_SECONDS)
        try:
            monkeypatch.setattr(Thread, "start", no_more)
            waits = threads.submit(int, "1")
            with pytest.raises(FullError, match="2 jobs run or wait"):
                threads.submit(int, "2")
            assert waits.cancel()
            monkeypatch.setattr(Thread, "start", start)
            assert threads.submit(int, "3").result(BLOCKED_SECONDS) == 3
        finally:
            hold.set()
        assert held.result(BLOCKED_SECONDS)


async def test_a_job_without_any_thread_is_refused_and_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Threads("tests", 1, 0) as threads:
        with monkeypatch.context() as patched:
            patched.setattr(Thread, "start", no_more)
            for _ in range(3):
                with pytest.raises(FullError, match="no thread for tests: can't start new thread"):
                    await threads.run(int, "1")
        assert await threads.run(int, "1") == 1


def no_more(_: Thread) -> None:
    raise RuntimeError("can't start new thread")


async def test_names_are_resolved_while_all_readers_are_busy() -> None:
    hold, clock = Event(), SystemClock()
    with open_daemon_threads() as threads:
        held: list[Future[bool]] = []
        try:
            held += [
                threads.readers.submit(hold.wait, BLOCKED_SECONDS)
                for _ in range(READER_THREADS + READER_QUEUE)
            ]
            with pytest.raises(FullError):
                threads.readers.submit(hold.wait, BLOCKED_SECONDS)
            found = await resolve("localhost", clock, clock.monotonic() + 60, threads.probes.names)
            assert found.address in {"127.0.0.1", "::1"}
            assert await threads.house.run(lambda: 1) == 1
            assert await threads.probes.chores.run(lambda: 2) == 2
        finally:
            hold.set()
        assert all(one.result(BLOCKED_SECONDS) for one in held)


@pytest.mark.parametrize("queue", [0, 5])
async def test_a_lookup_never_started_is_our_own_fault(queue: int) -> None:
    """Full at once, or still in the queue at the deadline: unknown, never failed."""
    hold, clock = Event(), SystemClock()
    with Threads("names", 1, queue) as names:
        held = asyncio.get_running_loop().run_in_executor(names, hold.wait, BLOCKED_SECONDS)
        try:
            with pytest.raises(ResolveError) as raised:
                await resolve("schule.example", clock, clock.monotonic() + 0.05, names)
        finally:
            hold.set()
        await held
    assert (raised.value.outcome, raised.value.reason) == (Outcome.UNKNOWN, Reason.NOT_RUN)
    assert "schule.example was not looked up" in str(raised.value)


def test_nothing_uses_the_default_executor_of_the_event_loop() -> None:
    """Not even through `getaddrinfo` of the loop, which uses it to resolve names."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            where = f"{path}:{node.lineno}: {called}"
            assert not called.endswith("to_thread"), where
            assert called.rpartition(".")[2] != "getnameinfo", where
            if called.endswith("getaddrinfo"):
                assert called == "socket.getaddrinfo", where
            if called.endswith("run_in_executor"):
                assert ast.unparse(node.args[0]) != "None", where
