"""The manual page: made from the commands' own help, and read by groff."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.cli.test_main import commands
from tools.manual import manual_page

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).parent


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
    for said in ("EXIT STATUS", "--state-dir", "SCHULNETZ_CONFIG", "4 a probed check failed"):
        assert said in read.stdout, said
