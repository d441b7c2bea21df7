"""CPU time of one device poll over SNMP: ours, pysnmp, and Debian's prometheus-snmp-exporter.

Run as `python -m bench.snmp`. One poll is 15 IF-MIB columns of 52 interfaces, 780 values, from
request to the text that a scrape hands out; snmp_exporter's figure has HTTP in it as well. All in
one run, in turns, against one agent whose CPU time is not counted; the median of the rounds is
reported.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import http.client
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    UsmUserData,
    bulk_walk_cmd,
)

from bench.part import Part, times_cheaper
from bench.rendering import PollRenderer
from bench.table import Table
from monitor.snmp.client import SnmpClient
from monitor.snmp.oids import Syntax, objects
from monitor.snmp.read import Agent, NativeReader, Request, Result
from monitor.snmp.reference import PysnmpReader
from tools.processes import running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from monitor.snmp.read import Reader

    Render = Callable[[Result], None]

COLUMNS = (
    "ifName",
    "ifSpeed",
    "ifHighSpeed",
    "ifAdminStatus",
    "ifOperStatus",
    "ifLastChange",
    "ifInDiscards",
    "ifInErrors",
    "ifOutDiscards",
    "ifOutErrors",
    "ifHCInOctets",
    "ifHCInUcastPkts",
    "ifHCOutOctets",
    "ifHCOutUcastPkts",
    "ifCounterDiscontinuityTime",
)
INTERFACES = 52
ROUNDS = 5
# What the schedule runs concurrently in a city of 1,100 devices.
TOGETHER = 10
_SCALARS = ("sysDescr", "sysObjectID", "sysUpTime", "sysName")
_TICKS = os.sysconf("SC_CLK_TCK")
_DEADLINE = 30.0
_WARM_UP = 2
_LABEL = "ifName"
_COUNTERS = frozenset({Syntax.COUNTER32, Syntax.COUNTER64})


@dataclass(frozen=True, slots=True)
class _Contender:
    """A contestant: polls per round, one poll (returns its devices), and whose CPU time counts."""

    name: str
    polls: int
    poll: Callable[[], Awaitable[int]]
    cpu_seconds: Callable[[], float]


def run(rounds: int = ROUNDS) -> Part:
    """Measure all contestants and return goals and figures."""
    costs = asyncio.run(_measure(rounds))
    alone, naive = costs[_OURS_ALONE], costs[_DOCUMENTED]
    by_one, by_ten = costs[_EXPORTER_ALONE] / alone, costs[_EXPORTER] / costs[_OURS]
    goals = (
        times_cheaper(f"SNMP to text, against snmp_exporter, both {TOGETHER} at a time", by_ten, 5),
        times_cheaper("the same, both one at a time", by_one, 5),
        times_cheaper("the same, aimed at", by_one, 10),
        times_cheaper(
            "SNMP poll to text, against pysnmp as documented, both one at a time", naive / alone, 80
        ),
        times_cheaper("the same, aimed at", naive / alone, 155),
    )
    rows = tuple(
        (name, f"{cost:.2f}", f"{costs[_exporter_at_the_pace_of(name)] / cost:.2f}")
        for name, cost in costs.items()
    )
    table = Table(
        f"SNMP: one poll of {len(COLUMNS)} columns x {INTERFACES} interfaces",
        ("", "CPU ms a device", "x cheaper than snmp_exporter at the same pace"),
        rows,
        (
            f"The median of {rounds} rounds taken in turns; the agent's CPU time is not counted.",
            "Ours ends with the sample lines stored; the exposition's part serves them.",
            "One device at a time, both sides pay for a wake-up after every reply.",
            "snmp_exporter: one HTTP scrape per device, same columns, labels ifIndex and ifName.",
            "pysnmp is polled one device at a time, and ends with its own values, no text.",
            "As documented: one `bulk_walk_cmd` per column, but with one engine for all.",
        ),
    )
    return Part(goals, (table,))


_OURS = f"schulnetz, request to text, {TOGETHER} devices at a time"
_OURS_ALONE = "schulnetz, request to text, one device at a time"
_DECODED = f"schulnetz, request to decoded columns, {TOGETHER} devices at a time"
_TUNED = "pysnmp 7.1, tuned (`engine: pysnmp`)"
_DOCUMENTED = "pysnmp 7.1, as documented"
_EXPORTER = f"snmp_exporter, {TOGETHER} scrapes at a time"
_EXPORTER_ALONE = "snmp_exporter, one scrape at a time"


def _exporter_at_the_pace_of(name: str) -> str:
    return _EXPORTER if name in {_OURS, _DECODED, _EXPORTER} else _EXPORTER_ALONE


async def _measure(rounds: int) -> dict[str, float]:
    async with contextlib.AsyncExitStack() as stack:
        port = stack.enter_context(agent_process())
        web_port, process = stack.enter_context(_exporter())
        client = await stack.enter_async_context(SnmpClient())
        native = NativeReader(client)
        render = PollRenderer().render
        tuned = await stack.enter_async_context(PysnmpReader())
        naive = await stack.enter_async_context(documented(port, CommunityData("public")))
        contenders = (
            _Contender(_OURS, 30, _many(_reading(native, port, render)), time.process_time),
            _Contender(_OURS_ALONE, 300, _reading(native, port, render), time.process_time),
            _Contender(_DECODED, 20, _many(_reading(native, port, None)), time.process_time),
            _Contender(_EXPORTER, 15, _many(_scraping(web_port, port)), _cpu_of(process.pid)),
            _Contender(_EXPORTER_ALONE, 150, _scraping(web_port, port), _cpu_of(process.pid)),
            _Contender(_TUNED, 5, _reading(tuned, port, None), time.process_time),
            _Contender(_DOCUMENTED, 3, naive, time.process_time),
        )
        for contender in contenders:
            for _ in range(_WARM_UP):
                await contender.poll()
        settle()
        costs: dict[str, list[float]] = {contender.name: [] for contender in contenders}
        for _ in range(rounds):
            for contender in contenders:
                costs[contender.name].append(await _cost(contender))
    return {name: statistics.median(found) for name, found in costs.items()}


def settle() -> None:
    """Exclude existing objects from garbage collection, as the daemon does after its first cycle.

    Otherwise each contestant would pay for walking the heaps of the others in this process.
    """
    gc.collect()
    gc.freeze()


async def _cost(contender: _Contender) -> float:
    """Return the CPU milliseconds per device of one round."""
    devices = 0
    before = contender.cpu_seconds()
    for _ in range(contender.polls):
        devices += await contender.poll()
    return (contender.cpu_seconds() - before) / devices * 1000


def complete(values: int, columns: int) -> int:
    """Return that one device was polled.

    Raises:
        RuntimeError: if that is not true.
    """
    if values != columns * INTERFACES:
        raise RuntimeError(f"{values} values instead of {columns * INTERFACES}")
    return 1


def _reading(reader: Reader, port: int, render: Render | None) -> Callable[[], Awaitable[int]]:
    return reading(reader, Agent("127.0.0.1", port, "2c", b"public", timeout=5.0), render)


def reading(reader: Reader, agent: Agent, render: Render | None) -> Callable[[], Awaitable[int]]:
    """Return one poll of an agent of the bench by a reader."""
    request = Request(_SCALARS, COLUMNS)

    async def poll() -> int:
        result = await reader.read(agent, request, asyncio.get_running_loop().time() + _DEADLINE)
        if result.failure is not None:
            raise RuntimeError(result.failure.message)
        if render is not None:
            render(result)
        return complete(sum(len(rows) for rows in result.columns.values()), len(COLUMNS))

    return poll


def _many(one: Callable[[], Awaitable[int]]) -> Callable[[], Awaitable[int]]:
    async def poll() -> int:
        return sum(await asyncio.gather(*(one() for _ in range(TOGETHER))))

    return poll


@contextlib.asynccontextmanager
async def documented(
    port: int, authentication: CommunityData | UsmUserData
) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """Yield a poll as in pysnmp's examples: one `bulk_walk_cmd` per column; the engine is kept."""
    engine = SnmpEngine()
    known = objects()

    async def poll() -> int:
        values = 0
        for name in COLUMNS:
            walk = bulk_walk_cmd(
                engine,
                authentication,
                await UdpTransportTarget.create(("127.0.0.1", port)),
                ContextData(),
                0,
                25,
                ObjectType(ObjectIdentity(known[name].oid)),
                lexicographicMode=False,
            )
            async for indication, status, _, varbinds in walk:
                if indication or status:
                    raise RuntimeError(f"pysnmp reports {indication or status}")
                values += len(varbinds)
        return complete(values, len(COLUMNS))

    yield poll
    engine.close_dispatcher()


