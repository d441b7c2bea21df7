"""Which probe runs which kind of check: the complete list.

Must not know: what any probe does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.inventory.checks import CheckKind
from monitor.probes import dns, hardware, http, icmp, interfaces, tcp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.probes.context import Probe

PROBES: Mapping[CheckKind, Probe] = {
    CheckKind.ICMP: icmp.run,
    CheckKind.INTERFACES: interfaces.run,
    CheckKind.HARDWARE: hardware.run,
    CheckKind.TCP: tcp.run,
    CheckKind.HTTP: http.run,
    CheckKind.DNS: dns.run,
}
