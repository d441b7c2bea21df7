"""A command run by root next to the installed service runs as the service, through systemd-run.

`make drills` (tests/drills/test_install.py) tests the real systemd; here programs replace systemctl
and systemd-run, so that each decision can be checked.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from monitor.cli import unit as unit_module
from tests.cli.test_main import TOWN, invoke, loaded

PROGRAM = Path(sys.executable).with_name("schulnetz")


@dataclass(frozen=True)
class Host:
    """A host with the service: its configuration, its state, and what systemd-run was given."""

    config: Path
    state: Path
    asked: Path

    def runs(self) -> list[list[str]]:
        if not self.asked.exists():
            return []
        return [shlex.split(line) for line in self.asked.read_text().splitlines()]


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(unit_module, "_BOOTED", tmp_path)
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    config = TOWN.write(tmp_path / "schools.yaml")
    host = Host(config, tmp_path / "state", tmp_path / "asked")
    host.state.mkdir()
    programs = tmp_path / "bin"
    programs.mkdir()
    (tmp_path / "unit").write_text(
        "[Service]\nType=notify\nRestart=always\nWatchdogSec=30\nUser=nobody\nUMask=0077\n"
        "LoadCredential=community:/etc/community\nIPAddressDeny=any\n"
        f"ExecStart={PROGRAM} run --config {config} --state-dir {host.state}\n"
    )
    program(programs / "systemctl", f'[ "$1" = cat ] && exec cat {tmp_path / "unit"}')
    # Records its arguments and runs the given command with the given variables.
    program(
        programs / "systemd-run",
        f"""printf "'%s' " "$@" >>{host.asked}; echo >>{host.asked}
while case $1 in --setenv=*) export "${{1#--setenv=}}";; --*) ;; *) false;; esac; do shift; done
exec "$@\"""",
    )
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return host


def as_root(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the whole program, as `main` does, with the fixture in place of systemd."""
    code = (
        "import os, pathlib; from monitor.cli import main, unit\n"
        f"unit._BOOTED = pathlib.Path({str(Path.cwd())!r})\n"
        "if 'SCHULNETZ_AS_SERVICE' not in os.environ: os.geteuid = lambda: 0\n"
        "main(prog_name='schulnetz')"
    )
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def test_maintenance_runs_as_the_service_with_its_settings(host: Host) -> None:
    done = as_root("maintenance", "add", "goethe", "--until", "2h", "--reason", "Umbau am Dach")
    assert done.returncode == 0, done.stderr
    assert "Goethe-Schule from" in done.stdout
    (words,) = host.runs()
    kept = {word.removeprefix("--property=") for word in words if word.startswith("--property=")}
    assert {"User=nobody", "UMask=0077", "IPAddressDeny=any"} <= kept
    assert "LoadCredential=community:/etc/community" in kept
    assert not {one for one in kept if one.startswith(("Type", "Restart", "Watchdog", "Exec"))}
    begin = words.index(str(PROGRAM))
    assert words[begin + 1 :] == [
        *("maintenance", "add", "--config", str(host.config), "--state-dir", str(host.state)),
        *("goethe", "--until", "2h", "--reason", "Umbau am Dach"),
    ]
    listed = as_root("maintenance", "list")
    assert "Umbau am Dach" in listed.stdout, "the state is the service's without an option"


def test_the_exit_code_is_that_of_the_command(host: Host) -> None:
    done = as_root("maintenance", "cancel", "nothing")
    assert done.returncode == 1
    assert len(host.runs()) == 1


def test_a_command_on_other_files_than_the_services_runs_directly(
    host: Host, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    config = ("--config", str(host.config))
    assert invoke("maintenance", "list", *config, "--state-dir", elsewhere)[0] == 0
    other = TOWN.write(tmp_path / "other.yaml")
    assert invoke("maintenance", "list", "--config", other, "--state-dir", elsewhere)[0] == 0
    assert host.runs() == []


def test_users_other_than_root_are_told_to_use_sudo(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    code, _, errors = invoke("maintenance", "list")
    assert code == 1
    assert "sudo schulnetz maintenance list" in errors
    assert host.runs() == []


def test_an_unreadable_state_is_one_line_with_the_cure(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests may run as root, who can read everything."""
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    monkeypatch.setattr(os, "access", lambda path, *_: path != host.state)
    for words in (("ledger", "verify"), ("report",), ("sla",)):
        code, _, errors = invoke(*words)
        assert code == 1
        wanted = f"{host.state} is for the service alone: sudo schulnetz {' '.join(words)} ..."
        assert errors == f"error: {wanted}\n"


def test_root_does_not_run_a_daemon_on_the_services_state(host: Host) -> None:
    code, _, errors = invoke("run")
    assert code == 3
    assert "systemctl start schulnetz.service" in errors
    assert list(host.state.iterdir()) == []


def test_a_recording_is_written_as_the_calling_user(host: Host, tmp_path: Path) -> None:
    """The service prints it: it may not write into a home, and the file is not its own."""
    program(
        tmp_path / "bin/systemd-run",
        f"""printf "'%s' " "$@" >>{host.asked}; echo >>{host.asked}; echo '1.3.6|4|x'""",
    )
    file = tmp_path / "device.snmprec"
    code, output, _ = invoke("record", "goethe/router", file, "--mode", "0640")
    assert (code, file.read_text()) == (0, "1.3.6|4|x\n")
    assert "1 variables of goethe/router" in output
    assert file.stat().st_mode & 0o777 == 0o640
    assert host.runs()[0][-2:] == ["goethe/router", "-"]
    program(tmp_path / "bin/systemd-run", "echo half; exit 4")
    code, _, _ = invoke("record", "goethe/router", tmp_path / "other.snmprec")
    assert code == 4
    assert not (tmp_path / "other.snmprec").exists()


def test_every_command_with_secrets_or_requests_runs_as_the_service() -> None:
    from monitor.cli.service import ServiceCommand  # noqa: PLC0415  # beside its use

    found = {name for name, one in loaded().items() if isinstance(one, ServiceCommand)}
    assert found == {"probe", "walk", "record", "doctor"}
