"""The shape of the `degraded` section: every key, its type, its default.

Must not know: positions, levels, or what follows from a limit.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from monitor.config.shape.base import Rules
from monitor.config.shape.fields import Percent, Window


class DegradedRules(Rules):
    """The limits between a device that is well and one that is degraded."""

    loss: Percent = Field(default="5 %", validate_default=True)
    """Share of lost packets above which a device is degraded."""
    loss_window: Window = Field(default="5m", validate_default=True)
    """Over how long losses are counted; at least ten rounds of pings."""
    outages: Annotated[int, Field(ge=2, le=100)] = 3
    """How many outages make a device one that flaps."""
    outages_window: Window = Field(default="1h", validate_default=True)
    """Within how long those outages fall."""
    failed_runs: Annotated[int, Field(ge=1, le=100)] = 3
    """How often in a row a further check or an SNMP poll fails before it counts."""
    load: Percent = Field(default="90 %", validate_default=True)
    """Share of the contracted rate above which the line is full, in either direction."""
    load_window: Window = Field(default="10m", validate_default=True)
    """Over how long the load is averaged."""
    temperature: Annotated[float, Field(strict=False, ge=0, le=200)] = 75.0
    """Degrees Celsius above which a device is too hot."""
