"""What answers and works badly, on several boards: by the daemon's verdict, and nothing else.

Must not know: when a device is degraded, Grafana's JSON.
"""

from __future__ import annotations

from typing import Final

from dashboards.panel import Colour, Column
from dashboards.shared import words
from monitor.words import terms
from monitor.words.text import Text

_FAMILY: Final = "school_degraded_since_timestamp_seconds"
_BY: Final = "school, site, device, check, reason, part"

REASON: Final = Column(
    "reason", Text("Reason", "Grund"), values=words(terms.TROUBLES, {}, Colour.CARE)
)
CHECK: Final = Column(
    "check", Text("Check", "Prüfung"), values=words(terms.CHECKS, {}), coloured=False
)
PART: Final = Column("part", Text("Part", "Teil"), coloured=False)


def since(selector: str = "") -> str:
    """Return PromQL of since when (ms) devices are degraded: one series for each reason."""
    return f"min by ({_BY}) ({_FAMILY}{{{selector}}}) * 1000"
