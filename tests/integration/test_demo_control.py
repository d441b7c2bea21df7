"""Breaking and repairing in a running demo, and what its terminal prints."""

from __future__ import annotations

import json
import os
import socket
import stat
from typing import TYPE_CHECKING

import pytest

from monitor.cli.demo_control import SOCKET
from tests.cli.test_main import invoke
from tests.integration.running import Town, demo, until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

LONG_SECONDS = 600.0


def asked(state: Path, line: bytes) -> dict[str, object]:
    """Return the answer to one line on the socket, as a program would get it."""
    folder = os.open(state, os.O_PATH)
    try:
        with socket.socket(socket.AF_UNIX) as there:
            there.settimeout(60)
            there.connect(f"/proc/self/fd/{folder}/{SOCKET}")
            there.sendall(line)
            there.shutdown(socket.SHUT_WR)
            answer: dict[str, object] = json.loads(there.makefile("rb").readline())
    finally:
        os.close(folder)
    return answer


def test_a_fault_in_a_running_demo_and_its_end_are_printed(tmp_path: Path) -> None:
    config = Town(161, {"voede": 73}).write(tmp_path / "schools.yaml")
    # Longer than the 107 octets that a socket's path may have.
    state = tmp_path / ("x" * 120)
    place = ("--config", config, "--state-dir", state)
    with demo(config, state) as daemon:
        daemon.await_ready()
        assert stat.S_IMODE((state / SOCKET).stat().st_mode) == 0o700
        code, said, _ = invoke("demo", "break", "snmp-silent", "Voede-Schule/router", *place)
        assert code == 0
        assert said.splitlines() == [
            "broken: snmp-silent@voede/router; broken now: snmp-silent@voede/router",
            "degraded is reported after several bad rounds, within minutes (docs/verdicts.md)",
        ]
        assert json.loads((state / "running.json").read_text())["faults"] == [
            "snmp-silent@voede/router"
        ]
        for wrong, why in (
            (("break", "snmp-silent", "voede/router"), "is active already"),
            (("break", "lossi", "voede"), "did you mean lossy?"),
            (("break", "lossy", "voede/switch-09"), "did you mean switch-0"),
            (("mend", "lossy"), "'lossy' is not broken; broken is snmp-silent@voede/router"),
            (("mend", "vode"), "did you mean voede?"),
        ):
            code, _, errors = invoke("demo", *wrong, *place)
            assert code == 1
            assert why in errors
            assert len(errors.splitlines()) == 1
        for line in (b"\n", b"[]\n", b'{"break": 1}\n', b"{" * 4000 + b"\n", b"\xff\n"):
            assert set(asked(state, line)) == {"error"}
        invoke("demo", "mend", "voede", *place)
        _, said, _ = invoke("demo", "break", "uplink-down", "voede", *place)
        assert "down is reported after 3 rounds without an answer that span 60 s" in said
        down = " down: uplink voede/main/router (no_answer): no reply from"
        until(lambda: down in daemon.said, daemon, LONG_SECONDS)
        code, said, _ = invoke("demo", "mend", "all", *place)
        assert (code, said) == (0, "mended: uplink-down@voede; broken now: nothing\n")
        up = " no longer down: uplink voede/main/router is up (answers)"
        until(lambda: up in daemon.said, daemon, LONG_SECONDS)
        assert "Traceback" not in daemon.said


@pytest.mark.thorough
def test_degradation_in_a_running_demo_and_its_end_are_printed(tmp_path: Path) -> None:
    often = {"voede": ["interfaces: {interval: 10s}"]}
    config = Town(161, {"voede": 79}, extra=often).write(tmp_path / "schools.yaml")
    place = ("--config", config, "--state-dir", tmp_path)
    with demo(config, tmp_path) as daemon:
        daemon.await_ready()
        assert invoke("demo", "break", "snmp-silent", "voede/router", *place)[0] == 0
        bad = " degraded: uplink voede/main/router (snmp"
        until(lambda: bad in daemon.said, daemon, LONG_SECONDS)
        until(lambda: f"  {bad}" in daemon.said, daemon, LONG_SECONDS)
        invoke("demo", "mend", "voede", *place)
        gone = " no longer degraded: uplink voede/main/router (snmp"
        until(lambda: gone in daemon.said, daemon, LONG_SECONDS)
        assert "Traceback" not in daemon.said


