"""Insecure settings, about which `check` and `doctor` warn.

Must not know: how anything is queried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.inventory.checks import HttpOptions
from monitor.inventory.city import insecure_accesses
from monitor.words.plural import count_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.inventory.city import Inventory

_MOST_NAMED: Final = 3


def insecure_settings(inventory: Inventory) -> Iterator[tuple[str, str]]:
    """Yield insecure settings, and the remedy for each."""
    for found in (unencrypted(inventory), old_tls(inventory)):
        if found is not None:
            yield found


def unencrypted(inventory: Inventory) -> tuple[str, str] | None:
    """Return how many devices are read by SNMP without encryption, and the remedy; None if none."""
    devices = len(insecure_accesses(inventory))
    if not devices:
        return None
    seen = f"{count_of(devices, 'device is', 'devices are')} read by SNMP without encryption"
    return seen, "docs/snmp.md says how SNMPv3 is set up"


def old_tls(inventory: Inventory) -> tuple[str, str] | None:
    """Return which checks accept old TLS and the consequence, None if none does."""
    named = [
        "/".join(filter(None, (one.target.school, one.target.site, one.target.device, one.name)))
        for one in inventory.checks()
        if isinstance(one.options, HttpOptions) and one.options.old_tls
    ]
    if not named:
        return None
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    checks = count_of(len(named), "check accepts", "checks accept")
    seen = f"{checks} old TLS ({', '.join(named[:_MOST_NAMED])}{more})"
    return seen, "anyone on the path can read and change what they receive: replace these devices"
