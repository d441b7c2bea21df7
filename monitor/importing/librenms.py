"""Routers and switches from LibreNMS's list of devices.

Must not know: where the list comes from.
Source: LibreNMS API, GET /api/v0/devices.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from monitor.importing import values
from monitor.importing.devices import Device
from monitor.importing.matching import Found, matched
from monitor.importing.taken import ImportProblemError

if TYPE_CHECKING:
    from monitor.importing.known import Known
    from monitor.importing.taken import Taken

# LibreNMS's device types that can be a router or a switch; the others cannot.
_NETWORK: Final = {"", "network", "firewall", "router", "switch", "loadbalancer"}


def read_librenms(text: str, name: str, known: Known) -> Taken:
    """Return the devices of configured schools in a response of LibreNMS.

    Raises:
        ImportProblemError: if it is not such a response.
    """
    try:
        devices = json.loads(text)["devices"]
    except (ValueError, KeyError, TypeError, RecursionError):
        devices = None
    if not isinstance(devices, list) or not all(isinstance(one, dict) for one in devices):
        raise ImportProblemError(f"{name}: not a response of LibreNMS's /api/v0/devices")
    return matched((_found(one) for one in devices), known)


def _found(device: dict[str, Any]) -> Found:
    said = {key: values.said(device.get(key)) for key in device}

    def every(*keys: str) -> tuple[str, ...]:
        return tuple(text for key in keys if (text := said.get(key, "")))

    kind = said.get("type", "").casefold()
    hints = every("type", "purpose", "sysName", "display", "hostname", "hardware", "sysDescr")
    names = every("sysName", "display", "hostname")
    hosts = every("overwrite_ip", "ip", "hostname")
    return Found(
        Device(
            names[0] if names else f"id {said.get('device_id', '?')}",
            values.host(hosts[0]) if hosts else "",
            hints if kind in _NETWORK else (),
        ),
        every("location", "display", "sysName", "hostname", "purpose", "notes"),
        said.get("disabled", "0") in {"0", "", "false"},
    )
