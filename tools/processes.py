"""How the tests, the bench and the stack start a process that never outlives its block.

Each leads a session of its own, so that Ctrl-C is for the run alone. At the block's end it gets
SIGTERM, and after a generous time its whole group gets SIGKILL. If the run itself is killed,
`tools.guardian` ends what it has started.

Its output goes to a file, or to a pipe that the caller reads; unless told, standard output is
dropped.

Must not know: what is started, or what the caller uses it for.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from pathlib import Path

END_SECONDS = 60.0
"""How long an end in order may take; a busy machine is no reason to cut it short."""

_LINE_LIMIT = 1 << 20
_PAUSE_SECONDS = 0.02


@contextlib.contextmanager
def running(  # noqa: PLR0913  # all but the command by keyword
    *command: str,
    stdin: int = subprocess.DEVNULL,
    stdout: int | IO[bytes] | None = subprocess.DEVNULL,
    stderr: int | IO[bytes] | None = None,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    ends_by: signal.Signals = signal.SIGTERM,
) -> Iterator[subprocess.Popen[str]]:
    """Run a program for the length of the block; its pipes carry text, line by line.

    Args:
        command: the program and its arguments.
        stdin: as `subprocess.Popen` has it; nothing by default.
        stdout: the same; dropped by default.
        stderr: the same; where the run's own goes by default.
        cwd: where it runs.
        environment: variables beyond those of the run.
        ends_by: the signal that ends it with the block.
    """
    process = subprocess.Popen(  # noqa: S603  # the caller's own
        command,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        text=True,
        bufsize=1,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        try:
            if process.poll() is None:
                process.send_signal(ends_by)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(END_SECONDS)
        finally:
            _kill_group(process.pid)
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    # Input written to it but never read is lost with it.
                    with contextlib.suppress(BrokenPipeError):
                        stream.close()


@contextlib.asynccontextmanager
async def running_async(  # noqa: PLR0913  # all but the command by keyword
    *command: str,
    stdin: int = subprocess.DEVNULL,
    stdout: int | IO[bytes] | None = subprocess.DEVNULL,
    stderr: int | IO[bytes] | None = None,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    ends_by: signal.Signals = signal.SIGTERM,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Do what `running` does, in an event loop; the pipes carry bytes."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        start_new_session=True,
        limit=_LINE_LIMIT,
    )
    try:
        yield process
    finally:
        try:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(ends_by)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(END_SECONDS):
                        # Its wait() also waits for the pipes, which one of its children may hold
                        # open.
                        while process.returncode is None:  # noqa: ASYNC110  # there is no event
                            await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            _kill_group(process.pid)
            # Read its pipes to their end, which closes them.
            await process.communicate()


def _kill_group(leader: int) -> None:
    """Kill whatever is left of a process and its children, usually nothing."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
