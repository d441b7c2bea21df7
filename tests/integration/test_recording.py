"""`schulnetz walk` and `schulnetz record` on a real agent, and a recording replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.test_main import invoke
from tests.integration.running import COMMUNITY_OF_RUN, Town
from tests.integration.snmpd import net_snmp_walk, played, snmpd

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

SYSTEM, IF_TABLE = "1.3.6.1.2.1.1", "1.3.6.1.2.1.2.2.1"


def configured(folder: Path, port: int) -> Path:
    text = Town(port, {"voede": 1}, switches=0).text()
    config = folder / "schools.yaml"
    # The first address of the network is the router's, and the agent listens on 127.0.0.1.
    config.write_text(text.replace("127.82.1.0/24", "127.0.0.0/24"))
    return config


def test_a_recording_of_a_real_agent_replays_it_without_personal_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "data" / "recording.snmprec"
    file.parent.mkdir()
    monkeypatch.setenv(COMMUNITY_OF_RUN, "public")
    with snmpd(tmp_path) as port:
        config = configured(tmp_path, port)
        code, said, errors = invoke("record", "voede/router", file, "--config", config)
        real = net_snmp_walk("2c", "public", f"127.0.0.1:{port}", f"{SYSTEM}.1")
        interfaces = net_snmp_walk("2c", "public", f"127.0.0.1:{port}", f"{IF_TABLE}.2")
    assert (code, errors) == (0, "")
    assert "of voede/router; read it before you send it" in said
    assert file.stat().st_mode & 0o077 == 0
    assert b"schule" not in file.read_bytes()
    with played(tmp_path, file.parent, "recording") as port:
        again = net_snmp_walk("2c", "recording", f"127.0.0.1:{port}", f"{SYSTEM}.1")
        name = net_snmp_walk("2c", "recording", f"127.0.0.1:{port}", f"{SYSTEM}.5")
        assert net_snmp_walk("2c", "recording", f"127.0.0.1:{port}", f"{IF_TABLE}.2") == interfaces
        monkeypatch.setenv(COMMUNITY_OF_RUN, "recording")
        replay = configured(tmp_path, port)
        code, overview, _ = invoke("walk", "voede/router", "--config", replay)
        assert code == 0
        _, table, _ = invoke("walk", "voede/router", "iftable", "--config", replay)
        selecting = "    interfaces: {select: {without_types: [softwareLoopback]}}\n"
        replay.write_text(
            replay.read_text().replace("    switches: 0\n", f"    switches: 0\n{selecting}")
        )
        code, exported, _ = invoke("walk", "voede/router", "exported", "--config", replay)
        assert code == 0
        _, chosen, _ = invoke("walk", "voede/router", "--config", replay)
    assert again == real
    assert name == {f"{SYSTEM}.5.0": b"x" * len('schule <1> "a"')}
    assert f"{'ifTable':20} {len(interfaces):5} rows" in overview
    assert "ifDescr.1 = lo\n" in table
    assert "ifPhysAddress" not in table
    head, *rows = exported.partition("\n\n")[0].splitlines()
    assert head.split() == ["ifIndex", "name", "exported", "why"]
    assert rows[0].split(maxsplit=3) == [
        "1",
        "lo",
        "none",
        "select.without_types: softwareLoopback",
    ]
    assert len(rows) == len(interfaces)
    assert "\nnone    no series: the named key of `interfaces.select`" in exported
    hidden = exported.count(" none ")
    assert f", {hidden} none\n" in chosen
