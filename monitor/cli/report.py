"""`schulnetz report`: progress towards the goal, its evidence, and the forecast.

Must not know: how anything is counted or formatted.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from monitor.cli.common import (
    Exit,
    config_option,
    fail,
    language_option,
    mode_option,
    state_option,
    write_document,
)
from monitor.cli.demo_reading import demo_option, inventory_of
from monitor.cli.ledger_option import ledger_option
from monitor.cli.output import say
from monitor.cli.verified import fault_of, sealed, words_of
from monitor.clock import SystemClock
from monitor.ledger.chain import LedgerError, LedgerLockedError
from monitor.report.report import end_of, record, rollout_report

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.inventory.city import Inventory
    from monitor.ledger.place import LedgerPlace
    from monitor.report.report import RolloutReport
    from monitor.words.text import Language

_NO_GOAL = "no goal is configured: `goals: connectivity:` names one"
_DAY = click.DateTime(formats=["%Y-%m-%d", "%d.%m.%Y"])


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["md", "html", "csv", "json"]),
    default="md",
    show_default=True,
    help="html is one file to print on A4; csv has one line per site.",
)
@language_option("md and html; the other formats are data")
@click.option("--as-of", type=_DAY, metavar="DATE", help="As known at the end of that day.")
@click.option(
    "--since",
    type=_DAY,
    metavar="DATE",
    help="List what changed since the end of that day.  [default: since the last recorded report]",
)
@click.option("--record", "recording", is_flag=True, help="Record this report in the ledger.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write there.  [default: stdout]"
)
@mode_option
@demo_option
@config_option
@state_option
@ledger_option
def report(  # noqa: PLR0913, PLR0917  # one per option, passed by name
    form: str,
    language: Language,
    as_of: datetime | None,
    since: datetime | None,
    recording: bool,  # noqa: FBT001  # click passes flags by name
    out: Path | None,
    mode: int | None,
    of_demo: bool,  # noqa: FBT001  # the same
    config: Path,
    state_dir: Path,
    ledger: LedgerPlace,
) -> None:
    """Report the roll-out: goal, forecast, regressions, evidence."""
    # Its help needs no templates.
    from monitor.report.output import to_csv, to_html, to_json, to_markdown  # noqa: PLC0415

    inventory = inventory_of(config, state_dir, of_demo=of_demo)
    made = _made(inventory, ledger, as_of, since)
    if not made.has_goal:
        if recording:
            fail(f"{_NO_GOAL}; without one there is nothing to record", Exit.WRONG)
        say(f"{_NO_GOAL}; all listed sites are counted", err=True)
    shapes: dict[str, Callable[[RolloutReport], str]] = {
        "md": partial(to_markdown, language=language),
        "html": partial(to_html, language=language),
        "csv": to_csv,
        "json": to_json,
    }
    write_document(shapes[form](made), out, mode)
    if recording:
        _record(ledger, made)


def _made(
    inventory: Inventory, ledger: LedgerPlace, as_of: datetime | None, since: datetime | None
) -> RolloutReport:
    now = SystemClock().now().replace(microsecond=0)
    if (
        as_of is not None
        and as_of.date() > now.astimezone(ZoneInfo(inventory.calendar.timezone)).date()
    ):
        fail(f"--as-of {as_of:%Y-%m-%d} has not come yet", Exit.WRONG)
    try:
        at, begin = (_end_of(day, inventory) for day in (as_of, since))
        with ledger.open_reader() as reader:
            result, heads = sealed(reader)
            if not result.ok:
                fault = fault_of(ledger, result)
                fail(f"{fault}; a report on it would be no evidence", Exit.WRONG)
            return rollout_report(
                reader,
                inventory,
                min(at or now, now),
                since=begin,
                ledger=words_of(heads),
            )
    except (LedgerError, ValueError) as error:
        fail(str(error), Exit.WRONG)


def _end_of(day: datetime | None, inventory: Inventory) -> datetime | None:
    return None if day is None else end_of(day.date(), inventory.calendar.timezone)


def _record(ledger: LedgerPlace, made: RolloutReport) -> None:
    try:
        store = ledger.open_store(SystemClock().now())
        try:
            store.append(store.link([record(made)]))
        finally:
            store.close()
    except LedgerLockedError as error:
        day = made.as_of.astimezone(ZoneInfo(made.timezone)).date()
        fail(f"not recorded: {error}; or say --since {day} the next time", Exit.WRONG)
    except LedgerError as error:
        fail(f"not recorded: {error}", Exit.WRONG)
