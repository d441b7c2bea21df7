"""`schulnetz`, the program itself: what it is for, its version and its exit codes.

Must not know: any single command; `commands.py` lists them.
"""

from __future__ import annotations

from typing import NoReturn

import click

from monitor.cli.commands import ListedCommands
from monitor.cli.leaving import leave
from monitor.cli.version import VERSION

EPILOG = """\b
Exit codes: 0 success; 1 the configuration or an argument is wrong;
2 wrong usage; 3 the daemon could not start, or crashed; 4 a probed check failed."""


@click.group(
    cls=ListedCommands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(VERSION, message="%(version)s")
def main() -> None:
    """Monitor every school's uplink and switches, and report which schools are connected."""


def start(name: str | None = None) -> NoReturn:
    """Run the program with the process's arguments, and end the process with its exit code.

    `name` is what help and errors call the program; by default, how it was called.
    """
    try:
        main(prog_name=name)
    except SystemExit as end:
        leave(end.code if isinstance(end.code, int) else int(end.code is not None))
    leave(0)
