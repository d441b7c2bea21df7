"""`make bench`: every part in turn, into the tables of bench/README.md.

Each part is measured in a process of its own, so that no part pays for the memory of another, and
for a bounded time. `python -m bench --only NAME` measures one part and prints it; only a run of all
parts is written, so that the figures of the README belong together.

Must not know: how a part measures.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.part import Part, from_json, goal_table, to_json
from tools.guardian import guarded
from tools.processes import running

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- figures of the last run -->", "<!-- end of figures -->"

# The most seconds that each part may take; usually it takes a third to a half less.
PARTS = {
    "snmp": 60.0,
    "usm": 60.0,
    "icmp": 120.0,
    "exposition": 60.0,
    "city": 240.0,
    "sites": 800.0,
    "pages": 300.0,
    "prometheus": 800.0,
    "stack": 1200.0,
    "many": 1200.0,
}


class PartError(RuntimeError):
    """A part could not be measured; the message says which and why."""


def main(arguments: Sequence[str]) -> int:
    """Measure what is asked for; return the exit code: 0, or 1 if a part failed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the monitor.")
    parser.add_argument("--only", choices=PARTS, help="measure and print one part")
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.json:
        print(to_json(measured_here(options.only)))
        return 0
    try:
        if options.only:
            print(_measured(options.only, PARTS[options.only]).markdown())
            return 0
        parts = {name: _measured(name, seconds) for name, seconds in PARTS.items()}
    except PartError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    figures = report(parts)
    README.write_text(between(README.read_text(encoding="utf-8"), figures), encoding="utf-8")
    print(figures)
    return 0


def measured_here(name: str) -> Part:
    """Measure a part in this process."""
    part = importlib.import_module(f"bench.{name}").run()
    if not isinstance(part, Part):
        raise TypeError(f"bench.{name}.run() returned no Part")
    return part


def report(parts: Mapping[str, Part]) -> str:
    """Return a whole run as Markdown: ratios first, then absolute figures, then each part."""
    goals = [goal for part in parts.values() for goal in part.goals]
    sections = [
        "## Against the peers",
        "Ratios of CPU time, all from the same run: they are comparable across machines.",
        goal_table(tuple(goal for goal in goals if goal.ratio)),
        "## Absolute",
        f"On this machine: {_machine()}.",
        goal_table(tuple(goal for goal in goals if not goal.ratio)),
        "## Part by part",
    ]
    for name, part in parts.items():
        sections += [table.markdown() for table in part.tables]
        sections.append(f"Again: `.venv/bin/python -m bench --only {name}`")
    return "\n\n".join(sections)


def between(text: str, figures: str) -> str:
    """Return the text with the figures in place of those between the markers.

    Raises:
        ValueError: if the text has not both markers, in order.
    """
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{BEGIN} and {END} are missing")
    return f"{head}{begin}\n\n{figures}\n\n{end}{tail}"


def _measured(name: str, seconds: float) -> Part:
    """Measure a part in a process of its own.

    Raises:
        PartError: if it failed, or took longer than it may.
    """
    sys.stderr.write(f"{name}: at most {seconds:.0f} s ... ")
    sys.stderr.flush()
    began = time.monotonic()
    command = (sys.executable, "-m", "bench", "--only", name, "--json")
    # Interrupted as by Ctrl-C, so that the part stops what it has started.
    with running(*command, stdout=subprocess.PIPE, ends_by=signal.SIGINT) as process:
        try:
            said, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise PartError(f"bench.{name} was not done after {seconds:.0f} s") from None
    if process.returncode:
        raise PartError(f"bench.{name} failed with exit code {process.returncode}")
    sys.stderr.write(f"{time.monotonic() - began:.0f} s\n")
    return from_json(said)


def _machine() -> str:
    models = (
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    )
    model = next(models, platform.machine())
    return f"{os.cpu_count()} cores, {model}, Python {platform.python_version()}"


if __name__ == "__main__":
    with guarded():
        code = main(sys.argv[1:])
    sys.exit(code)
