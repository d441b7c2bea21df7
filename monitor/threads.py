"""Threads by purpose, so that who waits for one thing never keeps another from its turn.

Each purpose has a few threads and a queue with a bound. Nothing of the program uses the event
loop's default executor: there, people who read reports would make probes wait for names.

Must not know: what is done in the threads.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar, TypeVarTuple, Unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

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


class Threads(ThreadPoolExecutor):
    """Threads for one purpose: `threads` jobs run at once, `queue` more may wait."""

    def __init__(self, purpose: str, threads: int, queue: int) -> None:
        super().__init__(max_workers=threads, thread_name_prefix=purpose)
        self._purpose = purpose
        self._most = threads + queue
        self._jobs = 0
        self._counting = Lock()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a job done; see `Executor.submit`.

        Raises:
            FullError: if too many wait already.
        """
        with self._counting:
            if self._jobs >= self._most:
                raise FullError(f"{self._jobs} jobs run or wait for {self._purpose} already")
            self._jobs += 1
        try:
            future = super().submit(fn, *args, **kwargs)
        except RuntimeError:  # it was shut down
            self._ended()
            raise
        # Not when whoever asked gives up: a job that runs holds its thread until it ends.
        future.add_done_callback(self._ended)
        return future

    async def run(self, work: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        """Return what a job returns; raises what it raises.

        Raises:
            FullError: if too many wait already.
        """
        return await asyncio.get_running_loop().run_in_executor(self, work, *args)

    def _ended(self, _: object = None) -> None:
        with self._counting:
            self._jobs -= 1


@dataclass(frozen=True, slots=True)
class ProbeThreads:
    """What probes may wait for: names of hosts; chores such as reading certificates."""

    names: Threads
    chores: Threads


@dataclass(frozen=True, slots=True)
class DaemonThreads:
    """The threads of a daemon; those that write the ledger and check passwords have an owner each.

    `house` reads the configuration and what other shards recorded, and makes the forecast;
    `readers` answer pages and API.
    """

    probes: ProbeThreads
    house: Threads
    readers: Threads


@contextmanager
def open_probe_threads() -> Iterator[ProbeThreads]:
    """Yield threads for probes; at the end, what waits is dropped."""
    with ExitStack() as stack:
        yield ProbeThreads(
            _owned(stack, "names", NAME_THREADS, NAME_QUEUE),
            _owned(stack, "chores", CHORE_THREADS, CHORE_QUEUE),
        )


@contextmanager
def open_daemon_threads() -> Iterator[DaemonThreads]:
    """Yield the threads of a daemon; at the end, what waits is dropped."""
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
