"""A line of a given rate between the monitor and a school: two namespaces and the kernel's tbf.

The token bucket filter counts frames of 1514 octets, which take the time of 1538 on a line: its
rate is lower by that, and 1 Gbit/s carries 941.5 Mbit/s of payload. Its own counter of octets
stands in for the router's.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.campaigns.load import OctetReading
from tests.integration.namespace import Namespace, namespace
from tests.machine import slowness
from tools.processes import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MONITOR, SCHOOL = "10.78.0.1", "10.78.0.2"
PAYLOAD_SHARE = 1448 / 1538
ACCURACY = 0.02
TRIES = 4
"""How often a fast line is made: a machine that becomes busier afterwards does not fill it."""
_COUNTED_SHARE = 1514 / 1538
_UNITS = {"mbit": 10**6, "gbit": 10**9}
_PATIENCE_SECONDS = 60.0
_FLOWING_OCTETS = 100_000
_SPARE = 1.3


@dataclass(frozen=True, slots=True)
class PacedLine:
    """The two ends; `near` is the monitor's, `far` the school's."""

    near: Namespace
    far: Namespace
    bps: int

    def _octets(self, end: Namespace) -> int:
        found = json.loads(end.run("tc", "-s", "-j", "qdisc", "show", "dev", "line"))
        return int(found[0]["bytes"])

    async def read_octets(self, _: str = "") -> OctetReading:
        """Return what the line has carried so far: down is what the monitor's end sent."""
        down, up = await asyncio.gather(
            asyncio.to_thread(self._octets, self.near), asyncio.to_thread(self._octets, self.far)
        )
        return OctetReading(asyncio.get_running_loop().time(), down, up)

    @contextmanager
    def server(self, *arguments: str, end: Namespace, port: int) -> Iterator[None]:
        """Run a server at one end until its TCP port listens, and end it afterwards."""
        with running(*end.command(*arguments), stderr=subprocess.DEVNULL) as process:
            _await(end, port, process)
            yield

    @contextmanager
    def iperf3(self, port: int = 5201) -> Iterator[None]:
        """Run `iperf3 -s` at the school."""
        with self.server("iperf3", "-s", "-p", str(port), end=self.far, port=port):
            yield

    @contextmanager
    def others(self, rate: str, seconds: int = 60) -> Iterator[None]:
        """Generate cross traffic down the line, at most for the length of the block."""
        with self.iperf3(5299):
            client = ("iperf3", "-c", SCHOOL, "-p", "5299", "-u", "-b", rate, "-t", str(seconds))
            before = self._octets(self.near)
            with running(*self.near.command(*client), stderr=subprocess.DEVNULL) as process:
                _until(lambda: self._octets(self.near) > before + _FLOWING_OCTETS, process)
                yield


def _await(end: Namespace, port: int, process: subprocess.Popen[str]) -> None:
    _until(lambda: f":{port} " in end.run("ss", "-ltnH"), process)


def _until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert process.poll() is None, f"{process.args!r} ended at once"
        assert time.monotonic() < give_up, f"{process.args!r} is not there yet"
        time.sleep(0.02)


@contextmanager
def paced_line(rate: str) -> Iterator[PacedLine]:
    """Make a line with this rate each way, such as `1gbit`, and remove it afterwards."""
    bps = int(rate[:-4]) * _UNITS[rate[-4:]]
    with namespace(f"near-{rate}") as near, namespace(f"far-{rate}") as far:
        peer = ("peer", "name", "line", "netns", far.name)
        near.run("ip", "link", "add", "line", "type", "veth", *peer)
        for end, address in ((near, MONITOR), (far, SCHOOL)):
            end.run("ip", "addr", "add", f"{address}/30", "dev", "line")
            end.run("ip", "link", "set", "line", "up")
            shape = ("rate", f"{int(bps * _COUNTED_SHARE)}bit", "burst", "256kb", "latency", "30ms")
            end.run("tc", "qdisc", "add", "dev", "line", "root", "tbf", *shape)
        yield PacedLine(near, far, bps)


@contextmanager
def fast_line() -> Iterator[PacedLine]:
    """Make a line of 1 Gbit/s, or of the rate that a slow or busy machine can fill now."""
    slow = slowness()
    rate = "1gbit" if slow < _SPARE else f"{max(50, int(700 / slow))}mbit"
    with paced_line(rate) as line:
        yield line
