"""Traps and informs of every version from net-snmp's own sender, received by the running daemon."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.integration.running import COMMUNITY_OF_RUN, Town, series, started, until, value
from tests.integration.snmpd import AUTH_PASSWORD, PRIV_PASSWORD, snmpd
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.running import Daemon

pytestmark = pytest.mark.integration

LINK_DOWN = "1.3.6.1.6.3.1.1.5.3"
V3 = [
    "-v3", "-u", "user-sha256-aes128", "-l", "authPriv",
    "-a", "SHA-256", "-A", AUTH_PASSWORD.decode(), "-x", "AES", "-X", PRIV_PASSWORD.decode(),
]  # fmt: skip
SENT = {
    "v1": ["-v1", "-c", "public", "TO", "1.3.6.1.4.1.8072", "127.0.0.1", "2", "0", "55"],
    "v2c": ["-v2c", "-c", "public", "TO", "", LINK_DOWN],
    "v2c inform": ["-v2c", "-Ci", "-c", "public", "TO", "", LINK_DOWN],
    "v3": [*V3, "-e", "0x8000000001020304", "TO", "", LINK_DOWN],
    "v3 inform": [*V3, "-Ci", "TO", "", LINK_DOWN],
}
REFUSED = {
    "wrong community": ["-v2c", "-c", "falsch", "TO", "", LINK_DOWN],
    "wrong password": [
        *[one.replace(AUTH_PASSWORD.decode(), "falsch-falsch") for one in V3],
        *("-e", "0x8000000001020305", "TO", "", LINK_DOWN),
    ],
    "unknown user": [
        *[one.replace("user-sha256-aes128", "nobody") for one in V3],
        *("-e", "0x8000000001020306", "TO", "", LINK_DOWN),
    ],
}
SWITCH = """
  devices-v3:
    user: user-sha256-aes128
    auth: sha256
    auth_password: {environment: TRAP_AUTH}
    priv: aes128
    priv_password: {environment: TRAP_PRIV}
providers:"""


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("traps")
    with snmpd(folder) as agent:
        text = Town(agent, {"voede": 1}, switches=1).text()
        text = text.replace("127.82.1.0/24", "127.0.0.0/24").replace("\nproviders:", SWITCH, 1)
        # Polled so rarely that only a trap can trigger a poll.
        text = text.replace("interfaces: {interval: 2s", "interfaces: {interval: 1h")
        text = text.replace(
            "    switches: 1\n",
            "    switches:\n"
            "      - {name: v3, host: 127.0.0.11, snmp: {version: v3, credential: devices-v3}}\n",
        )
        config = folder / "schools.yaml"
        config.write_text(text)
        secrets = {
            COMMUNITY_OF_RUN: "public",
            "TRAP_AUTH": AUTH_PASSWORD.decode(),
            "TRAP_PRIV": PRIV_PASSWORD.decode(),
        }
        place = ("--config", str(config), "--state-dir", str(folder / "monitor"))
        listen = ("--listen", "127.0.0.1:0", "--traps", f"127.0.0.1:{port}")
        with started("run", *place, *listen, environment=secrets) as running:
            running.await_listening()
            yield running


def traps(daemon: Daemon) -> float:
    found = series(daemon.samples(), "school_device_traps_total", trap="linkDown")
    return sum(found.values())


def refused(daemon: Daemon) -> float:
    name = "monitor_replies_dropped_total"
    return value(daemon.samples(), name, protocol="trap", reason="refused")


def send(arguments: list[str], port: int) -> None:
    there = [f"127.0.0.1:{port}" if one == "TO" else one for one in arguments]
    subprocess.run(["snmptrap", *there], check=True, timeout=120)


@pytest.mark.parametrize("kind", SENT)
def test_a_trap_of_every_version_is_counted(daemon: Daemon, port: int, kind: str) -> None:
    before = traps(daemon)
    send(SENT[kind], port)
    until(lambda: traps(daemon) == before + 1, daemon)


@pytest.mark.parametrize("kind", REFUSED)
def test_a_trap_without_the_secret_is_dropped(daemon: Daemon, port: int, kind: str) -> None:
    taken, before = traps(daemon), refused(daemon)
    send(REFUSED[kind], port)
    until(lambda: refused(daemon) > before, daemon)
    assert traps(daemon) == taken


def test_a_trap_triggers_a_poll_at_once(daemon: Daemon) -> None:
    """The earlier traps did: the next regular poll is up to an hour away."""
    until(lambda: series(daemon.samples(), "sysUpTime", device="router"), daemon)
