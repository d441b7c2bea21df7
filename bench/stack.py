"""What a machine with the whole stack needs: daemon, Prometheus, Alertmanager, Grafana.

Two of them run at once, each with a city of its own: one as shipped, and one that selects no
interfaces and exports unused ports in full, as earlier versions did. Each Prometheus has the
shipped jobs, intervals and rules.

Must not know: what any series means.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.disk import disk_of, use
from bench.part import Part, times_cheaper
from bench.servers import Reading, Server, await_ready, demo, prometheus, usage
from bench.table import Table
from tests.ports import free_port
from tools import grafana
from tools.processes import running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.disk import Disk

CONFIG = Path("config/schools.yaml")
ALERTMANAGER = Path("deploy/alertmanager/alertmanager.yml")
WARM_SECONDS = 150.0
SECONDS = 360.0
LEAST_TIMES = 1.5
# The line of the shipped example, and what replaces it to export everything.
_CHOSEN = "select: {without_types: [softwareLoopback, l2vlan, l3ipvlan]}"
_EVERYTHING = "unused: whole"
_PINGS = "switch_interval: 60s"


@dataclass(frozen=True, slots=True)
class Use:
    """What each server had used at one moment, by name; `disk` of each Prometheus."""

    readings: Mapping[str, Reading]
    disk: Mapping[str, Disk]


def run(schools: int | None = None, seconds: float = SECONDS, warm: float = WARM_SECONDS) -> Part:
    """Measure both machines in the same minutes."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        pids: dict[str, int] = {}
        alertmanager = stack.enter_context(_alertmanager(folder, pids))
        servers = {}
        for side, config in (("shipped", CONFIG), ("before", _before(folder))):
            place = folder / side
            place.mkdir()
            pids[f"daemon, {side}"], port = stack.enter_context(demo(place, schools, config))
            servers[side] = stack.enter_context(
                prometheus(place / "prometheus", port, alertmanager=alertmanager)
            )
        if grafana.command():
            stack.enter_context(_grafana(folder, servers["shipped"].port, pids))
        time.sleep(warm)
        began = _use(folder, pids, servers)
        time.sleep(seconds)
        ended = _use(folder, pids, servers)
    return _part(began, ended, seconds)


def _before(folder: Path) -> Path:
    """Return the shipped configuration with full export of every port and every ping."""
    text = CONFIG.read_text(encoding="utf-8")
    for chosen, everything in (
        (_CHOSEN, _EVERYTHING),
        (_PINGS, f"{_PINGS}, switch_histogram: true"),
    ):
        if text.count(chosen) != 1:
            raise RuntimeError(f"{CONFIG} does not say {chosen!r} once")
        text = text.replace(chosen, everything)
    path = folder / "before.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@contextmanager
def _alertmanager(folder: Path, pids: dict[str, int]) -> Iterator[int]:
    port = free_port()
    command = (
        "prometheus-alertmanager",
        f"--config.file={ALERTMANAGER}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    )
    with (folder / "alertmanager.log").open("wb") as log, running(*command, stderr=log) as process:
        await_ready(port, "/-/ready", process)
        pids["Alertmanager"] = process.pid
        yield port


@contextmanager
def _grafana(folder: Path, source: int, pids: dict[str, int]) -> Iterator[None]:
    data, port = folder / "grafana", free_port()
    (data / "plugins").mkdir(parents=True)
    variables = {
        **grafana.environment(data, f"http://127.0.0.1:{source}"),
        "GF_SERVER_HTTP_PORT": str(port),
    }
    with (
        (folder / "grafana.log").open("wb") as log,
        running(*grafana.command(), stdout=log, stderr=log, environment=variables) as process,
    ):
        await_ready(port, "/api/health", process)
        pids["Grafana, idle"] = process.pid
        yield


def _use(folder: Path, pids: Mapping[str, int], servers: Mapping[str, Server]) -> Use:
    readings = {name: usage(pid) for name, pid in pids.items()}
    readings |= {f"Prometheus, {side}": server.read() for side, server in servers.items()}
    disk = {
        side: disk_of(folder / side / "prometheus" / "data", server)
        for side, server in servers.items()
    }
    return Use(readings, disk)


def _part(began: Use, ended: Use, seconds: float) -> Part:
    def cpu(name: str) -> float:
        used = ended.readings[name].cpu_seconds - began.readings[name].cpu_seconds
        return used * 60 / seconds

    def samples(name: str) -> float:
        return (ended.readings[name].appended - began.readings[name].appended) * 60 / seconds

    def disk(side: str) -> float:
        return use(began.disk[side], ended.disk[side]).day(samples(f"Prometheus, {side}"))

    rows = []
    for name, reading in sorted(ended.readings.items()):
        side = name.partition(", ")[2]
        kept = name.startswith("Prometheus")
        rows.append(
            (
                name,
                f"{cpu(name):.2f} s",
                f"{reading.resident / 1e6:.0f} MB",
                f"{reading.series:,.0f}" if kept else "–",
                f"{samples(name):,.0f}" if kept else "–",
                f"{disk(side) / 1e6:,.0f} MB" if kept else "–",
            )
        )
    pairs = {
        f"{what}, before against shipped": before / max(shipped, 1e-9)
        for what, before, shipped in (
            ("daemon's CPU", cpu("daemon, before"), cpu("daemon, shipped")),
            ("Prometheus' CPU", cpu("Prometheus, before"), cpu("Prometheus, shipped")),
            (
                "Prometheus' memory",
                ended.readings["Prometheus, before"].resident,
                ended.readings["Prometheus, shipped"].resident,
            ),
            ("Prometheus' disk", disk("before"), disk("shipped")),
        )
    }
    goals = tuple(
        times_cheaper(what, ratio, 1.0 if "daemon" in what else LEAST_TIMES)
        for what, ratio in pairs.items()
    )
    table = Table(
        f"The whole machine, over {seconds:g} s",
        ("", "CPU a minute", "resident", "series", "samples kept a minute", "disk a day"),
        tuple(rows),
        (
            "Before: all of every port, and round-trip times of switches as histograms.",
            use(began.disk["shipped"], ended.disk["shipped"]).note(samples("Prometheus, shipped")),
            "Prometheus' series are those of schools and daemon, with what its rules record.",
            f"{os.cpu_count()} cores, shared with both cities' simulated devices.",
        ),
    )
    return Part(goals, (table,))
