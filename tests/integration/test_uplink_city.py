"""The uplinks of the simulated city, measured over real SNMP packets."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from monitor.clock import SystemClock
from monitor.config.secrets import Secret
from monitor.inventory.checks import CheckKind, Engine, Role
from monitor.probes import interfaces
from monitor.probes.context import ProbeContext
from monitor.probes.snmp_transport import SnmpReaders
from monitor.simulator.city import City
from monitor.simulator.loopback import loopback_inventory
from monitor.snmp.client import SnmpClient
from monitor.snmp.read import NativeReader
from monitor.uplink import Gap, Measured, UplinkMeters
from tests.probes.support import THREADS
from tests.simulator.cities import simulated_city

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from monitor.inventory.checks import IcmpOptions
    from monitor.observation import EchoRound

pytestmark = pytest.mark.integration

# A little more than the shortest time that yields a rate.
PAUSE_SECONDS = 1.2
PATIENCE_SECONDS = 120.0
SITES = {"goethe/main", "schiller/main", "schiller/annex", "voede/main"}


class NoEcho:
    """The interfaces probe sends no echo requests."""

    @property
    def drops(self) -> Mapping[str, int]:
        return {}

    async def ping(self, address: str, options: IcmpOptions) -> EchoRound:
        raise AssertionError(f"ping of {address} with {options}")


class Polls:
    """Polls every uplink router of a city and measures it."""

    def __init__(self, simulated: City, client: SnmpClient) -> None:
        self.city = simulated
        inventory = loopback_inventory(simulated_city(), simulated.port)
        self._checks = [
            check
            for check in inventory.checks()
            if check.target.role is Role.UPLINK and check.kind is CheckKind.INTERFACES
        ]
        self._meters = UplinkMeters(inventory)
        self._snmp = SnmpReaders({Engine.NATIVE: NativeReader(client)}, {"read": Secret("public")})

    async def all(self) -> dict[str, Measured]:
        """Return school/site -> load after one more poll."""
        clock = SystemClock()
        found = {}
        for check in self._checks:
            context = ProbeContext(clock, clock.monotonic() + 60, NoEcho(), self._snmp, THREADS)
            observation = await interfaces.run(check, context)
            measured = self._meters.observe(observation, clock.monotonic())
            assert measured is not None
            found[f"{measured.school}/{measured.site}"] = measured
        return found

    async def until_rated(self, sites: set[str]) -> dict[str, Measured]:
        """Poll until these sites have a plausible rate.

        A machine that stops us between the two readings of a poll makes them disagree.
        """
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                await asyncio.sleep(PAUSE_SECONDS)
                found = await self.all()
                loads = [found[site].load for site in sites]
                rates = [load.down for load in loads if load and load.gap is None]
                if len(rates) == len(sites) and all(
                    rate is not None and rate.utilisation and rate.utilisation <= 1
                    for rate in rates
                ):
                    return found


@asynccontextmanager
async def polls() -> AsyncIterator[Polls]:
    async with (
        City(simulated_city(), clock=SystemClock(), community=b"public") as simulated,
        SnmpClient() as client,
    ):
        yield Polls(simulated, client)


async def test_every_uplink_of_the_city_has_a_rate_within_its_contract() -> None:
    async with polls() as running:
        first = await running.all()
        assert {one.load.gap for one in first.values() if one.load} == {Gap.FIRST_POLL}
        second = await running.until_rated(SITES)
    assert set(second) == SITES
    for site, measured in second.items():
        load = measured.load
        assert load is not None, site
        assert load.is_slower_than_contract is False, site
        # The third school's router speaks SNMPv1, which has no 64-bit counters.
        assert load.has_64_bit_counters == (measured.school != "voede"), site


@pytest.mark.parametrize(
    ("fault", "gaps"),
    [
        ("counter-reset", {Gap.COUNTERS_RESET}),
        ("renumbered", {Gap.RESTARTED, Gap.RENUMBERED}),
    ],
)
async def test_a_fault_suppresses_the_rate_only_at_its_site(fault: str, gaps: set[Gap]) -> None:
    async with polls() as running:
        await running.until_rated(SITES)
        await asyncio.sleep(PAUSE_SECONDS)
        answer = json.loads(running.city.command(b'{"faults": ["%b@goethe"]}' % fault.encode()))
        assert "error" not in answer
        load = (await running.all())["goethe/main"].load
        # The rates of other sites continue, and the fault is reported at the first poll after it.
        await running.until_rated(SITES - {"goethe/main"})
    assert load is not None
    assert load.gap in gaps
    assert load.down_bps is None
