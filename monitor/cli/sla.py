"""`schulnetz sla`: a month's availability against the contract, ready for the provider.

Must not know: how minutes are recorded or summed up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from monitor.availability.sla import month_entries, sla_report
from monitor.availability.sla_output import excuses_to_csv, outages_to_csv, to_csv, to_json
from monitor.availability.sla_table import to_table
from monitor.calendar.school_days import SchoolCalendar
from monitor.cli.common import (
    Exit,
    config_option,
    fail,
    json_option,
    language_option,
    state_option,
)
from monitor.cli.demo_reading import demo_option, inventory_of
from monitor.cli.excuse import excuse
from monitor.cli.ledger_option import ledger_option
from monitor.cli.output import say, say_document, show
from monitor.cli.verified import fault_of, sealed, words_of
from monitor.clock import SystemClock
from monitor.ledger.chain import LedgerError
from monitor.words.sla import LEDGER

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.ledger.place import LedgerPlace
    from monitor.words.text import Language

_SHAPES: Final = {
    "csv": to_csv,
    "outages-csv": outages_to_csv,
    "excuses-csv": excuses_to_csv,
    "json": to_json,
}


@click.group(invoke_without_command=True)
@click.option("--month", metavar="YYYY-MM", help="The month. [default: the current one]")
@click.option("--provider", metavar="NAME", help="Only sites with this provider: its name or key.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "outages-csv", "excuses-csv", "json"]),
    default="table",
    show_default=True,
    help="csv has one line per site, outages-csv per outage, excuses-csv per excuse.",
)
@language_option("the table; the other formats are data")
@json_option
@demo_option
@config_option
@state_option
@ledger_option
@click.pass_context
def sla(  # noqa: PLR0913  # one per option, passed by name
    context: click.Context,
    /,
    *,
    month: str | None,
    provider: str | None,
    form: str,
    language: Language,
    as_json: bool,
    of_demo: bool,
    config: Path,
    state_dir: Path,
    ledger: LedgerPlace,
) -> None:
    """Report a month's availability per site, with every outage.

    The ledger is verified first; if it does not hold, the report says so and the exit code is 1.
    """
    if context.invoked_subcommand is not None:
        return
    inventory = inventory_of(config, state_dir, of_demo=of_demo)
    now = SystemClock().now()
    calendar = SchoolCalendar(inventory.calendar)
    wanted = month or f"{now.astimezone(calendar.timezone):%Y-%m}"
    problem = ""
    try:
        with ledger.open_reader() as reader:
            result, heads = sealed(reader)
            problem = "" if result.ok else fault_of(ledger, result)
            report = sla_report(
                month_entries(reader, wanted, inventory.calendar.timezone),
                inventory,
                wanted,
                now=now,
                in_lessons=calendar.in_lessons,
                provider=provider,
                ledger=words_of(heads),
                problem=problem,
            )
    except (LedgerError, ValueError) as error:
        fail("; ".join(filter(None, (problem, str(error)))), Exit.WRONG)
    if report.problem:
        say(f"error: {report.problem}; the figures are no evidence", err=True)
    if as_json:
        say_document(to_json(report))
    elif form == "table":
        show(to_table(report, language))
        if report.ledger:
            # Not in the table: an anchor is one word, longer than a narrow terminal's line.
            say(f"{LEDGER.of(language)}: {report.ledger}")
    else:
        say_document(_SHAPES[form](report))
    if report.problem:
        raise SystemExit(Exit.WRONG)


sla.add_command(excuse)
