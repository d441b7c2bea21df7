"""A city of simulated routers and switches on loopback, with faults.

Real SNMP packets from devices that are computed, not recorded: `CityProcess` runs them in a
separate process, `loopback_inventory` points the unchanged daemon at them, and `ModelledEcho`
replaces ping. Nothing outside the demo, the drills and the tests imports this.
"""

from __future__ import annotations

from monitor.simulator.city import CityError
from monitor.simulator.echo import ModelledEcho
from monitor.simulator.faults import Fault, FaultError, FaultKind, parse_fault
from monitor.simulator.loopback import LoopbackError, loopback_inventory
from monitor.simulator.process import CityProcess

__all__ = [
    "CityError",
    "CityProcess",
    "Fault",
    "FaultError",
    "FaultKind",
    "LoopbackError",
    "ModelledEcho",
    "loopback_inventory",
    "parse_fault",
]
