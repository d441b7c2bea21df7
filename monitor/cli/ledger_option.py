"""`--ledger` and `--ledger-writer`: which ledger a command writes or reads.

Must not know: any single command, or what is in a ledger.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click
from click.core import ParameterSource

from monitor.cli.common import Exit, fail, unit_of
from monitor.ledger.chain import LedgerError
from monitor.ledger.place import LEDGER_FILE, SqlitePlace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from monitor.ledger.place import LedgerPlace

Command = TypeVar("Command", bound="Callable[..., Any]")

VARIABLE = "SCHULNETZ_LEDGER"


def ledger_url_option(command: Command) -> Command:
    """Add only `--ledger URL`."""
    return click.option(
        "--ledger",
        "ledger_url",
        envvar=VARIABLE,
        default=_of_service("ledger"),
        metavar="URL",
        help=f"A PostgreSQL database instead of the file in --state-dir; also ${VARIABLE}.",
    )(command)


def ledger_option(command: Command) -> Command:
    """Add the options; the command gets a `LedgerPlace` as `ledger`, and needs `state_dir`."""

    @ledger_url_option
    @click.option(
        "--ledger-writer",
        envvar=f"{VARIABLE}_WRITER",
        default=_of_service("ledger_writer"),
        metavar="NAME",
        help="Whose ledger to use in that database. [default: run writes main, others read all]",
    )
    @click.pass_context
    @functools.wraps(command)
    def with_place(
        context: click.Context,
        /,
        *,
        ledger_url: str | None,
        ledger_writer: str | None,
        state_dir: Path,
        **others: object,
    ) -> object:
        place = _place(context, ledger_url, ledger_writer, state_dir)
        return command(ledger=place, state_dir=state_dir, **others)

    return with_place  # type: ignore[return-value]  # what click makes of a command


def _of_service(name: Literal["ledger", "ledger_writer"]) -> Callable[[], str | None]:
    """Return the default: the installed service's value, if its state directory is used."""

    def default() -> str | None:
        context = click.get_current_context()
        unit = unit_of(context)
        if unit is None or context.params.get("state_dir") != unit.state_directory:
            return None
        return unit.ledger if name == "ledger" else unit.ledger_writer

    return default


def _place(
    context: click.Context, url: str | None, writer: str | None, state_dir: Path
) -> LedgerPlace:
    if context.params.get("of_demo"):
        # It has its own file, even where $SCHULNETZ_LEDGER is set.
        return SqlitePlace(state_dir / LEDGER_FILE)
    if url is None:
        if writer is not None:
            fail("--ledger-writer needs a database; name it with --ledger", Exit.USAGE)
        return SqlitePlace(state_dir / LEDGER_FILE)
    from monitor.ledger.postgres import postgres_place  # noqa: PLC0415  # SQLAlchemy takes long to load

    try:
        place = postgres_place(url, writer)
    except LedgerError as error:
        fail(str(error), Exit.USAGE)
    given = context.get_parameter_source("ledger_url")
    if place.url.password is not None and given is ParameterSource.COMMANDLINE:
        fail(
            "a password on the command line can be read by everybody on this machine; "
            f"set ${VARIABLE} to the URL, or put the password into a file that $PGPASSFILE names",
            Exit.USAGE,
        )
    return place
