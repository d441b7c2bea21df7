"""Whether a site's contract is complete, and its rates in order.

Must not know: providers, or how the levels were merged.
Source: Bundesnetzagentur, contracted, normally available and minimum rates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.config.tree.places import mark_of, with_source
from monitor.words.rate import rate

if TYPE_CHECKING:
    from monitor.config.build.merge import Merged
    from monitor.config.shape.rules import ContractRules
    from monitor.config.tree.problems import Findings
    from monitor.config.tree.text import Node

_RATES = ("down", "up", "normal_down", "normal_up", "minimum_down", "minimum_up")
_OWED = ("provider", *_RATES, "availability")


def check_contract(merged: Merged[ContractRules], root: Node, findings: Findings) -> None:
    """Add a problem for each key that is missing at all levels, and for rates out of order.

    A contract is either complete or absent; if no level mentions it, nothing is required.
    """
    if merged.is_broken:
        return
    given = [key for key in _OWED if key in merged.paths]
    missing = [key for key in _OWED if key not in merged.paths]
    if missing:
        path = merged.nearest_path(*(given or merged.paths))[:-1]
        findings.add(
            mark_of(root, path),
            f"the contract lacks {', '.join(missing)}",
            "set it here, in the profile or in defaults",
        )
    for direction in ("down", "up"):
        for lower, upper in (("minimum_", "normal_"), ("normal_", "")):
            _check_order(merged, f"{lower}{direction}", f"{upper}{direction}", root, findings)


def _check_order(
    merged: Merged[ContractRules], lower: str, upper: str, root: Node, findings: Findings
) -> None:
    if lower not in merged.paths or upper not in merged.paths:
        return
    less: int = getattr(merged.rules, lower)
    more: int = getattr(merged.rules, upper)
    if less > more:
        path = merged.nearest_path(lower, upper)
        low, high = (
            with_source(f"{key} of {rate(bps, figures=6)}", merged.paths[key], path, root)
            for key, bps in ((lower, less), (upper, more))
        )
        findings.add(
            mark_of(root, path),
            f"{low} is more than {high}",
            "allowed: minimum ≤ normal ≤ contracted",
        )
