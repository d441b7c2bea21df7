"""Runs iperf3 as a process: starts, watches and ends it, and reads its JSON without trusting it.

The client is the installed binary (Debian's 3.12); the school runs `iperf3 -s`. While it runs, the
kernel's count of the bytes it read or wrote enforces the byte cap (iperf3 itself has a cap only
instead of a duration). Data from the peer gets into iperf3's output, so that is bounded, too.

Must not know: campaigns, or who requested the test.
Source: iperf3(1), src/iperf_error.c of iperf 3.12.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from monitor.observation import Outcome, Reason, ThroughputReading
from monitor.probes.attempt import ProbeError, printable
from monitor.probes.resolve import ResolveError, resolve
from monitor.probes.stream.connect import place

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Sequence

    from monitor.throughput.order import TransferOrder

PROGRAM: Final = "iperf3"
# 64 streams for a minute print 2 MB; decoding 4 MB blocks the event loop for some 40 ms.
_OUTPUT_LIMIT: Final = 4 << 20
_READ_CHUNK: Final = 1 << 16
# A client needs 4 MB and 128 KiB per stream; it trusts any length that the server announces.
_MEMORY_LIMIT: Final = 256 << 20
_WATCH_SECONDS: Final = 0.1
_CONNECT_MILLISECONDS: Final = 5000
_VERSION = re.compile(r"iperf 3\.(\d{1,4})(?!\d)")
# -O with --json, --connect-timeout and bidirectional counters are reliable from this version on.
_OLDEST_MINOR: Final = 7
_KEPT_SHARE: Final = 0.995
_FAILED: Final = Outcome.FAILED
_UNKNOWN: Final = Outcome.UNKNOWN

# The meanings of iperf3's messages, first match; all others are failures of the network.
_MEANINGS: Final[tuple[tuple[str, Reason, Outcome], ...]] = (
    ("server is busy", Reason.BUSY, _UNKNOWN),
    ("Connection refused", Reason.REFUSED, _FAILED),
    ("timed out", Reason.TIMEOUT, _FAILED),
    ("Operation now in progress", Reason.TIMEOUT, _FAILED),
    ("No route to host", Reason.UNREACHABLE, _FAILED),
    ("Network is unreachable", Reason.UNREACHABLE, _FAILED),
    ("authorization failed", Reason.AUTHENTICATION, _FAILED),
    ("unrecognized option", Reason.TOOL, _UNKNOWN),
    ("parameter", Reason.TOOL, _UNKNOWN),
    ("server has terminated", Reason.RESET, _FAILED),
    ("control socket has closed", Reason.RESET, _FAILED),
    ("Connection reset", Reason.RESET, _FAILED),
    ("Broken pipe", Reason.RESET, _FAILED),
    ("control message", Reason.MALFORMED, _FAILED),
)


async def run_iperf3(order: TransferOrder) -> ThroughputReading:
    """Run one test with iperf3 and return what the receiver counted.

    Raises:
        ProbeError: if there is no rate; the process has ended in any case.
    """
    settings = order.settings
    try:
        resolved = await resolve(settings.host, order.clock, order.deadline, order.threads.names)
    except ResolveError as error:
        raise ProbeError(error.reason, str(error), error.outcome) from error
    path = shutil.which(PROGRAM)
    if path is None:
        said = f"{PROGRAM} is not installed on the monitor (Debian's package iperf3)"
        raise ProbeError(Reason.TOOL, said, _UNKNOWN)
    output, said = await _run(path, _arguments(order, resolved.address), order)
    return read_report(output, said, order)


def _arguments(order: TransferOrder, address: str) -> list[str]:
    settings = order.settings
    arguments = [
        *("--client", address, "--port", str(settings.port), "--json"),
        *("--parallel", str(settings.streams), "--time", f"{math.ceil(settings.seconds)}"),
        *("--omit", f"{math.ceil(settings.warm_up)}"),
        *("--connect-timeout", str(_CONNECT_MILLISECONDS)),
    ]
    # From the client's point of view, which is the monitor: it sends what goes down to the school.
    return arguments if order.direction == "down" else [*arguments, "--reverse"]


async def _run(path: str, arguments: Sequence[str], order: TransferOrder) -> tuple[bytes, str]:
    """Return the whole output of the process, and the start of its error output."""
    try:
        process = await asyncio.create_subprocess_exec(
            path,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # Not our environment: it may contain credentials.
            env={"LC_ALL": "C", "PATH": os.defpath},
        )
    except OSError as error:
        said = f"{path} cannot be started: {error.strerror}"
        raise ProbeError(Reason.TOOL, said, _UNKNOWN) from error
    reader = asyncio.create_task(_read(process))
    watcher = asyncio.create_task(_watch(process, order))
    try:
        await asyncio.wait({reader, watcher}, return_when=asyncio.FIRST_COMPLETED)
        if watcher.done():
            watcher.result()
        return reader.result()
    finally:
        reader.cancel()
        watcher.cancel()
        await asyncio.gather(reader, watcher, return_exceptions=True)
        if process.returncode is None:
            process.kill()
        # Read its pipes to the end, which closes them.
        await process.communicate()


async def _read(process: Process) -> tuple[bytes, str]:
    assert process.stdout is not None  # noqa: S101  # both are pipes, for the type checker
    assert process.stderr is not None  # noqa: S101
    output = bytearray()
    while chunk := await process.stdout.read(_READ_CHUNK):
        output += chunk
        if len(output) > _OUTPUT_LIMIT:
            raise _malformed(f"it is longer than {_OUTPUT_LIMIT >> 20} MiB")
    said = (await process.stderr.read(_READ_CHUNK)).decode("utf-8", "replace")
    await process.wait()
    return bytes(output), said


async def _watch(process: Process, order: TransferOrder) -> None:
    """Count what the process transfers; return when that or its memory exceeds the limit.

    Source: proc(5), /proc/PID/io: rchar and wchar count bytes read and written, including
    sockets; /proc/PID/statm: the second number is the resident pages.
    """
    key = b"wchar: " if order.direction == "down" else b"rchar: "
    counters = Path(f"/proc/{process.pid}/io")
    memory = Path(f"/proc/{process.pid}/statm")
    while True:
        await asyncio.sleep(_WATCH_SECONDS)
        try:
            lines = counters.read_bytes().splitlines()
            resident = int(memory.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError):  # it has ended; the reader of its output reports why
            continue
        if resident > _MEMORY_LIMIT:
            raise _malformed(f"its server made it take over {_MEMORY_LIMIT >> 20} MiB of memory")
        for line in lines:
            if line.startswith(key):
                order.tally.set(int(line.removeprefix(key)))


def read_report(output: bytes, said: str, order: TransferOrder) -> ThroughputReading:
    """Return the receiver's figures in iperf3's JSON report.

    Raises:
        ProbeError: if it reports an error or no data, is not such a report, or is of an unsupported
            version.
    """
    try:
        report = json.loads(output)
    except (ValueError, RecursionError):
        raise _not_json(output, said) from None
    if not isinstance(report, dict):
        raise _malformed("the report is not an object")
    message = report.get("error")
    if isinstance(message, str):
        raise _meaning(message, order)
    tool = _version(report)
    try:
        end = report["end"]
        received = end["sum_received"]
        rate, seconds = _number(received["bits_per_second"]), _number(received["seconds"])
        streams = sum(_number(one["receiver"]["bytes"]) > 0 for one in end["streams"])
        written = sum(int(_number(one["sum"]["bytes"])) for one in report["intervals"])
        retransmits = end["sum_sent"].get("retransmits")
        # A sender's intervals count what it wrote, of which megabytes may still be in its buffers.
        carried = int(rate * _whole_time(order, seconds) / 8)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise _malformed(f"{type(error).__name__} in the report") from error
    if not (end["streams"] and report["intervals"]):
        raise _malformed("it has no streams, or no intervals")
    if not (rate and seconds and streams):
        raise order.without_payload()
    return ThroughputReading(
        order.direction,
        tool,
        Outcome.OK,
        bits_per_second=rate,
        streams=streams,
        seconds=_rounded(seconds, order.settings.seconds),
        total_bytes=written if order.direction == "up" else carried,
        retransmits=retransmits if isinstance(retransmits, int) else None,
    )


def _whole_time(order: TransferOrder, seconds: float) -> float:
    return seconds + math.ceil(order.settings.warm_up)


def _rounded(seconds: float, asked: float) -> float:
    """Return the requested duration if it was met within a few ms of clock difference."""
    return max(seconds, asked) if seconds >= _KEPT_SHARE * asked else seconds


def _number(value: Any) -> float:  # noqa: ANN401  # JSON is anything until checked
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("not a number")
    if not math.isfinite(value) or value < 0:
        raise ValueError("not a rate, a time or a count")
    return value


def _version(report: dict[str, Any]) -> str:
    start = report.get("start")
    text = start.get("version") if isinstance(start, dict) else None
    found = _VERSION.match(text) if isinstance(text, str) else None
    if found is None or int(found[1]) < _OLDEST_MINOR:
        said = (
            f"{PROGRAM} calls itself {printable(str(text))!r}; 3.{_OLDEST_MINOR} or newer is needed"
        )
        raise ProbeError(Reason.TOOL, said, _UNKNOWN)
    return found[0]


def _not_json(output: bytes, said: str) -> ProbeError:
    text = printable(" ".join(said.split()) or output[:200].decode("utf-8", "replace"))
    if "option" in said or "usage" in said.lower():
        return ProbeError(Reason.TOOL, f"another program answers to {PROGRAM}: {text}", _UNKNOWN)
    return _malformed(text or "it printed nothing")


def _meaning(message: str, order: TransferOrder) -> ProbeError:
    where = place(order.settings.host, order.settings.port)
    text = f"{PROGRAM} to {where}: {printable(message, 200)}"
    for part, reason, outcome in _MEANINGS:
        if part in message:
            return ProbeError(reason, text, outcome)
    return ProbeError(Reason.MALFORMED, text)


def _malformed(what: str) -> ProbeError:
    return ProbeError(Reason.MALFORMED, f"{PROGRAM} gave no usable report: {what}")
