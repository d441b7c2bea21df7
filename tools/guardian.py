"""Ends all processes started by a run of the tests, the bench or the stack, however that run ends.

`guarded` marks the environment, which children and their children inherit, and starts this file as
a process with a pipe from the run. When the pipe closes, every process with the mark is killed,
and every process of a session that one of them leads: the probes' tools get a bare environment.

A network namespace outlives its processes, so its name contains the id of its creator
(`namespace_of_mine`). Those whose creator is gone are removed when a run starts and after it has
ended.

A parent-death signal is not enough: it comes when the thread that forked ends, it is not
inherited, and a server that changes its user loses it.

Must not know: what is started, or why. It imports no other module of the project, so that it starts
at once.

Source: proc_pid_environ(5), proc_pid_stat(5), ip-netns(8).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "SCHULNETZ_RUN"
NAMESPACES = Path("/run/netns")
_PREFIX = "schulnetz"
_PAUSE_SECONDS = 0.05
_PATIENCE_SECONDS = 60.0


@contextlib.contextmanager
def guarded() -> Iterator[str]:
    """End everything that is started in the block with the block, or with this process.

    Yields the mark. Marks nest: processes of a run inside the block have both.
    """
    before = os.environ.get(VARIABLE)
    mark = f"{os.getpid()}-{secrets.token_hex(4)}"
    nothing = subprocess.DEVNULL
    with subprocess.Popen(  # noqa: S603  # our own file
        [sys.executable, "-I", "-S", __file__, mark],
        stdin=subprocess.PIPE,
        stdout=nothing,
        stderr=nothing,
        # A signal to this process's group, as by Ctrl-C, is not for the guardian.
        start_new_session=True,
    ) as guardian:
        os.environ[VARIABLE] = f"{before}:{mark}" if before else mark
        try:
            yield mark
        finally:
            if before is None:
                del os.environ[VARIABLE]
            else:
                os.environ[VARIABLE] = before
            # mypy cannot know that it is a pipe.
            if guardian.stdin is not None:
                guardian.stdin.close()


def marked(mark: str) -> set[int]:
    """Return the ids of the running processes that carry a mark, and of those in their sessions."""
    with_mark: set[int] = set()
    sessions: dict[int, int] = {}
    for place in Path("/proc").glob("[0-9]*"):
        # It may end meanwhile, or belong to another user.
        with contextlib.suppress(OSError):
            pid = int(place.name)
            # After the name, which is in parentheses: state, parent, group, session.
            state, _, _, session = (place / "stat").read_text().rpartition(")")[2].split()[:4]
            if state in "ZX":
                continue
            sessions[pid] = int(session)
            if _carries((place / "environ").read_bytes(), mark):
                with_mark.add(pid)
    return with_mark | {pid for pid, session in sessions.items() if session in with_mark}


def namespace_of_mine(purpose: str) -> str:
    """Return a name for a network namespace of this process, removed after the process ended."""
    return f"{_PREFIX}-{purpose}-{os.getpid()}"


def remove_namespaces() -> None:
    """Remove the network namespaces whose creators are gone."""
    for place in NAMESPACES.glob(f"{_PREFIX}-*"):
        maker = place.name.rpartition("-")[2]
        if maker.isdecimal() and not Path("/proc", maker).exists():
            # Another run's guardian may be quicker, and without root none is ours.
            command = ("ip", "netns", "delete", place.name)
            subprocess.run(command, check=False, stderr=subprocess.DEVNULL)  # noqa: S603  # as named above


def _carries(environment: bytes, mark: str) -> bool:
    prefix = f"{VARIABLE}=".encode()
    values = (line for line in environment.split(b"\0") if line.startswith(prefix))
    return any(mark.encode() in value[len(prefix) :].split(b":") for value in values)


def main(mark: str) -> None:
    """Wait for the run's end; then kill until nothing with its mark is left."""
    remove_namespaces()
    sys.stdin.read()
    ends = time.monotonic() + _PATIENCE_SECONDS
    # Processes forked between the search and the kill are found by the next search.
    while (left := marked(mark) - {os.getpid()}) and time.monotonic() < ends:
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_PAUSE_SECONDS)
    remove_namespaces()


if __name__ == "__main__":
    main(sys.argv[1])
