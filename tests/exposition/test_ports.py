"""Which interfaces are exported in full, which only by their states, and which not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.exposition.devices import DeviceRenderer
from monitor.exposition.interfaces import LOOK_BACK_SECONDS
from monitor.exposition.ports import SETTLED_SECONDS, Exported, PortChooser
from monitor.inventory.checks import Check, InterfacesOptions
from monitor.inventory.interface_selection import InterfaceSelection
from tests.exposition.support import MONDAY, exact_names, interfaces_check, reading

if TYPE_CHECKING:
    from monitor.observation import DeviceReading

UP, DOWN, LOWER_LAYER_DOWN = 1, 2, 7
UPTIME = 50_000_000
LONG_AGO = 1000
Rows = dict[int, int | bytes]


def check_with(**options: object) -> Check:
    check = interfaces_check()
    assert isinstance(check.options, InterfacesOptions)
    return replace(check, options=replace(check.options, **options))  # type: ignore[arg-type]


def poll(
    minute: int,
    state: int = UP,
    octets: int = 1000,
    *,
    errors: int = 0,
    changed: int = LONG_AGO,
    name: bytes = b"1",
) -> DeviceReading:
    """Return a reading of port 1, and of port 2, which is always up."""
    found = reading(
        ifName={1: name, 2: b"2"},
        ifType={1: 6, 2: 6},
        ifOperStatus={1: state, 2: UP},
        ifAdminStatus={1: UP, 2: UP},
        ifLastChange={1: changed, 2: LONG_AGO},
        ifHighSpeed={1: 1000, 2: 1000},
        ifHCInOctets={1: octets, 2: 7 * minute},
        ifHCOutOctets={1: octets // 2, 2: 7 * minute},
        ifInErrors={1: errors, 2: 0},
    )
    at = MONDAY + timedelta(minutes=minute)
    return replace(found, read_at=at, uptime_ticks=UPTIME + 6000 * minute)


def of_port(blocks: dict[str, bytes], name: str = "1") -> dict[str, tuple[int, float]]:
    """Return a port's value and minute by family."""
    found = {}
    for family, text in blocks.items():
        for line in text.decode().splitlines():
            series, value, *stamp = line.rsplit(" ", 2)
            if f'ifName="{name}"' in series:
                minute = (int(stamp[0]) / 1000 - MONDAY.timestamp()) / 60
                found[family] = (int(value), minute)
    return found


def told(blocks: dict[str, bytes]) -> dict[str, float]:
    counts = exact_names(blocks["school_device_interfaces"].decode())
    return {dict(labels)["exported"]: value for (_, labels), value in counts.items()}


STATES = {"ifOperStatus", "ifAdminStatus"}


@pytest.mark.parametrize("state", [DOWN, 6, LOWER_LAYER_DOWN])
def test_an_unused_port_exports_only_its_two_states(state: int) -> None:
    blocks = DeviceRenderer(interfaces_check()).render(poll(0, state))
    assert of_port(blocks).keys() == STATES
    assert len(of_port(blocks, "2")) == 8
    assert told(blocks) == {"whole": 1, "status": 1, "none": 0}


@pytest.mark.parametrize("state", [UP, 3, 4, 5])
def test_a_port_that_is_not_down_is_fully_exported(state: int) -> None:
    blocks = DeviceRenderer(interfaces_check()).render(poll(0, state))
    assert len(of_port(blocks)) == 8


def test_a_returning_port_starts_with_its_counts_of_the_previous_poll() -> None:
    renderer = DeviceRenderer(interfaces_check())
    for minute in range(3):
        assert of_port(renderer.render(poll(minute, DOWN))).keys() == STATES
    back = of_port(renderer.render(poll(3, UP, 9000)))
    counters = {"ifHCInOctets": (1000, 2), "ifHCOutOctets": (500, 2), "ifInErrors": (0, 2)}
    # Non-counters carry the current time.
    states = {"ifOperStatus": (UP, 3), "ifAdminStatus": (UP, 3)}
    others = {"ifHighSpeed": (1000, 3), "ifLastChange": (LONG_AGO, 3), "ifType_info": (1, 3)}
    assert back == counters | states | others
    assert of_port(renderer.render(poll(4, UP, 17_000)))["ifHCInOctets"] == (17_000, 4)


