"""From merged settings to the tests of an uplink's rate, and whether they are possible.

Must not know: when tests run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.config.build.addresses import in_url
from monitor.config.build.merge import merge
from monitor.config.shape.fields import HOST_PLACEHOLDER
from monitor.config.shape.throughput import ThroughputRules
from monitor.config.tree.places import mark_of
from monitor.inventory.city import Throughput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.config.build.merge import Layer, Merged
    from monitor.config.tree.problems import Findings
    from monitor.config.tree.text import Node
    from monitor.inventory.city import Contract

# A campaign measures ten times on each of its days (Bundesnetzagentur).
_TESTS_A_DAY = 10
_WARM_UP_SECONDS = 1.0
_MOST_LOAD = 0.05


def build_throughput(
    layers: Sequence[Layer], host: str, contract: Contract | None, root: Node, findings: Findings
) -> Throughput | None:
    """Return how a site's uplink is tested; None without a method, or without a contract."""
    merged = merge(layers, "throughput", ThroughputRules)
    if merged.is_broken or "method" not in merged.paths:
        return None
    rules = merged.rules
    throughput = Throughput(
        method=rules.method,
        host=host if rules.host == HOST_PLACEHOLDER else rules.host,
        port=rules.port,
        url=rules.url.replace(HOST_PLACEHOLDER, in_url(host)),
        upload_url=rules.upload_url.replace(HOST_PLACEHOLDER, in_url(host)),
        streams=rules.streams,
        seconds=rules.time,
        warm_up=_WARM_UP_SECONDS,
        bytes_per_day=rules.byte_cap,
        slot=rules.slot,
        max_load=rules.max_load,
    )
    _check_urls(merged, root, findings)
    if contract is not None:
        _check_cap(merged, throughput, contract, root, findings)
    if rules.max_load > _MOST_LOAD:
        findings.add(
            mark_of(root, merged.paths["max_load"]),
            f"a test with {100 * rules.max_load:g} % cross traffic does not count",
            "allowed: at most 5 %",
        )
    return None if contract is None else throughput


def _check_urls(merged: Merged[ThroughputRules], root: Node, findings: Findings) -> None:
    missing = [key for key in ("url", "upload_url") if key not in merged.paths]
    if merged.rules.method == "http" and missing:
        findings.add(
            mark_of(root, merged.paths["method"]),
            f"throughput by http lacks {' and '.join(missing)}",
            "set it here, in the profile or in defaults",
        )


def _check_cap(
    merged: Merged[ThroughputRules],
    throughput: Throughput,
    contract: Contract,
    root: Node,
    findings: Findings,
) -> None:
    """Add a problem if the cap is below a day's measurements: no campaign would be completed."""
    seconds = throughput.seconds + throughput.warm_up
    needed = _TESTS_A_DAY * int((contract.down_bps + contract.up_bps) * seconds / 8)
    if needed > throughput.bytes_per_day:
        findings.add(
            mark_of(root, merged.nearest_path("byte_cap", "time", "method")),
            f"{_TESTS_A_DAY} tests at the contracted rates move {needed / 1e9:.3g} GB a day, more "
            f"than the byte_cap of {throughput.bytes_per_day / 1e9:.3g} GB",
            f"allowed: a byte_cap of {-(-needed // 10**9)} GB and more",
        )
