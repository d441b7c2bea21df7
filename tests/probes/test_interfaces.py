"""Which columns a poll asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest

from monitor.clock import SystemClock
from monitor.inventory import Check, CheckKind, InterfacesOptions, Role, SnmpAccess, Target
from monitor.observation import Outcome
from monitor.probes import interfaces
from monitor.probes.context import ProbeContext
from monitor.snmp.read import Request, Result

if TYPE_CHECKING:
    from monitor.inventory import IcmpOptions
    from monitor.observation import EchoRound


class Asked:
    """Notes what is read and answers as a device whose counters are 64 bits wide."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    async def read(
        self, address: str, access: SnmpAccess, request: Request, deadline: float
    ) -> Result:
        del address, access, deadline
        self.requests.append(request)
        return Result({}, {"ifHCInOctets": {1: 5}})


class NoEcho:
    """An echo transport that a poll has no use for."""

    drops: ClassVar[dict[str, int]] = {}

    async def ping(self, address: str, options: IcmpOptions) -> EchoRound:
        raise AssertionError(f"a poll sends no pings, but {options} to {address}")


@pytest.mark.parametrize(
    ("alias", "read_alias", "expected"),
    [(False, False, False), (True, False, True), (False, True, True)],
)
async def test_alias_is_read_to_be_exported_or_to_know_the_line_by(
    *, alias: bool, read_alias: bool, expected: bool
) -> None:
    options = InterfacesOptions(SnmpAccess("2c", "devices"), "wan", alias, read_alias)
    target = Target("first-school", "main", "router", Role.UPLINK, "127.0.0.1")
    check = Check(CheckKind.INTERFACES, "interfaces", target, 60.0, 20.0, options)
    clock, asked = SystemClock(), Asked()
    context = ProbeContext(clock, clock.monotonic() + 5.0, NoEcho(), asked)
    assert (await interfaces.run(check, context)).outcome is Outcome.OK
    assert ["ifAlias" in request.columns for request in asked.requests] == [expected]
