"""What observations reveal about a line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from monitor.inventory.checks import (
    InterfacesOptions,
    Role,
    SnmpAccess,
)
from monitor.observation import DeviceReading, EchoRound, Observation, Outcome
from monitor.rollout.identity import identity_of
from monitor.rollout.line import Identity
from tests import build

if TYPE_CHECKING:
    from monitor.observation import Values

AT = datetime(2026, 10, 5, 6, tzinfo=UTC)
ACCESS = SnmpAccess("2c", "devices")
READING = DeviceReading(
    "gw.first.example",
    "",
    "",
    None,
    {"ifName": {1: b"lan", 7: b"wan"}, "ifAlias": {1: b"Frau Muster", 7: b"Fibre \xff 1000"}},
)


def polled(
    values: Values | None, options: InterfacesOptions, role: Role = Role.UPLINK
) -> Observation:
    device = "router" if role is Role.UPLINK else "switch-1"
    return Observation(build.check(options, device), AT, 0.1, Outcome.OK, values=values)


def pinged(answered: int) -> Observation:
    values = EchoRound("203.0.113.1", 5, (0.01,) * answered)
    return Observation(build.check(host="gw.first.example"), AT, 0.1, Outcome.OK, values=values)


def test_router_poll_gives_its_name_and_the_alias_of_its_uplink() -> None:
    seen = identity_of(polled(READING, InterfacesOptions(ACCESS, "wan")))
    assert seen == Identity("gw.first.example", "Fibre \ufffd 1000", None)


def test_missing_interface_gives_no_alias() -> None:
    seen = identity_of(polled(READING, InterfacesOptions(ACCESS, "dsl0")))
    assert seen == Identity("gw.first.example", None, None)
    assert identity_of(polled(READING, InterfacesOptions(ACCESS))) == seen


def test_empty_poll_identifies_nothing() -> None:
    options = InterfacesOptions(ACCESS, "wan")
    assert identity_of(polled(None, options)) is None
    assert identity_of(polled(DeviceReading("", "", "", 5, {}), options)) is None


def test_switch_identifies_no_line() -> None:
    assert identity_of(polled(READING, InterfacesOptions(ACCESS, "wan"), Role.SWITCH)) is None


def test_address_counts_only_if_it_answered() -> None:
    assert identity_of(pinged(1)) == Identity(address="203.0.113.1")
    assert identity_of(pinged(0)) is None


def test_name_is_cut_at_128_characters() -> None:
    long = DeviceReading("x" * 500, "", "", None, {})
    seen = identity_of(polled(long, InterfacesOptions(ACCESS, "wan")))
    assert seen == Identity("x" * 128)
