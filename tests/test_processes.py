"""Processes that a test run starts end with it, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tools import processes
from tools.guardian import NAMESPACES, guarded, marked
from tools.processes import running, running_async

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
PATIENCE_SECONDS = 120.0
A_TEST_WITH_A_DEMO = ("tests/integration/test_daemon_demo.py", "-k", "promtool")
DAEMON, SIMULATOR = "-m monitor demo", "-m monitor.simulator"


def until(condition: Callable[[], object], message: Callable[[], str]) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < ends, message()
        time.sleep(0.05)


def commands(mark: str) -> dict[int, str]:
    """Return the command lines of the processes with a mark."""
    found = {}
    for pid in marked(mark):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        found[pid] = words.replace(b"\0", b" ").decode()
    return found


@pytest.mark.integration
@pytest.mark.parametrize(
    ("number", "workers"),
    [(signal.SIGINT, "0"), (signal.SIGKILL, "0"), (signal.SIGINT, "1"), (signal.SIGKILL, "1")],
)
def test_an_interrupted_run_leaves_no_process(
    tmp_path: Path, number: signal.Signals, workers: str
) -> None:
    place = f"--basetemp={tmp_path / 'run'}"
    # A shell starts background processes with SIGINT ignored, which children inherit.
    heeds = "import signal, pytest; signal.signal(signal.SIGINT, signal.default_int_handler); "
    program = ("-c", f"{heeds}raise SystemExit(pytest.console_main())")
    arguments = (*program, "-q", "-n", workers, "-p", "no:cacheprovider", place)
    log = tmp_path / "log"
    with (
        guarded() as mark,
        log.open("wb") as output,
        running(
            sys.executable,
            *arguments,
            *A_TEST_WITH_A_DEMO,
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as run,
    ):

        def demo_runs() -> bool:
            assert run.poll() is None, log.read_text()
            lines = commands(mark).values()
            return all(any(part in line for line in lines) for part in (DAEMON, SIMULATOR))

        until(demo_runs, log.read_text)
        os.killpg(run.pid, number)
        until(lambda: not marked(mark), lambda: f"{commands(mark)}\n{log.read_text()}")
        assert run.wait(PATIENCE_SECONDS) == (2 if number is signal.SIGINT else -number)


def test_processes_left_by_a_block_end_with_it() -> None:
    with running("sh", "-c", "sleep 600 & echo $!; wait", stdout=subprocess.PIPE) as shell:
        assert shell.stdout is not None
        child = int(shell.stdout.readline())
        assert is_running(child)
    until(lambda: not is_running(child), lambda: f"{child} still runs")


async def test_processes_left_by_an_async_block_end_with_it() -> None:
    script = "sleep 600 & echo $!; wait"
    async with running_async("sh", "-c", script, stdout=subprocess.PIPE) as shell:
        assert shell.stdout is not None
        child = int(await shell.stdout.readline())
        assert is_running(child)
    until(lambda: not is_running(child), lambda: f"{child} still runs")


def test_a_process_that_ignores_the_request_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "END_SECONDS", 0.1)
    stubborn = "trap '' TERM; echo ready; while :; do sleep 1; done"
    with running("sh", "-c", stubborn, stdout=subprocess.PIPE) as shell:
        assert shell.stdout is not None
        assert shell.stdout.readline() == "ready\n"
    assert shell.returncode == -signal.SIGKILL


def test_a_process_in_a_session_of_its_own_ends_with_the_run() -> None:
    script = "setsid sleep 600 >/dev/null 2>&1 & echo $!"
    with guarded() as mark:
        said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
        until(lambda: "sleep 600" in "".join(commands(mark).values()), lambda: said.stdout)
        assert is_running(int(said.stdout))
    assert not is_running(int(said.stdout))


def test_a_child_with_a_bare_environment_is_found_by_its_session() -> None:
    script = "env -i sleep 600 & echo $!; wait"
    with guarded() as mark, running("sh", "-c", script, stdout=subprocess.PIPE) as shell:
        assert shell.stdout is not None
        child = int(shell.stdout.readline())
        until(lambda: "sleep" in commands(mark).get(child, ""), lambda: f"{commands(mark)}")


MAKES_A_NAMESPACE = """
import time
from tests.integration.namespace import namespace
with namespace("left") as made:
    print(made.name, flush=True)
    time.sleep(600)
"""


@pytest.mark.integration
@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a network namespace")
def test_a_network_namespace_is_removed_once_its_creator_was_killed() -> None:
    command = (sys.executable, "-c", MAKES_A_NAMESPACE)
    with running(*command, cwd=ROOT, stdout=subprocess.PIPE) as maker:
        assert maker.stdout is not None
        left = NAMESPACES / maker.stdout.readline().strip()
        with guarded():
            pass
        assert left.exists()
        maker.kill()
        maker.wait()
    assert left.exists()
    with guarded():
        until(lambda: not left.exists(), lambda: f"{left} is still there")


def is_running(pid: int) -> bool:
    """Return whether a process is there and has not ended; a zombie has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
