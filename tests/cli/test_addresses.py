"""Which addresses the daemon needs, which a unit denies, and the drop-in that allows them."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.cli import unit_command
from monitor.cli.addresses import SHIPPED, UnknownNameError, blocked, destinations, hosts_of
from monitor.cli.doctor_service import service_addresses
from monitor.cli.finding import Health
from monitor.cli.unit import parse_unit
from monitor.config import load
from tests.cli.test_main import TOWN, invoke

if TYPE_CHECKING:
    from monitor.inventory.city import Inventory

UNIT = (Path(__file__).parents[2] / "deploy/systemd/schulnetz.service").read_text()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return TOWN.write(tmp_path / "schools.yaml")


@pytest.fixture
def inventory(config: Path) -> Inventory:
    return load(config)


def nothing_known(name: str) -> list[str]:
    raise UnknownNameError(name)


def test_every_host_that_a_check_asks_is_named_once(inventory: Inventory) -> None:
    hosts = hosts_of(inventory, "postgresql://schulnetz@db.example/schulnetz")
    assert len(hosts) == len(set(hosts))
    assert hosts[0] == "db.example"
    assert {check.target.host for check in inventory.checks()} <= set(hosts)


def test_names_are_looked_up_and_those_without_an_address_are_said() -> None:
    known = {"a.example": ["198.51.100.7", "2001:db8::7"]}
    found = destinations(["10.0.0.1", "a.example"], known.__getitem__)
    assert found.networks["a.example"] == (
        ip_network("198.51.100.7"),
        ip_network("2001:db8::7"),
    )
    assert destinations(["b.example", "::1"], nothing_known).unknown == ("b.example",)


def test_what_the_unit_denies_is_merged_and_what_it_allows_is_left_out() -> None:
    wanted = [ip_network(f"198.51.100.{last}") for last in range(4)]
    wanted += [ip_network("10.1.2.3"), ip_network("127.0.0.1"), ip_network("::1")]
    assert blocked(parse_unit(UNIT), wanted) == [ip_network("198.51.100.0/30")]
    open_unit = parse_unit(f"{UNIT}\n[Service]\nIPAddressDeny=\n")
    assert blocked(open_unit, wanted) == []


def test_the_shipped_unit_allows_what_the_command_takes_for_granted() -> None:
    assert " ".join(SHIPPED) == " ".join(parse_unit(UNIT).all("IPAddressAllow"))


def test_doctor_says_what_is_denied_and_the_drop_in_is_the_cure(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # This host's own resolver may be anywhere.
    monkeypatch.setattr(unit_command, "resolvers", lambda: ["192.0.2.53"])
    config.write_text(config.read_text().replace("127.240.0.1", "203.0.113.9"))
    found = service_addresses(parse_unit(UNIT), load(config))
    assert found.health is Health.BAD
    assert "203.0.113.9" in found.seen
    assert "schulnetz unit >" in found.cure
    code, drop_in, _ = invoke("unit", "--config", config, "--allow", "198.51.100.0/24")
    assert code == 0
    lines = drop_in.splitlines()
    assert "IPAddressAllow=203.0.113.9" in lines
    assert "IPAddressAllow=192.0.2.53" in lines
    assert lines[-2:] == ["# --allow", "IPAddressAllow=198.51.100.0/24"]
    again = service_addresses(parse_unit(UNIT + drop_in), load(config))
    assert "203.0.113.9" not in again.seen


def test_a_network_that_is_none_is_wrong_usage(config: Path) -> None:
    code, _, errors = invoke("unit", "--config", config, "--allow", "198.51.100.1/24")
    assert code == 2
    assert "write 198.51.100.0/24, or one address" in errors
