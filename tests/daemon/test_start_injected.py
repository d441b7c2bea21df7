"""An exception at every call of a start, and of a stop: one line, an exit code, nothing left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.running import COMMUNITY, COMMUNITY_OF_RUN, Town

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.integration, pytest.mark.root]

# A stop takes less than five; the rest allows for a busy machine.
STOP_SECONDS = 60.0
# `schulnetz --help`: the daemon could not start, or ended by a bug.
CANNOT_START = 3


def outcomes(wanted: str, folder: Path, every: int) -> list[dict[str, Any]]:
    """Return the outcome of a successful run, then of one run per step."""
    config = Town(9, {"voede": 21, "goethe": 22}, switches=0).write(folder / "schools.yaml")
    command = [
        sys.executable,
        "-m",
        "tests.daemon.injected",
        wanted,
        str(config),
        str(folder),
        str(every),
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=3600,
        env={**os.environ, COMMUNITY_OF_RUN: COMMUNITY},
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"step"')]
    assert found[0]["code"] == 0
    assert not found[0]["descriptors"]
    return found


def is_one_line(said: str) -> bool:
    """Return whether the output is one line that names the bug."""
    bug = "error: a bug of the monitor: InjectedError: at call "
    return said.startswith(bug) and said.count("\n") == 1


def test_an_exception_anywhere_at_the_start_gives_one_line_and_leaves_nothing(
    tmp_path: Path,
    thorough: bool,  # noqa: FBT001  # a fixture
) -> None:
    good, *found = outcomes("start", tmp_path, 1 if thorough else 16)
    # Logging catches its own exceptions, and the start continues.
    raised = [one for one in found if one["raised"] and one["code"]]
    assert len(raised) > 0.7 * len(found) > 10
    for one in raised:
        assert one["code"] == CANNOT_START, one
        assert is_one_line(one["said"]), one
        assert not one["descriptors"], one
        assert not one["threads"], one
        assert set(one["files"]) <= set(good["files"]), one


def test_an_exception_anywhere_in_a_stop_gives_one_line_and_ends_in_time(
    tmp_path: Path,
    thorough: bool,  # noqa: FBT001  # a fixture
) -> None:
    _, *found = outcomes("stop", tmp_path, 1 if thorough else 16)
    raised = [one for one in found if one["raised"]]
    assert len(raised) > len(found) / 2
    for one in raised:
        assert one["seconds"] < STOP_SECONDS, one
        assert not one["threads"], one
        assert not one["code"] or is_one_line(one["said"]), one
