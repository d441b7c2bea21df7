"""Files that commands write: complete, private, and never through a symbolic link."""

from __future__ import annotations

import ast
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from monitor.cli.main import main
from monitor.ledger.reader import open_reader
from monitor.ledger.restore import restore
from monitor.state.file import StateFile
from monitor.state.whole_file import whole_file, whole_text
from tests.cli.test_rollout_commands import CONFIG, state
from tests.ledger.test_restore import NOW, written

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["state"]  # a fixture

PACKAGE = Path(__file__).parents[2] / "monitor"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def write(path: Path, **wishes: bool | int) -> None:
    with whole_text(path, **wishes) as out:  # type: ignore[arg-type]  # by name
        out.write("new\r\n")


def disturbed(path: Path, happens: Callable[[], object], *, overwrite: bool = True) -> None:
    """Write a file, and run something before it is finished."""
    with whole_file(path, overwrite=overwrite) as out:
        out.write(b"mine")
        happens()


@pytest.mark.parametrize("umask", [0, 0o022, 0o777])
def test_a_new_file_is_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write(tmp_path / "a")
        write(tmp_path / "b", mode=0o644)
        write(tmp_path / "c", mode=0o640, overwrite=False)
    finally:
        os.umask(before)
    assert [mode(tmp_path / name) for name in "abc"] == [0o600, 0o644, 0o640]
    assert (tmp_path / "a").read_bytes() == b"new\r\n"


def test_a_replaced_file_keeps_its_permissions_by_default(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_text("old")
    path.chmod(0o664)
    write(path)
    assert mode(path) == 0o664
    write(path, mode=0o600)
    assert mode(path) == 0o600


@pytest.mark.root
def test_a_file_replaced_by_root_keeps_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_text("old")
    os.chown(path, 65534, 65534)
    write(path)
    assert (path.stat().st_uid, path.stat().st_gid) == (65534, 65534)


@pytest.mark.root
def test_files_root_writes_into_the_service_folder_belong_to_the_service(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    file = StateFile(folder / "maintenance.json")
    for content in (b"{}", b"[]"):
        with file.locked():
            file.replace(content)
        # As an earlier version left it: the next write fixes it.
        os.chown(file.path, 0, 0)
    with file.locked():
        file.replace(b"{}")
    written(tmp_path / "ledger.sqlite", "one")
    with open_reader(tmp_path / "ledger.sqlite") as reader:
        reader.backup(tmp_path / "backup.sqlite")
    restore(tmp_path / "backup.sqlite", folder / "ledger.sqlite", NOW)
    owners = {path.name: (path.stat().st_uid, path.stat().st_gid) for path in folder.iterdir()}
    assert set(owners.values()) == {(65534, 65534)}, owners
    assert {mode(path) for path in folder.iterdir()} == {0o600}
    names = {"maintenance.json", "maintenance.json.lock", "ledger.sqlite", "ledger.sqlite.lock"}
    assert set(owners) == names


def test_a_lock_that_is_a_link_is_refused_and_its_target_keeps_its_owner(
    tmp_path: Path,
) -> None:
    """Otherwise a command run by root would give a system file to the owner of the folder."""
    folder, system = tmp_path / "state", tmp_path / "system"
    folder.mkdir()
    system.touch()
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
    (folder / "maintenance.json.lock").symlink_to(system)
    with (
        pytest.raises(OSError, match="symbolic links"),
        StateFile(folder / "maintenance.json").locked(),
    ):
        pass
    assert system.stat().st_uid == os.geteuid()


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_link_is_kept_and_not_followed(tmp_path: Path, overwrite: bool) -> None:  # noqa: FBT001  # a parameter
    secret, link = tmp_path / "secret", tmp_path / "link"
    secret.write_text("theirs")
    for target in (secret, tmp_path / "nothing"):
        link.symlink_to(target)
        with pytest.raises(OSError, match="symbolic link" if overwrite else "exists"):
            write(link, overwrite=overwrite)
        assert link.is_symlink()
        link.unlink()
    assert secret.read_text() == "theirs"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret"]


def test_a_link_created_meanwhile_is_not_followed(tmp_path: Path) -> None:
    secret, path = tmp_path / "secret", tmp_path / "report"
    secret.write_text("theirs")
    with pytest.raises(OSError, match="symbolic link"):
        disturbed(path, lambda: path.symlink_to(secret))
    assert secret.read_text() == "theirs"


def test_a_device_or_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/null"), tmp_path):
        with pytest.raises(OSError, match="redirect the output"):
            write(path)
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError):
        disturbed(path, lambda: 1 // 0)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("report", "old")]


def test_the_faster_writer_keeps_the_name(tmp_path: Path) -> None:
    path = tmp_path / "export"
    with pytest.raises(FileExistsError):
        disturbed(path, lambda: path.write_text("theirs"), overwrite=False)
    assert path.read_text() == "theirs"
    assert [one.name for one in tmp_path.iterdir()] == ["export"]


def run(state: Path, *arguments: str | Path) -> Result:
    command = [*map(str, arguments), "--state-dir", str(state)]
    return CliRunner().invoke(main, command, catch_exceptions=False)


WRITERS = [
    ("ledger", "export"),
    ("report", "--as-of", "2019-06-30", "--config", str(CONFIG)),
    ("backfill", "--step", "day", "--config", str(CONFIG)),
]


@pytest.mark.parametrize("command", WRITERS, ids=[" ".join(one[:2]) for one in WRITERS])
def test_every_command_writes_files_this_way(
    state: Path,  # the fixture
    tmp_path: Path,
    command: tuple[str, ...],
) -> None:
    private, shared, link = (tmp_path / name for name in ("private", "shared", "link"))
    link.symlink_to(tmp_path / "nothing")
    assert run(state, *command, "--out", private).exit_code == 0
    assert run(state, *command, "--out", shared, "--mode", "0644").exit_code == 0
    assert [mode(private), mode(shared)] == [0o600, 0o644]
    refused = run(state, *command, "--out", link)
    assert refused.exit_code == 1
    assert refused.stderr.startswith("error: ")
    assert link.is_symlink()
    assert not (tmp_path / "nothing").exists()
    assert run(state, *command, "--out", private, "--mode", "rw").exit_code == 2


def test_a_backup_is_private(state: Path, tmp_path: Path) -> None:  # the fixture
    target = tmp_path / "backup.sqlite"
    assert run(state, "ledger", "backup", target).exit_code == 0
    assert mode(target) == 0o600


# These need their own descriptor: a lock, a database written by SQLite.
BY_THEMSELVES = {"state/whole_file.py", "state/file.py", "ledger/reader.py"}


def test_no_other_file_of_ours_is_opened_for_writing() -> None:
    for path in PACKAGE.rglob("*.py"):
        if str(path.relative_to(PACKAGE)) in BY_THEMSELVES:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func).rpartition(".")[2]
            modes = {a.value for a in node.args[:2] if isinstance(a, ast.Constant)}
            where = f"{path}:{node.lineno}: {ast.unparse(node)[:80]}"
            assert called not in {"write_text", "write_bytes"}, where
            assert called != "open" or not modes & {"w", "x", "a", "wb", "xb", "ab", "w+"}, where
            assert "O_CREAT" not in ast.unparse(node), where
