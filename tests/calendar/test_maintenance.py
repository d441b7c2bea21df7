from __future__ import annotations

import json
import logging
import multiprocessing
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.calendar.maintenance import (
    ALL_SCHOOLS,
    KEEP_DAYS,
    MAX_DAYS,
    MaintenanceBook,
    MaintenanceError,
)
from monitor.calendar.maintenance_file import MaintenanceFile
from monitor.inventory.city import MaintenanceWindow
from monitor.inventory.shard import Shard
from tests.build import city, school

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLANNED = MaintenanceWindow(NOW + 24 * HOUR, NOW + 26 * HOUR, "new switches")
INVENTORY = city(school("goethe", maintenance=(PLANNED,)), school("schiller"))


def book(path: Path) -> MaintenanceBook:
    opened = MaintenanceBook(path, INVENTORY)
    opened.refresh(NOW)
    return opened


def test_an_added_window_includes_its_start_and_excludes_its_end(tmp_path: Path) -> None:
    mine = book(tmp_path)
    mine.add("schiller", NOW + HOUR, NOW + 2 * HOUR, "  fibre\nsplice ", now=NOW)
    assert mine.active("schiller", NOW) is None
    window = mine.active("schiller", NOW + HOUR)
    assert window is not None
    assert window.reason == "fibre splice"
    assert mine.active("schiller", NOW + 2 * HOUR) is None
    assert mine.active("goethe", NOW + HOUR) is None


def test_the_daemon_logs_the_windows_that_the_command_changes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "monitor.audit")
    command = book(tmp_path)
    first = command.add("goethe", NOW, NOW + 2 * HOUR, "cabling", now=NOW)
    daemon = book(tmp_path)
    assert caplog.messages == [], "what was there at the start is not new"
    second = command.add("schiller", NOW + HOUR, NOW + 3 * HOUR, "fibre", now=NOW, by=" an\nna")
    daemon.refresh(NOW)
    command.cancel(first.id, now=NOW + HOUR)
    command.cancel(second.id, now=NOW)
    daemon.refresh(NOW + HOUR)
    times = "2026-11-25 10:00 UTC to 2026-11-25 12:00 UTC"
    shortened = "2026-11-25 09:00 UTC to 2026-11-25 10:00 UTC"
    assert caplog.messages == [
        f"maintenance window {second.id} added by an na: schiller, {times}: fibre",
        f"maintenance window {first.id} ended early: goethe, {shortened}: cabling",
        f"maintenance window {second.id} cancelled: schiller, {times}: fibre",
    ]


def test_a_window_of_a_school_of_another_shard_is_warned_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ours = next(one for one in (Shard(1, 3), Shard(2, 3), Shard(3, 3)) if one.has("goethe"))
    other = ours.with_school("schiller")
    assert other != ours
    command = book(tmp_path)
    early = command.add("schiller", NOW, NOW + 2 * HOUR, "fibre", now=NOW)
    command.add("goethe", NOW, NOW + 2 * HOUR, "cabling", now=NOW)
    command.add(ALL_SCHOOLS, NOW, NOW + 2 * HOUR, "core", now=NOW)
    daemon = MaintenanceBook(tmp_path, ours.of(INVENTORY))
    caplog.set_level(logging.WARNING, "monitor.audit")
    daemon.refresh(NOW)
    late = command.add("schiller", NOW + HOUR, NOW + 3 * HOUR, "fibre", now=NOW)
    daemon.refresh(NOW)
    daemon.refresh(NOW + HOUR)
    assert caplog.messages == [
        f"maintenance window {one.id} has no effect: shard {other} monitors schiller; add it with "
        "the --state-dir of that daemon"
        for one in (early, late)
    ]


