"""What the Prometheus beside the city costs: CPU, memory, samples kept; and the daemon meanwhile.

Two of them scrape the same daemon at once, with the shipped jobs and intervals: one as shipped,
and one that does not honour time stamps, so that it keeps a sample for every scrape, as it did
before polled counters carried the instant of their poll.

Must not know: what any series means.
"""

from __future__ import annotations

import http.client
import os
import sys
import tempfile
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from bench.part import Part, times_cheaper
from bench.table import Table
from tests.probes.support import free_port
from tools.processes import running

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

DEPLOYED = Path("deploy/prometheus/prometheus.yml")
SERVED = "127.0.0.1:9822"
"""The daemon's address in the shipped configuration."""

READY_SECONDS = 180.0
WARM_SECONDS = 150.0
SECONDS = 240.0
LEAST_SAMPLES_SAVED = 1.5

_APPENDED = 'prometheus_tsdb_head_samples_appended_total{type="float"}'
_APPENDED_OF_OLD = "prometheus_tsdb_head_samples_appended_total"
_SERIES = "prometheus_tsdb_head_series"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a process has used: CPU seconds so far, resident bytes; of Prometheus also its head."""

    cpu_seconds: float
    resident: int
    appended: float = 0.0
    series: float = 0.0


@dataclass(frozen=True, slots=True)
class Server:
    """A running Prometheus."""

    pid: int
    port: int

    def read(self) -> Reading:
        """Return what it has used and kept so far."""
        appended = _asked(self.port, _APPENDED) or _asked(self.port, _APPENDED_OF_OLD)
        used = usage(self.pid)
        return Reading(used.cpu_seconds, used.resident, appended, _asked(self.port, _SERIES))


def run(schools: int | None = None, seconds: float = SECONDS, warm: float = WARM_SECONDS) -> Part:
    """Measure the city's daemon and both Prometheus side by side."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        daemon, port = stack.enter_context(_daemon(Path(folder), schools))
        shipped = stack.enter_context(_prometheus(Path(folder), port, honor=True))
        before = stack.enter_context(_prometheus(Path(folder), port, honor=False))
        time.sleep(warm)
        began = (usage(daemon), shipped.read(), before.read())
        time.sleep(seconds)
        ended = (usage(daemon), shipped.read(), before.read())
    return _part(began, ended, seconds)


def usage(pid: int) -> Reading:
    """Return the CPU seconds and resident bytes of a process.

    Source: proc_pid_stat(5), proc_pid_statm(5).
    """
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return Reading(ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE"))


@contextmanager
def _daemon(folder: Path, schools: int | None) -> Iterator[tuple[int, int]]:
    """Run the demo; yield its process id and port once every check has run."""
    port = free_port()
    place = ("--listen", f"127.0.0.1:{port}", "--state-dir", str(folder / "state"))
    size = ("--schools", str(schools)) if schools else ()
    command = (sys.executable, "-m", "monitor", "demo", *place, "--port", str(free_port()), *size)
    with running(*command) as process:
        _await(port, "/-/ready", process)
        yield process.pid, port


@contextmanager
def _prometheus(folder: Path, daemon: int, *, honor: bool) -> Iterator[Server]:
    """Run a Prometheus with the shipped jobs; yield it once it answers."""
    place = folder / ("shipped" if honor else "before")
    place.mkdir()
    text = DEPLOYED.read_text(encoding="utf-8").replace(SERVED, f"127.0.0.1:{daemon}")
    document = yaml.safe_load(text)
    document.pop("alerting")
    document["rule_files"] = [str(DEPLOYED.parent.resolve() / "rules" / "*.yml")]
    jobs = [job for job in document["scrape_configs"] if job["job_name"].startswith("sch")]
    document["scrape_configs"] = [{**job, "honor_timestamps": honor} for job in jobs]
    (place / "prometheus.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
    port = free_port()
    command = (
        "prometheus",
        f"--config.file={place / 'prometheus.yml'}",
        f"--storage.tsdb.path={place / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    with (place / "log").open("wb") as log, running(*command, stderr=log) as process:
        _await(port, "/-/ready", process)
        yield Server(process.pid, port)


def _await(port: int, path: str, process: subprocess.Popen[str]) -> None:
    ends = time.monotonic() + READY_SECONDS
    while time.monotonic() < ends and process.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            with closing(connection):
                connection.request("GET", path)
                if connection.getresponse().status == http.HTTPStatus.OK:
                    return
        except OSError:
            pass  # it does not listen yet
        time.sleep(0.5)
    raise RuntimeError(f"nothing is ready at 127.0.0.1:{port}{path}")


def _asked(port: int, name: str) -> float:
    """Return a series of a Prometheus' own metrics page, 0 if it has none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with closing(connection):
        connection.request("GET", "/metrics")
        for line in connection.getresponse().read().decode().splitlines():
            if line.startswith(f"{name} "):
                return float(line.rpartition(" ")[2])
    return 0.0


def _part(
    began: tuple[Reading, Reading, Reading], ended: tuple[Reading, Reading, Reading], seconds: float
) -> Part:
    def a_minute(one: int, what: str) -> float:
        used = getattr(ended[one], what) - getattr(began[one], what)
        return float(used) * 60 / seconds

    saved = a_minute(2, "appended") / max(1.0, a_minute(1, "appended"))
    rows = tuple(
        (
            name,
            f"{a_minute(one, 'cpu_seconds'):.1f} s",
            f"{ended[one].resident / 1e6:.0f} MB",
            f"{a_minute(one, 'appended'):,.0f}" if one else "–",
            f"{ended[one].series:,.0f}" if one else "–",
        )
        for one, name in enumerate(
            ("the daemon", "Prometheus as shipped", "Prometheus without time stamps")
        )
    )
    table = Table(
        f"Prometheus beside the city, over {seconds:g} s",
        ("", "CPU a minute", "resident", "samples kept a minute", "series"),
        rows,
        (
            "Both scrape the same daemon in the same minutes, each 30 s, with all rules.",
            "Without time stamps each scrape is kept, as it was before the polls' instants.",
        ),
    )
    goal = times_cheaper("samples kept, against one for each scrape", saved, LEAST_SAMPLES_SAVED)
    return Part((goal,), (table,))
