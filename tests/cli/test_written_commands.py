"""Each command in the documentation exists, with the options shown there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from monitor.cli.commands import Listed
from monitor.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
_FENCED = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`([^`]+)`")
_ENDS = {"|", ">", ">>", "&&", ";", "<"}


def written(text: str) -> Iterator[list[str]]:
    """Yield the words of each `schulnetz` command in shell blocks and inline code."""
    lines = [
        line
        for block in _BLOCK.findall(text)
        for line in block.replace("\\\n", " ").splitlines()
        if "schulnetz " in line
    ]
    lines += [" ".join(span.split()) for span in _SPAN.findall(_FENCED.sub("", text))]
    for line in lines:
        found = re.match(r"(?:\S*/)?schulnetz (?!-)", line.strip())
        if found:
            command = list(words(line.strip()[found.end() :]))
            if "COMMAND" not in command:
                yield command


def words(line: str) -> Iterator[str]:
    for word in shlex.split(line.replace("[", " ").replace("]", " "), comments=True):
        if word in _ENDS:
            return
        yield word


def wrong(command: list[str]) -> str:
    """Return the parts of a command that the program does not know, empty if it knows all."""
    at: click.Command = main
    for word in command:
        if word.startswith("--") and len(word) > 2:
            options = {name for param in at.params for name in (*param.opts, *param.secondary_opts)}
            if word.partition("=")[0] not in options | {"--help"}:
                return f"{at.name} has no option {word}"
        elif isinstance(at, click.Group) and not any(one in word for one in "…,"):
            found = at.commands.get(word)
            if found is None:
                # A group may be a command itself, as `sla` with the values of its options.
                return "" if at.invoke_without_command else f"{at.name} has no command {word}"
            at = found.load() if isinstance(found, Listed) else found
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_documented_commands_exist(page: Path) -> None:
    problems = {
        " ".join(command): problem
        for command in written(page.read_text(encoding="utf-8"))
        if (problem := wrong(command))
    }
    assert problems == {}


def test_nonexistent_commands_and_options_are_detected() -> None:
    blocks = "```promql\nup\n```\n```sh\nschulnetz check --config F   # no\n```\n"
    text = f"{blocks}Run `schulnetz probe\nX --only snmp`."
    assert list(written(text)) == [["check", "--config", "F"], ["probe", "X", "--only", "snmp"]]
    assert wrong(["check", "--config", "F"]) == "check has no option --config"
    assert wrong(["probe", "X", "--only", "snmp"]) == ""
    assert wrong(["ledger", "burn"]) == "ledger has no command burn"
    assert len([1 for page in PAGES for _ in written(page.read_text(encoding="utf-8"))]) > 100
