"""A site's uplink load and findings as sample lines.

Must not know: how a load is measured, or where the lines are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.exposition.standing import LOAD_METRICS
from monitor.exposition.text import Blocks
from monitor.uplink import assess

if TYPE_CHECKING:
    from monitor.uplink import Measured, UplinkLoad

NO_LINES = {metric.name: b"" for metric in LOAD_METRICS}


def uplink_owner(measured: Measured) -> str:
    """Return the owner of a site's lines, unique within its school."""
    return f"uplink load {measured.site}"


def uplink_blocks(measured: Measured) -> dict[str, bytes]:
    """Return family -> sample lines of one site.

    Every family has an entry, an empty one where nothing is known, so that lines of the time
    before are dropped by putting all entries in their place.
    """
    load = measured.load
    if load is None:
        return dict(NO_LINES)
    blocks = Blocks()
    site = (measured.school, measured.site)
    _add_rates(blocks, site, load)
    if load.gap is not None:
        blocks.add("school_uplink_unmeasured_info", (*site, load.gap), 1)
    blocks.add("school_uplink_speed_bits_per_second", site, load.speed_bps)
    slower = load.is_slower_than_contract
    blocks.add("school_uplink_slower_than_contract", site, None if slower is None else int(slower))
    for kind, sentence in assess(load, measured.contract).items():
        blocks.add("school_uplink_finding", (*site, kind), int(bool(sentence)))
    return NO_LINES | blocks.text()


def _add_rates(blocks: Blocks, site: tuple[str, str], load: UplinkLoad) -> None:
    blocks.add("school_uplink_down_bits_per_second", site, load.down_bps)
    blocks.add("school_uplink_up_bits_per_second", site, load.up_bps)
    blocks.add("school_uplink_measured_over_seconds", site, load.seconds)
    for direction, rates, peak in (
        ("down", load.down, load.down_peak),
        ("up", load.up, load.up_peak),
    ):
        labels = (*site, direction)
        if peak is not None:
            blocks.add("school_uplink_passive_peak_bits_per_second", labels, peak.bps)
        if rates is not None:
            blocks.add("school_uplink_utilisation_ratio", labels, rates.utilisation)
            blocks.add("school_uplink_errors_per_second", labels, rates.errors_per_second)
            blocks.add("school_uplink_discards_per_second", labels, rates.discards_per_second)