def test_a_window_without_a_known_author_is_logged_as_added(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Files of earlier versions have no author."""
    caplog.set_level(logging.INFO, "monitor.audit")
    daemon = book(tmp_path)
    added = book(tmp_path).add("goethe", NOW, NOW + HOUR, "cabling", now=NOW)
    file = tmp_path / "maintenance.json"
    stored = json.loads(file.read_text())
    del stored["windows"][0]["by"]
    file.write_text(json.dumps(stored))
    daemon.refresh(NOW)
    times = "2026-11-25 09:00 UTC to 2026-11-25 10:00 UTC"
    assert caplog.messages == [
        f"maintenance window {added.id} added: goethe, {times}: cabling",
    ], "also the first window of all"


def test_configured_and_announced_windows_coexist(tmp_path: Path) -> None:
    mine = book(tmp_path)
    mine.add("goethe", NOW, NOW + 25 * HOUR, "cabling", now=NOW)
    assert [planned.origin for planned in mine.windows("goethe")] == ["command", "configuration"]
    assert mine.active("goethe", NOW + 24.5 * HOUR) == PLANNED, "the one that ends last"
    assert len(mine.windows()) == 2


def test_a_window_for_all_schools_covers_schools_added_later(tmp_path: Path) -> None:
    mine = book(tmp_path)
    planned = mine.add(ALL_SCHOOLS, NOW, NOW + HOUR, "new core", now=NOW)
    assert mine.schools_active(NOW) == {"goethe", "schiller"}
    assert [one.id for one in mine.windows()] == [planned.id, ""]
    mine.reconfigure(city(*INVENTORY.schools, school("voede")))
    assert mine.active("voede", NOW) == planned.window
    mine.cancel(planned.id, now=NOW)
    assert mine.schools_active(NOW) == set()


def test_a_window_survives_a_restart_and_a_running_daemon_learns_of_it(tmp_path: Path) -> None:
    daemon = book(tmp_path)
    assert daemon.refresh(NOW) is False
    added = book(tmp_path).add("schiller", NOW, NOW + HOUR, "fibre", now=NOW)
    assert daemon.refresh(NOW) is True
    assert daemon.refresh(NOW) is False
    assert daemon.active("schiller", NOW) == added.window
    assert book(tmp_path).active("schiller", NOW) == added.window


def test_a_cancelled_window_ends_now_and_a_future_one_is_dropped(tmp_path: Path) -> None:
    mine = book(tmp_path)
    running = mine.add("schiller", NOW, NOW + 5 * HOUR, "fibre", now=NOW)
    coming = mine.add("schiller", NOW + 6 * HOUR, NOW + 7 * HOUR, "again", now=NOW)
    mine.cancel(running.id, now=NOW + HOUR)
    mine.cancel(coming.id, now=NOW + HOUR)
    [left] = mine.windows("schiller")
    assert (left.window.starts, left.window.ends) == (NOW, NOW + HOUR)
    with pytest.raises(MaintenanceError, match="has ended already"):
        mine.cancel(running.id, now=NOW + 2 * HOUR)
    with pytest.raises(MaintenanceError, match="open ones: none"):
        mine.cancel("nonsense", now=NOW + 2 * HOUR)


@pytest.mark.parametrize(
    ("school", "starts", "ends", "reason", "says"),
    [
        ("schiler", NOW, NOW + HOUR, "x", "did you mean schiller"),
        ("schiller", NOW + HOUR, NOW + HOUR, "x", "not after the start"),
        ("schiller", NOW - 2 * HOUR, NOW - HOUR, "x", "has passed"),
        ("schiller", NOW, NOW + timedelta(days=MAX_DAYS, seconds=1), "x", "60 are allowed"),
        ("schiller", NOW, NOW + HOUR, " \n\t", "needs a reason"),
        ("schiller", NOW, NOW + HOUR, "x" * 201, "201 characters"),
    ],
)
def test_an_invalid_window_is_refused(
    tmp_path: Path, school: str, starts: datetime, ends: datetime, reason: str, says: str
) -> None:
    mine = book(tmp_path)
    with pytest.raises(MaintenanceError, match=says):
        mine.add(school, starts, ends, reason, now=NOW)
    assert mine.windows(school) == ()
    assert not (tmp_path / "maintenance.json").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"schema": 1}',
        b'{"schema": 1, "windows": [{"id": "a"}]}',
        b"[" * 100_000,
        b" " * ((1 << 20) + 1),
        (
            b'{"schema": 1, "windows": [{"id": "a", "school": "s", "starts": "2026-01-02", '
            b'"ends": "2026-01-01T00:00Z", "reason": "", "added": "2026-01-01T00:00Z"}]}'
        ),
    ],
)
def test_a_damaged_file_is_reported_kept_and_loses_no_known_window(
    tmp_path: Path, content: bytes
) -> None:
    daemon = book(tmp_path)
    daemon.add("schiller", NOW, NOW + HOUR, "fibre", now=NOW)
    (tmp_path / "maintenance.json").write_bytes(content)
    daemon.refresh(NOW)
    assert "damaged" in daemon.problem
    assert daemon.active("schiller", NOW) is not None, "the daemon keeps what it knew"
    [aside] = tmp_path.glob("maintenance.json.corrupt-*")
    assert aside.read_bytes() == content
    daemon.refresh(NOW)
    assert daemon.problem, "the problem is reported until there is a valid file again"
    daemon.add("schiller", NOW, NOW + 2 * HOUR, "fibre again", now=NOW)
    assert daemon.problem == ""


def test_the_command_refuses_to_overwrite_a_damaged_file(tmp_path: Path) -> None:
    (tmp_path / "maintenance.json").write_bytes(b"{")
    command = MaintenanceBook(tmp_path, INVENTORY)
    with pytest.raises(MaintenanceError, match="give the command again"):
        command.add("schiller", NOW, NOW + HOUR, "fibre", now=NOW)
    command.add("schiller", NOW, NOW + HOUR, "fibre", now=NOW)
    assert command.active("schiller", NOW) is not None


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "maintenance.json"
    path.write_text('{"schema": 2, "plans": []}')
    mine = book(tmp_path)
    assert "newer version" in mine.problem
    with pytest.raises(MaintenanceError, match="newer version"):
        mine.add("schiller", NOW, NOW + HOUR, "fibre", now=NOW)
    assert json.loads(path.read_text()) == {"schema": 2, "plans": []}


def test_a_vanished_file_loses_no_known_window(tmp_path: Path) -> None:
    daemon = book(tmp_path)
    daemon.add("schiller", NOW, NOW + HOUR, "fibre", now=NOW)
    (tmp_path / "maintenance.json").unlink()
    daemon.refresh(NOW)
    assert "vanished" in daemon.problem
    assert daemon.active("schiller", NOW) is not None


def test_a_held_lock_is_reported_and_changes_nothing(tmp_path: Path) -> None:
    mine = book(tmp_path)
    with (
        MaintenanceFile(tmp_path / "maintenance.json").locked(),
        pytest.raises(MaintenanceError, match="try again"),
    ):
        mine.add("schiller", NOW, NOW + HOUR, "fibre", now=NOW)
    assert mine.windows("schiller") == ()


def test_old_windows_are_dropped_when_one_is_added(tmp_path: Path) -> None:
    mine = book(tmp_path)
    mine.add("schiller", NOW, NOW + HOUR, "fibre", now=NOW)
    later = NOW + timedelta(days=KEEP_DAYS + 1)
    mine.add("schiller", later, later + HOUR, "fibre", now=later)
    assert [planned.window.starts for planned in mine.windows("schiller")] == [later]


def test_a_missing_state_directory_gets_a_readable_error(tmp_path: Path) -> None:
    mine = MaintenanceBook(tmp_path / "missing", INVENTORY)
    with pytest.raises(
        MaintenanceError, match="no such folder; name the daemon's with --state-dir"
    ):
        mine.add("schiller", NOW, NOW + HOUR, "fibre", now=NOW)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.binary(max_size=300))
def test_the_reader_never_raises_whatever_the_content(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "maintenance.json").write_bytes(content)
    mine = MaintenanceBook(tmp_path, INVENTORY)
    mine.refresh(NOW)
    assert mine.problem


def keep_adding(path: str, acknowledge: Connection) -> None:
    mine = MaintenanceBook(Path(path), INVENTORY)
    for number in range(10_000):
        added = mine.add("schiller", NOW, NOW + HOUR, f"window {number}", now=NOW)
        acknowledge.send(added.id)


def test_kill_9_loses_no_acknowledged_window(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    lost = 0
    acknowledged: set[str] = set()
    for turn in range(5):
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=keep_adding, args=(str(tmp_path), sender))
        process.start()
        sender.close()
        for _ in range(7 + 3 * turn):
            acknowledged.add(receiver.recv())
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        while receiver.poll():
            try:
                acknowledged.add(receiver.recv())
            except EOFError:
                break
        receiver.close()
        survivor = book(tmp_path)
        assert survivor.problem == ""
        lost += len(acknowledged - {planned.id for planned in survivor.windows("schiller")})
    assert lost == 0
    assert len(acknowledged) > 50
