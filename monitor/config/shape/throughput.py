"""The shape of the `throughput` section: every key, its type, its default.

Must not know: positions, levels, or rules across keys.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from monitor.config.shape.base import Rules
from monitor.config.shape.fields import (
    HOST_PLACEHOLDER,
    HostOrPlaceholder,
    Percent,
    Port,
    TestTime,
    Url,
    Volume,
)


class ThroughputRules(Rules):
    """How the uplink's rate is tested; without a method, it is not."""

    method: Literal["iperf3", "http"] = "iperf3"
    """Tool: iperf3, or several HTTP connections; tests are possible if some level sets it."""
    host: HostOrPlaceholder = HOST_PLACEHOLDER
    """Host of `iperf3 -s` at the school; `{host}` stands for the device's host."""
    port: Port = 5201
    """TCP port of iperf3's server."""
    url: Url = Field(default_factory=str)
    """Large file at the school, for the rate from the school; `{host}` is its router."""
    upload_url: Url = Field(default_factory=str)
    """URL at the school that discards posted data, for the rate towards it; `{host}` as in url."""
    streams: Annotated[int, Field(ge=4, le=64)] = 8
    """Concurrent TCP connections; a measurement with fewer than 4 does not count."""
    time: TestTime = Field(default="10s", validate_default=True)
    """Measuring time of each direction; less than 10s does not count."""
    byte_cap: Volume = Field(default="40 GB", validate_default=True)
    """Limit of the payload of a site's tests in a day, both directions together."""
    slot: Literal["city", "provider"] = "city"
    """Whether one test runs at a time in the whole city, or one per provider."""
    max_load: Percent = Field(default="5 %", validate_default=True)
    """Cross traffic, as a share of the contracted rate, above which no test runs; at most 5 %."""
