"""`schulnetz`, the program itself: what it is for, its version and its exit codes.

Must not know: any single command; `commands.py` lists them.
"""

from __future__ import annotations

import click

from monitor.cli.commands import ListedCommands
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
