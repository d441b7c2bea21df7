"""What 1,000 pings cost, and how wrong their times are: ours, fping, blackbox_exporter.

All ping 82 targets in one burst, again and again, in a network namespace whose responder
answers after 1 to 9 ms (fping prints hundredths of a millisecond below 10). The truth is a
packet capture. Needs root, fping and prometheus-blackbox-exporter.

Run `python -m bench.icmp`; it prints the table of `run()`.
"""

from __future__ import annotations

import asyncio
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

from monitor.inventory import IcmpOptions
from monitor.probes.echo_socket import EchoSocket
from tests.integration.namespace import DEVICE, answered_line, namespace
from tests.integration.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.namespace import Namespace

TARGETS = [f"10.77.{21 + number % 9}.{number + 1}" for number in range(82)]
BURSTS = 24
SPACING_SECONDS = 0.1
EXPORTER_PORT = 9115

# Each contestant runs this often, in turns; the median is told, for others use the machine too.
TURNS = 3


@dataclass(slots=True)
class Result:
    """What one contestant spent in CPU seconds, and the RTTs in seconds that it found by target."""

    cpu_seconds: float
    rtts: dict[str, list[float]] = field(default_factory=dict)


@dataclass(slots=True)
class Figures:
    """One turn in the table's units."""

    cpu_ms_per_1000: float
    error_ms: float
    lost: int


def run() -> str:
    """Return a markdown table: CPU ms per 1,000 requests, mean error against the wire, losses."""
    contestants: dict[str, Callable[[Namespace], Result]] = {
        "ours, datagram": lambda inside: ours(inside, datagram=True),
        "ours, raw": lambda inside: ours(inside, datagram=False),
    }
    if shutil.which("fping"):
        contestants["fping"] = fping
    if shutil.which("prometheus-blackbox-exporter"):
        contestants["blackbox_exporter"] = blackbox_exporter
    turns: dict[str, list[Figures]] = {name: [] for name in contestants}
    with namespace("bench") as inside, answered_line(inside):
        with inside.entered():
            wire = Wire(DEVICE)
        with wire:
            for _ in range(TURNS):
                for name, contestant in contestants.items():
                    wire.exchanges()
                    turns[name].append(figures(contestant(inside), wire))
    return table(turns)


def figures(result: Result, wire: Wire) -> Figures:
    """Return a result beside the truth of the wire."""
    seen = wire.exchanges()
    requests, lost, errors = 0, 0, []
    for target in TARGETS:
        truth = [exchange.rtt_seconds for exchange in seen[target]]
        measured = result.rtts[target]
        requests += len(truth)
        lost += len(truth) - len(measured)
        if len(truth) == len(measured):
            errors += [
                rtt - true for rtt, true in zip(measured, truth, strict=True) if true is not None
            ]
    return Figures(result.cpu_seconds * 1e6 / requests, statistics.mean(errors) * 1e3, lost)


def table(turns: dict[str, list[Figures]]) -> str:
    """Return the medians of all turns as a markdown table."""
    lines = [
        f"82 targets in one burst, {BURSTS} bursts, median of {TURNS} turns.",
        "",
        "| | CPU ms per 1000 requests | x fping | mean RTT error, ms | lost |",
        "|---|---|---|---|---|",
    ]
    cpu = {name: statistics.median(turn.cpu_ms_per_1000 for turn in turns[name]) for name in turns}
    for name, all_turns in turns.items():
        error = statistics.median(turn.error_ms for turn in all_turns)
        ratio = f"{cpu[name] / cpu['fping']:.2f}" if "fping" in cpu else "–"
        lost = sum(turn.lost for turn in all_turns)
        lines.append(f"| {name} | {cpu[name]:.1f} | {ratio} | {error:+.4f} | {lost} |")
    return "\n".join(lines)


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
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as process:
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
        with subprocess.Popen(argv, stderr=subprocess.DEVNULL) as process:
            try:
                swept = inside.run(sys.executable, "-m", "bench.icmp", "sweep", str(process.pid))
            finally:
                process.terminate()
    return Result(**json.loads(swept))


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
    reader, writer = await asyncio.open_connection("127.0.0.1", EXPORTER_PORT)
    request = f"GET /probe?module=icmp&target={target} HTTP/1.0\r\n\r\n"
    writer.write(request.encode())
    text = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    found = re.search(r'probe_icmp_duration_seconds\{phase="rtt"\} (\S+)', text)
    return float(found[1]) if found and "probe_success 1" in text else None


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print the table, or do one contestant's part inside the namespace."""
    match sys.argv[1:]:
        case ["ours"]:
            print(json.dumps(asdict(asyncio.run(ping_all()))))
        case ["sweep", process]:
            print(json.dumps(asdict(asyncio.run(sweep(int(process))))))
        case _:
            print(run())


if __name__ == "__main__":
    main()
