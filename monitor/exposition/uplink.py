"""A site's uplink load and findings as sample lines.

Must not know: how a load is measured, or where the lines are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.exposition.metric import SITE, Kind, Metric
from monitor.exposition.text import Blocks
from monitor.uplink import assess

if TYPE_CHECKING:
    from monitor.uplink import Measured, UplinkLoad

_DIRECTION: Final = (*SITE, "direction")

SCHOOL_UPLINK_DOWN_BITS_PER_SECOND: Final = Metric(
    "school_uplink_down_bits_per_second",
    Kind.GAUGE,
    "bits per second",
    "Traffic towards the site between the last two polls of its router; absent if not known",
    SITE,
)
SCHOOL_UPLINK_UP_BITS_PER_SECOND: Final = Metric(
    "school_uplink_up_bits_per_second",
    Kind.GAUGE,
    "bits per second",
    "Traffic from the site between the last two polls of its router; absent if not known",
    SITE,
)
SCHOOL_UPLINK_MEASURED_OVER_SECONDS: Final = Metric(
    "school_uplink_measured_over_seconds",
    Kind.GAUGE,
    "seconds",
    "Time between the two polls that the rates are computed from, by the router's own clock",
    SITE,
)
SCHOOL_UPLINK_UTILISATION_RATIO: Final = Metric(
    "school_uplink_utilisation_ratio",
    Kind.GAUGE,
    "",
    "Traffic relative to the contracted maximum rate, by direction (down, up): 1 is the full rate",
    _DIRECTION,
)
SCHOOL_UPLINK_PASSIVE_PEAK_BITS_PER_SECOND: Final = Metric(
    "school_uplink_passive_peak_bits_per_second",
    Kind.GAUGE,
    "bits per second",
    "Largest traffic between two polls since the daemon's start: a lower bound of the line's "
    "capacity, not a measurement of it",
    _DIRECTION,
)
SCHOOL_UPLINK_ERRORS_PER_SECOND: Final = Metric(
    "school_uplink_errors_per_second",
    Kind.GAUGE,
    "packets per second",
    "Packets with errors at the uplink's interface between the last two polls",
    _DIRECTION,
)
SCHOOL_UPLINK_DISCARDS_PER_SECOND: Final = Metric(
    "school_uplink_discards_per_second",
    Kind.GAUGE,
    "packets per second",
    "Packets dropped without error at the uplink's interface between the last two polls",
    _DIRECTION,
)
SCHOOL_UPLINK_SPEED_BITS_PER_SECOND: Final = Metric(
    "school_uplink_speed_bits_per_second",
    Kind.GAUGE,
    "bits per second",
    "Speed reported by the uplink's interface",
    SITE,
)
SCHOOL_UPLINK_SLOWER_THAN_CONTRACT: Final = Metric(
    "school_uplink_slower_than_contract",
    Kind.GAUGE,
    "",
    "Whether the uplink's interface is slower than the contracted rate: 1 yes, 0 no",
    SITE,
)
SCHOOL_UPLINK_FINDING: Final = Metric(
    "school_uplink_finding",
    Kind.GAUGE,
    "",
    "Problems of an uplink according to its counters: 1 present, 0 not, absent if not known",
    (*SITE, "finding"),
)
SCHOOL_UPLINK_UNMEASURED_INFO: Final = Metric(
    "school_uplink_unmeasured_info",
    Kind.INFO,
    "",
    "Why the last poll of the router yielded no rates; absent if it did",
    (*SITE, "reason"),
)

LOAD_METRICS: Final = (
    SCHOOL_UPLINK_DOWN_BITS_PER_SECOND,
    SCHOOL_UPLINK_UP_BITS_PER_SECOND,
    SCHOOL_UPLINK_MEASURED_OVER_SECONDS,
    SCHOOL_UPLINK_UTILISATION_RATIO,
    SCHOOL_UPLINK_PASSIVE_PEAK_BITS_PER_SECOND,
    SCHOOL_UPLINK_ERRORS_PER_SECOND,
    SCHOOL_UPLINK_DISCARDS_PER_SECOND,
    SCHOOL_UPLINK_SPEED_BITS_PER_SECOND,
    SCHOOL_UPLINK_SLOWER_THAN_CONTRACT,
    SCHOOL_UPLINK_FINDING,
    SCHOOL_UPLINK_UNMEASURED_INFO,
)


NO_LINES = {metric.name: b"" for metric in LOAD_METRICS}


def uplink_owner(measured: Measured) -> str:
    """Return the owner of a site's lines, unique within its school."""
    return f"uplink load {measured.site}"


def uplink_blocks(measured: Measured) -> dict[str, bytes]:
    """Return family -> sample lines of one site.

    Every family has an entry, empty if nothing is known, so that replacing all entries removes
    older lines.
    """
    load = measured.load
    if load is None:
        return dict(NO_LINES)
    blocks = Blocks()
    site = (measured.school, measured.site)
    _add_rates(blocks, site, load)
    if load.gap is not None:
        blocks.add(SCHOOL_UPLINK_UNMEASURED_INFO, (*site, load.gap), 1)
    blocks.add(SCHOOL_UPLINK_SPEED_BITS_PER_SECOND, site, load.speed_bps)
    slower = load.is_slower_than_contract
    blocks.add(SCHOOL_UPLINK_SLOWER_THAN_CONTRACT, site, None if slower is None else int(slower))
    for kind, sentence in assess(load, measured.contract).items():
        blocks.add(SCHOOL_UPLINK_FINDING, (*site, kind), int(bool(sentence)))
    return NO_LINES | blocks.text()


def _add_rates(blocks: Blocks, site: tuple[str, str], load: UplinkLoad) -> None:
    blocks.add(SCHOOL_UPLINK_DOWN_BITS_PER_SECOND, site, load.down_bps)
    blocks.add(SCHOOL_UPLINK_UP_BITS_PER_SECOND, site, load.up_bps)
    blocks.add(SCHOOL_UPLINK_MEASURED_OVER_SECONDS, site, load.seconds)
    for direction, rates, peak in (
        ("down", load.down, load.down_peak),
        ("up", load.up, load.up_peak),
    ):
        labels = (*site, direction)
        if peak is not None:
            blocks.add(SCHOOL_UPLINK_PASSIVE_PEAK_BITS_PER_SECOND, labels, peak.bps)
        if rates is not None:
            if rates.utilisation is not None:
                blocks.add(SCHOOL_UPLINK_UTILISATION_RATIO, labels, rates.utilisation)
            blocks.add(SCHOOL_UPLINK_ERRORS_PER_SECOND, labels, rates.errors_per_second)
            blocks.add(SCHOOL_UPLINK_DISCARDS_PER_SECOND, labels, rates.discards_per_second)
