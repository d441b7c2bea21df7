"""Faults of a device that still answers, as a monitor sees them over SNMP."""

from __future__ import annotations

from monitor.inventory.checks import Role
from monitor.simulator.agent import Agent
from monitor.simulator.faults import (
    DAMAGED_PER_SECOND,
    Condition,
    FaultPlan,
    Place,
    parse_fault,
)
from monitor.simulator.model import build_devices
from monitor.simulator.table import TableBuilder
from monitor.simulator.traffic import Traffic
from monitor.snmp.message import PduType
from monitor.snmp.oid_octets import decode_oid, encode_oid
from tests.simulator.cities import simulated_city
from tests.simulator.requests import COMMUNITY, TUESDAY, answered, ask

CITY = simulated_city()
ROUTER = Place("goethe", "main", "router", Role.UPLINK)
SWITCH = Place("goethe", "main", "switch-1", Role.SWITCH)
SPEED = "1.3.6.1.2.1.31.1.1.1.15"
ERRORS = "1.3.6.1.2.1.2.2.1.14"
UPTIME = "1.3.6.1.2.1.1.3"


def agent(place: Place) -> Agent:
    (device,) = (one for one in build_devices(CITY) if one.place == place)
    return Agent(device, COMMUNITY, TableBuilder(), Traffic(TUESDAY))


def values_of(agent: Agent, column: str, seconds: float, condition: Condition) -> dict[int, object]:
    """Return a column's values by their last arc, read with GETNEXT."""
    found: dict[int, object] = {}
    version = agent.device.versions[-1]
    name: str | bytes = column
    while True:
        reply = ask(
            agent, PduType.GET_NEXT, [name], version=version, seconds=seconds, condition=condition
        )
        name, _, value = answered(reply).varbinds[0]
        if not name.startswith(encode_oid(column)):
            return found
        found[decode_oid(name)[-1]] = value


def damaged(plan: FaultPlan, seconds: float) -> int:
    return plan.condition(SWITCH, seconds).damaged


def test_damaged_packets_count_up_during_the_fault_and_never_down() -> None:
    fault = parse_fault("port-errors@goethe/switch-1", CITY, starts=10.0, ends=20.0)
    plan = FaultPlan(CITY, [fault])
    assert [damaged(plan, at) for at in (5.0, 10.0, 12.0, 20.0, 99.0)] == [
        int(DAMAGED_PER_SECOND * seconds) for seconds in (0, 0, 2, 10, 10)
    ]
    assert plan.condition(ROUTER, 15.0).damaged == 0


def test_damage_stays_counted_after_the_fault_is_cleared() -> None:
    plan = FaultPlan(CITY, [parse_fault("port-errors@goethe/switch-1", CITY, starts=0.0)])
    plan.replace([], 4.0)
    assert damaged(plan, 60.0) == int(DAMAGED_PER_SECOND * 4)
    plan.replace(["port-errors@goethe/switch-1"], 100.0)
    assert damaged(plan, 101.0) == int(DAMAGED_PER_SECOND * 5)


def test_one_port_that_is_up_receives_the_damaged_packets() -> None:
    switch = agent(SWITCH)
    before = values_of(switch, ERRORS, 50.0, Condition())
    after = values_of(switch, ERRORS, 50.0, Condition(damaged=700))
    (index,) = (index for index in before if before[index] != after[index])
    was, now = before[index], after[index]
    assert isinstance(was, int)
    assert isinstance(now, int)
    assert now - was == 700
    (row,) = (row for row in switch.device.interfaces if row.index == index)
    assert row.oper_up


def test_a_slow_port_affects_only_the_line_of_the_router() -> None:
    router = agent(ROUTER)
    before = values_of(router, SPEED, 50.0, Condition())
    slow = values_of(router, SPEED, 50.0, Condition(slow_port=True))
    (index,) = (index for index in before if before[index] != slow[index])
    (row,) = (row for row in router.device.interfaces if row.index == index)
    assert row.alias, "the line carries the provider's name"
    assert slow[index] == 100
    assert values_of(router, SPEED, 60.0, Condition()) == before


def test_a_slow_port_does_not_affect_switches() -> None:
    switch = agent(SWITCH)
    before = values_of(switch, SPEED, 50.0, Condition())
    assert values_of(switch, SPEED, 50.0, Condition(slow_port=True)) == before


def test_a_restart_resets_the_uptime_and_keeps_port_numbers() -> None:
    plan = FaultPlan(CITY, [parse_fault("rebooted@goethe/switch-1", CITY, starts=30.0)])
    switch = agent(SWITCH)
    before = values_of(switch, SPEED, 20.0, plan.condition(SWITCH, 20.0))
    condition = plan.condition(SWITCH, 40.0)
    assert condition.numbering == 0
    assert values_of(switch, UPTIME, 40.0, condition) == {0: 1000}
    assert values_of(switch, SPEED, 40.0, condition) == before
