"""What the shipped city costs: how many series it exposes, and that none is left out unnoticed.

The page is the daemon's own, of the whole of config/schools.yaml, its devices those of the
simulator: three in ten ports have something plugged in.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.cli.common import read_inventory
from monitor.exposition.ports import SETTLED_SECONDS
from monitor.inventory.checks import Role
from monitor.simulator.hardware import LOOPBACK, VIRTUAL_LAN
from monitor.simulator.model import USED_SHARE
from tests.exposition.support import exact_names
from tests.modelled import running
from tests.modelled_city import ModelledCity
from tests.virtual_time import run_virtually

if TYPE_CHECKING:
    from monitor.simulator.model import Device

CONFIG = Path(__file__).parents[2] / "config" / "schools.yaml"
MOST_SERIES = 300_000
# Each check has run, hardware checks every five minutes.
SECONDS = 400.0


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Device]]:
    """Return the page of the whole city, and its devices."""
    return run_virtually(_city(tmp_path_factory.mktemp("city")))


async def _city(folder: Path) -> tuple[str, list[Device]]:
    inventory = read_inventory(CONFIG)
    network = ModelledCity(asked=deque(maxlen=0), inventory=inventory)
    async with running(folder, inventory, network, concurrency=40_000) as found:
        await asyncio.sleep(SECONDS)
        assert not found.daemon.not_ready()
        return await found.text(), list(network.devices.values())


def lines_of(page: str) -> list[str]:
    return [line for line in page.splitlines() if not line.startswith("#")]


def test_the_shipped_city_has_at_most_300_000_series(city: tuple[str, list[Device]]) -> None:
    series = lines_of(city[0])
    assert len(series) == len({line.partition("} ")[0] for line in series})
    assert 200_000 < len(series) <= MOST_SERIES, Counter(
        line.partition("{")[0] for line in series
    ).most_common(12)


def test_seven_in_ten_ports_of_its_switches_are_free(city: tuple[str, list[Device]]) -> None:
    """The assumption stated in docs/operation.md."""
    switches = [device for device in city[1] if device.place.role is Role.SWITCH]
    # Without the two lines to the router, and the VLANs.
    ports = [port for device in switches for port in device.interfaces if port.speed_bps < 1e10]
    up = sum(port.oper_up for port in ports)
    assert abs(up / len(ports) - USED_SHARE) < 0.01


def test_every_port_has_its_states_and_every_used_port_all_series(
    city: tuple[str, list[Device]],
) -> None:
    page, devices = city
    ports = {
        (device.place.school, device.place.site, device.place.device): [
            (port, device.uptime_seconds - port.changed_seconds)
            for port in device.interfaces
            if port.type not in {LOOPBACK, VIRTUAL_LAN}
        ]
        for device in devices
    }
    counts: dict[str, Counter[tuple[str, ...]]] = {}
    families = ("ifOperStatus", "ifAdminStatus", "ifInErrors", "ifType_info", "ifLastChange")
    for line in lines_of(page):
        family = line.partition("{")[0]
        if family in families:
            parts = line.split('"', 6)
            counts.setdefault(family, Counter())[parts[1], parts[3], parts[5]] += 1
    for name, of_device in ports.items():
        used = sum(port.oper_up for port, _ in of_device)
        # Ports that went down within the last hour are fully exported too.
        lately = sum(not port.oper_up and age < SETTLED_SECONDS for port, age in of_device)
        for family in families[:2]:
            assert counts[family][name] == len(of_device)
        for family in families[2:]:
            assert used <= counts[family][name] <= used + lately, (name, family)


def test_the_series_metric_counts_what_the_page_has(city: tuple[str, list[Device]]) -> None:
    page, devices = city
    text = "\n".join(line for line in lines_of(page) if line.startswith("school_device_interfaces"))
    told = Counter[str]()
    for (_, labels), value in exact_names(text + "\n").items():
        told[dict(labels)["exported"]] += int(value)
    shown = Counter(line.partition("{")[0] for line in lines_of(page))
    assert told["whole"] == shown["ifInErrors"]
    assert told["whole"] + told["status"] == shown["ifOperStatus"]
    assert sum(told.values()) == sum(len(device.interfaces) for device in devices)
