from __future__ import annotations

from pathlib import Path

import pytest

from monitor.ledger.chain import Entry, LedgerCorruptError, LedgerError, LedgerLockedError
from monitor.ledger.reader import open_reader
from monitor.ledger.restore import restore
from monitor.ledger.store import open_store
from tests.rollout.rollouts import at

NOW = at(2022, 1, 1)


def written(path: Path, *kinds: str) -> None:
    store = open_store(path, NOW)
    try:
        store.append(store.link([Entry(NOW, kind, "", {}) for kind in kinds]))
    finally:
        store.close()


def kinds(path: Path) -> list[str]:
    with open_reader(path) as reader:
        assert reader.verify().ok
        return [row.kind for row in reader.rows()]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite"
    written(path, "one", "two")
    return path


@pytest.fixture
def backup(tmp_path: Path, ledger: Path) -> Path:
    target = tmp_path / "backup.sqlite"
    with open_reader(ledger) as reader:
        reader.backup(target)
    return target


def test_backup_replaces_the_ledger_and_the_old_one_is_kept(ledger: Path, backup: Path) -> None:
    written(ledger, "three")
    restored = restore(backup, ledger, NOW)
    assert kinds(ledger) == ["begin", "one", "two"]
    assert restored.result.rows == 3
    assert kinds(Path(restored.kept)) == ["begin", "one", "two", "three"]
    assert kinds(backup) == ["begin", "one", "two"]
    assert ledger.stat().st_mode & 0o777 == 0o600


def test_the_daemon_continues_with_the_restored_ledger(ledger: Path, backup: Path) -> None:
    restore(backup, ledger, NOW)
    written(ledger, "four")
    assert kinds(ledger) == ["begin", "one", "two", "four"]


def test_backup_is_restored_where_there_is_no_ledger(tmp_path: Path, backup: Path) -> None:
    place = tmp_path / "elsewhere"
    place.mkdir()
    assert restore(backup, place / "ledger.sqlite", NOW).kept == ""
    assert kinds(place / "ledger.sqlite") == ["begin", "one", "two"]


def test_nothing_changes_while_a_daemon_writes(ledger: Path, backup: Path) -> None:
    store = open_store(ledger, NOW)
    try:
        with pytest.raises(LedgerLockedError, match="another process writes this ledger"):
            restore(backup, ledger, NOW)
    finally:
        store.close()
    assert not list(ledger.parent.glob("*.replaced-*"))


def test_damaged_backup_is_refused_and_nothing_changes(ledger: Path, backup: Path) -> None:
    content = backup.read_bytes()
    assert content.count(b"two") >= 1
    backup.write_bytes(content.replace(b"two", b"owt"))
    with pytest.raises(LedgerCorruptError, match="is not put in place: row 3"):
        restore(backup, ledger, NOW)
    assert kinds(ledger) == ["begin", "one", "two"]
    assert not list(ledger.parent.glob("*.replaced-*"))


def test_corrupt_ledger_is_replaced_and_kept(ledger: Path, backup: Path) -> None:
    ledger.write_bytes(b"no database at all" * 300)
    restored = restore(backup, ledger, NOW)
    assert kinds(ledger) == ["begin", "one", "two"]
    assert Path(restored.kept).read_bytes().startswith(b"no database")


def test_journal_of_the_old_ledger_is_not_applied_to_the_new_one(
    ledger: Path, backup: Path
) -> None:
    ledger.write_bytes(b"no database at all" * 300)
    journal = ledger.with_name(ledger.name + "-journal")
    journal.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(600))
    restore(backup, ledger, NOW)
    assert not journal.exists()
    assert kinds(ledger) == ["begin", "one", "two"]


def test_the_ledger_is_refused_as_a_backup_of_itself(ledger: Path) -> None:
    with pytest.raises(LedgerError, match="is the ledger itself"):
        restore(ledger, ledger, NOW)


def test_missing_backup_is_reported(tmp_path: Path, ledger: Path) -> None:
    with pytest.raises(LedgerError, match=r"missing\.sqlite: No such file"):
        restore(tmp_path / "missing.sqlite", ledger, NOW)
