"""The account of minutes and the ledger's health as sample lines.

Must not know: how minutes are classed, or where the ledger lies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.exposition.text import Blocks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.availability.excuses import Excuse
    from monitor.availability.minutes import MinuteClass
    from monitor.ledger.ledger import LedgerHealth

# What a ledger's `into` makes of a minute in the account.
INTO_CLASS: Final = {"unknown": "excused", "down": "down"}


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


def excuse_blocks(
    minutes: Mapping[Excuse, Mapping[str, int]],
) -> dict[str, dict[str, bytes]]:
    """Return school id -> family -> lines for excuses in force and their minutes by `school/site`.

    What belongs to no school, such as when an excuse begins, is under an empty id.
    """
    of_all = Blocks()
    by_school: dict[str, Blocks] = {"": of_all}
    for excuse, by_site in minutes.items():
        of_all.add("school_excuse_info", (excuse.id, excuse.reason), 1)
        name = (excuse.id,)
        of_all.add("school_excuse_begins_timestamp_seconds", name, excuse.begins.timestamp())
        of_all.add("school_excuse_ends_timestamp_seconds", name, excuse.ends.timestamp())
        for key, changed in by_site.items():
            school, _, site = key.partition("/")
            blocks = by_school.setdefault(school, Blocks())
            into = INTO_CLASS[excuse.into]
            blocks.add("school_excuse_minutes", (school, site, excuse.id, into), changed)
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
