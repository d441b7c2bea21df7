"""`schulnetz discover`: the simulated devices of a school, added to the file."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor.cli.discovery import paced
from monitor.config import load
from tests.cli.test_main import invoke
from tests.integration.running import COMMUNITY, COMMUNITY_OF_RUN, Town, city
from tests.ports import free_port
from tests.virtual_time import run_virtually

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A school with only its router in the file, and its simulated devices."""
    monkeypatch.setenv(COMMUNITY_OF_RUN, COMMUNITY)
    town = Town(free_port(), {"voede": 78})
    town.write(tmp_path / "whole.yaml")
    replace(town, switches=0).write(tmp_path / "schools.yaml")
    own = tmp_path / "schools.yaml"
    own.write_text(own.read_text().replace("    switches: 0\n", ""))
    return own


def test_switches_that_answer_are_shown_and_added_once(config: Path) -> None:
    port = int(re.findall(r"port: (\d+)", config.read_text())[0])
    before = config.read_text()
    with city(config.parent / "whole.yaml", port):
        command = ("discover", "127.82.78.0/28", "--config", config)
        code, said, errors = invoke(*command, "--yes")
        assert code == 0, errors
        # The kernel answers pings for all of 127.0.0.0/8.
        assert said.startswith("14 of 14 addresses answered a ping, 3 of these SNMP\n")
        assert "no reply by SNMP, passed over: 127.82.78.2" in errors
        assert "+      - {name: voede-switch-01, host: 127.82.78.11}" in said
        site = load(config).schools[0].sites[0]
        assert site.uplink.host == "127.82.78.1"
        assert [one.host for one in site.switches] == ["127.82.78.11", "127.82.78.12"]
        assert all(one.name.startswith("voede-switch-0") for one in site.switches)
        added = [one for one in config.read_text().splitlines() if one not in before.splitlines()]
        assert len(added) == 3, "everything else is unchanged"
        code, said, _ = invoke(*command, "--yes")
        assert (code, "nothing changes" in said) == (0, True)


def test_no_address_outside_the_network_is_contacted(config: Path) -> None:
    port = int(re.findall(r"port: (\d+)", config.read_text())[0])
    with city(config.parent / "whole.yaml", port):
        code, said, _ = invoke("discover", "127.82.78.11/32", "--config", config, "--yes")
    assert code == 0
    assert said.startswith("1 of 1 address answered a ping, 1 of these SNMP\n")
    assert [one.host for one in load(config).schools[0].sites[0].switches] == ["127.82.78.11"]


@pytest.mark.parametrize(
    ("network", "why"),
    [
        ("127.82.0.0/16", "127.82.0.0/16 has more than 1024 addresses"),
        ("fd00::/64", "fd00::/64 has more than 1024 addresses"),
        ("school", "'school' is not a network such as 10.1.2.0/24"),
    ],
)
def test_a_network_of_no_school_is_refused(config: Path, network: str, why: str) -> None:
    code, _, errors = invoke("discover", network, "--config", config)
    assert (code, why in errors) == (2, True)


def test_with_several_schools_one_must_be_named(config: Path) -> None:
    Town(161, {"voede": 78, "goethe": 79}).write(config)
    code, _, errors = invoke("discover", "127.82.78.0/28", "--config", config)
    assert (code, "name one with --school" in errors) == (2, True)


def test_addresses_are_contacted_no_faster_than_the_rate() -> None:
    async def instants() -> list[float]:
        loop = asyncio.get_running_loop()
        return [loop.time() async for _ in paced(["h"] * 101, rate=20)]

    seen = run_virtually(instants())
    assert seen[-1] - seen[0] == pytest.approx(5.0)
