"""The ledger's tables, and their migrations.

`PRAGMA user_version` is the number of migrations a file has been through. A migration only adds; it
never rewrites a row, so the chain of an old file remains valid.

Must not know: where the file is, or what the entries mean.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from monitor.ledger.chain import LedgerVersionError

Migration = tuple[str, ...]
_Object = tuple[object, ...]

# "SLED" in ASCII: marks the file as ours (sqlite.org/fileformat2.html §1.3).
APPLICATION_ID: Final = 0x534C4544

# The triggers stop programming errors; the chain reveals deliberate changes. The insert
# trigger also stops INSERT OR REPLACE, which would bypass the delete trigger.
MIGRATIONS: Final[tuple[Migration, ...]] = (
    (
        """CREATE TABLE entries (
            sequence INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            payload TEXT NOT NULL,
            digest BLOB NOT NULL
        ) STRICT""",
        "CREATE INDEX entries_by_kind ON entries (kind, at)",
        """CREATE TRIGGER entries_append BEFORE INSERT ON entries
        WHEN new.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM entries)
        BEGIN SELECT raise(ABORT, 'the ledger is append-only: rows follow the last one'); END""",
        """CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries
        BEGIN SELECT raise(ABORT, 'the ledger is append-only: no row is changed'); END""",
        """CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries
        BEGIN SELECT raise(ABORT, 'the ledger is append-only: no row is removed'); END""",
    ),
)


def version(connection: sqlite3.Connection) -> int:
    """Return how many migrations the file has had."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, migrations: tuple[Migration, ...] = MIGRATIONS) -> None:
    """Upgrade a file to the newest schema, all or nothing.

    Raises:
        LedgerVersionError: if the file is newer than this program.
    """
    require_known(connection, migrations)
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statements in migrations[version(connection) :]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def require_known(
    connection: sqlite3.Connection, migrations: tuple[Migration, ...] = MIGRATIONS
) -> None:
    """Reject a file that a newer program wrote.

    Raises:
        LedgerVersionError: names both versions.
    """
    found = version(connection)
    if found > len(migrations):
        raise LedgerVersionError(
            f"the ledger has schema version {found}, this program knows versions up to "
            f"{len(migrations)}; run the newer program that wrote it, or restore a backup"
        )


def differences(
    connection: sqlite3.Connection, migrations: tuple[Migration, ...] = MIGRATIONS
) -> str:
    """Return what is wrong with a file's tables and triggers, as text; empty if nothing."""
    found = version(connection)
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        return "the file's application id is not a ledger's"
    if not 0 < found <= len(migrations):
        return f"the file has the impossible schema version {found}"
    model = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(model, migrations[:found])
        return _compared(_objects(connection), _objects(model))
    finally:
        model.close()


def _compared(found: list[_Object], wanted: list[_Object]) -> str:
    """Return how the objects of a file differ from those of its schema, empty if they do not."""
    ours, theirs = ({(kind, name): rest for _, kind, name, *rest in of} for of in (wanted, found))
    faults = [f"{kind} {name} is missing" for kind, name in ours.keys() - theirs.keys()]
    faults += [f"{kind} {name} does not belong there" for kind, name in theirs.keys() - ours.keys()]
    faults += [
        f"{kind} {name} was changed"
        for kind, name in ours.keys() & theirs.keys()
        if ours[kind, name] != theirs[kind, name]
    ]
    if not faults and found != wanted:
        faults = ["a table, index or trigger was removed and put back"]
    return f"{', '.join(sorted(faults))}: no program of ours does that" if faults else ""


def _objects(connection: sqlite3.Connection) -> list[_Object]:
    # A table's root page depends on the file's history; a trigger has none.
    query = """SELECT rowid, type, name, tbl_name, sql, CASE type WHEN 'trigger' THEN rootpage END
        FROM sqlite_schema ORDER BY rowid"""
    return [tuple(row) for row in connection.execute(query)]
