"""What 1,000 pings cost and how accurate their times are: ours, fping, two exporters.

All ping 82 targets in one burst, again and again, in a network namespace whose responder
answers after 1 to 9 ms (fping prints hundredths of a millisecond below 10). The truth is a
packet capture. Needs root, fping, prometheus-blackbox-exporter, prometheus-smokeping-prober.

Run `python -m bench.icmp`; it prints what `run()` returns.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench.part import Part, at_most
from bench.table import Table
from monitor.inventory.checks import IcmpOptions
from monitor.probes.echo.socket import EchoSocket
from tests.integration.namespace import DEVICE, answered_line, namespace
from tests.integration.wire import Wire
from tools.processes import running

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.namespace import Namespace

TARGETS = [f"10.77.{21 + number % 9}.{number + 1}" for number in range(82)]
BURSTS = 24
SPACING_SECONDS = 0.1
EXPORTER_PORT = 9115
SMOKEPING_PORT = 9374
OURS, FPING = "schulnetz, datagram", "fping"

# Each contestant runs this often, in turns; the median is reported, for others use the machine too.
TURNS = 3


@dataclass(slots=True)
class Result:
    """What one contestant spent in CPU seconds, and the RTTs in seconds that it measured by target.

    `asked` limits the captured exchanges to this many per target, for a contestant that
    cannot be stopped between two bursts.
    """

    cpu_seconds: float
    rtts: dict[str, list[float]] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Figures:
    """One turn in the table's units."""

    cpu_ms_per_1000: float
    error_ms: float
    lost: int


def run() -> Part:
    """Return goals, and by contestant CPU ms per 1,000 requests, mean error, losses."""
    contestants: dict[str, Callable[[Namespace], Result]] = {
        OURS: lambda inside: ours(inside, datagram=True),
        "schulnetz, raw": lambda inside: ours(inside, datagram=False),
    }
    contestants[FPING] = fping
    if shutil.which("prometheus-blackbox-exporter"):
        contestants["blackbox_exporter"] = blackbox_exporter
    if shutil.which("prometheus-smokeping-prober"):
        contestants["smokeping_prober"] = smokeping_prober
    turns: dict[str, list[Figures]] = {name: [] for name in contestants}
    with namespace("bench") as inside, answered_line(inside):
        with inside.entered():
            wire = Wire(DEVICE)
        with wire:
            for _ in range(TURNS):
                for name, contestant in contestants.items():
                    wire.exchanges()
                    turns[name].append(figures(contestant(inside), wire))
    return part(turns)


def figures(result: Result, wire: Wire) -> Figures:
    """Return a result compared with the packet capture."""
    seen = wire.exchanges()
    requests, lost, errors = 0, 0, []
    for target in TARGETS:
        truth = [exchange.rtt_seconds for exchange in seen[target]][: result.asked.get(target)]
        measured = result.rtts[target]
        requests += len(truth)
        lost += len(truth) - len(measured)
        if len(truth) == len(measured):
            errors += [
                rtt - true for rtt, true in zip(measured, truth, strict=True) if true is not None
            ]
    return Figures(result.cpu_seconds * 1e6 / requests, statistics.mean(errors) * 1e3, lost)


def part(turns: dict[str, list[Figures]]) -> Part:
    """Return the medians of all turns, and how far the goals are met."""
    cpu = {name: statistics.median(turn.cpu_ms_per_1000 for turn in turns[name]) for name in turns}
    error = {name: statistics.median(turn.error_ms for turn in turns[name]) for name in turns}
    lost = {name: sum(turn.lost for turn in turns[name]) for name in turns}
    against_fping = cpu[OURS] / cpu[FPING]
    goals = (
        at_most("ICMP: CPU against fping", against_fping, 2.5, "x", ratio=True),
        at_most("ICMP: mean RTT error", abs(error[OURS]), 0.02, "ms"),
        at_most("ICMP: packets lost that were answered", lost[OURS], 0, "packets"),
    )
    rows = tuple(
        (
            name,
            f"{cpu[name]:.1f}",
            f"{cpu[name] / cpu[FPING]:.2f}",
            f"{error[name]:+.4f}",
            str(lost[name]),
        )
        for name in turns
    )
    table = Table(
        "ICMP: 82 targets in one burst",
        ("", "CPU ms per 1,000 requests", "x fping", "mean RTT error, ms", "lost"),
        rows,
        (
            f"{BURSTS} bursts a turn, the median of {TURNS} turns; losses are of all turns.",
            "The error is against a packet capture on the same line.",
        ),
    )
    return Part(goals, (table,))


def ours(inside: Namespace, *, datagram: bool) -> Result:
    """Ping with the daemon's own transport, in a process of its own."""
    inside.allow_datagram_ping(allowed=datagram)
    return Result(**json.loads(inside.run(sys.executable, "-m", "bench.icmp", "ours")))


async def ping_all() -> Result:
    """Ping every target; count what the event loop spends, not what starting Python does."""
    options = IcmpOptions(packets=BURSTS, spacing=SPACING_SECONDS, wait=1.0)
    async with EchoSocket.open() as echo:
        await asyncio.sleep(0.2)
        began = time.process_time()
        rounds = await asyncio.gather(*(echo.ping(target, options) for target in TARGETS))
        spent = time.process_time() - began
    return Result(spent, {found.address: list(found.rtts) for found in rounds})


