"""`schulnetz hash-password`: the daemon takes the hash; nothing is shown at the terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import bcrypt
import pytest
from click.testing import CliRunner

from monitor.cli import main
from monitor.web.web_file import read_web_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("password", ["geheim", "Straße mit Leerzeichen ", "x" * 72])
def test_the_daemon_takes_the_hash_of_a_line(tmp_path: Path, password: str) -> None:
    done = CliRunner().invoke(main, ["hash-password"], input=f"{password}\n")
    assert done.exit_code == 0
    hashed = done.stdout.removesuffix("\n")
    assert bcrypt.checkpw(password.encode(), hashed.encode())
    file = tmp_path / "web.config.yml"
    file.write_text(f'basic_auth_users: {{anna: "{hashed}"}}\n')
    assert dict(read_web_file(file).users) == {"anna": hashed}


@pytest.mark.parametrize(
    ("sent", "said"),
    [("\n", "the password is empty"), ("", "is empty"), ("ä" * 37, "more than 72 bytes")],
)
def test_what_bcrypt_cannot_hash_is_an_error(sent: str, said: str) -> None:
    done = CliRunner().invoke(main, ["hash-password"], input=sent)
    assert done.exit_code == 1
    assert said in done.stderr
    assert done.stdout == ""


@pytest.mark.integration
def test_a_terminal_is_asked_twice_and_shows_nothing() -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "monitor", "hash-password"]
    with (
        os.fdopen(ours, "wb", buffering=0) as terminal,
        subprocess.Popen(
            command,
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process,
    ):
        os.close(theirs)
        # One that asks something else must not be waited for.
        too_late = threading.Timer(300, process.kill)
        too_late.start()
        assert process.stdout is not None
        assert process.stderr is not None
        said = b""
        for asked in (b"Password: ", b"confirmation: "):
            while not said.endswith(asked):
                # What is typed before the question is dropped.
                more = os.read(process.stderr.fileno(), 1000)
                assert more, said
                said += more
            terminal.write(b"geheim\n")
        hashed = process.stdout.read().strip()
        assert process.wait(120) == 0
        too_late.cancel()
    assert b"geheim" not in said + hashed
    assert bcrypt.checkpw(b"geheim", hashed)
