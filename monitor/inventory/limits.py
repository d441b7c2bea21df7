"""The limits beyond which a device that answers counts as degraded.

Must not know: how anything is measured, or who is notified.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one device; ratios, seconds, degrees Celsius.

    More than `loss` of the packets lost over `loss_seconds`; `outages` within `outages_seconds`;
    a further check or an SNMP poll that failed `failed_runs` times in a row; more than `load` of
    the contracted rate over `load_seconds`, in one direction; a temperature above `celsius`.
    """

    loss: float = 0.05
    loss_seconds: float = 300.0
    outages: int = 3
    outages_seconds: float = 3600.0
    failed_runs: int = 3
    load: float = 0.9
    load_seconds: float = 600.0
    celsius: float = 75.0