def test_a_port_that_counts_is_fully_exported_even_if_it_claims_to_be_down() -> None:
    renderer = DeviceRenderer(interfaces_check())
    renderer.render(poll(0, DOWN, 1000))
    assert of_port(renderer.render(poll(1, DOWN, 1001)))["ifHCInOctets"] == (1000, 0)
    for minute in range(2, 5):
        found = of_port(renderer.render(poll(minute, DOWN, 1001)))
        assert found["ifHCInOctets"] == (1001, minute), "it has carried something since its change"
    changed = UPTIME + 6000 * 5
    for minute in range(5, 66):
        found = of_port(renderer.render(poll(minute, DOWN, 1001, changed=changed)))
        is_recent = (minute - 5) * 60 < SETTLED_SECONDS
        assert ("ifHCInOctets" in found) == is_recent, minute


def test_a_port_that_goes_down_stays_fully_exported_for_an_hour() -> None:
    renderer = DeviceRenderer(interfaces_check())
    renderer.render(poll(0, UP, 1000))
    changed = UPTIME + 3000
    for minute in range(1, 70):
        found = of_port(renderer.render(poll(minute, DOWN, 1500, changed=changed)))
        is_whole = minute * 60 - 30 < SETTLED_SECONDS
        assert found.keys() == STATES or is_whole, minute
        assert "ifLastChange" in found or not is_whole, minute


def test_a_starting_daemon_does_not_treat_a_just_failed_port_as_unused() -> None:
    just_now = UPTIME - 100
    found = DeviceRenderer(interfaces_check()).render(poll(0, DOWN, changed=just_now))
    assert len(of_port(found)) == 8


def test_a_device_restart_does_not_affect_an_unused_port() -> None:
    renderer = DeviceRenderer(interfaces_check())
    renderer.render(poll(0, DOWN, 1000))
    booted = replace(poll(1, DOWN, 0, changed=700), uptime_ticks=3000)
    assert of_port(renderer.render(booted)).keys() == STATES
    # Its counters were reset meanwhile.
    up = replace(poll(2, UP, 40), uptime_ticks=9000)
    assert of_port(renderer.render(up))["ifHCInOctets"] == (0, 1)


def test_another_interface_at_the_same_ifindex_inherits_no_counts() -> None:
    renderer = DeviceRenderer(interfaces_check())
    renderer.render(poll(0, DOWN, 1000))
    found = of_port(renderer.render(poll(1, UP, 9000, name=b"9")), "9")
    assert found["ifHCInOctets"] == (9000, 1)


def test_an_incomplete_poll_changes_nothing_about_unused_ports() -> None:
    renderer = DeviceRenderer(interfaces_check())
    renderer.render(poll(0, DOWN, 1000))
    whole = poll(1, DOWN, 1000)
    for lost in ("ifOperStatus", "ifHCInOctets", "ifLastChange"):
        columns = {name: rows for name, rows in whole.columns.items() if name != lost}
        found = of_port(renderer.render(replace(whole, columns=columns)))
        assert found.keys() <= STATES, lost
    assert of_port(renderer.render(poll(2, UP, 9000)))["ifHCInOctets"] == (1000, 1)


