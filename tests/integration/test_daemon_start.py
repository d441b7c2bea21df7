"""What prevents the daemon from starting: one line with the cure, an exit code, no traceback."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from tests.integration.running import COMMUNITY, COMMUNITY_OF_RUN, MONITOR, Town, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

pytestmark = pytest.mark.integration

WITHOUT_PING = ("unshare", "--net", "setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")
WITHOUT_OVERRIDE = (
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-dac_override,-dac_read_search",
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return Town(9, {"voede": 21, "goethe": 22}, switches=0).write(tmp_path / "schools.yaml")


def ended(
    *arguments: str, before: Sequence[str] = (), community: str | None = COMMUNITY
) -> subprocess.CompletedProcess[str]:
    """Run a command of the product that ends by itself."""
    environment = {name: held for name, held in os.environ.items() if name != COMMUNITY_OF_RUN}
    if community is not None:
        environment[COMMUNITY_OF_RUN] = community
    return subprocess.run(
        [*before, *MONITOR, *arguments],
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
        env=environment,
    )


def refused(found: subprocess.CompletedProcess[str], code: int) -> str:
    """Return the one line in which the command gives its reason."""
    errors = found.stderr.splitlines()
    assert found.returncode == code, found
    assert "Traceback" not in found.stdout + found.stderr
    assert len(errors) == 1, errors
    assert errors[0].startswith("error: ")
    assert COMMUNITY not in found.stdout + found.stderr
    return errors[0]


def start(config: Path, state: Path, *arguments: str) -> tuple[str, ...]:
    listen = () if "--listen" in arguments else ("--listen", "127.0.0.1:0")
    return ("run", "--config", str(config), "--state-dir", str(state), *listen, *arguments)


@contextlib.contextmanager
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.root
def test_a_port_in_use_stops_the_daemon(config: Path, tmp_path: Path) -> None:
    with taken_port() as port:
        place = f"127.0.0.1:{port}"
        line = refused(ended(*start(config, tmp_path / "s", "--listen", place)), 3)
    assert f"cannot listen on {place}" in line
    assert "choose another address with --listen" in line


def test_a_port_in_use_stops_the_demo(config: Path, tmp_path: Path) -> None:
    with taken_port() as port:
        place = ("--listen", f"127.0.0.1:{port}", "--state-dir", str(tmp_path))
        line = refused(ended("demo", "--config", str(config), *place, "--port", "16199"), 3)
    assert f"cannot listen on 127.0.0.1:{port}" in line


def test_a_state_directory_that_is_a_file_stops_the_daemon(config: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.touch()
    for place in (state, state / "below"):
        line = refused(ended(*start(config, place)), 3)
        assert f"cannot keep state in {place}: " in line
        assert "name a writable folder with --state-dir" in line


def test_an_unwritable_state_directory_stops_the_daemon(config: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o555)
    before = WITHOUT_OVERRIDE if os.geteuid() == 0 else ()
    line = refused(ended(*start(config, state), before=before), 3)
    assert f"cannot keep state in {state}: Permission denied; name a writable" in line


@pytest.mark.root
def test_a_missing_permission_to_ping_stops_the_daemon(config: Path, tmp_path: Path) -> None:
    # A new network namespace has its ping_group_range closed, whatever the machine's is.
    line = refused(ended(*start(config, tmp_path / "state"), before=WITHOUT_PING), 3)
    assert line.startswith("error: no permission to send ICMP echo requests: ")
    assert "net.ipv4.ping_group_range" in line
    assert "CAP_NET_RAW" in line


@pytest.mark.root
def test_probe_reports_a_missing_ping_permission_if_it_pings(config: Path) -> None:
    ask = ("probe", "voede", "--config", str(config))
    assert "no permission to send ICMP" in refused(ended(*ask, before=WITHOUT_PING), 3)
    found = ended(*ask, "--only", "snmp", before=WITHOUT_PING)
    # No device answers there; probe finds that out without a ping.
    assert found.returncode == 4
    assert found.stderr == ""


def test_a_missing_credential_stops_the_daemon(config: Path, tmp_path: Path) -> None:
    line = refused(ended(*start(config, tmp_path / "state"), community=None), 3)
    assert f"credential devices: the environment variable {COMMUNITY_OF_RUN} is not set" in line


def test_too_little_concurrency_is_reported_with_the_required_figure(
    config: Path, tmp_path: Path
) -> None:
    line = refused(ended(*start(config, tmp_path / "state", "--concurrency", "1")), 3)
    assert re.search(r"need up to \d+ runs at once, 1 are allowed", line)


@pytest.mark.root
def test_a_ledger_in_use_by_another_daemon_stops_the_daemon(config: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with run(config, state):
        line = refused(ended(*start(config, state)), 3)
    assert str(state / "ledger.sqlite") in line


def test_every_configuration_error_is_reported(config: Path, tmp_path: Path) -> None:
    text = config.read_text()
    for good, bad in (("network: 127.82.21", "netwrok: 127.82.21"), ("down: 1 Gbit/s", "down: 1")):
        assert good in text
        text = text.replace(good, bad, 1)
    config.write_text(text.removesuffix("\n...\n"))
    found = ended(*start(config, tmp_path / "state"))
    assert found.returncode == 1
    errors = found.stderr.splitlines()
    assert all(re.match(rf"{re.escape(str(config))}:\d+:\d+: ", line) for line in errors)
    for words in ("unknown key netwrok", "did you mean network?", "1 Gbit/s", "cut short"):
        assert words in found.stderr
    assert not (tmp_path / "state").exists()


def in_json(config: Path, state: Path, code: int) -> list[str]:
    """Return the messages of a start that fails with a log in JSON."""
    found = ended(*start(config, state, "--log-format", "json"))
    assert (found.returncode, found.stderr) == (code, "")
    lines = [json.loads(line) for line in found.stdout.splitlines()]
    assert {(line["level"], line["logger"]) for line in lines} == {("critical", "monitor.audit")}
    assert all(datetime.fromisoformat(line["time"]).tzinfo for line in lines)
    return [line["message"] for line in lines]


def test_with_a_log_in_json_the_reason_is_a_line_of_it(config: Path, tmp_path: Path) -> None:
    occupied = tmp_path / "occupied"
    occupied.touch()
    (message,) = in_json(config, occupied, 3)
    assert message.startswith(f"cannot keep state in {occupied}: ")
    text = config.read_text().replace("network: 127.82.21", "netwrok: 127.82.21", 1)
    config.write_text(text.replace("down: 1 Gbit/s", "down: 1", 1))
    messages = in_json(config, tmp_path / "state", 1)
    assert len(messages) > 1
    assert all(re.match(rf"{re.escape(str(config))}:\d+:\d+: ", one) for one in messages)


def test_a_missing_configuration_is_reported_with_its_path(tmp_path: Path) -> None:
    found = ended(*start(tmp_path / "none.yaml", tmp_path / "state"))
    assert found.returncode == 1
    assert found.stderr.startswith(f"{tmp_path / 'none.yaml'}: the file cannot be read")


def test_an_unknown_school_gets_suggestions(config: Path) -> None:
    line = refused(ended("probe", "goete", "--config", str(config)), 1)
    assert line == "error: no school 'goete' is configured; did you mean goethe, voede?"


def test_wrong_usage_is_reported_with_the_help_option() -> None:
    found = ended("run", "--listen", "9822")
    assert found.returncode == 2
    assert found.stderr.splitlines()[-1].startswith("Error: Invalid value for '--listen'")
    assert "--help" in found.stderr


def test_a_closed_output_pipe_gives_no_traceback(config: Path) -> None:
    command = f"{sys.executable} -m monitor schema"
    found = subprocess.run(
        ["sh", "-c", f"{command} | true"], capture_output=True, check=False, text=True, timeout=120
    )
    assert "Traceback" not in found.stderr
    assert config.exists()
