"""An event loop whose time jumps: tests of hours end in milliseconds and never sleep."""

from __future__ import annotations

import asyncio
import functools
import selectors
import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from concurrent.futures import Executor

Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")

# Events from outside are late on a busy machine.
_LONGEST_WAIT = 120.0
_UNDER_WAY_SECONDS = 0.02
START = datetime(2022, 9, 1, 8, 0, tzinfo=UTC)


class _JumpingSelector(selectors.SelectSelector):
    """Instead of waiting for the next timer, moves the time to it.

    `outside` holds the real time at which each event from outside the loop is given up. A datagram
    may be `under_way` on loopback for this many real seconds.
    """

    def __init__(self, under_way: float) -> None:
        super().__init__()
        self.time = 1_000.0
        self._under_way = under_way
        self.outside: list[float] = []

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout != 0 and self.outside:
            # A disk or process takes its real time: no hours must pass before it has answered.
            ready = super().select(max(0.0, max(self.outside) - time.monotonic()))
        if not ready and timeout and self._under_way:
            ready = super().select(self._under_way)
        if not ready and timeout:
            self.time += timeout
        elif not ready and timeout is None:
            ready = super().select(_LONGEST_WAIT)
            if not ready:
                raise RuntimeError("the test waits for something that never comes")
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A selector event loop on virtual time."""

    def __init__(self, under_way: float = 0.0) -> None:
        self._jumping = _JumpingSelector(under_way)
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.time

    def run_in_executor(
        self, executor: Executor | None, function: Callable[..., Result], *arguments: object
    ) -> asyncio.Future[Result]:
        """Run a function in a thread; no time is skipped until it has ended."""
        ended = super().run_in_executor(executor, function, *arguments)
        stack = ExitStack()
        stack.enter_context(self.waiting())
        ended.add_done_callback(lambda _: stack.close())
        return ended

    @contextmanager
    def waiting(self, seconds: float = _LONGEST_WAIT) -> Iterator[None]:
        """Skip no time within the context, unless events from outside are later than this."""
        until = time.monotonic() + seconds
        self._jumping.outside.append(until)
        try:
            yield
        finally:
            self._jumping.outside.remove(until)

    def block(self, seconds: float) -> None:
        """Let time pass as if the running callback had taken this long."""
        self._jumping.time += seconds


class VirtualClock:
    """The product's clock on the virtual loop; the wall clock can be stepped."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self.step = timedelta()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic() - 1_000.0) + self.step

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def run_virtually(main: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end on a new virtual-time loop and return its result."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)


def on_virtual_time(
    test: Callable[Arguments, Coroutine[Any, Any, None]],
) -> Callable[Arguments, None]:
    """Run a test on virtual time whose two sides communicate over loopback in one loop.

    A time-out then occurs only when nothing is in flight any more, never because the machine is
    busy.
    """

    @functools.wraps(test)
    def run(*arguments: Arguments.args, **named: Arguments.kwargs) -> None:
        loop = functools.partial(VirtualTimeLoop, _UNDER_WAY_SECONDS)
        with asyncio.Runner(loop_factory=loop) as runner:
            runner.run(test(*arguments, **named))

    return run
