"""kill -9 and a restart on the same state: minute records are right, nothing is invented."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.availability.records import TRANSITION, read_transition
from monitor.ledger.anchor import anchors_in
from monitor.ledger.comparison import compare
from monitor.ledger.reader import open_reader
from monitor.observation import State
from tests.integration.running import MONITOR, Daemon, Town, run, series, until, value

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.availability.records import Transition
    from monitor.ledger.anchor import Anchor

pytestmark = [pytest.mark.integration, pytest.mark.root]

SCHOOLS = {"voede": 31, "goethe": 32, "schiller": 33}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return Town(9, SCHOOLS, switches=0).write(tmp_path / "schools.yaml")


def command(name: str, *arguments: str, config: Path, state: Path) -> str:
    place = ("--config", str(config), "--state-dir", str(state))
    return subprocess.run(
        [*MONITOR, name, *arguments, *place],
        capture_output=True,
        check=True,
        text=True,
        timeout=120,
    ).stdout


def transitions(ledger: Path) -> list[Transition]:
    with open_reader(ledger) as reader:
        result = reader.verify()
        assert result.ok, result.problem
        since = datetime.now(UTC) - timedelta(days=1)
        return [read_transition(one.entry) for one in reader.entries(TRANSITION, since=since)]


def is_in_maintenance(daemon: Daemon) -> bool:
    found = series(daemon.samples(), "school_maintenance", school="goethe")
    return list(found.values()) == [1.0]


def test_kill_and_restart_lose_and_invent_nothing(config: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    ledger = state / "ledger.sqlite"
    announce = ("add", "goethe", "--until", "2h", "--reason", "Umbau")
    ends: set[float] = set()
    anchors: list[Anchor] = []
    seen = 0
    for turn in range(3):
        with run(config, state) as daemon:
            if turn == 0:
                command("maintenance", *announce, config=config, state=state)
            if turn < 2:
                until(lambda: is_in_maintenance(daemon), daemon)
                samples = daemon.samples()
                ends.add(value(samples, "school_maintenance_ends_timestamp_seconds"))
                assert value(samples, "school_maintenance", school="voede") == 0
                assert value(samples, "monitor_maintenance_file_healthy") == 1
            wanted = seen + len(SCHOOLS)
            until(lambda: len(transitions(ledger)) >= wanted, daemon)  # noqa: B023  # called within the turn
            told = list(anchors_in(daemon.lines))
            said = [line for line in daemon.lines if "the last run was killed or crashed" in line]
            assert len(said) == int(turn > 0)
            until(lambda: f'anchor="{told[-1]}"' in daemon.get("/metrics").text, daemon)  # noqa: B023  # called within the turn
            anchors += told
            daemon.process.kill()
            daemon.process.wait(60)
        found = transitions(ledger)
        seen = len(found)
        assert {one.state for one in found} <= {State.UP, State.UNKNOWN}
    assert len(ends) == 1
    with open_reader(ledger) as reader:
        assert len(anchors) == 3
        assert compare(reader, reader.verify(), anchors).others == {}
    assert {one.site for one in transitions(ledger)} == {f"{one}/main" for one in SCHOOLS}
    report = json.loads(command("sla", "--format", "json", config=config, state=state))
    assert report["ledger"].startswith("ledger-anchor:")
    listed = command("maintenance", "list", config=config, state=state)
    assert "Umbau" in listed
