"""How many connections are admitted: from strangers, known addresses, and this machine."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from monitor.web import door
from monitor.web.door import Door
from monitor.web.refusals import Refusal, no_refusals

STRANGERS = 64
LAST = 16


@dataclass(eq=False)
class Guest:
    """A connection that may be closed."""

    closed: bool = False

    def abort(self) -> None:
        self.closed = True


class House:
    """A door with this many file descriptors, and its open connections."""

    def __init__(self, descriptors: int = 1024) -> None:
        self.refused = no_refusals()
        self.door = Door(self.refused, lambda: descriptors)
        self.inside: list[tuple[str, Guest]] = []

    def enter(self, address: str, times: int = 1) -> int:
        """Return how many of this many connections were admitted."""
        came = 0
        for _ in range(times):
            guest = Guest()
            if self.door.enter(address, guest):
                self.inside.append((address, guest))
                came += 1
        return came

    def of(self, address: str) -> int:
        """Return how many connections of an address are open."""
        return sum(one == address and not guest.closed for one, guest in self.inside)

    @property
    def open(self) -> int:
        return sum(not guest.closed for _, guest in self.inside)


def test_a_stranger_has_few_slots_and_all_strangers_a_quarter() -> None:
    house = House()
    assert house.enter("10.0.0.1", 100) == door.MAX_OF_STRANGER
    for number in range(1, 200):
        house.enter(f"10.0.{number}.2")
    assert house.open == STRANGERS
    assert house.refused[Refusal.NO_ROOM] > 200 - STRANGERS


def test_a_stranger_without_a_slot_takes_one_from_the_largest_holder() -> None:
    """Eight addresses with eight connections each do not lock out a ninth."""
    house = House()
    for number in range(8):
        assert house.enter(f"10.0.0.{number}", 8) == 8
    assert house.enter("10.9.9.9") == 1
    assert house.of("10.9.9.9") == 1
    assert house.open == STRANGERS
    assert house.inside[0][1].closed


def test_no_slot_is_taken_from_addresses_with_a_single_one() -> None:
    house = House()
    assert sum(house.enter(f"10.0.0.{number}") for number in range(STRANGERS)) == STRANGERS
    assert house.enter("10.9.9.9") == 0


def test_known_addresses_get_more_and_the_last_slots_go_to_small_holders() -> None:
    house = House()
    house.door.welcome("10.1.1.1")
    house.door.welcome("10.1.1.2")
    assert house.enter("10.1.1.1", 1000) == door.MAX_CONNECTIONS - LAST
    assert house.enter("10.0.0.1") == 0
    assert house.enter("10.1.1.2", 100) == door.MAX_OF_LAST_PLACES
    assert house.enter("127.0.0.1", 100) == door.MAX_OF_LAST_PLACES


@pytest.mark.parametrize("descriptors", [64, 256, 1024, 1_000_000])
def test_three_quarters_of_the_descriptors_are_reserved_for_checks(descriptors: int) -> None:
    house = House(descriptors)
    for number in range(300):
        address = f"10.{number}.0.1"
        house.enter(address)
        house.door.welcome(address)
    house.enter("127.0.0.1", 300)
    assert 0 < house.open <= min(descriptors // 4, door.MAX_CONNECTIONS)


def test_a_slot_is_free_again_when_its_connection_closes() -> None:
    house = House()
    house.enter("10.0.0.1", 8)
    address, guest = house.inside[0]
    house.door.leave(address, guest)
    house.door.leave(address, guest)
    assert house.enter("10.0.0.1", 8) == 1


def test_an_address_becoming_known_or_forgotten_is_counted_once() -> None:
    house = House()
    house.enter("10.0.0.1", 8)
    house.door.welcome("10.0.0.1")
    for number in range(8):
        assert house.enter(f"10.2.0.{number}", 8) == 8
    for number in range(2000):
        house.door.welcome(f"10.8.{number // 256}.{number % 256}")
    assert not house.door.knows("10.0.0.1")
    for address, guest in house.inside:
        house.door.leave(address, guest)
    for number in range(8):
        assert house.enter(f"10.2.0.{number}", 8) == 8
    assert house.enter("10.0.0.1", 8) == 7


def test_an_ipv6_network_counts_as_one_address() -> None:
    house = House()
    came = sum(house.enter(f"2001:db8::{number:x}") for number in range(1, 100))
    assert came == door.MAX_OF_STRANGER
    assert house.enter("2001:db8:0:1::1") == 1
    house.door.welcome("2001:db8::1")
    assert house.door.knows("2001:db8::ffff")
    assert house.door.knows("::ffff:127.0.0.1")
    assert house.door.knows("::1")
    assert not house.door.knows("::2")
