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


def test_every_host_that_a_check_contacts_is_listed_once(inventory: Inventory) -> None:
    hosts = hosts_of(inventory, "postgresql://schulnetz@db.example/schulnetz")
    assert len(hosts) == len(set(hosts))
    assert hosts[0] == "db.example"
    assert {check.target.host for check in inventory.checks()} <= set(hosts)


def test_names_are_resolved_and_unresolvable_ones_are_reported() -> None:
    known = {"a.example": ["198.51.100.7", "2001:db8::7"]}
    found = destinations(["10.0.0.1", "a.example"], known.__getitem__)
    assert found.networks["a.example"] == (
        ip_network("198.51.100.7"),
        ip_network("2001:db8::7"),
    )
    assert destinations(["b.example", "::1"], nothing_known).unknown == ("b.example",)


def test_denied_networks_are_merged_and_allowed_ones_left_out() -> None:
    wanted = [ip_network(f"198.51.100.{last}") for last in range(4)]
    wanted += [ip_network("10.1.2.3"), ip_network("127.0.0.1"), ip_network("::1")]
    assert blocked(parse_unit(UNIT), wanted) == [ip_network("198.51.100.0/30")]
    open_unit = parse_unit(f"{UNIT}\n[Service]\nIPAddressDeny=\n")
    assert blocked(open_unit, wanted) == []


def test_the_shipped_unit_allows_what_the_command_takes_for_granted() -> None:
    assert " ".join(SHIPPED) == " ".join(parse_unit(UNIT).all("IPAddressAllow"))


def test_doctor_names_denied_addresses_and_the_drop_in_cures_it(
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


def test_each_drop_in_line_says_what_it_allows_and_why(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"far.example": ["203.0.113.77", "2001:db8::77"], "near.example": ["10.9.9.9"]}

    def resolve(name: str) -> list[str]:
        return known[name] if name in known else nothing_known(name)

    monkeypatch.setattr(unit_command, "addresses_of", resolve)
    monkeypatch.setattr(unit_command, "resolvers", lambda: ["192.0.2.53", "127.0.0.53"])
    text = config.read_text()
    for number, host in enumerate(("203.0.113.8", "203.0.113.9", "far.example"), 1):
        text = text.replace(f"127.240.0.{number}", host)
    text = text.replace("- id: voede\n", "- id: voede\n    router: near.example\n", 1).replace(
        "- id: goethe\n", "- id: goethe\n    router: gone.example\n", 1
    )
    config.write_text(text)
    hosts = len(hosts_of(load(config), "postgresql://s@203.0.113.200/s"))
    code, drop_in, errors = invoke(
        *("unit", "--config", config, "--ledger", "postgresql://s@203.0.113.200/s"),
        *("--allow", "198.51.100.0/25", "--allow", "198.51.100.128/25", "--allow", "10.1.0.0/16"),
    )
    assert code == 0
    assert (
        drop_in
        == f"""\
# What {config} names beyond this host and private networks.
# Looked at: {hosts} hosts of the configuration and the ledger, 2 resolvers of this host.
# Written by `schulnetz unit`; belongs in /etc/systemd/system/schulnetz.service.d/addresses.conf
[Service]
# far.example
IPAddressAllow=203.0.113.77
IPAddressAllow=2001:db8::77
# named by their addresses
IPAddressAllow=203.0.113.8/31
IPAddressAllow=203.0.113.200
# resolvers of this host
IPAddressAllow=192.0.2.53
# --allow
IPAddressAllow=198.51.100.0/24
"""
    )
    assert errors == "warning: gone.example does not resolve now and stays unreachable\n"


def test_a_drop_in_with_nothing_to_allow_says_so(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unit_command, "resolvers", list)
    code, drop_in, errors = invoke("unit", "--config", config)
    assert (code, errors) == (0, "")
    assert "hosts of the configuration, 0 resolvers of this host." in drop_in
    assert drop_in.endswith(
        "[Service]\n"
        "# Nothing to add: what was looked at is on this host or in private networks,\n"
        "# which the unit allows as it is shipped.\n"
    )
    assert "IPAddressAllow" not in drop_in


def test_an_invalid_network_is_wrong_usage(config: Path) -> None:
    code, _, errors = invoke("unit", "--config", config, "--allow", "198.51.100.1/24")
    assert code == 2
    assert "write 198.51.100.0/24, or one address" in errors


def test_a_word_that_is_no_network_is_ignored_as_by_systemd() -> None:
    unit = parse_unit("[Service]\nIPAddressAllow=10.0.0.0/8 intranet.example\nIPAddressDeny=any\n")
    outside = ip_network("198.51.100.1")
    assert blocked(unit, [ip_network("10.1.2.3"), outside]) == [outside]


def test_a_ledger_that_is_no_url_is_wrong_usage_and_not_repeated(config: Path) -> None:
    code, _, errors = invoke("unit", "--config", config, "--ledger", "postgresql://u:pass@[x")
    assert (code, "--ledger is not a URL" in errors, "pass" in errors) == (2, True, False)
