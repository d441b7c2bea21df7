"""From merged settings to the limits of a device.

Must not know: what is measured against them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.config.build.merge import merge
from monitor.config.shape.degraded import DegradedRules
from monitor.inventory.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.config.build.merge import Layer


def limits_of(layers: Sequence[Layer]) -> Limits:
    """Return the limits that apply to a device."""
    rules = merge(layers, "degraded", DegradedRules).rules
    return Limits(
        loss=rules.loss,
        loss_seconds=rules.loss_window,
        outages=rules.outages,
        outages_seconds=rules.outages_window,
        failed_runs=rules.failed_runs,
        load=rules.load,
        load_seconds=rules.load_window,
        celsius=rules.temperature,
    )
