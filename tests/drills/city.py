"""A city whose verdicts a drill sets by hand, exposed as the daemon would.

Samples use the daemon's own metrics and `Blocks`, so that a metric or label that the daemon does
not have fails here.
"""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from monitor.exposition.availability import MONITOR_LEDGER_HEALTHY
from monitor.exposition.degraded import SCHOOL_DEGRADED_SINCE_TIMESTAMP_SECONDS
from monitor.exposition.inventory_info import SCHOOL_DEVICE_INFO, SCHOOL_INFO, SCHOOL_SITE_INFO
from monitor.exposition.own import MONITOR_CONFIG_LAST_RELOAD_SUCCESSFUL, MONITOR_RUNS_TOTAL
from monitor.exposition.text import Blocks
from monitor.exposition.verdicts import (
    MONITOR_ISOLATED,
    MONITOR_MAINTENANCE_FILE_HEALTHY,
    SCHOOL_COMMON_OUTAGE,
    SCHOOL_IN_LESSONS,
    SCHOOL_MAINTENANCE,
    SCHOOL_PROVIDER_OUTAGE,
    SCHOOL_SWITCH_STATE,
    SCHOOL_SWITCH_UP,
    SCHOOL_UPLINK_STATE,
    SCHOOL_UPLINK_UP,
)
from tests.drills.pace import Pace, fast, scripted_configuration

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

UP, DOWN, UNKNOWN = "up", "down", "unknown"
STATES = (UP, DOWN, UNKNOWN)


@dataclass(slots=True)
class ScriptedSchool:
    """One school with one site; a drill sets its states."""

    id: str
    provider: str
    uplink: str = UP
    switches: dict[str, str] = field(default_factory=dict)
    in_lessons: bool = True
    in_maintenance: bool = False
    is_flapping: bool = False

    def set_all(self, state: str) -> None:
        """Give the uplink and every switch the same state."""
        self.uplink = state
        self.switches = dict.fromkeys(self.switches, state)

    def render(self, blocks: Blocks) -> None:
        """Add this school's samples."""
        site = (self.id, "main")
        blocks.add(SCHOOL_INFO, (self.id, "1", self.id.title(), "Gymnasium", "Mitte"), 1)
        blocks.add(SCHOOL_SITE_INFO, (*site, "51.48", "7.22", self.provider, "", ""), 1)
        blocks.add(SCHOOL_IN_LESSONS, (self.id,), int(self.in_lessons))
        blocks.add(SCHOOL_MAINTENANCE, (self.id,), int(self.in_maintenance))
        if self.uplink != UNKNOWN:
            blocks.add(SCHOOL_UPLINK_UP, site, int(self.uplink == UP))
        blocks.add_states(SCHOOL_UPLINK_STATE, site, STATES, self.uplink)
        if self.is_flapping and self.uplink == UP:
            flapping = (*site, "router", "icmp", "flapping", "")
            blocks.add(SCHOOL_DEVICE_INFO, (*site, "router", "uplink", "192.0.2.1"), 1)
            blocks.add(SCHOOL_DEGRADED_SINCE_TIMESTAMP_SECONDS, flapping, time.time())
        for name, state in self.switches.items():
            if state != UNKNOWN:
                blocks.add(SCHOOL_SWITCH_UP, (*site, name), int(state == UP))
            blocks.add_states(SCHOOL_SWITCH_STATE, (*site, name), STATES, state)


@dataclass(slots=True)
class ScriptedCity:
    """All schools and the daemon's own metrics."""

    schools: dict[str, ScriptedSchool] = field(default_factory=dict)
    is_isolated: bool = False
    is_common: bool = False
    failed_providers: set[str] = field(default_factory=set)
    pace: Pace = field(default_factory=fast)

    def add(self, school: ScriptedSchool) -> ScriptedSchool:
        """Add a school and return it."""
        self.schools[school.id] = school
        return school

    @property
    def known_devices(self) -> int:
        """Return how many devices are up now."""
        return sum(
            [school.uplink, *school.switches.values()].count(UP) for school in self.schools.values()
        )

    def prometheus(self, exporter: int, alertmanager: int) -> str:
        """Return Prometheus' configuration; a scripted city exposes all in one."""
        return scripted_configuration(exporter, alertmanager, self.pace)

    def text(self) -> str:
        """Return the current exposition."""
        blocks = Blocks()
        for school in self.schools.values():
            school.render(blocks)
        for provider in {school.provider for school in self.schools.values()}:
            failed = int(provider in self.failed_providers)
            blocks.add(SCHOOL_PROVIDER_OUTAGE, (provider,), failed)
        blocks.add(SCHOOL_COMMON_OUTAGE, (), int(self.is_common))
        blocks.add(MONITOR_ISOLATED, (), int(self.is_isolated))
        blocks.add(MONITOR_RUNS_TOTAL, ("icmp", "ok"), time.monotonic() * 100)
        blocks.add(MONITOR_CONFIG_LAST_RELOAD_SUCCESSFUL, (), 1)
        blocks.add(MONITOR_LEDGER_HEALTHY, (), 1)
        blocks.add(MONITOR_MAINTENANCE_FILE_HEALTHY, (), 1)
        return b"".join(blocks.text().values()).decode()

    @asynccontextmanager
    async def exposed(self, port: int = 0) -> AsyncIterator[int]:
        """Serve the city at /metrics; yield the port."""

        async def metrics(_request: web.Request) -> web.Response:
            return web.Response(text=self.text())

        application = web.Application()
        application.add_routes([web.get("/metrics", metrics)])
        async with served(application, port) as listening:
            yield listening


@asynccontextmanager
async def served(application: web.Application, port: int = 0) -> AsyncIterator[int]:
    """Serve an application on loopback; yield its port."""
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
