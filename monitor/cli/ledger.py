"""`schulnetz ledger`: verify, export, back up and restore the evidence.

Must not know: what the entries mean, how the chain is made.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.common import Exit, fail, state_option
from monitor.cli.ledger_option import ledger_option
from monitor.clock import SystemClock
from monitor.rollout.chain import LedgerError
from monitor.rollout.place import LedgerPlace, SqlitePlace

if TYPE_CHECKING:
    from monitor.rollout.reading import VerifyResult


@click.group("ledger")
def group() -> None:
    """Check, copy and restore the ledger that keeps the evidence."""


@group.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@state_option
@ledger_option
def verify(file: Path | None, ledger: LedgerPlace, **_: object) -> None:
    """Check every row of the ledger, or of FILE; exit 1 at the first that does not hold."""
    place: LedgerPlace = SqlitePlace(file) if file else ledger
    try:
        with place.open_reader() as reader:
            result = reader.verify()
    except LedgerError as error:
        fail(str(error), Exit.WRONG)
    if not result.ok:
        row = f"first bad row {result.first_bad}" if result.first_bad else "not in a single row"
        fail(f"{place}: {result.problem} ({row}; {result.rows} rows hold)", Exit.WRONG)
    click.echo(f"{place}: {_said(result)}")


@group.command()
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="A new file.  [default: stdout]"
)
@state_option
@ledger_option
def export(out: Path | None, ledger: LedgerPlace, **_: object) -> None:
    """Write every row as one line of JSON."""
    try:
        with ledger.open_reader() as reader:
            if out is None:
                reader.export(sys.stdout)
                return
            try:
                with out.open("x", encoding="utf-8") as stream:
                    count = reader.export(stream)
            except FileExistsError:
                fail(f"{out} exists already; an export never overwrites", Exit.WRONG)
            except OSError as error:
                fail(f"{out}: {error.strerror}", Exit.WRONG)
    except LedgerError as error:
        fail(str(error), Exit.WRONG)
    click.echo(f"{out}: {count} rows")


@group.command()
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@state_option
@ledger_option
def backup(target: Path, ledger: LedgerPlace, **_: object) -> None:
    """Copy the ledger to TARGET and verify the copy; the daemon may run meanwhile."""
    try:
        with ledger.open_reader() as reader:
            result = reader.backup(target)
    except LedgerError as error:
        fail(str(error), Exit.WRONG)
    click.echo(f"{target}: {_said(result)}")


@group.command()
@click.argument("backup_file", metavar="BACKUP", type=click.Path(dir_okay=False, path_type=Path))
@state_option
@ledger_option
def restore(backup_file: Path, ledger: LedgerPlace, **_: object) -> None:
    """Verify BACKUP and make it the ledger; the old one is kept aside. Stop the daemon first."""
    try:
        restored = ledger.restore(backup_file, SystemClock().now())
    except LedgerError as error:
        fail(str(error), Exit.WRONG)
    click.echo(f"{ledger}: {_said(restored.result)}")
    if restored.kept:
        click.echo(f"the ledger that stood there is kept as {restored.kept}")


def _said(result: VerifyResult) -> str:
    return f"{result.rows} rows hold, head {result.head.hex()}"
