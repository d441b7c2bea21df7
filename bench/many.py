"""What the daemon and Prometheus of 500 schools need, measured: schools and switches as shipped.

Run as `python -m bench --only many`. The configuration is the shipped one with its schools copied,
each copy in a network of its own; every device answers real SNMP, from simulated devices that share
this machine's processors.

Must not know: what any series means.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.request import urlopen

from bench.disk import disk_of, use
from bench.part import Part
from bench.servers import demo, prometheus, usage
from bench.stack import CONFIG
from bench.table import Table

SCHOOLS = 500
WARM_SECONDS = 150.0
SECONDS = 240.0
_READY_SECONDS = 600.0
_SCHOOL = re.compile(r"^  - id: .*?(?=^  - id: |^\.\.\.|\Z)", re.DOTALL | re.MULTILINE)
_POLLS = re.compile(r'^monitor_runs_total\{kind="interfaces",outcome="ok"\} (\S+)', re.MULTILINE)
_FIRST_NETWORK = 82
# At half the shipped pace: the simulated devices take as much CPU time as the daemon, and have to
# leave it enough of two processors. Up to two minutes samples carry the instant of their poll.
PACE = 2
_INTERVALS = {
    "icmp: {interval: 10s,": "icmp: {interval: 20s,",
    "switch_interval: 60s}": "switch_interval: 120s}",
    "interfaces: {interval: 60s,": "interfaces: {interval: 120s,",
}


def run(schools: int = SCHOOLS, seconds: float = SECONDS, warm: float = WARM_SECONDS) -> Part:
    """Measure both for this number of schools."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        config = folder / "schools.yaml"
        config.write_text(text_of(schools, CONFIG.read_text(encoding="utf-8")), encoding="utf-8")
        daemon, port = stack.enter_context(demo(folder, None, config, _READY_SECONDS))
        server = stack.enter_context(prometheus(folder / "prometheus", port))
        data = folder / "prometheus" / "data"
        time.sleep(warm)
        used, kept, on_disk, polls = (
            usage(daemon),
            server.read(),
            disk_of(data, server),
            polled(port),
        )
        began = time.monotonic()
        time.sleep(seconds)
        used_now, kept_now = usage(daemon), server.read()
        minutes = (time.monotonic() - began) / 60
        polls, on_disk_now = (polled(port) - polls) / minutes, disk_of(data, server)
    samples = (kept_now.appended - kept.appended) / minutes
    disk = use(on_disk, on_disk_now)
    whole = disk.day(PACE * samples) / 1e9
    rows = (
        (
            "daemon",
            f"{(used_now.cpu_seconds - used.cpu_seconds) / minutes:.1f} s",
            f"{used_now.resident / 1e6:,.0f} MB",
            "–",
            "–",
            "–",
        ),
        (
            "Prometheus",
            f"{(kept_now.cpu_seconds - kept.cpu_seconds) / minutes:.1f} s",
            f"{kept_now.resident / 1e6:,.0f} MB",
            f"{kept_now.series:,.0f}",
            f"{samples:,.0f}",
            f"{disk.day(samples) / 1e6:,.0f} MB",
        ),
    )
    table = Table(
        f"{schools} schools: daemon and Prometheus, over {seconds:g} s",
        ("", "CPU a minute", "resident", "series", "samples kept a minute", "disk a day"),
        rows,
        (
            f"At 1/{PACE} of the shipped pace: {polls:,.0f} polls of interfaces answered a minute.",
            f"Disk at the shipped pace, at most {PACE} times the samples: {whole:,.1f} GB a day.",
            disk.note(PACE * samples),
            f"{os.cpu_count()} cores, shared with the simulated devices.",
        ),
    )
    return Part((), (table,))


def polled(port: int) -> float:
    """Return how many interface polls the daemon at a port has completed successfully."""
    with urlopen(f"http://127.0.0.1:{port}/metrics/monitor", timeout=60) as answer:
        found = _POLLS.search(answer.read().decode())
    return float(found[1]) if found else 0.0


def text_of(schools: int, text: str) -> str:
    """Return a configuration with this many schools, made of copies of those in another one."""
    blocks = _SCHOOL.findall(text)
    copies = [
        _copy(blocks[number % len(blocks)], number // len(blocks)) for number in range(schools)
    ]
    begin, end = text.index(blocks[0]), text.rindex(blocks[-1]) + len(blocks[-1])
    head = text[:begin]
    for shipped, slower in _INTERVALS.items():
        if head.count(shipped) != 1:
            raise RuntimeError(f"{CONFIG} does not say {shipped!r} once")
        head = head.replace(shipped, slower)
    return head + "".join(copies) + text[end:]


def _copy(block: str, number: int) -> str:
    """Return a school with an id, an official number and a network of its own; 0 is the same."""
    if not number:
        return block
    block = re.sub(r"^(  - id: )(\S+)", rf"\g<1>\g<2>-{number}", block, count=1)
    block = re.sub(r'(number: ")(\d+)"', rf'\g<1>\g<2>{number}"', block)
    return block.replace(f"10.{_FIRST_NETWORK}.", f"10.{_FIRST_NETWORK + number}.")
