"""`--demo` of a command that reads the ledger: the running demo's city, state folder and past.

Must not know: any single command, or how a demo runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from monitor.cli.common import is_there, read_inventory
from monitor.cli.demo_note import running_note, simulated
from monitor.cli.demo_options import STATE_DIRECTORY, config_of_demo, refuse_without_demo
from monitor.ledger.place import LEDGER_FILE
from monitor.shipped import EXAMPLE_CITY, shipped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from monitor.inventory.city import Inventory

Command = TypeVar("Command", bound="Callable[..., Any]")


def demo_option(command: Command) -> Command:
    """Add `--demo` as `of_demo`; with it, the defaults of the other options are the demo's."""
    return click.option(
        "--demo",
        "of_demo",
        is_flag=True,
        # Before the options whose defaults it changes.
        is_eager=True,
        callback=_with_defaults,
        help="Of the demo, running or ended, as its page shows it.",
    )(command)


def _with_defaults(context: click.Context, _: click.Parameter, value: bool) -> bool:  # noqa: FBT001  # click passes flags so
    if value:
        context.default_map = {"config": shipped(EXAMPLE_CITY), "state_dir": STATE_DIRECTORY}
    return value


def inventory_of(config: Path, state_directory: Path, *, of_demo: bool) -> Inventory:
    """Return the configured inventory, or what a demo has made of it.

    Also one that has ended, but then with all schools. Exits if the configuration has errors, or no
    demo has been in that folder.
    """
    inventory = read_inventory(config_of_demo(config, state_directory, of_demo=of_demo))
    if not of_demo:
        return inventory
    # The simulator takes long to load.
    from monitor.cli.demo_past import with_past  # noqa: PLC0415

    if running_note(state_directory) is None and not is_there(state_directory / LEDGER_FILE):
        refuse_without_demo(state_directory)
    return with_past(state_directory, simulated(inventory, state_directory))
