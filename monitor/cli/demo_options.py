"""Options of the demo that other commands share, and their defaults.

Must not know: how the demo runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NoReturn

import click

from monitor.cli.common import NAMED, Exit, fail
from monitor.shipped import EXAMPLE_CITY, shipped

DEVICE_PORT: Final = 16100
STATE_DIRECTORY: Final = Path("demo-state")
EXAMPLE: Final = "the example city"

running_state_option = click.option(
    "--state-dir",
    type=click.Path(path_type=Path),
    help=f"Where the running demo keeps its state.  [default: {STATE_DIRECTORY}]",
)
"""`--state-dir` of a command that talks to a running demo."""


def config_of_demo(config: Path, *, of_demo: bool = True) -> Path:
    """Return the given configuration; without one, a demo uses the example city."""
    is_named = click.get_current_context().get_parameter_source("config") in NAMED
    return config if is_named or not of_demo else shipped(EXAMPLE_CITY)


def refuse_without_demo(state_directory: Path) -> NoReturn:
    """Exit because no demo keeps its state in a folder, and say how to start or name one."""
    fail(
        f"no demo keeps its state in {state_directory}; start one with `schulnetz demo`, "
        "or name its folder with --state-dir",
        Exit.WRONG,
    )
