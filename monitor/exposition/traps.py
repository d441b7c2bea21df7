"""The traps of a device as sample lines.

Must not know: how a trap is received, or which senders are accepted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.exposition.metric import DEVICE, Kind, Metric
from monitor.exposition.text import Blocks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.devices.links import Place

# The standard notifications (RFC 3418, RFC 2863), and all others.
TRAPS: Final = ("linkDown", "linkUp", "coldStart", "warmStart", "authenticationFailure", "other")

SCHOOL_DEVICE_TRAPS_TOTAL: Final = Metric(
    "school_device_traps_total",
    Kind.COUNTER,
    "traps",
    f"Traps and informs accepted from the device (`--traps`): {', '.join(TRAPS)}",
    (*DEVICE, "trap"),
    known={"trap": TRAPS},
)


def trap_blocks(place: Place, totals: Mapping[str, int]) -> dict[str, bytes]:
    """Return family -> sample lines for a device's traps, counted by kind."""
    blocks = Blocks()
    blocks.add_counts(SCHOOL_DEVICE_TRAPS_TOTAL, place, totals)
    return blocks.text()
