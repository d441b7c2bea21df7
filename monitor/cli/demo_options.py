"""Options of the demo that other commands share, and their defaults.

Must not know: how the demo runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NoReturn

import click
from click.core import ParameterSource

from monitor.cli.common import NAMED, Exit, fail
from monitor.cli.demo_note import running_note
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


def config_or_example(config: Path) -> Path:
    """Return the given configuration; without one, the example city."""
    is_named = click.get_current_context().get_parameter_source("config") in NAMED
    return config if is_named else shipped(EXAMPLE_CITY)


def config_of_demo(config: Path, state_directory: Path | None, *, of_demo: bool = True) -> Path:
    """Return the configuration of the demo that keeps its state there, unless `--config` is given.

    The variable may name that of the real city. Of a demo that has ended nothing is known.
    """
    given = click.get_current_context().get_parameter_source("config")
    if not of_demo or given is ParameterSource.COMMANDLINE:
        return config
    note = running_note(state_directory or STATE_DIRECTORY)
    return config_or_example(config) if note is None else Path(note.config)


def refuse_without_demo(state_directory: Path) -> NoReturn:
    """Exit because no demo keeps its state in a folder, and say how to start or name one."""
    fail(
        f"no demo keeps its state in {state_directory}; start one with `schulnetz demo`, "
        "or name its folder with --state-dir",
        Exit.WRONG,
    )
