from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from monitor.ledger import schema
from monitor.ledger.chain import Entry, LedgerVersionError
from monitor.ledger.reader import connect, open_reader
from monitor.ledger.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)
NEXT = (*schema.MIGRATIONS, ("CREATE INDEX entries_by_subject ON entries (subject, at)",))
BROKEN = (*schema.MIGRATIONS, ("CREATE TABLE extra (a)", "CREATE TABLE extra (a)"))


def ledger_with_rows(path: Path) -> bytes:
    store = open_store(path, NOW)
    store.append(store.link([Entry(NOW, "note", f"s{n}", {"n": n}) for n in range(50)]))
    store.close()
    return store.head.digest


def test_migration_keeps_every_row_and_the_chain(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    head = ledger_with_rows(path)
    store = open_store(path, NOW, NEXT)
    try:
        result = store.reader.verify(NEXT)
        store.append(store.link([Entry(NOW, "note", "later", {})]))
    finally:
        store.close()
    assert (result.rows, result.head, result.problem) == (51, head, "")
    assert not list(tmp_path.glob("*.quarantined-*"))
    with closing(connect(path)) as connection:
        assert schema.version(connection) == len(NEXT)


def test_newer_ledger_is_refused_with_both_versions_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger_with_rows(path)
    open_store(path, NOW, NEXT).close()
    before = path.read_bytes()
    with pytest.raises(LedgerVersionError, match=r"version 2, this program knows .* up to 1"):
        open_store(path, NOW)
    with open_reader(path) as reader, pytest.raises(LedgerVersionError):
        reader.verify()
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*.quarantined-*"))


def test_migration_that_fails_halfway_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger_with_rows(path)
    with closing(connect(path)) as connection:
        with pytest.raises(sqlite3.OperationalError, match="already exists"):
            schema.migrate(connection, BROKEN)
        assert schema.version(connection) == 1
        assert schema.differences(connection) == ""


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET payload = '{}' WHERE sequence = 2",
        "DELETE FROM entries WHERE sequence = 51",
        "INSERT OR REPLACE INTO entries VALUES (2, 0, 'note', '', '{}', x'00')",
        "INSERT INTO entries VALUES (99, 0, 'note', '', '{}', x'00')",
    ],
)
def test_rows_cannot_be_changed_removed_or_replaced(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger_with_rows(path)
    with (
        closing(connect(path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        connection.execute(statement)


@pytest.mark.parametrize(
    ("statements", "problem", "first_bad"),
    [
        (
            ["DROP TRIGGER entries_no_delete", "DROP TRIGGER entries_no_update"],
            "trigger entries_no_delete is missing, trigger entries_no_update is missing: no",
            None,
        ),
        (["DROP INDEX entries_by_kind"], "index entries_by_kind is missing", None),
        (["CREATE TABLE extra (a)"], "table extra does not belong there", None),
        (
            [
                "DROP INDEX entries_by_kind",
                "CREATE INDEX entries_by_kind ON entries (kind, at) WHERE 1",
            ],
            "index entries_by_kind was changed",
            None,
        ),
        (
            [
                "DROP INDEX entries_by_kind",
                "CREATE INDEX entries_by_kind ON entries (kind, at)",
            ],
            "was removed and put back",
            None,
        ),
        (["PRAGMA application_id = 7"], "application id", None),
        (["PRAGMA user_version = 0"], "impossible schema version 0", None),
    ],
)
def test_changed_schema_is_detected(
    tmp_path: Path, statements: list[str], problem: str, first_bad: int | None
) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger_with_rows(path)
    with closing(connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
    with open_reader(path) as reader:
        result = reader.verify()
    assert not result.ok
    assert problem in result.problem
    assert result.first_bad == first_bad
    assert result.rows == 51, "the rows are verified whatever is around them"


@pytest.mark.parametrize(
    ("statement", "first_bad"),
    [
        ("UPDATE entries SET payload = '{\"n\":8}' WHERE sequence = 9", 9),
        ("UPDATE entries SET at = at + 1 WHERE sequence = 51", 51),
        ("UPDATE entries SET digest = zeroblob(32) WHERE sequence = 30", 30),
        ("DELETE FROM entries WHERE sequence = 20", 20),
        ("DELETE FROM entries", 1),
    ],
)
def test_first_tampered_row_is_named(tmp_path: Path, statement: str, first_bad: int) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger_with_rows(path)
    with closing(connect(path)) as connection:
        triggers = connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
        for _, sql in triggers:
            connection.execute(sql)
    with open_reader(path) as reader:
        result = reader.verify()
    assert (result.ok, result.first_bad) == (False, first_bad)
