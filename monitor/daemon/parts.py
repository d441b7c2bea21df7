"""What a daemon is built of: opened and closed by `open_daemon`, used by all that it runs.

Must not know: what the daemon does with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.clock import Clock
    from monitor.daemon.pipeline import Watch
    from monitor.exposition.own import OwnMetrics
    from monitor.exposition.store import Exposition
    from monitor.ledger.ledger import Ledger
    from monitor.probes.context import EchoTransport
    from monitor.probes.snmp_transport import SnmpReaders
    from monitor.threads import DaemonThreads
    from monitor.web.access_file import WebFile


@dataclass(frozen=True, slots=True)
class Parts:
    """What the daemon is built of; opened and closed by `open_daemon`."""

    clock: Clock
    echo: EchoTransport
    snmp: SnmpReaders
    own: OwnMetrics
    exposition: Exposition
    watch: Watch
    ledger: Ledger
    threads: DaemonThreads
    rollout_clock: Clock | None = None
    web_file: WebFile | None = None
