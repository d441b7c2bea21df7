"""The account of minutes and the ledger's health as sample lines.

Must not know: how minutes are classed, or where the ledger lies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.exposition.text import Blocks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.rollout.availability import MinuteClass
    from monitor.rollout.ledger import LedgerHealth


def availability_blocks(
    counts: Mapping[str, Mapping[MinuteClass, int]],
) -> dict[str, dict[str, bytes]]:
    """Return school id -> family -> lines for minutes by class of each `school/site`."""
    by_school: dict[str, Blocks] = {}
    for key, minutes in counts.items():
        school, _, site = key.partition("/")
        blocks = by_school.setdefault(school, Blocks())
        blocks.add_counts("school_minutes_total", (school, site), minutes)
    return {school: blocks.text() for school, blocks in by_school.items()}


def ledger_blocks(health: LedgerHealth) -> dict[str, bytes]:
    """Return family -> lines for the ledger's health."""
    blocks = Blocks()
    blocks.add("monitor_ledger_healthy", (), int(health.healthy))
    blocks.add("monitor_ledger_recorded_total", (), health.recorded)
    blocks.add("monitor_ledger_unrecorded_total", (), health.unrecorded)
    blocks.add("monitor_ledger_waiting", (), health.waiting)
    blocks.add("monitor_ledger_quarantined", (), int(bool(health.quarantined)))
    if health.anchor is not None:
        blocks.add("monitor_ledger_anchor_info", (str(health.anchor),), 1)
    return blocks.text()
