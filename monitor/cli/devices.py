"""A device as the command line names it: SCHOOL/DEVICE, or SCHOOL/SITE/DEVICE.

Must not know: how a device is queried.
"""

from __future__ import annotations

import difflib
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from monitor.cli.common import Exit, fail
from monitor.inventory.checks import SNMP_OPTIONS

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

    from monitor.inventory.checks import Check
    from monitor.inventory.city import Inventory

    Devices = dict[str, tuple[Check, ...]]

_FORM: Final = "name it SCHOOL/DEVICE"
_NEAREST: Final = 3


def snmp_devices(inventory: Inventory) -> Devices:
    """Return the SNMP checks of every device, by its name on the command line."""
    devices: Devices = {}
    for check in inventory.checks():
        target = check.target
        if target.school and isinstance(check.options, SNMP_OPTIONS):
            name = f"{target.site_key}/{target.device}"
            devices[name] = (*devices.get(name, ()), check)
    return devices


def known_device(inventory: Inventory, wanted: str) -> str:
    """Return a device's full name; exit with suggestions if there is none, or several."""
    known = snmp_devices(inventory)
    school, _, rest = wanted.partition("/")
    found = [
        name for name in known if name == wanted or (rest and _is_short(name, f"{school}/", rest))
    ]
    if len(found) > 1:
        fail(f"{wanted!r} is at several sites: {', '.join(found)}", Exit.WRONG)
    if not found:
        fail(_by_address(known, wanted) or _unknown(known, wanted), Exit.WRONG)
    return found[0]


def _unknown(known: Devices, wanted: str) -> str:
    school = wanted.partition("/")[0]
    of_school = [name for name in known if name.startswith(f"{school}/")]
    close = difflib.get_close_matches(wanted, of_school or known, n=_NEAREST, cutoff=0.4)
    likely = ", ".join(close or of_school[:_NEAREST])
    hint = f"did you mean {likely}?" if likely else "`schulnetz check --list` lists schools"
    form = "" if "/" in wanted else f"{_FORM}; "
    return f"no device {wanted!r} is read by SNMP; {form}{hint}"


def _by_address(known: Devices, wanted: str) -> str:
    """Return a message about an address in place of a name; empty if it is not an address."""
    hosts = {name: checks[0].target.host for name, checks in known.items()}
    same = [name for name, host in hosts.items() if host == wanted]
    if same:
        return f"{wanted} is {' and '.join(same)}: {_FORM}, not its address"
    address = _address(wanted)
    if address is None:
        return ""
    distances = {
        name: abs(int(there) - int(address))
        for name, host in hosts.items()
        if (there := _address(host)) is not None and there.version == address.version
    }
    nearest = sorted(distances, key=lambda name: distances[name])[:_NEAREST]
    shown = ", ".join(f"{name} ({hosts[name]})" for name in nearest)
    hint = f"the nearest are {shown}" if nearest else "`schulnetz check --list` lists schools"
    return f"no device with the address {wanted} is read by SNMP: {_FORM}; {hint}"


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _is_short(name: str, school: str, device: str) -> bool:
    return name.startswith(school) and name.rpartition("/")[2] == device
