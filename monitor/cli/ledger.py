"""`schulnetz ledger`: verify, export, back up and restore the evidence.

Must not know: what the entries mean, how the chain is made.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from monitor.cli.common import Exit, fail, state_option
from monitor.clock import SystemClock
from monitor.daemon import LEDGER_FILE
from monitor.rollout.chain import LedgerError
from monitor.rollout.reader import VerifyResult, open_reader
from monitor.rollout.restore import restore as put_in_place


@click.group()
def ledger() -> None:
    """Check, copy and restore the ledger that keeps the evidence."""


@ledger.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@state_option
def verify(file: Path | None, state_dir: Path) -> None:
    """Check every row of the ledger, or of FILE; exit 1 at the first that does not hold."""
    path = file or state_dir / LEDGER_FILE
    try:
        with open_reader(path) as reader:
            result = reader.verify()
    except LedgerError as error:
        fail(str(error), Exit.WRONG)
    if not result.ok:
        place = f"first bad row {result.first_bad}" if result.first_bad else "not in a single row"
        fail(f"{path}: {result.problem} ({place}; {result.rows} rows hold)", Exit.WRONG)
    click.echo(f"{path}: {_said(result)}")


@ledger.command()
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="A new file.  [default: stdout]"
)
@state_option
def export(out: Path | None, state_dir: Path) -> None:
    """Write every row as one line of JSON."""
    try:
        with open_reader(state_dir / LEDGER_FILE) as reader:
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


@ledger.command()
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@state_option
def backup(target: Path, state_dir: Path) -> None:
    """Copy the ledger to TARGET and verify the copy; the daemon may run meanwhile."""
    try:
        with open_reader(state_dir / LEDGER_FILE) as reader:
            result = reader.backup(target)
    except LedgerError as error:
        fail(str(error), Exit.WRONG)
    click.echo(f"{target}: {_said(result)}")


@ledger.command()
@click.argument("backup_file", metavar="BACKUP", type=click.Path(dir_okay=False, path_type=Path))
@state_option
def restore(backup_file: Path, state_dir: Path) -> None:
    """Verify BACKUP and make it the ledger; the old one is kept aside. Stop the daemon first."""
    path = state_dir / LEDGER_FILE
    try:
        restored = put_in_place(backup_file, path, SystemClock().now())
    except LedgerError as error:
        fail(str(error), Exit.WRONG)
    click.echo(f"{path}: {_said(restored.result)}")
    if restored.kept is not None:
        click.echo(f"the ledger that stood there is kept as {restored.kept}")


def _said(result: VerifyResult) -> str:
    return f"{result.rows} rows hold, head {result.head.hex()}"
