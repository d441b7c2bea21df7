"""A real Prometheus and a real Alertmanager between a city and webhooks that count."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import time
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import aiohttp
from aiohttp import web

from tests.drills.city import served
from tests.drills.pace import alertmanager_configuration, write_rules
from tests.ports import free_port
from tools.processes import running_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from tests.drills.pace import Pace


PATIENCE_SECONDS = 120.0


class City(Protocol):
    """The scraped city: one scripted by a drill, or the real daemon on simulated devices."""

    pace: Pace

    @property
    def known_devices(self) -> int:
        """Return how many devices must have answered before a drill starts."""

    def prometheus(self, exporter: int, alertmanager: int) -> str:
        """Return Prometheus' configuration for the ports of this city and of Alertmanager."""

    def exposed(self, port: int = 0) -> AbstractAsyncContextManager[int]:
        """Serve the metrics; yield the port. It ends without a clean shutdown."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to one receiver: its alert, its subject, and whether it fires or resolves."""

    receiver: str
    alert: str
    about: frozenset[str]
    is_end: bool
    at: float


@dataclass(slots=True)
class Counted:
    """Every notification received, in order; times are monotonic seconds."""

    notifications: list[Notification] = field(default_factory=list)
    heartbeats: list[float] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        """Count one webhook call."""
        body: dict[str, Any] = await request.json()
        receiver = request.match_info["receiver"]
        if receiver == "heartbeat":
            self.heartbeats.append(time.monotonic())
            return web.Response()
        labels = [alert["labels"] for alert in body["alerts"]]
        about = frozenset(each.get("school", each.get("provider", "monitor")) for each in labels)
        is_end = body["status"] == "resolved"
        alert = labels[0]["alertname"]
        self.notifications.append(Notification(receiver, alert, about, is_end, time.monotonic()))
        return web.Response()

    async def until(self, about: Collection[str], expected: Counter[tuple[str, str, str]]) -> None:
        """Wait until the notifications about them are as expected; a busy machine takes longer."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while self.table(about) != expected:
            assert time.monotonic() < ends, (self.table(about), expected)
            await asyncio.sleep(0.1)

    def table(self, about: Collection[str]) -> Counter[tuple[str, str, str]]:
        """Return how often each (receiver, alert, firing or resolved) came about these."""
        return Counter(
            (one.receiver, one.alert, "ends" if one.is_end else "begins")
            for one in self.notifications
            if not one.about.isdisjoint(about)
        )


@dataclass(slots=True)
class Stack:
    """The running parts; `exporter` is the port where the city is scraped."""

    city: City
    counted: Counted
    exporter: int
    prometheus_url: str
    exposing: AsyncExitStack
    recording: AsyncExitStack
    folder: Path

    async def start_prometheus(self) -> None:
        """Start Prometheus on its stored data."""
        await self.recording.enter_async_context(
            _process(
                self.folder,
                program("prometheus"),
                "--config.file=prometheus.yml",
                "--storage.tsdb.path=prometheus",
                f"--web.listen-address={self.prometheus_url.removeprefix('http://')}",
                f"--rules.alert.resend-delay={self.city.pace.faster('30s')}",
                f"--query.lookback-delta={self.city.pace.faster('5m')}",
            )
        )

    async def kill_prometheus(self) -> None:
        """Kill Prometheus without a clean shutdown."""
        await self.recording.aclose()

    async def kill_daemon(self) -> None:
        """Stop the exporter without a clean shutdown, as a killed daemon."""
        await self.exposing.aclose()

    async def start_daemon(self) -> None:
        """Start the exporter again on the same port."""
        await self.exposing.enter_async_context(self.city.exposed(self.exporter))

    async def fired(self, alert: str, school: str) -> bool:
        """Return whether an alert has been firing for a school at any time."""
        series = f'ALERTS{{alertname="{alert}",alertstate="firing",school="{school}"}}'
        return await self._value(f"count(count_over_time({series}[1h]))") > 0

    async def is_known(self) -> bool:
        """Return whether Prometheus knows every device that is up, and no alert is firing."""
        wanted = self.city.known_devices
        remembered = "count(site:uplink_answered:bool or device:switch_answered:bool)"
        alerts = 'count(ALERTS{alertname!="Watchdog"}) or vector(0)'
        return await self._value(remembered) >= wanted and await self._value(alerts) == 0

    async def _value(self, expression: str) -> int:
        try:
            body = await _get(f"{self.prometheus_url}/api/v1/query", query=expression)
        except aiohttp.ClientError:
            return -1
        found = json.loads(body)["data"]["result"]
        return int(found[0]["value"][1]) if found else -1


async def _get(url: str, **parameters: str) -> str:
    async with (
        aiohttp.ClientSession(raise_for_status=True) as session,
        session.get(url, params=parameters) as response,
    ):
        return await response.text()


async def _ready(url: str) -> None:
    give_up = time.monotonic() + 120
    while time.monotonic() < give_up:
        try:
            await _get(f"{url}/-/ready")
        except aiohttp.ClientError:
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError(f"{url} does not get ready")


@asynccontextmanager
async def running_stack(city: City, folder: Path, history: str = "") -> AsyncIterator[Stack]:
    """Start everything and wait until Prometheus knows the city; stop it all afterwards.

    `history` is what Prometheus has recorded before, in OpenMetrics text.
    """
    counted = Counted()
    application = web.Application()
    application.add_routes([web.post("/{receiver}", counted.take)])
    async with AsyncExitStack() as everything:
        webhook = await everything.enter_async_context(served(application))
        exposing = await everything.enter_async_context(AsyncExitStack())
        recording = await everything.enter_async_context(AsyncExitStack())
        exporter = await exposing.enter_async_context(city.exposed())
        alertmanager_port, prometheus_port = free_port(), free_port()
        (folder / "rules").mkdir()
        write_rules(folder / "rules", city.pace)
        (folder / "prometheus.yml").write_text(city.prometheus(exporter, alertmanager_port))
        (folder / "alertmanager.yml").write_text(alertmanager_configuration(webhook, city.pace))
        url = f"http://127.0.0.1:{prometheus_port}"
        stack = Stack(city, counted, exporter, url, exposing, recording, folder)
        if history:
            await _store(folder, history)
        await stack.start_prometheus()
        give_up = time.monotonic() + 300
        while not await stack.is_known():
            assert time.monotonic() < give_up, (folder / "prometheus.log").read_text()
            await asyncio.sleep(0.2)
        # Only now: until its first scrape, 5 s after the start at any pace, Prometheus considers
        # the daemon down.
        await everything.enter_async_context(
            _process(
                folder,
                program("prometheus-alertmanager", "alertmanager"),
                "--config.file=alertmanager.yml",
                "--storage.path=alertmanager",
                f"--web.listen-address=127.0.0.1:{alertmanager_port}",
                "--cluster.listen-address=",
            )
        )
        await _ready(f"http://127.0.0.1:{alertmanager_port}")
        yield stack


async def _store(folder: Path, history: str) -> None:
    (folder / "history.om").write_text(history)
    blocks = ("tsdb", "create-blocks-from", "openmetrics", "history.om", "prometheus")
    async with running_async(program("promtool"), *blocks, cwd=folder) as promtool:
        assert await promtool.wait() == 0


@asynccontextmanager
async def _process(folder: Path, path: str, *arguments: str) -> AsyncIterator[None]:
    name = path.rpartition("/")[2]
    with (folder / f"{name}.log").open("ab") as log:
        async with running_async(
            path, *arguments, cwd=folder, stdout=log, stderr=log, ends_by=signal.SIGKILL
        ):
            yield


def program(*names: str) -> str:
    """Return the first of these programs that is installed.

    Raises:
        AssertionError: with what to install.
    """
    found = next((path for name in names if (path := shutil.which(name))), None)
    assert found, f"{names[0]} is missing: install its Debian package (see make test)"
    return found
