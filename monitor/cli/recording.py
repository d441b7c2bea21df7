"""A recording of a device's replies for a bug report, without private data.

The format is that of snmpsim's `.snmprec` files (OID|tag|value), so that the recipient can replay
it with a simulated agent. Numbers are kept. A string is kept only if it names a part of the device,
with addresses redacted; of every other string only the length and whether it is text are kept.

Must not know: how a device is queried.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.snmp.ber import Tag
from monitor.snmp.oid_octets import decode_oid
from monitor.snmp.oids import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.inventory.device_profile import DeviceProfile
    from monitor.snmp.dump import Recorded

_PREFIX = "1.3.6.1.2.1"
SUBTREES = (
    f"{_PREFIX}.1",
    *(table.entry for table in TABLES),
    f"{_PREFIX}.2.1",
    f"{_PREFIX}.17.2",
    f"{_PREFIX}.25.1.1",
    "1.3.6.1.6.3.10.2.1",
)
"""What is recorded of every device: the objects of a poll, and those that help to interpret it.

Tables indexed by client addresses are not included.
"""

_KEPT_STRINGS = (
    f"{_PREFIX}.1.1",
    f"{_PREFIX}.2.2.1.2",
    f"{_PREFIX}.31.1.1.1.1",
    *(f"{_PREFIX}.47.1.1.1.1.{column}" for column in (2, 7, 8, 9, 10, 12, 13)),
)
"""sysDescr, ifDescr, ifName; entPhysicalDescr, -Name, the three revisions, -MfgName, -ModelName."""

_ADDRESSES = re.compile(
    rb"[^\s@]+@[^\s@]+"  # mail
    rb"|(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}"  # MAC
    rb"|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}"  # MAC as Cisco writes it
    rb"|\d{1,3}(?:\.\d{1,3}){3}"  # IPv4
    rb"|(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}"  # IPv6
)
_PLAIN = re.compile(rb"[ -{}~]*")
_STRINGS = frozenset({Tag.OCTET_STRING, Tag.IP_ADDRESS, Tag.OPAQUE})


def subtrees_of(profile: DeviceProfile | None) -> tuple[str, ...]:
    """Return the subtrees to record from a device with a device profile."""
    readings = profile.readings if profile else ()
    own = (oid for one in readings for oid in (one.oid, one.label_oid) if oid)
    table = (profile.sensor_table,) if profile and profile.sensor_table else ()
    # A scalar's subtree is its object.
    return (*SUBTREES, *table, *(oid.removesuffix(".0") for oid in own))


def recording(varbinds: Iterable[Recorded], profile: DeviceProfile | None) -> Iterator[str]:
    """Yield the lines of a recording, in the order of the MIB; see `subtrees_of`."""
    labels = {one.label_oid for one in profile.readings if one.label_oid} if profile else set()
    kept = tuple(_arcs(oid) for oid in (*_KEPT_STRINGS, *labels))
    for arcs, tag, value in sorted(varbinds):
        oid = ".".join(map(str, arcs))
        if isinstance(value, bytes) and tag in _STRINGS:
            is_kept = tag == Tag.OCTET_STRING and any(arcs[: len(one)] == one for one in kept)
            yield f"{oid}|{_string(tag, _blot(value) if is_kept else _mask(tag, value))}\n"
        elif isinstance(value, bytes):
            yield f"{oid}|{tag}|{'.'.join(map(str, decode_oid(value)))}\n"
        else:
            yield f"{oid}|{tag}|{'' if value is None else value}\n"


def _arcs(oid: str) -> tuple[int, ...]:
    return tuple(map(int, oid.split(".")))


def _string(tag: int, value: bytes) -> str:
    # A bar or a control character would end the field; snmpsim needs hexadecimal then.
    if tag == Tag.OCTET_STRING and _PLAIN.fullmatch(value):
        return f"{tag}|{value.decode('ascii')}"
    return f"{tag}x|{value.hex()}"


def _blot(value: bytes) -> bytes:
    return _ADDRESSES.sub(lambda found: b"x" * len(found[0]), value)


def _mask(tag: int, value: bytes) -> bytes:
    is_text = tag == Tag.OCTET_STRING and _PLAIN.fullmatch(value)
    return (b"x" if is_text else b"\0") * len(value)
