"""What the shell loads before it works: version, help and completion need no library of the daemon.

Each is run in a process of its own, which lists what it imported. Only the packages that
pyproject.toml names are compared, not their dependencies.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from monitor.cli.commands import COMMANDS

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config" / "schools.yaml"
PROGRAM = """
import atexit, sys
atexit.register(lambda: print("loaded:", *sys.modules, file=sys.stderr))
from monitor.cli import main
main(sys.argv[1:], prog_name="schulnetz")
"""

CONFIGURATION = {"pydantic", "yaml", "holidays", "idna"}
ALLOWED = {
    "campaign": {"rich", "holidays"},
    "check": {"rich", *CONFIGURATION},
    "contacts": CONFIGURATION,
    "discover": CONFIGURATION,
    "doctor": {"rich", *CONFIGURATION},
    "import": CONFIGURATION,
    "init": CONFIGURATION,
    "maintenance": {"rich"},
    "record": {"rich", "idna"},
    "schema": CONFIGURATION,
    "sla": {"rich", "holidays"},
    "walk": {"rich", "idna"},
}
"""Third parties that a command's help loads; one that is not listed needs none of them."""


def dependencies() -> set[str]:
    """Return the packages, as they are imported, of what pyproject.toml names; click is for all."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {re.split(r"[\[>]", one)[0].casefold() for one in project["dependencies"]} - {"click"}
    return {
        package
        for package, owners in packages_distributions().items()
        if named & {owner.casefold() for owner in owners} and not package.startswith("_")
    }


def loaded(*arguments: str, **variables: str) -> set[str]:
    """Return which third parties a run of the program imports."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=ROOT,
        env={**os.environ, **variables},
    )
    (line,) = [one for one in done.stderr.splitlines() if one.startswith("loaded:")]
    assert done.returncode == 0, done.stderr
    assert done.stdout, "something was printed"
    return {one.partition(".")[0] for one in line.split()[1:]} & dependencies()


def test_the_heavy_libraries_are_among_those_looked_for() -> None:
    heavy = {"sqlalchemy", "aiohttp", "jinja2", "pysnmp", "cryptography", "pydantic", "yaml"}
    assert heavy <= dependencies()
    assert "aiohttp" in loaded("demo", "--fault", "x@help")


@pytest.mark.parametrize("asked", ["--version", "--help", "version"])
def test_version_and_help_load_no_dependency_but_click(asked: str) -> None:
    assert not loaded(asked)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("typed", ["", "re", "--"])
def test_completing_a_command_loads_no_dependency_but_click(shell: str, typed: str) -> None:
    found = loaded(
        _SCHULNETZ_COMPLETE=f"{shell}_complete",
        COMP_WORDS=f"schulnetz {typed}",
        COMP_CWORD=typed if shell == "fish" else "1",
    )
    assert not found


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_loads_only_what_is_listed_here(name: str) -> None:
    assert loaded(name, "--help") == ALLOWED.get(name, set())


def cpu_seconds(*command: str) -> float:
    """Return the CPU time of a process, the least of three: other programs only ever add to it."""
    found = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, *command], check=True, capture_output=True, timeout=300, cwd=ROOT
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found)


def test_check_takes_under_three_times_the_cpu_of_parsing_and_validating() -> None:
    program = (
        f"from pathlib import Path; from monitor.config import load; load(Path({str(CONFIG)!r}))"
    )
    alone = cpu_seconds("-c", program)
    assert cpu_seconds("-m", "monitor", "check", str(CONFIG)) < 3 * alone
