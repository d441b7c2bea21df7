"""`schulnetz sla`: a month's availability against the contract, ready for the provider.

Must not know: how minutes are recorded or summed up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from monitor.calendar import SchoolCalendar
from monitor.cli.common import Exit, config_option, fail, read_inventory, state_option
from monitor.cli.ledger_option import ledger_option
from monitor.cli.output import say_document, show
from monitor.clock import SystemClock
from monitor.rollout.chain import LedgerError
from monitor.rollout.sla import month_entries, sla_report
from monitor.rollout.sla_output import outages_to_csv, to_csv, to_json, to_table

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.rollout.place import LedgerPlace


@click.command()
@click.option("--month", metavar="YYYY-MM", help="Which month.  [default: this one]")
@click.option("--provider", metavar="NAME", help="Only sites with this provider.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "outages-csv", "json"]),
    default="table",
    show_default=True,
    help="csv has a line per site, outages-csv a line per outage.",
)
@config_option
@state_option
@ledger_option
def sla(
    month: str | None,
    provider: str | None,
    form: str,
    config: Path,
    ledger: LedgerPlace,
    **_: object,
) -> None:
    """Report the month's availability per site, with every outage."""
    inventory = read_inventory(config)
    now = SystemClock().now()
    calendar = SchoolCalendar(inventory.calendar)
    wanted = month or f"{now.astimezone(calendar.timezone):%Y-%m}"
    try:
        with ledger.open_reader() as reader:
            ends = " ".join(map(str, reader.heads()))
            report = sla_report(
                month_entries(reader, wanted, inventory.calendar.timezone),
                inventory,
                wanted,
                now=now,
                in_lessons=calendar.in_lessons,
                provider=provider,
                ledger=ends,
            )
    except (LedgerError, ValueError) as error:
        fail(str(error), Exit.WRONG)
    if form == "table":
        show(to_table(report))
    else:
        shape = {"csv": to_csv, "outages-csv": outages_to_csv, "json": to_json}[form]
        say_document(shape(report))
