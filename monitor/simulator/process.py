"""Starts the simulated city in a separate process, and ends it by its id.

A separate process, so that its CPU time does not count as the daemon's, and neither can stall the
other.

Must not know: what the city does, or who polls it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections import deque
from typing import TYPE_CHECKING, Final, Self

from monitor.simulator.city import CityError
from monitor.simulator.faults import FaultError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

COMMUNITY_VARIABLE: Final = "SCHULNETZ_CITY_COMMUNITY"
"""The variable with the community; arguments would be visible to all users."""

_READY_SECONDS: Final = 120.0
_ANSWER_SECONDS: Final = 30.0
_END_SECONDS: Final = 10.0
_KEPT_LINES: Final = 20


class CityProcess:
    """A running city; an async context manager that waits until every device answers."""

    def __init__(  # noqa: PLR0913  # all but the file by keyword
        self,
        config: Path,
        *,
        port: int = 0,
        schools: int | None = None,
        faults: Sequence[str] = (),
        seed: int = 0,
        hostile: bool = True,
        community: str = "public",
        program: Sequence[str] = (sys.executable, "-m", "monitor.simulator"),
    ) -> None:
        self._command = [*program, "--config", str(config), "--port", str(port)]
        self._command += ["--seed", str(seed)]
        if not hostile:
            self._command.append("--no-hostile")
        if schools is not None:
            self._command += ["--schools", str(schools)]
        for fault in faults:
            self._command += ["--fault", fault]
        self._community = community
        self._ready: dict[str, int] = {}
        self._errors: deque[str] = deque(maxlen=_KEPT_LINES)
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._commanding = asyncio.Lock()

    @property
    def pid(self) -> int:
        """Return the id of the process."""
        return self._running().pid

    @property
    def port(self) -> int:
        """Return the UDP port of all agents, for `loopback_inventory`."""
        return self._ready["port"]

    @property
    def devices(self) -> int:
        """Return the number of devices in the city."""
        return self._ready["devices"]

    async def __aenter__(self) -> Self:
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env={**os.environ, COMMUNITY_VARIABLE: self._community},
            # Ctrl-C in the terminal is for the parent, which then stops the city in order.
            start_new_session=True,
        )
        self._listening = asyncio.create_task(self._collect_errors(self._process))
        async with contextlib.AsyncExitStack() as unless_ready:
            unless_ready.push_async_callback(self._end)
            self._ready = await self._answer(_READY_SECONDS)
            unless_ready.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end()

    async def set_faults(self, faults: Iterable[str | Mapping[str, object]]) -> None:
        """Replace the faults of the running city, as `FaultPlan.replace` does.

        Raises:
            FaultError: if a fault is not possible in this city; then nothing changes.
            CityError: if the city has ended, or does not answer and is therefore ended.
        """
        process = self._running()
        async with self._commanding:
            if process.stdin is None or process.returncode is not None:
                raise CityError(self._obituary())
            line = json.dumps(
                {"faults": [dict(f) if not isinstance(f, str) else f for f in faults]}
            )
            with contextlib.suppress(ConnectionError):
                process.stdin.write(f"{line}\n".encode())
                await process.stdin.drain()
            answer = await self._answer(_ANSWER_SECONDS)
        if "error" in answer:
            raise FaultError(str(answer["error"]))

    async def wait(self) -> None:
        """Wait for an unexpected end of the city.

        Raises:
            CityError: when it has ended, with its last output.
        """
        await self._running().wait()
        await self._heard()
        raise CityError(self._obituary())

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise CityError("the city has not been started")
        return self._process

    async def _answer(self, seconds: float) -> dict[str, int]:
        process = self._running()
        if process.stdout is None:
            raise CityError(self._obituary())
        reading = asyncio.ensure_future(process.stdout.readline())
        done, _ = await asyncio.wait({reading}, timeout=seconds)
        if not done:
            reading.cancel()
            # A late answer would be taken for that of the next command.
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            raise CityError(f"the simulated city did not answer within {seconds:g} s")
        line = reading.result()
        if not line:
            await process.wait()
            await self._heard()
            raise CityError(self._obituary())
        answer: dict[str, int] = json.loads(line)
        return answer

    async def _collect_errors(self, process: asyncio.subprocess.Process) -> None:
        if process.stderr is None:
            return
        while line := await process.stderr.readline():
            self._errors.append(line.decode(errors="replace").rstrip())

    async def _heard(self) -> None:
        if self._listening is not None:
            await asyncio.wait({self._listening}, timeout=_END_SECONDS)

    def _obituary(self) -> str:
        code = self._running().returncode
        last = "; ".join(self._errors) or "without output"
        return f"the simulated city ended (exit code {code}): {last}"

    async def _end(self) -> None:
        """Ask the process to end, then kill it; afterwards nothing of it remains."""
        process = self._running()
        ending = asyncio.ensure_future(process.wait())
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            done, _ = await asyncio.wait({ending}, timeout=_END_SECONDS)
            if not done:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
        await ending
        if process.stdin is not None:
            process.stdin.close()
        await self._heard()