def _scraping(web_port: int, port: int) -> Callable[[], Awaitable[int]]:
    def scrape() -> int:
        connection = http.client.HTTPConnection("127.0.0.1", web_port, timeout=_DEADLINE)
        connection.request("GET", f"/snmp?module=bench&target=127.0.0.1:{port}")
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        if answer.status != http.HTTPStatus.OK:
            raise RuntimeError(f"snmp_exporter says {answer.status}: {text[:200]}")
        # ifName is the label of the others, not a metric.
        return complete(text.count('ifName="'), len(COLUMNS) - 1)

    async def poll() -> int:
        return await asyncio.to_thread(scrape)

    return poll


@contextlib.contextmanager
def agent_process(module: str = "bench.fast_agent") -> Iterator[int]:
    """Run an agent of the bench in a process of its own; yield its UDP port."""
    command, pipe = (sys.executable, "-m", module, str(INTERFACES)), subprocess.PIPE
    with running(*command, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None  # noqa: S101  # a pipe was asked for
        yield int(process.stdout.readline())


@contextlib.contextmanager
def _exporter() -> Iterator[tuple[int, subprocess.Popen[str]]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder, "snmp.yml")
        configuration.write_text(_module())
        command = (
            "prometheus-snmp-exporter",
            f"--config.file={configuration}",
            f"--web.listen-address=127.0.0.1:{port}",
        )
        with running(*command, stderr=subprocess.DEVNULL) as process:
            _await_port(port)
            yield port, process


def _module() -> str:
    """Return an snmp.yml with exactly our scalars and columns."""
    known = objects()
    lines = ["bench:", "  walk:"]
    lines += [f"  - {known[name].oid}" for name in COLUMNS]
    lines += ["  get:"]
    lines += [f"  - {known[name].oid}" for name in _SCALARS]
    lines += ["  metrics:"]
    for name in COLUMNS:
        if name == _LABEL:
            continue
        kind = "counter" if known[name].syntax in _COUNTERS else "gauge"
        lines += [
            f"  - name: {name}",
            f"    oid: {known[name].oid}",
            f"    type: {kind}",
            f"    help: {name}",
            "    indexes:",
            "    - labelname: ifIndex",
            "      type: gauge",
            "    lookups:",
            "    - labels: [ifIndex]",
            f"      labelname: {_LABEL}",
            f"      oid: {known[_LABEL].oid}",
            "      type: DisplayString",
        ]
    lines += ["  version: 2", "  auth:", "    community: public"]
    return "\n".join(lines) + "\n"


def _await_port(port: int) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError("snmp_exporter did not open its port")


def _cpu_of(pid: int) -> Callable[[], float]:
    def cpu_seconds() -> float:
        # The fields count from after the name, which may contain spaces and parentheses.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    return cpu_seconds


if __name__ == "__main__":
    print(run().markdown())
