"""What an observation shows of a line: sysName, ifAlias of the uplink, answering address.

Must not know: what is expected, or the ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.inventory.checks import InterfacesOptions, Role
from monitor.observation import DeviceReading, EchoRound
from monitor.rollout.line import Identity
from monitor.uplink.interface import find_interface
from monitor.uplink.model import Gap

if TYPE_CHECKING:
    from monitor.observation import Observation

_LONGEST: Final = 128


def identity_of(observation: Observation) -> Identity | None:
    """Return what an observation shows of a site's line; None if nothing, or of another device."""
    check = observation.check
    if check.target.role is not Role.UPLINK:
        return None
    values = observation.values
    if isinstance(values, EchoRound):
        return Identity(address=values.address) if values.answered else None
    if not isinstance(values, DeviceReading) or not isinstance(check.options, InterfacesOptions):
        return None
    alias = _alias(values, check.options.uplink_interface)
    name = values.sys_name[:_LONGEST] or None
    return Identity(sys_name=name, if_alias=alias) if name or alias is not None else None


def _alias(reading: DeviceReading, interface: str | None) -> str | None:
    """Return the ifAlias of the uplink's interface, None if it was not read."""
    if_index = find_interface(reading, interface)
    alias = None if isinstance(if_index, Gap) else reading.columns.get("ifAlias", {}).get(if_index)
    return alias.decode("utf-8", "replace")[:_LONGEST] if isinstance(alias, bytes) else None
