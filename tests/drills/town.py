"""A simulated city with the real daemon, for drills: started, broken, killed and repaired.

`Town` implements the interface that `tests.drills.stack` needs of a scraped city.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.cli.demo import COMMUNITY
from monitor.simulator.process import CityProcess
from tests.drills.pace import Pace, city_configuration, fast
from tests.ports import free_port
from tools.processes import running_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

_HEAD = """\
version: 1
city: {name: Bochum, timezone: Europe/Berlin, state: NW}
credentials:
  devices: {environment: SCHULNETZ_DRILL_COMMUNITY}
references:
  - {name: reference-1, host: 192.0.2.1}
  - {name: reference-2, host: 198.51.100.1}
  - {name: reference-3, host: 203.0.113.1}
REFERENCES
lessons:
  Grundschule:
    - {weekdays: [mon, tue, wed, thu, fri], hours: 07:45-13:30}
  Abendschule:
    - {weekdays: [mon, tue, wed, thu, fri], hours: 17:00-21:30}
defaults:
  # Replies are as late as the machine is busy, and time passes faster than that gets done.
  snmp: {credential: devices, version: v2c, timeout: 12s, retries: 1}
  icmp: {interval: 10s, timeout: 8s, packets: 5, spacing: 200ms, switch_interval: 60s}
  interfaces: {interval: 60s, timeout: 48s, uplink: wan}
  hardware: {timeout: 48s}
  contract:
    down: 1 Gbit/s
    up: 1 Gbit/s
    normal_down: 900 Mbit/s
    normal_up: 900 Mbit/s
    minimum_down: 600 Mbit/s
    minimum_up: 600 Mbit/s
    availability: 99.5 %
"""


@dataclass(frozen=True, slots=True)
class School:
    """One school of a drill; `lines` are further lines of YAML. The first site is `main`."""

    id: str
    provider: str
    switches: int = 0
    type: str = "Grundschule"
    lines: tuple[str, ...] = ()
    sites: int = 1

    def text(self, number: int) -> str:
        """Return the school's part of the file."""
        lines = [
            f"  - id: {self.id}",
            f'    number: "{100_000 + number}"',
            f"    name: {self.id.title()}",
            f"    type: {self.type}",
            f"    contract: {{provider: {self.provider}}}",
            *(f"    {line}" for line in self.lines),
            "    sites:",
            *(
                f"      - {{id: {'main' if site == 0 else f'site-{site}'}, location: [51.48, 7.22],"
                f" network: 10.{82 + site}.{number}.0/24, switches: {self.switches}}}"
                for site in range(self.sites)
            ),
        ]
        return "\n".join(lines) + "\n"


def configuration(schools: Sequence[School], handovers: Sequence[str] = ()) -> str:
    """Return the configuration file of a city with these schools.

    Each provider in `handovers` has a reference `handover-PROVIDER` besides the three neutral ones.
    """
    providers = sorted({school.provider for school in schools})
    return "".join(
        [
            _HEAD.replace("REFERENCES\n", "".join(map(_handover, range(1, 10), handovers))),
            "providers:\n",
            *(f"  {name}: {{name: {name.title()}}}\n" for name in providers),
            "schools:\n",
            *(school.text(number) for number, school in enumerate(schools, start=1)),
            "...\n",
        ]
    )


def _handover(number: int, provider: str) -> str:
    host = f"198.51.100.{10 + number}"
    return f"  - {{name: handover-{provider}, host: {host}, provider: {provider}}}\n"


@dataclass(slots=True)
class Town:
    """The simulated devices and the daemon that reads them; faults can be changed at any time."""

    folder: Path
    schools: Sequence[School]
    begins: str
    planned: frozenset[str] = frozenset()
    faults: set[str] = field(default_factory=set)
    pace: Pace = field(default_factory=fast)
    handovers: Sequence[str] = ()
    _city: CityProcess | None = None
    _daemon: asyncio.subprocess.Process | None = None
    _changing: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def known_devices(self) -> int:
        """Return how many devices must have answered before a drill starts."""
        known = (one for one in self.schools if one.id not in self.planned)
        return sum(one.sites * (1 + one.switches) for one in known)

    def prometheus(self, exporter: int, alertmanager: int) -> str:
        """Return Prometheus' configuration for this city."""
        return city_configuration(exporter, alertmanager, self.pace)

    @asynccontextmanager
    async def devices(self) -> AsyncIterator[None]:
        """Run the simulated devices."""
        path = self.folder / "schools.yaml"
        path.write_text(configuration(self.schools, self.handovers), encoding="utf-8")
        async with CityProcess(path, community=COMMUNITY, port=free_port()) as city:
            self._city = city
            await city.set_faults(_of_devices(self.faults))
            yield

    @asynccontextmanager
    async def exposed(self, port: int = 0) -> AsyncIterator[int]:
        """Run the daemon; yield its port. At the end it is killed, as by the kernel."""
        assert self._city is not None
        order = {
            "config": str(self.folder / "schools.yaml"),
            "state": str(self.folder / "state"),
            "port": port,
            "city_port": self._city.port,
            "factor": self.pace.factor,
            "begins": self.begins,
        }
        command = (sys.executable, "-m", "tests.drills.fast_daemon", json.dumps(order))
        pipe = asyncio.subprocess.PIPE
        with (self.folder / "daemon.log").open("ab") as log:
            async with running_async(
                *command, stdin=pipe, stdout=pipe, stderr=log, ends_by=signal.SIGKILL
            ) as self._daemon:
                listening = int((await self._answer())["port"])
                await self._tell_daemon()
                yield listening

    async def breaks(self, *faults: str) -> None:
        """Start these faults."""
        await self._change(lambda now: now | set(faults))

    async def mends(self, *faults: str) -> None:
        """End these faults."""
        await self._change(lambda now: now - set(faults))

    async def _change(self, change: Callable[[set[str]], set[str]]) -> None:
        async with self._changing:
            self.faults = change(self.faults)
            assert self._city is not None
            await self._city.set_faults(_of_devices(self.faults))
            await self._tell_daemon()

    async def _tell_daemon(self) -> None:
        daemon = self._daemon
        if daemon is None or daemon.returncode is not None:
            return
        assert daemon.stdin is not None
        daemon.stdin.write(json.dumps({"faults": sorted(self.faults)}).encode() + b"\n")
        await self._answer()

    async def _answer(self) -> dict[str, int]:
        assert self._daemon is not None
        assert self._daemon.stdout is not None
        line = await asyncio.wait_for(self._daemon.stdout.readline(), 120)
        assert line, (self.folder / "daemon.log").read_text()
        answer: dict[str, int] = json.loads(line)
        return answer


def _of_devices(faults: set[str]) -> list[str]:
    """Return the faults that the devices simulate; response delays are not accelerated."""
    return sorted(fault for fault in faults if not fault.startswith("slow@"))
