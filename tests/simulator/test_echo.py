from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from monitor.inventory.checks import IcmpOptions
from monitor.simulator.echo import ModelledEcho
from monitor.simulator.faults import FaultError, parse_fault, places_of
from monitor.simulator.loopback import loopback_inventory
from tests.simulator.cities import simulated_city

if TYPE_CHECKING:
    from monitor.observation import EchoRound
    from monitor.probes.context import EchoTransport

CITY = loopback_inventory(simulated_city(), 16100)
HOSTS = {f"{p.school}/{p.site}/{p.device}": host for p, host in places_of(CITY).items()}
ROUTER, SWITCH = HOSTS["goethe/main/router"], HOSTS["goethe/main/switch-1"]
NEIGHBOUR, REFERENCE = HOSTS["schiller/main/router"], CITY.references[0].host
OPTIONS = IcmpOptions(packets=5, spacing=0.2, wait=2.0)


class JumpingClock:
    """A clock whose sleepers wake up at once, at the later time."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2024, 3, 5, 9, 30, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def echo(*faults: str, seed: int = 0) -> tuple[ModelledEcho, JumpingClock]:
    clock = JumpingClock()
    return ModelledEcho(CITY, clock, [parse_fault(text, CITY) for text in faults], seed), clock


async def ping(model: ModelledEcho, *addresses: str) -> list[EchoRound]:
    return [await model.ping(address, OPTIONS) for address in addresses]


async def test_a_healthy_city_answers_within_a_few_milliseconds() -> None:
    model, _ = echo()
    for found in await ping(model, *HOSTS.values(), REFERENCE):
        assert (found.sent, found.lost) == (5, 0)
        assert found.rtt_seconds is not None
        assert 0.001 < found.rtt_seconds < 0.02
        assert found.rtt_difference_seconds is not None
        assert found.rtt_difference_seconds > 0


async def test_it_can_replace_the_real_transport() -> None:
    transport: EchoTransport = echo()[0]
    assert (await transport.ping(ROUTER, OPTIONS)).address == ROUTER


async def test_the_same_seed_gives_the_same_rounds() -> None:
    first, again, other = echo(seed=5)[0], echo(seed=5)[0], echo(seed=6)[0]
    rounds = await ping(first, ROUTER, ROUTER, SWITCH)
    # The order of other targets does not matter, only how often each was asked.
    mixed = await ping(again, SWITCH, ROUTER, ROUTER)
    assert rounds == [mixed[1], mixed[2], mixed[0]]
    assert rounds[0].rtts != rounds[1].rtts
    assert rounds != await ping(other, ROUTER, ROUTER, SWITCH)


async def test_a_round_takes_as_long_as_a_real_one() -> None:
    model, clock = echo()
    (found,) = await ping(model, ROUTER)
    assert clock.seconds == pytest.approx(1000.0 + 4 * 0.2 + found.rtts[-1])


async def test_lost_packets_take_their_full_timeout() -> None:
    model, clock = echo("uplink-down@goethe")
    await ping(model, ROUTER)
    assert clock.seconds == pytest.approx(1000.0 + 4 * 0.2 + 2.0)


async def test_a_dead_uplink_loses_everything_behind_it_and_nothing_else() -> None:
    model, _ = echo("uplink-down@goethe")
    lost = [found.lost for found in await ping(model, ROUTER, SWITCH, NEIGHBOUR, REFERENCE)]
    assert lost == [5, 5, 0, 0]


async def test_a_dead_switch_does_not_affect_its_uplink() -> None:
    model, _ = echo("switch-down@goethe/switch-1")
    assert [found.lost for found in await ping(model, ROUTER, SWITCH)] == [0, 5]


async def test_isolation_also_loses_the_references() -> None:
    model, _ = echo("isolated")
    lost = [found.lost for found in await ping(model, ROUTER, NEIGHBOUR, REFERENCE)]
    assert lost == [5, 5, 5]


async def test_a_lossy_line_loses_two_packets_in_five_in_the_long_run() -> None:
    model, _ = echo("lossy@goethe")
    rounds = await ping(model, *[ROUTER] * 200)
    assert 0.35 < sum(found.lost for found in rounds) / 1000 < 0.45


async def test_a_slow_line_triples_the_round_trip_time() -> None:
    (usual,) = await ping(echo()[0], ROUTER)
    (slow,) = await ping(echo("slow@goethe")[0], ROUTER)
    assert slow.rtts == pytest.approx([3 * rtt for rtt in usual.rtts])


async def test_a_fault_ends_with_its_replacement() -> None:
    model, _ = echo("uplink-down@goethe")
    model.replace_faults(["slow@schiller"])
    assert [found.lost for found in await ping(model, ROUTER)] == [0]


async def test_an_unknown_school_is_refused_with_a_suggestion() -> None:
    model, _ = echo()
    with pytest.raises(FaultError, match="did you mean goethe"):
        model.replace_faults(["slow@gothe"])


async def test_an_unknown_address_does_not_answer() -> None:
    model, _ = echo()
    (found,) = await ping(model, "127.99.99.99")
    assert (found.lost, found.hop_limit) == (5, None)
