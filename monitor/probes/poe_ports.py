"""The power over Ethernet state of a switch's ports, and which interface each port is.

The MIB numbers ports within groups and leaves the mapping to interfaces to the vendor.

Source: POWER-ETHERNET-MIB (RFC 3621 §4, pethPsePortTable).

Must not know: the SNMP protocol.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast

from monitor.observation import PoweredPort

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Port = tuple[int, int]

STATUS: Final = "pethPsePortDetectionStatus"
NAME: Final = "ifName"
MAX_PORTS: Final = 500
_KEPT: Final = 1000
_STATES: Final = range(1, 7)
# Gi1/0/5, ge-1/0/5: unit 1, port 5. A module other than 0 numbers its own ports.
_OF_UNIT: Final = re.compile(r"\D*(\d+)/0/(\d+)")
# Fa0/5: the only unit.
_ALONE: Final = re.compile(r"\D*0/(\d+)")


def powered_ports(
    found: Mapping[str, Mapping[int, int | bytes]], names: Mapping[int, int | bytes]
) -> dict[Port, PoweredPort]:
    """Return each port's state and the ifName of its interface, by group and port number.

    `names` are ifNames by ifIndex. The name is empty if it is not certain.
    """
    # The rows are indexed by group and port: tuples.
    rows = cast("Mapping[Port, int | bytes]", found.get(STATUS, {}))
    states = {
        port: state for port, state in rows.items() if isinstance(state, int) and state in _STATES
    }
    states = dict(list(states.items())[:MAX_PORTS])
    texts = {index: _text(name) for index, name in names.items() if isinstance(name, bytes)}
    called = interface_names(states, texts)
    return {port: _powered(state, called.get(port, "")) for port, state in states.items()}


# The switches of a city are of a few makes: their ports have the same names and states.
_powered = lru_cache(maxsize=_KEPT)(PoweredPort)


@lru_cache(maxsize=_KEPT)
def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace").strip("\0 ")


def interface_names(ports: Iterable[Port], names: Mapping[int, str]) -> dict[Port, str]:
    """Return the ifName of each port's interface, where that is certain.

    If every port number is an ifIndex, and no two ports have the same, these are the interfaces.
    Otherwise a port is the only interface whose name has its unit and number.
    """
    ports = frozenset(ports)
    numbers = {number for _, number in ports}
    if len(numbers) == len(ports) and numbers <= names.keys():
        return {port: names[port[1]] for port in ports}
    by_name = [(_port_of(name), name) for name in names.values()]
    seen = Counter(port for port, _ in by_name)
    return {port: name for port, name in by_name if port in ports and seen[port] == 1}


def _port_of(name: str) -> Port | None:
    if found := _OF_UNIT.fullmatch(name):
        return int(found[1]), int(found[2])
    if found := _ALONE.fullmatch(name):
        return 1, int(found[1])
    return None
