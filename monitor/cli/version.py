"""`schulnetz version`: the version of the package and of Python.

Must not know: any other command.
"""

from __future__ import annotations

import platform

import click

from monitor import __version__
from monitor.cli.output import say

VERSION = f"schulnetz {__version__} (Python {platform.python_version()})"


@click.command()
def version() -> None:
    """Print the version."""
    say(VERSION)
