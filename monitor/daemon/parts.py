"""The parts of a daemon: opened and closed by `open_daemon`, and shared by its tasks.

Must not know: what the daemon does with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.probes.context import ProbeContext
from monitor.probes.registry import PROBES
from monitor.schedule import run_once

if TYPE_CHECKING:
    from monitor.clock import Clock
    from monitor.exposition.own import OwnMetrics
    from monitor.exposition.store import Exposition
    from monitor.inventory.checks import Check
    from monitor.ledger.ledger import Ledger
    from monitor.observation import Observation
    from monitor.probes.context import EchoTransport
    from monitor.probes.snmp_transport import SnmpReaders
    from monitor.threads import DaemonThreads
    from monitor.web.access_file import WebFile


@dataclass(frozen=True, slots=True)
class Parts:
    """Transports, stores and threads; `rollout_clock` is None if it is the same clock."""

    clock: Clock
    echo: EchoTransport
    snmp: SnmpReaders
    own: OwnMetrics
    exposition: Exposition
    ledger: Ledger
    threads: DaemonThreads
    rollout_clock: Clock | None = None
    web_file: WebFile | None = None

    async def probe(self, check: Check, deadline: float) -> Observation:
        """Run one check, which ends by a monotonic deadline."""
        threads = self.threads.probes
        context = ProbeContext(self.clock, deadline, self.echo, self.snmp, threads)
        return await PROBES[check.kind](check, context)

    async def probe_now(self, check: Check) -> Observation:
        """Run one check now, outside the schedule; nothing is recorded."""
        return await run_once(check, self.probe, self.clock)
