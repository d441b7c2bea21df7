"""The manual page and completion: made from the commands' own help, and read by real programs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

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


def completed(*words: str) -> set[str]:
    """Return what bash offers for the last word, by the line of docs/cli.md."""
    line = 'eval "$(_SCHULNETZ_COMPLETE=bash_source schulnetz)"'
    assert line in (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    script = (
        f"{line}; COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; "
        "_schulnetz_completion schulnetz; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    path = f"{PROGRAM}{os.pathsep}{os.environ['PATH']}"
    found = subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={**os.environ, "PATH": path},
    )
    assert found.stderr == ""
    return set(found.stdout.split())


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("schulnetz", "pro"), "probe"),
        (("schulnetz", "demo", "br"), "break"),
        (("schulnetz", "probe", "--on"), "--only"),
        (("schulnetz", "sla", "--lang", "d"), "de"),
    ],
)
def test_bash_completes_as_the_document_says(words: tuple[str, ...], offered: str) -> None:
    assert offered in completed(*words)


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_their_completion_script(shell: str) -> None:
    environment = {**os.environ, "_SCHULNETZ_COMPLETE": f"{shell}_source"}
    found = subprocess.run(
        [PROGRAM / "schulnetz"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=environment,
    )
    assert "_SCHULNETZ_COMPLETE" in found.stdout
    assert f"{shell}_complete" in found.stdout
