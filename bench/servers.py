"""The servers that run next to the daemon, started as shipped, and the resources each uses.

Must not know: which measurements are made, or what any series means.
"""

from __future__ import annotations

import http.client
import os
import sys
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from tests.ports import free_port
from tools.processes import running

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

DEPLOYED = Path("deploy/prometheus/prometheus.yml")
SERVED = "127.0.0.1:9822"
"""The daemon's address in the shipped configuration."""

READY_SECONDS = 240.0

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
        """Return the resources used and the samples kept so far."""
        appended = asked(self.port, _APPENDED) or asked(self.port, _APPENDED_OF_OLD)
        used = usage(self.pid)
        return Reading(used.cpu_seconds, used.resident, appended, asked(self.port, _SERIES))


def usage(pid: int) -> Reading:
    """Return the CPU seconds and resident bytes of a process.

    Source: proc_pid_stat(5), proc_pid_statm(5).
    """
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return Reading(ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE"))


@contextmanager
def demo(
    folder: Path,
    schools: int | None,
    config: Path | None = None,
    ready_seconds: float = READY_SECONDS,
) -> Iterator[tuple[int, int]]:
    """Run the demo; yield its process id and port once every check has run."""
    port = free_port()
    place = ("--listen", f"127.0.0.1:{port}", "--state-dir", str(folder / "state"))
    size = ("--schools", str(schools)) if schools else ()
    if config:
        size = (*size, "--config", str(config))
    # The running cost does not depend on a past.
    options = (*place, "--port", str(free_port()), "--no-past", *size)
    command = (sys.executable, "-m", "monitor", "demo", *options)
    with running(*command) as process:
        await_ready(port, "/-/ready", process, ready_seconds)
        yield process.pid, port


@contextmanager
def prometheus(
    place: Path, daemon: int, *, honor: bool = True, alertmanager: int | None = None
) -> Iterator[Server]:
    """Run a Prometheus with the shipped jobs and rules; yield it once it answers.

    Its alerts go to the Alertmanager at a port, if one is given.
    """
    place.mkdir()
    text = DEPLOYED.read_text(encoding="utf-8").replace(SERVED, f"127.0.0.1:{daemon}")
    document = yaml.safe_load(text)
    targets = [{"targets": [f"127.0.0.1:{alertmanager}"]}] if alertmanager else []
    document["alerting"]["alertmanagers"] = [{"static_configs": targets}]
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
        # Snapshots show how much disk a sample takes.
        "--web.enable-admin-api",
    )
    with (place / "log").open("wb") as log, running(*command, stderr=log) as process:
        await_ready(port, "/-/ready", process)
        yield Server(process.pid, port)


def await_ready(
    port: int, path: str, process: subprocess.Popen[str], seconds: float = READY_SECONDS
) -> None:
    """Wait until a server answers.

    Raises:
        RuntimeError: if it ends before, or takes too long.
    """
    ends = time.monotonic() + seconds
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


def asked(port: int, name: str) -> float:
    """Return a series of a Prometheus' own metrics page, 0 if it has none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with closing(connection):
        connection.request("GET", "/metrics")
        for line in connection.getresponse().read().decode().splitlines():
            if line.startswith(f"{name} "):
                return float(line.rpartition(" ")[2])
    return 0.0
