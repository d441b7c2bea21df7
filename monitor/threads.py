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
from collections import OrderedDict
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Condition, Lock, Thread
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
    """There is no room for another job, or no thread; the message says why and of which purpose."""


class _Queue:
    """Jobs that wait for a thread, in the order they came: functions by the futures of results."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._waiting: OrderedDict[Future[Any], Callable[[], object]] = OrderedDict()
        self._is_closed = False

    def put(self, future: Future[Any], call: Callable[[], object]) -> None:
        """Add a job."""
        with self._changed:
            self._waiting[future] = call
            self._changed.notify()

    def take(self) -> tuple[Future[Any], Callable[[], object]] | None:
        """Wait for a job and return it; None once the queue is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
            return self._waiting.popitem(last=False) if self._waiting else None

    def drop(self, future: Future[Any]) -> None:
        """Remove a job if it still waits."""
        with self._changed:
            self._waiting.pop(future, None)

    def cancel(self) -> None:
        """Cancel all jobs that wait."""
        with self._changed:
            futures = tuple(self._waiting)
        for future in futures:
            future.cancel()

    def close(self) -> None:
        """End each thread as soon as no job waits."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()


class Threads(Executor):
    """Threads for one purpose: `threads` jobs run at once, `queue` more may wait."""

    def __init__(self, purpose: str, threads: int, queue: int) -> None:
        self._purpose = purpose
        self._most_threads = threads
        self._most = threads + queue
        self._jobs = 0
        self._lock = Lock()
        self._threads: list[Thread] = []
        self._queue = _Queue()
        self._is_shut = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queue a job; see `Executor.submit`.

        Raises:
            FullError: if too many wait already, or no thread can be started.
            RuntimeError: if it was shut down.
        """
        future: Future[T] = Future()
        with self._lock:
            if self._is_shut:
                raise RuntimeError(f"no jobs for {self._purpose} are taken any more")
            if self._jobs >= self._most:
                raise FullError(f"{self._jobs} jobs run or wait for {self._purpose} already")
            if len(self._threads) < min(self._jobs + 1, self._most_threads):
                self._start_thread()
            self._jobs += 1
        # A running job holds its thread until it ends, even if the caller has given up.
        future.add_done_callback(self._ended)
        self._queue.put(future, partial(fn, *args, **kwargs))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002  # as in Executor
        """Take no more jobs; see `Executor.shutdown`."""
        with self._lock:
            self._is_shut = True
            threads = list(self._threads)
        if cancel_futures:
            self._queue.cancel()
        self._queue.close()
        if wait:
            for thread in threads:
                thread.join()

    async def run(self, work: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        """Return what a job returns; raises what it raises.

        Raises:
            FullError: if too many wait already, or no thread can be started.
        """
        return await asyncio.get_running_loop().run_in_executor(self, work, *args)

    def _start_thread(self) -> None:
        name = f"{self._purpose}_{len(self._threads)}"
        thread = Thread(target=_work_off, args=(self._queue,), name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            # The machine has no more threads for us; those that run do the job later.
            if not self._threads:
                raise FullError(f"no thread for {self._purpose}: {error}") from error
        else:
            self._threads.append(thread)

    def _ended(self, future: Future[Any]) -> None:
        # A cancelled job must not keep its arguments until its turn.
        self._queue.drop(future)
        with self._lock:
            self._jobs -= 1


def _work_off(queue: _Queue) -> None:
    while (job := queue.take()) is not None:
        _do(*job)
        del job  # or it would be kept until the next one comes


def _do(future: Future[Any], call: Callable[[], object]) -> None:
    """Call a function and set the future's result or exception, unless it was cancelled."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001  # it is raised where the result is awaited
        future.set_exception(error)
    else:
        future.set_result(result)


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
