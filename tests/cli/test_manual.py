"""The manual page: made from the commands' own help, and read by groff."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from monitor.cli.importing import NETBOX_VARIABLE
from tests.cli.test_main import commands
from tools.manual import manual_page

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).parent


def variables() -> set[str]:
    """Return the environment variables of the commands' options, and those read beside them."""
    found = {"STATE_DIRECTORY", NETBOX_VARIABLE, "PGPASSFILE", "SCHULNETZ_SNMP_COMMUNITY"}
    for command in commands().values():
        found |= {str(one.envvar) for one in command.params if one.envvar}
    return found


def test_groff_reads_the_page_without_a_warning_and_it_has_every_command(tmp_path: Path) -> None:
    page = tmp_path / "schulnetz.1"
    page.write_text(manual_page(), encoding="utf-8")
    command = [
        "groff",
        "-K",
        "utf8",
        "-T",
        "utf8",
        "-man",
        "-ww",
        "-rLL=200n",
        "-P-cbou",
        str(page),
    ]
    read = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert read.stderr == ""
    for name in commands():
        assert f"schulnetz {name} " in read.stdout, name
    assert "Exit codes" not in read.stdout
    lines = read.stdout.splitlines()
    assert "SCHOOL" not in {line.strip() for line in lines}, "an argument without a word"
    for variable in variables():
        assert any(line.strip().startswith(variable) for line in lines), variable
    for said in ("EXIT STATUS", "--state-dir", "SCHULNETZ_CONFIG", "4 a probed check failed"):
        assert said in read.stdout, said