def fping(inside: Namespace) -> Result:
    """Ping with fping, no pause between targets."""
    pause = str(round(SPACING_SECONDS * 1e3))
    argv = inside.command("fping", "-q", "-i", "0", "-p", pause, "-C", str(BURSTS), *TARGETS)
    with running(*argv, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None  # noqa: S101  # it is a pipe
        report = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    rtts = {}
    for line in report.splitlines():
        target, _, times = line.partition(":")
        rtts[target.strip()] = [float(rtt) / 1e3 for rtt in times.split() if rtt != "-"]
    return Result(usage.ru_utime + usage.ru_stime, rtts)


def blackbox_exporter(inside: Namespace) -> Result:
    """Ping with blackbox_exporter: all targets' /probe at once, one packet each."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "blackbox.yml"
        config.write_text(
            "modules: {icmp: {prober: icmp, timeout: 2s, icmp: {preferred_ip_protocol: ip4}}}"
        )
        argv = inside.command(
            "prometheus-blackbox-exporter",
            f"--config.file={config}",
            f"--web.listen-address=127.0.0.1:{EXPORTER_PORT}",
            "--log.level=error",
        )
        with running(*argv, stderr=subprocess.DEVNULL) as process:
            swept = inside.run(sys.executable, "-m", "bench.icmp", "sweep", str(process.pid))
    return Result(**json.loads(swept))


def smokeping_prober(inside: Namespace) -> Result:
    """Ping with smokeping_prober, which never pauses; it exports sums, so means are compared."""
    argv = inside.command(
        "prometheus-smokeping-prober",
        "--privileged",
        f"--ping.interval={SPACING_SECONDS:g}s",
        "--config.file=",
        f"--web.listen-address=127.0.0.1:{SMOKEPING_PORT}",
        "--log.level=error",
        *TARGETS,
    )
    with running(*argv, stderr=subprocess.DEVNULL) as process:
        told = inside.run(sys.executable, "-m", "bench.icmp", "smoke", str(process.pid))
    return Result(**json.loads(told))


async def smoke(prober: int) -> Result:
    """Let a smokeping_prober send as many bursts as the others, and read its results.

    Args:
        prober: its process id, for its CPU time.
    """
    text = ""
    wanted = len(TARGETS) * BURSTS
    for _ in range(400):
        await asyncio.sleep(0.05)
        with contextlib.suppress(ConnectionRefusedError):
            text = await _get(SMOKEPING_PORT, "/metrics")
        sent = _by_target(text, "smokeping_requests_total")
        if sum(sent.values()) >= wanted:
            break
    spent = _cpu_seconds(prober)
    counts = _by_target(text, "smokeping_response_duration_seconds_count")
    sums = _by_target(text, "smokeping_response_duration_seconds_sum")
    # The last request to each target may still be in flight.
    asked = {target: max(int(counts[target]), int(sent[target]) - 1) for target in TARGETS}
    means = {target: sums[target] / counts[target] for target in TARGETS if counts[target]}
    rtts = {target: [means[target]] * int(counts[target]) for target in means}
    return Result(spent, {target: rtts.get(target, []) for target in TARGETS}, asked)


def _by_target(text: str, name: str) -> dict[str, float]:
    found = re.findall(rf'^{name}{{.*host="([^"]+)".*}} (\S+)$', text, re.MULTILINE)
    return dict.fromkeys(TARGETS, 0.0) | {host: float(value) for host, value in found}


async def sweep(exporter: int) -> Result:
    """Ask a blackbox_exporter for all targets at once, again and again.

    Args:
        exporter: its process id, for its CPU time.
    """
    for _ in range(100):
        try:
            await _probe("127.0.0.1")
        except ConnectionRefusedError:
            await asyncio.sleep(0.05)
        else:
            break
    rtts: dict[str, list[float]] = {target: [] for target in TARGETS}
    began = _cpu_seconds(exporter)
    for _ in range(BURSTS):
        for target, rtt in zip(TARGETS, await asyncio.gather(*map(_probe, TARGETS)), strict=True):
            rtts[target] += [] if rtt is None else [rtt]
        await asyncio.sleep(SPACING_SECONDS)
    return Result(_cpu_seconds(exporter) - began, rtts)


async def _probe(target: str) -> float | None:
    text = await _get(EXPORTER_PORT, f"/probe?module=icmp&target={target}")
    found = re.search(r'probe_icmp_duration_seconds\{phase="rtt"\} (\S+)', text)
    return float(found[1]) if found and "probe_success 1" in text else None


async def _get(port: int, path: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
    text = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    return text


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print the table, or do one contestant's part inside the namespace."""
    match sys.argv[1:]:
        case ["ours"]:
            print(json.dumps(asdict(asyncio.run(ping_all()))))
        case ["smoke", process]:
            print(json.dumps(asdict(asyncio.run(smoke(int(process))))))
        case ["sweep", process]:
            print(json.dumps(asdict(asyncio.run(sweep(int(process))))))
        case _:
            print(run().markdown())


if __name__ == "__main__":
    main()
