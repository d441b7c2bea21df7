"""A device's LLDP neighbors, limited to network devices.

Telephones, computers and all other devices that do not forward packets are discarded here, and
addresses are never used as names.

Source: IEEE 802.1AB LLDP-MIB.

Must not know: which devices exist.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from monitor.observation import Neighbor

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCAL_COLUMNS = ("lldpLocPortIdSubtype", "lldpLocPortId", "lldpLocPortDesc")
REMOTE_COLUMNS = (
    "lldpRemPortIdSubtype",
    "lldpRemPortId",
    "lldpRemPortDesc",
    "lldpRemSysName",
    "lldpRemSysCapEnabled",
)
MAX_NEIGHBORS = 200
_ARCS_OF_MIB = 3

# LldpSystemCapabilitiesMap, the first octet: bridge(2), wlanAccessPoint(3), router(4).
_FORWARDING = 0b0011_1000
# LldpPortIdSubtype: interfaceName(5) and local(7) are names; the others are addresses, may be
# addresses, or are free text.
_NAMES = frozenset({5, 7})
_MAC = re.compile(
    r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}|^[0-9A-Fa-f]{12}$"
)


def neighbors(columns: Mapping[str, Mapping[int, int | bytes]]) -> tuple[Neighbor, ...]:
    """Return the neighbors that forward packets and have a name."""
    # Rows of the remote table are indexed by time mark, local port and number: tuples.
    remote = {
        name: cast("Mapping[tuple[int, ...], int | bytes]", columns.get(name, {}))
        for name in REMOTE_COLUMNS
    }
    local = [columns.get(name, {}) for name in LOCAL_COLUMNS]
    found = []
    for index, value in remote["lldpRemSysName"].items():
        name = _text(value)
        capabilities = remote["lldpRemSysCapEnabled"].get(index, b"")
        if not name or not isinstance(capabilities, bytes):
            continue
        if not capabilities or not capabilities[0] & _FORWARDING:
            continue
        number = _local_port(index)
        if number is None:
            continue
        port = _port(*(rows.get(number) for rows in local)) or str(number)
        far = _port(*(remote[name].get(index) for name in REMOTE_COLUMNS[:3]))
        found.append(Neighbor(port, name, far))
    return tuple(found[:MAX_NEIGHBORS])


def _local_port(index: tuple[int, ...]) -> int | None:
    """Return the port number in the index of a remote row, None if it is unknown.

    In the MIB, the index is time mark, port and number; some agents use the port alone.
    """
    if len(index) == _ARCS_OF_MIB:
        return index[1]
    return index[0] if len(index) == 1 else None


def _port(
    subtype: int | bytes | None, name: int | bytes | None, description: int | bytes | None
) -> str:
    found = _text(name if subtype in _NAMES else description)
    return "" if _MAC.search(found) else found


def _text(value: int | bytes | None) -> str:
    return value.decode("utf-8", "replace").strip("\0 ") if isinstance(value, bytes) else ""
