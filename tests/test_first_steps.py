"""docs/first-steps.md, word for word: its commands run in an empty folder and print what it shows.

Only its addresses and the daemon's port are replaced, because those of the document are examples.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.integration.running import started, until
from tests.integration.snmpd import snmpd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.running import Daemon

pytestmark = [pytest.mark.integration, pytest.mark.root]

DOCUMENT = Path(__file__).parents[1] / "docs" / "first-steps.md"
ADDRESSES = {"192.0.2.10": "127.0.0.1", "192.0.2.20": "127.82.211.20"}
RUN = "schulnetz run --config schools.yaml"


class Block(NamedTuple):
    """A block of code and its language."""

    language: str
    text: str


def blocks() -> list[Block]:
    """Return the document's blocks from the first command on, after the installation."""
    found = re.findall(
        r"^```(\w+)\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    whole = [Block(language, text) for language, text in found]
    first = next(at for at, block in enumerate(whole) if block.language == "sh")
    return whole[first:]


class Reader:
    """Follows the document in a folder of its own."""

    def __init__(self, folder: Path, snmp_port: int) -> None:
        self._folder = folder
        self._snmp_port = snmp_port
        self.daemon: Daemon | None = None
        self.printed = ""

    def do(self, command: str) -> None:
        """Run a block of commands in bash, with the addresses and the port of this test."""
        for written, here in ADDRESSES.items():
            command = command.replace(written, here)
        if self.daemon is not None:
            command = command.replace(":9822", f":{self.daemon.port}")
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self._folder,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        self.printed = done.stdout

    def expect(self, lines: str) -> None:
        """Check that each line of a block was printed."""
        for line in lines.splitlines():
            assert line in self.printed, self.printed

    def add(self, yaml: str) -> None:
        """Insert a block into the file where the document says, with the agent's port."""
        yaml = yaml.replace("snmp: {", f"snmp: {{port: {self._snmp_port}, ")
        file = self._folder / "schools.yaml"
        above, schools, below = file.read_text(encoding="utf-8").partition("\nschools:\n")
        assert schools
        file.write_text(f"{above}\n{yaml}{schools}{below}", encoding="utf-8")

    def config(self) -> str:
        """Return the path of the file."""
        return str(self._folder / "schools.yaml")


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    user = (
        'createUser monitor SHA-256 "eight characters or more" AES "another password"\n'
        "rouser monitor priv\n"
    )
    agent, folder = tmp_path / "agent", tmp_path / "folder"
    agent.mkdir()
    folder.mkdir()
    with snmpd(agent, extra=user) as port:
        yield Reader(folder, port)


def test_the_commands_of_the_document_work_as_printed(reader: Reader) -> None:
    steps = blocks()
    at = next(at for at, block in enumerate(steps) if block.text.strip() == RUN)
    for block in steps[:at]:
        (reader.do if block.language == "sh" else reader.expect)(block.text)
    words = shlex.split(RUN.replace("schools.yaml", shlex.quote(reader.config())))[1:]
    state = str(Path(reader.config()).with_name("state"))
    with started(*words, "--state-dir", state, "--listen", "127.0.0.1:0") as daemon:
        daemon.await_listening()
        daemon.await_ready()
        reader.daemon = daemon
        assert f"serving pages on http://127.0.0.1:{daemon.port}/, metrics on " in daemon.said
        page = "Goethe-Schule"
        until(lambda: page in daemon.get("/").text, daemon)
        for block in steps[at + 1 :]:
            act = {"sh": reader.do, "text": reader.expect, "yaml": reader.add}[block.language]
            act(block.text)
