"""The ledger's tables in PostgreSQL, and their migrations.

`ledger_schema.version` is the number of migrations a database has been through; a migration only
adds. Each writer has its own chains, so several daemons can share a database; all chains of a
writer except the newest were replaced, and are kept.

Must not know: where the database is, or what the entries mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Table, Text, text

from monitor.ledger.chain import LedgerError, LedgerVersionError

if TYPE_CHECKING:
    from sqlalchemy import Connection

_TABLES: Final = MetaData()
ENTRIES: Final = Table(
    "ledger_entries",
    _TABLES,
    Column("writer", Text, primary_key=True),
    Column("chain", BigInteger, primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
)
# Any number, as long as all versions of this program use the same one.
_MIGRATION_LOCK: Final = 0x534C4544

# Text is compared octet by octet ("C"), whatever the language of the database. The triggers
# stop programming errors; the chain reveals deliberate changes.
_MIGRATIONS: Final = (
    (
        """CREATE TABLE ledger_entries (
            writer text COLLATE "C" NOT NULL,
            chain bigint NOT NULL,
            sequence bigint NOT NULL,
            at bigint NOT NULL,
            kind text COLLATE "C" NOT NULL,
            subject text COLLATE "C" NOT NULL,
            payload text COLLATE "C" NOT NULL,
            digest bytea NOT NULL,
            PRIMARY KEY (writer, chain, sequence)
        )""",
        "CREATE INDEX ledger_entries_by_kind ON ledger_entries (kind, at, writer, sequence)",
        """CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP <> 'INSERT' THEN
                RAISE EXCEPTION 'the ledger is append-only: no row is changed or removed';
            END IF;
            IF NEW.sequence <> (
                SELECT coalesce(max(sequence), 0) + 1 FROM ledger_entries
                WHERE writer = NEW.writer AND chain = NEW.chain
            ) THEN
                RAISE EXCEPTION 'the ledger is append-only: rows follow the last one';
            END IF;
            RETURN NEW;
        END $$""",
        """CREATE TRIGGER ledger_entries_rows BEFORE INSERT OR UPDATE OR DELETE ON ledger_entries
        FOR EACH ROW EXECUTE FUNCTION ledger_append_only()""",
        """CREATE TRIGGER ledger_entries_truncate BEFORE TRUNCATE ON ledger_entries
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()""",
    ),
)


def migrate(connection: Connection) -> None:
    """Upgrade a database to the newest schema, all or nothing; concurrent upgrades wait.

    Raises:
        LedgerVersionError: if the database is newer than this program.
    """
    with connection.begin():
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        connection.execute(
            text("CREATE TABLE IF NOT EXISTS ledger_schema (version integer NOT NULL)")
        )
        found = _version(connection)
        for statements in _MIGRATIONS[found:]:
            for statement in statements:
                connection.execute(text(statement))
        if found < len(_MIGRATIONS):
            connection.execute(text("DELETE FROM ledger_schema"))
            connection.execute(
                text("INSERT INTO ledger_schema VALUES (:version)"), {"version": len(_MIGRATIONS)}
            )


def require_begun(connection: Connection) -> None:
    """Reject a database without the ledger's tables, or with those of a newer program.

    Raises:
        LedgerError: names the remedy.
    """
    if not has_tables(connection):
        raise LedgerError("there is no ledger in this database; `schulnetz run` begins one")
    _version(connection)


def has_tables(connection: Connection) -> bool:
    """Return whether the ledger's tables exist."""
    found = connection.execute(text("SELECT to_regclass('ledger_schema')")).scalar_one()
    return found is not None


def _version(connection: Connection) -> int:
    found = connection.execute(text("SELECT max(version) FROM ledger_schema")).scalar_one() or 0
    if found > len(_MIGRATIONS):
        raise LedgerVersionError(
            f"the ledger has schema version {found}, this program knows versions up to "
            f"{len(_MIGRATIONS)}; run the newer program that wrote it"
        )
    return int(found)
