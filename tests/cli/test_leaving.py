"""The program's end: its exit code and whole output, whatever its threads still do."""

from __future__ import annotations

import subprocess
import sys

import pytest

from monitor.cli.common import Exit

# Two threads in compiled code of pydantic, which calls back, as those that decode a ledger do.
BUSY = """
import os
from threading import Event
from typing import Annotated
import click
from pydantic import BeforeValidator, TypeAdapter
from monitor.cli import main, start
from monitor.cli.common import fail
from monitor.threads import Threads

begun = Event()
rows = TypeAdapter(list[Annotated[int, BeforeValidator(lambda row: (begun.set(), row)[1])]])

def work():
    while True:
        rows.validate_python([1] * 10_000)

@main.command()
@click.option("--fails", is_flag=True)
def busy(fails):
    threads = Threads("readers", 2, 0)
    threads.submit(work)
    threads.submit(work)
    begun.wait()
    threads.shutdown(wait=False)
    print("x" * 100_000)
    if fails:
        fail("it cannot be done", 3)

start()
"""


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BUSY, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [((), Exit.OK, ""), (("--fails",), Exit.CANNOT_START, "error: it cannot be done\n")],
)
def test_threads_in_compiled_code_do_not_abort_the_program(
    words: tuple[str, ...], code: int, error: str
) -> None:
    done = run("busy", *words)
    assert (done.returncode, done.stderr) == (code, error)
    assert done.stdout == "x" * 100_000 + "\n"


def test_without_threads_the_program_ends_as_usual() -> None:
    done = run("version", "--nothing")
    assert done.returncode == Exit.USAGE
    assert "No such option" in done.stderr
