"""Threads by purpose, so that waiting for one thing never delays another.

Each purpose has a few threads and a bounded queue. Nothing uses the event loop's default executor:
there, reading reports would delay the probes' name lookups.

Python's own `ThreadPoolExecutor` makes the process wait for its threads at exit. A name lookup may
take minutes and cannot be stopped, so these threads end with the process: work that must be
finished, such as a write, must not use them, and the program exits by `monitor.cli.leaving`.

Must not know: what is done in the threads.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, TypeVarTuple, Unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

P = ParamSpec("P")
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

# A resolver that does not answer keeps a thread for some ten seconds.
NAME_THREADS: Final = 16
NAME_QUEUE: Final = 4096
CHORE_THREADS: Final = 2
CHORE_QUEUE: Final = 4096
HOUSE_THREADS: Final = 2
HOUSE_QUEUE: Final = 16
# Reading is Python's own work: more threads would only slow the event loop down.
READER_THREADS: Final = 2
READER_QUEUE: Final = 16


class FullError(RuntimeError):
    """All threads of a purpose are busy and its queue is full; the message says which."""


class _Job:
    """A function with its arguments, and the future of its result."""

    __slots__ = ("call", "future")

    def __init__(self, call: Callable[[], object]) -> None:
        self.call = call
        self.future: Future[Any] = Future()

    def do(self) -> None:
        """Run the function and set the future's result or exception, unless it was cancelled."""
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self.call()
        except BaseException as error:  # noqa: BLE001  # it is raised where the result is awaited
            self.future.set_exception(error)
        else:
            self.future.set_result(result)


class Threads(Executor):
    """Threads for one purpose: `threads` jobs run at once, `queue` more may wait."""

    def __init__(self, purpose: str, threads: int, queue: int) -> None:
        self._purpose = purpose
        self._most_threads = threads
        self._most = threads + queue
        self._jobs = 0
        self._lock = Lock()
        self._threads: list[Thread] = []
        # Each None ends one thread.
        self._waiting: SimpleQueue[_Job | None] = SimpleQueue()
        self._is_shut = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queue a job; see `Executor.submit`.

        Raises:
            FullError: if too many wait already.
            RuntimeError: if it was shut down.
        """
        job = _Job(partial(fn, *args, **kwargs))
        with self._lock:
            if self._is_shut:
                raise RuntimeError(f"no jobs for {self._purpose} are taken any more")
            if self._jobs >= self._most:
                raise FullError(f"{self._jobs} jobs run or wait for {self._purpose} already")
            self._jobs += 1
            if len(self._threads) < min(self._jobs, self._most_threads):
                name = f"{self._purpose}_{len(self._threads)}"
                thread = Thread(target=_work_off, args=(self._waiting,), name=name, daemon=True)
                thread.start()
                self._threads.append(thread)
        # A running job holds its thread until it ends, even if the caller has given up.
        job.future.add_done_callback(self._ended)
        self._waiting.put(job)
        return job.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002  # as in Executor
        """Take no more jobs; see `Executor.shutdown`."""
        with self._lock:
            self._is_shut = True
            threads = list(self._threads)
        if cancel_futures:
            with suppress(Empty):
                while True:
                    job = self._waiting.get_nowait()
                    if job is not None:
                        job.future.cancel()
        for _ in threads:
            self._waiting.put(None)
        if wait:
            for thread in threads:
                thread.join()

    async def run(self, work: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        """Return what a job returns; raises what it raises.

        Raises:
            FullError: if too many wait already.
        """
        return await asyncio.get_running_loop().run_in_executor(self, work, *args)

    def _ended(self, _: object) -> None:
        with self._lock:
            self._jobs -= 1


def _work_off(waiting: SimpleQueue[_Job | None]) -> None:
    while (job := waiting.get()) is not None:
        job.do()
        del job  # or it would be kept until the next one comes


@dataclass(frozen=True, slots=True)
class ProbeThreads:
    """The threads of probes: for looking up host names, and for chores such as reading CA files."""

    names: Threads
    chores: Threads


@dataclass(frozen=True, slots=True)
class DaemonThreads:
    """The threads of a daemon, except those of the ledger's writer and of the password check.

    `house` reads the configuration and what other shards recorded, and makes the forecast;
    `readers` answer pages and API.
    """

    probes: ProbeThreads
    house: Threads
    readers: Threads


@contextmanager
def open_probe_threads() -> Iterator[ProbeThreads]:
    """Yield threads for probes; at the end, waiting jobs are cancelled."""
    with ExitStack() as stack:
        yield ProbeThreads(
            _owned(stack, "names", NAME_THREADS, NAME_QUEUE),
            _owned(stack, "chores", CHORE_THREADS, CHORE_QUEUE),
        )


@contextmanager
def open_daemon_threads() -> Iterator[DaemonThreads]:
    """Yield the threads of a daemon; at the end, waiting jobs are cancelled."""
    with ExitStack() as stack:
        yield DaemonThreads(
            stack.enter_context(open_probe_threads()),
            _owned(stack, "house", HOUSE_THREADS, HOUSE_QUEUE),
            _owned(stack, "readers", READER_THREADS, READER_QUEUE),
        )


def _owned(stack: ExitStack, purpose: str, threads: int, queue: int) -> Threads:
    owned = Threads(purpose, threads, queue)
    stack.callback(owned.shutdown, wait=False, cancel_futures=True)
    return owned