@pytest.mark.thorough
def test_a_website_breaks_and_its_line_is_degraded(tmp_path: Path) -> None:
    config = Town(161, {"voede": 76}).write(tmp_path / "schools.yaml")
    place = ("--config", config, "--state-dir", tmp_path)
    with demo(config, tmp_path) as daemon:
        daemon.await_ready()
        assert invoke("demo", "break", "website-down", "voede", *place)[0] == 0
        code, said, _ = invoke("probe", "voede", "--only", "http", "--demo", *place)
        assert code == 4
        assert "Conclusion: router: website failed: the answer is 503, not 200" in said
        assert "counters" not in said, "they were not requested"
        bad = " degraded: uplink voede/main/router (service website): "
        until(lambda: bad in daemon.said, daemon, LONG_SECONDS)
        invoke("demo", "mend", "website-down", *place)
        assert invoke("probe", "voede", "--only", "http", "--demo", *place)[0] == 0
        over = " no longer degraded: uplink voede/main/router (service website)"
        until(lambda: over in daemon.said, daemon, LONG_SECONDS)
        said = invoke("demo", "break", "certificate-expiring", "voede", *place)[1]
        assert "the alert CertificateExpiring reports it" in said
        said += invoke("demo", "break", "isolated", *place)[1]
        assert "nothing is down" in said.splitlines()[-1]
        assert "degraded is reported" not in said
        assert "Traceback" not in daemon.said


def test_a_small_demo_knows_only_its_own_schools(tmp_path: Path) -> None:
    config = Town(161, {"voede": 77, "goethe": 78}).write(tmp_path / "schools.yaml")
    place = ("--config", config, "--state-dir", tmp_path)
    with demo(config, tmp_path, "--schools", "1") as daemon:
        daemon.await_ready()
        for command in (("demo", "break", "lossy", "goethe"), ("probe", "goethe", "--demo")):
            code, _, errors = invoke(*command, *place)
            assert code == 1
            assert errors == "error: no school 'goethe' is configured; did you mean voede?\n"
        code, said, _ = invoke("demo", "break", *place)
        assert code == 0
        assert "  uplink-down SCHOOL\n" in said
        assert "at a SCHOOL of these, or at a SCHOOL/DEVICE: voede\n" in said
        assert "REFERENCE is one of: reference-1, reference-2, reference-3\n" in said
        assert said.endswith("demo break uplink-down voede\n")


def test_commands_about_a_demo_use_its_configuration_whatever_the_variable_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Town(161, {"voede": 79}).write(tmp_path / "schools.yaml")
    monkeypatch.setenv("SCHULNETZ_CONFIG", str(Town(161, {"goethe": 80}).write(tmp_path / "real")))
    with demo(config, tmp_path) as daemon:
        daemon.await_ready()
        place = ("--state-dir", tmp_path)
        assert "voede" in invoke("walk", "voede/router", "--demo", *place)[1]
        assert invoke("demo", "break", "slow", "voede", *place)[0] == 0
        assert '"voede"' in invoke("sla", "--demo", "--json", *place)[1]
        assert "no school 'goethe'" in invoke("probe", "goethe", "--demo", *place)[2]


def test_hints_are_not_wrapped_whatever_the_width(tmp_path: Path) -> None:
    config = Town(161, {"voede": 74}).write(tmp_path / "schools.yaml")
    state = tmp_path / ("folder " + "y" * 100)
    with demo(config, state) as daemon:
        place = f"--config {config} --state-dir '{state}'"
        mend = f"  schulnetz demo mend voede {place}"
        until(lambda: mend in daemon.lines, daemon, LONG_SECONDS)
        assert f"  schulnetz probe voede --demo {place}" in daemon.lines


@pytest.mark.parametrize("command", [("break", "lossy", "voede"), ("mend", "voede")])
def test_without_a_demo_the_cure_is_given(tmp_path: Path, command: tuple[str, ...]) -> None:
    config = Town(161, {"voede": 75}).write(tmp_path / "schools.yaml")
    place = ("--config", config, "--state-dir", tmp_path)
    for _ in range(2):
        code, _, errors = invoke("demo", *command, *place)
        assert code == 1
        assert errors.startswith(f"error: no demo keeps its state in {tmp_path}; start one with")
        # What a killed demo leaves behind.
        left = socket.socket(socket.AF_UNIX)
        folder = os.open(tmp_path, os.O_PATH)
        with left:
            if not (tmp_path / SOCKET).exists():
                left.bind(f"/proc/self/fd/{folder}/{SOCKET}")
        os.close(folder)
