"""`schulnetz backfill`: the roll-out's history for a Prometheus that was not running then.

Must not know: how anything is counted, or the OpenMetrics format.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.common import (
    Exit,
    config_option,
    fail,
    mode_option,
    read_inventory,
    state_option,
)
from monitor.cli.ledger_option import ledger_option
from monitor.cli.output import say
from monitor.clock import SystemClock
from monitor.ledger.chain import LedgerError
from monitor.report.backfill import DAY, HOUR, write_openmetrics
from monitor.report.history import read_history
from monitor.rollout.goal_records import configured_scope
from monitor.state.whole_file import whole_text

if TYPE_CHECKING:
    from monitor.ledger.place import LedgerPlace


@click.command()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The OpenMetrics file to write.",
)
@click.option(
    "--step",
    type=click.Choice(["hour", "day"]),
    default="hour",
    show_default=True,
    help="Interval between samples.",
)
@click.option("--sites", is_flag=True, help="Also the stage of each site; large with --step hour.")
@mode_option
@config_option
@state_option
@ledger_option
def backfill(  # noqa: PLR0913, PLR0917  # one per option, passed by name
    out: Path,
    step: str,
    sites: bool,  # noqa: FBT001  # click passes flags by name
    mode: int | None,
    config: Path,
    ledger: LedgerPlace,
    **_: object,
) -> None:
    """Write the roll-out's history as OpenMetrics."""
    inventory = read_inventory(config)
    now = SystemClock().now()
    try:
        with ledger.open_reader() as reader:
            history = read_history(reader, now, configured_scope(inventory, now))
        with whole_text(out, mode=mode) as stream:
            apart = HOUR if step == "hour" else DAY
            written = write_openmetrics(history, stream, now, apart, sites=sites)
    except LedgerError as error:
        fail(str(error), Exit.WRONG)
    except OSError as error:
        fail(f"{out}: {error.strerror}", Exit.WRONG)
    if written.first is None or written.last is None:
        say(f"{out}: the ledger contains no stage and no goal yet; nothing to backfill")
        return
    span = f"{written.first:%Y-%m-%d} to {written.last:%Y-%m-%d}"
    say(f"{out}: {written.samples} samples, {span}")
    say(
        f"next: promtool tsdb create-blocks-from openmetrics {out} DATA_DIR "
        "--max-block-duration=720h"
    )
