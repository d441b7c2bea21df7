"""Completion: each shell, set up as in docs/cli.md, completes commands and options."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).parent
LONGEST_SECONDS = 120

# The typed text, and the word offered to complete it.
OFFERED = {
    "schulnetz pro": "probe",
    "schulnetz demo br": "break",
    "schulnetz probe --on": "--only",
    "schulnetz sla --lang d": "de",
}


def line_of(shell: str) -> str:
    """Return the line of docs/cli.md that sets up completion in a shell."""
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    found = re.search(rf"^\| {shell} \| `\S+` \| `(.+)` \|$", text, re.MULTILINE)
    assert found, shell
    return found[1].replace(r"\|", "|")


def said_by(shell: str, script: str, home: Path) -> list[str]:
    """Return the output lines of a script in a shell with an empty home."""
    path = f"{PROGRAM}{os.pathsep}{os.environ['PATH']}"
    place = {"HOME": str(home), "ZDOTDIR": str(home), "XDG_CONFIG_HOME": str(home)}
    found = subprocess.run(
        [shell, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=LONGEST_SECONDS,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **place, "PATH": path, "TERM": "dumb"},
    )
    assert found.stderr == ""
    return found.stdout.splitlines()


def test_bash_completes_with_the_documented_line(tmp_path: Path) -> None:
    asked = (
        f"COMPREPLY=(); COMP_WORDS=({typed}); COMP_CWORD={len(typed.split()) - 1}; "
        '_schulnetz_completion schulnetz; echo "${COMPREPLY[@]}"'
        for typed in OFFERED
    )
    said = said_by("bash", "; ".join([line_of("bash"), *asked]), tmp_path)
    assert said == list(OFFERED.values())


def test_fish_completes_with_the_documented_line(tmp_path: Path) -> None:
    asked = (f"complete -C '{typed}'" for typed in OFFERED)
    said = said_by("fish", "; ".join([line_of("fish"), *asked]), tmp_path)
    # fish appends the meaning of the word.
    assert [line.partition("\t")[0] for line in said if line] == list(OFFERED.values())


@pytest.mark.parametrize("typed", ["schulnetz pro", "schulnetz sla --lang d"])
def test_zsh_completes_with_the_documented_line(typed: str, tmp_path: Path) -> None:
    show = "show() { print -r -- \"LINE<$BUFFER>\" }; zle -N show; bindkey '^T' show"
    settings = "\n".join((line_of("zsh"), show, "PS1='READY> '", ""))
    (tmp_path / ".zshrc").write_text(settings, encoding="utf-8")
    # Only an interactive zsh completes, so it gets its own terminal.
    script = (
        "zmodload zsh/zpty; zpty inner zsh -i; zpty -r inner said '*READY*'; "
        f"zpty -n -w inner '{typed}'$'\\t\\x14'; zpty -r inner said '*LINE<*>*'; "
        "print -r -- $said; zpty -d inner"
    )
    said = "\n".join(said_by("zsh", script, tmp_path))
    assert f"LINE<{typed[: typed.rindex(' ')]} {OFFERED[typed]} >" in said
