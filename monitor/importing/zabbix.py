"""Routers and switches from Zabbix's hosts, as its export writes them or its API answers.

Must not know: where the file comes from.
Source: Zabbix manual, host export (JSON) and `host.get` with selectInterfaces, selectTags,
selectInventory and selectHostGroups.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from monitor.importing import values
from monitor.importing.devices import Device
from monitor.importing.matching import Found, matched
from monitor.importing.taken import ImportProblemError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.importing.known import Known
    from monitor.importing.taken import Taken

_ROLE_TAGS: Final = {"role", "rolle", "type", "typ", "device", "component", "class"}
_SCHOOL_TAGS: Final = {"school", "schule", "schulnummer", "school_number", "site", "standort"}
_LOCATIONS: Final = ("location", "site_notes", "site_address_a", "alias", "name")
_YES: Final = {"1", "YES", "true"}


def read_zabbix(text: str, name: str, known: Known) -> Taken:
    """Return the devices of configured schools among the hosts of a file.

    Raises:
        ImportProblemError: if it has no Zabbix hosts.
    """
    try:
        answer = json.loads(text)
        hosts = answer["result"] if "result" in answer else answer["zabbix_export"]["hosts"]
    except (ValueError, KeyError, TypeError, RecursionError):
        hosts = None
    if not isinstance(hosts, list) or not all(isinstance(one, dict) for one in hosts):
        raise ImportProblemError(
            f"{name}: neither a JSON export of Zabbix's hosts nor a response to host.get"
        )
    return matched((_found(one) for one in hosts), known)


def _found(host: dict[str, Any]) -> Found:
    inventory = host.get("inventory")
    kept = inventory if isinstance(inventory, dict) else {}
    tags = [
        (values.said(one.get("tag")), values.said(one.get("value"))) for one in _of(host, "tags")
    ]
    groups = _names(host, "groups", "hostgroups", "hostGroups")
    names = [text for key in ("name", "host") if (text := values.said(host.get(key)))]
    roles = [value for tag, value in tags if tag.casefold() in _ROLE_TAGS]
    roles += [values.said(kept.get("type")), *names, *groups]
    roles += _names(host, "templates", "parentTemplates")
    schools = [value for tag, value in tags if tag.casefold() in _SCHOOL_TAGS]
    schools += [values.said(kept.get(key)) for key in _LOCATIONS]
    schools += [part for group in groups for part in reversed(group.split("/"))] + names
    return Found(
        Device(names[0] if names else "a host without a name", _address(host), tuple(roles)),
        tuple(text for text in schools if text),
        values.said(host.get("status")) not in {"1", "DISABLED"},
    )


def _address(host: dict[str, Any]) -> str:
    """Return the address of the host's SNMP interface, else of its first one."""

    def rank(interface: dict[str, Any]) -> tuple[bool, bool]:
        is_snmp = values.said(interface.get("type")) in {"2", "SNMP"}
        is_main = values.said(interface.get("main", interface.get("default", "YES"))) in _YES
        return not is_snmp, not is_main

    for interface in sorted(_of(host, "interfaces"), key=rank):
        by_ip = values.said(interface.get("useip", "YES")) in _YES
        for key in ("ip", "dns") if by_ip else ("dns", "ip"):
            if address := values.said(interface.get(key)):
                return address
    return ""


def _names(host: dict[str, Any], *keys: str) -> list[str]:
    found = (values.said(one.get("name")) for key in keys for one in _of(host, key))
    return [name for name in found if name]


def _of(host: dict[str, Any], key: str) -> Iterable[dict[str, Any]]:
    entries = host.get(key)
    return [one for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []
