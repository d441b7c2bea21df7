"""A site's uplink by its router's counters: load against the contract, and problems.

Pure: no I/O, no clock of its own. `docs/uplink.md` states the rules for people.

Must not know: how the router was queried, or who is notified.
"""

from __future__ import annotations

from monitor.uplink.findings import Finding, FindingKind, assess, findings
from monitor.uplink.meter import DirectionLoad, Peak, UplinkLoad, UplinkMeter
from monitor.uplink.meters import Measured, UplinkMeters
from monitor.uplink.model import Gap, Poll

__all__ = [
    "DirectionLoad",
    "Finding",
    "FindingKind",
    "Gap",
    "Measured",
    "Peak",
    "Poll",
    "UplinkLoad",
    "UplinkMeter",
    "UplinkMeters",
    "assess",
    "findings",
]
