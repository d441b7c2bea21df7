"""The unit as text: what a drop-in changes, and what the service's command line names."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.cli.unit import parse_unit

SHIPPED = (Path(__file__).parents[2] / "deploy/systemd/schulnetz.service").read_text()


def test_the_shipped_unit_names_user_schools_and_state() -> None:
    unit = parse_unit(SHIPPED)
    assert unit.user == "schulnetz"
    assert unit.config == Path("/etc/schulnetz/schools.yaml")
    assert unit.state_directory == Path("/var/lib/schulnetz")
    assert unit.ledger is None
    assert unit.option("--web-config") is None


def test_a_drop_in_replaces_the_command_and_adds_to_lists() -> None:
    drop_in = """
# /etc/systemd/system/schulnetz.service.d/override.conf
[Unit]
ExecStart=/bin/false
[Service]
Environment=SCHULNETZ_LEDGER_WRITER=shard-2 "WHERE=/srv/a b"
IPAddressAllow=198.51.100.0/24
ExecStart=
ExecStart=-schulnetz run --config=/srv/schools.yaml \\
    # a comment inside
    --state-dir ${WHERE} --ledger postgresql://db/x --web-config %d/web.config.yml
"""
    unit = parse_unit(SHIPPED + drop_in)
    assert unit.config == Path("/srv/schools.yaml")
    assert unit.ledger == "postgresql://db/x"
    assert unit.ledger_writer == "shard-2"
    assert unit.option("--web-config") == "/run/credentials/schulnetz.service/web.config.yml"
    assert unit.command[:2] == ["schulnetz", "run"]
    assert "198.51.100.0/24" in unit.all("IPAddressAllow")
    assert len(unit.all("IPAddressAllow")) == 2
    assert unit.state_directory == Path("/srv/a b")


def test_an_empty_value_resets_a_list() -> None:
    unit = parse_unit(f"{SHIPPED}\n[Service]\nIPAddressAllow=\nIPAddressAllow=any\n")
    assert unit.all("IPAddressAllow") == ["any"]


@pytest.mark.parametrize(
    ("lines", "user"),
    [("DynamicUser=yes", "schulnetz"), ("User=anna", "anna"), ("User=root", ""), ("", "")],
)
def test_the_user_is_the_named_one_a_dynamic_one_or_root(lines: str, user: str) -> None:
    assert parse_unit(f"[Service]\nType=notify\n{lines}\n").user == user


def test_a_line_with_an_open_quote_is_ignored_as_by_systemd() -> None:
    unit = parse_unit(f"{SHIPPED}\n[Service]\nEnvironment=MOTD=it's\nEnvironment=A=b\n")
    assert unit.environment["A"] == "b"
    assert unit.config == Path("/etc/schulnetz/schools.yaml")
