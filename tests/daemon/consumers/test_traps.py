"""What a trap triggers: a count, and sometimes a poll."""

from __future__ import annotations

import socket
from contextlib import AsyncExitStack
from itertools import product
from typing import TYPE_CHECKING

import pytest

from monitor.config.secrets import Secret
from monitor.daemon.consumers.traps import POLL_GAP_SECONDS, open_traps
from monitor.daemon.settings import TrapAddressError
from monitor.exposition.store import Exposition
from monitor.exposition.traps import TRAPS
from monitor.probes.snmp_transport import SnmpReaders
from monitor.snmp.traps import KINDS, OTHER
from tests.exposition.support import HandClock, city_with_gateway, exact_names, exposed_school
from tests.integration.running import Town
from tests.modelled import Network, inventory_of, running
from tests.probes.support import THREADS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from monitor.daemon.consumers.traps import TrapListener

ROUTER, SWITCH = "10.0.0.1", "10.0.0.2"


class OneSchool:
    """The trap receiver of one school, given traps as if they had come from the network."""

    def __init__(self, listener: TrapListener, clock: HandClock, exposition: Exposition) -> None:
        self.listener, self.clock, self.exposition = listener, clock, exposition
        self.hurried: list[str] = []
        self.readers = SnmpReaders({}, {"public": Secret("public")})

    async def totals(self) -> dict[tuple[str, str], float]:
        """Return what was counted, zeros left out."""
        text = "".join([part.decode() async for part in self.exposition.stream()])
        return {
            (dict(labels)["device"], dict(labels)["trap"]): value
            for (_, labels), value in exact_names(text).items()
            if value
        }


@pytest.fixture
async def school() -> AsyncIterator[OneSchool]:
    clock = HandClock()
    exposition = Exposition(clock)
    hurried: list[str] = []
    async with open_traps(("127.0.0.1", 0), exposition, clock, hurried.append, THREADS) as opened:
        found = OneSchool(opened, clock, exposition)
        found.hurried = hurried
        await opened.listen(city_with_gateway(exposed_school(switches=2)), found.readers)
        yield found


async def test_traps_are_counted_by_device_and_kind(school: OneSchool) -> None:
    for address, kind in ((ROUTER, "linkDown"), (SWITCH, "linkDown"), (SWITCH, "coldStart")):
        school.listener._taken(address, kind)
    school.listener._taken(SWITCH, "coldStart")
    school.listener._taken("192.0.2.1", "coldStart")
    assert await school.totals() == {
        ("router", "linkDown"): 1,
        ("switch-1", "coldStart"): 2,
        ("switch-1", "linkDown"): 1,
    }


async def test_every_trap_kind_of_every_device_starts_at_zero(school: OneSchool) -> None:
    assert {*KINDS.values(), OTHER} == set(TRAPS)
    text = "".join([part.decode() async for part in school.exposition.stream()])
    found = {
        (labels["device"], labels["trap"]): value
        for labels, value in ((dict(key[1]), value) for key, value in exact_names(text).items())
    }
    devices = ("router", "switch-1", "switch-2")
    assert found == dict.fromkeys(product(devices, TRAPS), 0)


async def test_a_trap_storm_triggers_few_polls(school: OneSchool) -> None:
    for _ in range(100):
        school.listener._taken(SWITCH, "linkDown")
        school.clock.time += POLL_GAP_SECONDS / 50
    assert school.hurried == ["goethe/main/switch-1/interfaces"] * 2


async def test_a_removed_device_loses_its_counts(school: OneSchool) -> None:
    school.listener._taken("10.0.0.3", "linkDown")
    school.listener._taken(SWITCH, "linkDown")
    await school.listener.listen(city_with_gateway(exposed_school(switches=1)), school.readers)
    assert await school.totals() == {("switch-1", "linkDown"): 1}


async def test_an_address_already_in_use_is_an_error(school: OneSchool) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        with pytest.raises(OSError, match="in use"):
            async with open_traps(
                other.getsockname(), school.exposition, school.clock, school.hurried.append, THREADS
            ):
                pass


async def test_a_name_that_no_host_can_have_is_reported_with_the_cure(tmp_path: Path) -> None:
    """Python encodes the name before it is looked up, and raises an error that is no OSError."""
    inventory = inventory_of(tmp_path, Town(161, {"voede": 1}))
    async with running(tmp_path, inventory, Network()) as one, AsyncExitStack() as stack:
        with pytest.raises(TrapAddressError, match=r"traps on ü\.\.b:162: invalid host name; "):
            await one.daemon.take_traps(("ü..b", 162), stack)
