"""The shape of the `degraded` section: every key, its type, its default.

Must not know: positions, levels, or what follows from a limit.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from monitor.config.shape.base import Rules
from monitor.config.shape.fields import Percent, Window


class DegradedRules(Rules):
    """The limits beyond which a device counts as degraded."""

    loss: Percent = Field(default="5 %", validate_default=True)
    """Share of lost packets above which a device is degraded."""
    loss_window: Window = Field(default="5m", validate_default=True)
    """Period over which losses are counted; at least ten rounds of pings."""
    outages: Annotated[int, Field(ge=2, le=100)] = 3
    """Number of outages from which a device counts as flapping."""
    outages_window: Window = Field(default="1h", validate_default=True)
    """Period within which those outages happen."""
    failed_runs: Annotated[int, Field(ge=1, le=100)] = 3
    """Consecutive failures of a further check or an SNMP poll before it counts."""
    load: Percent = Field(default="90 %", validate_default=True)
    """Share of the contracted rate above which the line is full, in either direction."""
    load_window: Window = Field(default="10m", validate_default=True)
    """Period over which the load is averaged."""
    temperature: Annotated[float, Field(strict=False, ge=0, le=200)] = 75.0
    """Degrees Celsius above which a device is too hot."""