def test_counts_older_than_the_look_back_are_no_longer_exposed() -> None:
    renderer = DeviceRenderer(interfaces_check())
    renderer.render(poll(0, DOWN, 1000))
    minutes = int(LOOK_BACK_SECONDS // 60) + 1
    found = of_port(renderer.render(poll(minutes, UP, 9000)))
    assert found["ifHCInOctets"] == (9000, minutes)


def test_polls_without_time_stamps_also_start_with_the_previous_poll() -> None:
    renderer = DeviceRenderer(replace(interfaces_check(), interval=300.0))
    renderer.render(poll(0, DOWN, 1000))
    text = renderer.render(poll(5, UP, 9000))["ifHCInOctets"].decode()
    assert [line.rsplit(" ", 1)[1] for line in text.splitlines()] == ["1000", "35"]


def test_unused_ports_are_fully_exported_if_configured() -> None:
    blocks = DeviceRenderer(check_with(unused="whole")).render(poll(0, DOWN))
    assert len(of_port(blocks)) == 8
    assert told(blocks) == {"whole": 2, "status": 0, "none": 0}


def test_the_uplink_interface_is_always_fully_exported() -> None:
    check = check_with(uplink_interface="1", select=InterfaceSelection(name="^2$"))
    blocks = DeviceRenderer(check).render(poll(0, DOWN))
    assert len(of_port(blocks)) == 8
    assert len(of_port(blocks, "2")) == 8


def test_unselected_interfaces_are_not_exported() -> None:
    check = check_with(select=InterfaceSelection(name="^2$"))
    blocks = DeviceRenderer(check).render(poll(0, UP))
    assert not of_port(blocks)
    assert len(of_port(blocks, "2")) == 8
    assert told(blocks) == {"whole": 1, "status": 0, "none": 1}


def test_the_selection_follows_changes_on_the_device() -> None:
    renderer = DeviceRenderer(check_with(select=InterfaceSelection(admin="up")))
    for minute, admin in enumerate((1, 2, 1)):
        found = poll(minute)
        columns = {**found.columns, "ifAdminStatus": {1: admin, 2: 1}}
        assert bool(of_port(renderer.render(replace(found, columns=columns)))) == (admin == 1)
        # A poll that failed before that column changes nothing.
        del columns["ifAdminStatus"]
        found = replace(found, columns=columns, read_at=found.read_at)
        assert bool(of_port(renderer.render(found))) == (admin == 1)


_POLLS = st.tuples(
    st.integers(1, 3), st.sampled_from([UP, DOWN, DOWN]), st.integers(0, 2), st.booleans()
)


@given(st.lists(_POLLS, min_size=1, max_size=30))
def test_each_count_of_a_port_is_exposed_once_in_order(
    polls: list[tuple[int, int, int, bool]],
) -> None:
    """Every sample is true and in order, and no octet is lost or counted twice."""
    renderer = DeviceRenderer(interfaces_check())
    minute, octets, changed, state = 0, 1000, LONG_AGO, DOWN
    truth: dict[float, int] = {}
    exposed: dict[float, int] = {}
    first = None
    for gap, state_now, growth, forgets in polls:
        minute += gap
        octets += growth
        if state_now != state:
            changed = LONG_AGO if forgets else UPTIME + 6000 * minute
        state = state_now
        truth[minute] = octets
        first = octets if first is None else first
        found = of_port(renderer.render(poll(minute, state, octets, changed=changed)))
        if "ifHCInOctets" in found:
            value, at = found["ifHCInOctets"]
            assert truth[at] == value
            assert not exposed or at >= max(exposed)
            exposed[at] = value
        else:
            # Unused: none of its counts is missing, if it was exposed at all.
            assert state == DOWN
            assert not exposed or exposed[max(exposed)] == octets
    if exposed:
        assert exposed[min(exposed)] == first
    for _ in range(2):
        minute += 1
        found = of_port(renderer.render(poll(minute, UP, octets, changed=changed)))
    assert found["ifHCInOctets"] == (octets, minute)


def test_a_row_is_exported_in_exactly_one_way() -> None:
    check = check_with(select=InterfaceSelection(without_types=frozenset({24})))
    assert isinstance(check.options, InterfacesOptions)
    found = poll(0, DOWN)
    columns = {**found.columns, "ifType": {1: 24, 2: 6}}
    choice = PortChooser(check.options).choose(replace(found, columns=columns))
    assert [choice.of(row) for row in (1, 2)] == [Exported.NONE, Exported.WHOLE]
    assert not choice.unused
