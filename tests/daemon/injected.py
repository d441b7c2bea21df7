"""The real daemon, started and stopped many times in one process, with one exception each.

Run as a program: `python -m tests.daemon.injected start|stop CONFIG FOLDER EVERY`. It observes one
successful run, then raises in every EVERYth function called in that phase, at its first and its
last call, and prints each outcome as a line of JSON.
"""

from __future__ import annotations

import contextlib
import gc
import inspect
import io
import json
import os
import signal
import sys
import threading
import time
import warnings
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from unittest.mock import patch

from monitor.cli import run as run_command
from monitor.daemon.settings import Settings
from monitor.daemon.systemd import READY, STOPPING, Supervisor
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

PACKAGE: Final = str(Path(__file__).parents[2] / "monitor")
# They report the failure and cannot themselves fail because of the start or stop.
HANDLERS: Final = (
    "probes/echo/socket.py:EchoSocket.__aenter__",
    "cli/run.py:run",
    "cli/common.py",
    "cli/output.py",
    "cli/logs.py",
    "words/plain.py",
)
# The argument of the instruction RESUME: 0 at the start of a function, else after a yield or an
# await.
_WHY_RESUMED: Final = 3
RUNS_SECONDS: Final = 0.2


class InjectedError(Exception):
    """An exception that no code expects."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a run: the exit code, the output on stderr, and what it left behind."""

    step: str
    raised: bool
    code: int
    said: str
    seconds: float
    descriptors: list[str]
    threads: list[str]
    files: list[str]


@dataclass
class Phase:
    """Counts the calls of the product within a phase, and raises at one of them."""

    wanted: str
    raise_at: tuple[str, int] = ("", 0)
    phase: str = ""
    has_raised: bool = False
    calls: dict[str, int] = field(default_factory=dict)
    generators: set[str] = field(default_factory=set)
    raised_in: set[str] = field(default_factory=set)
    end: threading.Timer | None = None

    def stop(self) -> None:
        """Ask the daemon to stop, unless it already does; an unhandled signal would kill us."""
        if self.phase == "run" and callable(signal.getsignal(signal.SIGTERM)):
            os.kill(os.getpid(), signal.SIGTERM)

    def profile(self, frame: FrameType, event: str, _: object) -> None:
        """Handle a call or return event of `sys.setprofile`."""
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(PACKAGE):
            return
        name = f"{code.co_filename.removeprefix(PACKAGE)[1:]}:{code.co_qualname}"
        # A coroutine is called again each time it resumes; our code cannot raise there.
        if code.co_code[frame.f_lasti + 1] & _WHY_RESUMED:
            return
        if name == "daemon/open.py:open_daemon" and not self.phase:
            self.phase = "start"
        if self.phase != self.wanted or name.startswith(HANDLERS):
            return
        self.calls[name] = self.calls.get(name, 0) + 1
        if code.co_flags & inspect.CO_GENERATOR:
            self.generators.add(name)
        if (name, self.calls[name]) == self.raise_at:
            self.has_raised = True
            while frame.f_back is not None:
                self.raised_in.add(frame.f_code.co_qualname)
                frame = frame.f_back
            raise InjectedError(f"at call {self.calls[name]} of {name}")


class Told(Supervisor):
    """Follows the phases and stops the daemon soon after it is ready."""

    now: Phase

    def tell(self, state: str) -> None:
        """Take a state."""
        if state == READY:
            self.now.phase = "run"
            self.now.end = threading.Timer(RUNS_SECONDS, self.now.stop)
            self.now.end.daemon = True
            self.now.end.start()
        elif state == STOPPING:
            self.now.phase = "stop"
        super().tell(state)


@contextlib.contextmanager
def left_open() -> Iterator[None]:
    """Collect the files that a run deliberately left open, within its own test.

    An exception in the very call that closes a file leaves it to the garbage collector, whose
    `ResourceWarning` would otherwise fail whichever test it happens to interrupt.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


def steps_of(good: Phase) -> list[tuple[str, int]]:
    """Return the calls at which to raise: of each function the first and the last."""
    return [
        (name, which)
        for name, count in good.calls.items()
        for which in sorted({1, 1 if name in good.generators else count})
    ]


def outcome(config: Path, state: Path, phase: Phase) -> Outcome:
    """Run the daemon once."""
    settings = Settings(state, port=free_port())
    said, code = io.StringIO(), 0
    Told.now = phase
    before = _descriptors()
    began = time.monotonic()
    with contextlib.redirect_stderr(said):
        sys.setprofile(phase.profile)
        try:
            run_command.run(config, settings, log_format="text", shard=None)
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            sys.setprofile(None)
            # What was raised at the start may end the run after it was ready.
            phase.phase = "over"
            if phase.end is not None:
                phase.end.cancel()
    seconds = time.monotonic() - began
    _collected_threads()
    name, which = phase.raise_at
    return Outcome(
        f"{name}#{which}",
        phase.has_raised,
        code,
        said.getvalue(),
        seconds,
        sorted(_descriptors() - before),
        sorted(one.name for one in threading.enumerate() if one is not threading.main_thread()),
        sorted(one.name for one in state.iterdir()) if state.exists() else [],
    )


def _descriptors() -> set[str]:
    """Return open descriptors by number and kind, without the folder being listed."""
    found = set()
    for number in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found.add(f"{number.name} {number.readlink()}")
    return {one for one in found if "/proc/" not in one}


def _collected_threads() -> None:
    """Wait for threads that are about to end."""
    ends = time.monotonic() + 60
    while threading.active_count() > 1 and time.monotonic() < ends:
        time.sleep(0.01)


def main(wanted: str, config: Path, folder: Path, every: int) -> None:
    """Print the outcome of a good run, then of each with an exception."""
    with patch.object(run_command, "Supervisor", Told):
        good = Phase(wanted)
        print(json.dumps(asdict(outcome(config, folder / "good", good))), flush=True)  # noqa: T201
        for at, step in enumerate(steps_of(good)[::every]):
            found = outcome(config, folder / f"state-{at}", Phase(wanted, step))
            print(json.dumps(asdict(found)), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
