"""Counters that wrap, reset or change their interface: what Prometheus makes of them.

Each device counts at a steady rate; whatever happens to it halfway, `rate()` must not exceed that.
"""

from __future__ import annotations

import contextlib
import math
import time
from typing import TYPE_CHECKING

import pytest

from monitor.snmp.ber import Tag
from monitor.snmp.oid_octets import encode_oid
from tests.integration.prometheus import Prometheus, prometheus_of
from tests.integration.running import Town, run, until
from tests.integration.serving import serving
from tests.ports import free_port
from tests.snmp.agent import ByteAgent, Objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

pytestmark = [pytest.mark.integration, pytest.mark.root, pytest.mark.heavy]

# The names of both ports, and how many octets each counts a second.
RATES = {"ge-0/0/1": 1_000_000, "ge-0/0/2": 3_000_000}
BEFORE_SECONDS = 8.0
AFTER_SECONDS = 14.0
POLL_SECONDS = 2.0
# A poll comes every two seconds and a scrape every one, so a window's ends are off by a poll, and
# by more where a busy machine polls late. The faults to be found show hundreds of times the rate.
MOST = 4.0

_IF_DESCR = "1.3.6.1.2.1.2.2.1.2"
_IN_OCTETS = "1.3.6.1.2.1.2.2.1.10"
_OPER_STATUS = "1.3.6.1.2.1.2.2.1.8"
_IF_NAME = "1.3.6.1.2.1.31.1.1.1.1"
_HC_IN_OCTETS = "1.3.6.1.2.1.31.1.1.1.6"


class Counting:
    """A device with two ports; `happen` changes it once, some time after its first request."""

    def __init__(
        self, happen: Callable[[Counting], None], *, first: int = 10**12, wide: bool = True
    ) -> None:
        self._happen = happen
        self._has_happened = False
        self._began = time.monotonic()
        self._asked = 0.0
        self.happened = math.inf
        self.order: Sequence[str] = list(RATES)
        self.first = dict(zip(RATES, (first, first // 3), strict=True))
        self.wide = wide

    def restart(self) -> None:
        """Count from zero, as after a cold start."""
        self._began = time.monotonic()
        self.first = dict.fromkeys(RATES, 0)

    def answer(self, request: bytes) -> list[bytes]:
        """Return the reply to a request, at the present time."""
        now = time.monotonic()
        self._asked = self._asked or now
        if not self._has_happened and now - self._asked > BEFORE_SECONDS:
            self._has_happened = True
            self._happen(self)
            self.happened = now
        return [ByteAgent(self._objects()).answer(request)]

    def _objects(self) -> Objects:
        ran = time.monotonic() - self._began
        found: Objects = {
            "1.3.6.1.2.1.1.2.0": (Tag.OBJECT_IDENTIFIER, encode_oid("1.3.6.1.4.1.9.1.1")),
            "1.3.6.1.2.1.1.3.0": (Tag.TIMETICKS, int(ran * 100)),
        }
        for row, name in enumerate(self.order, start=1):
            total = self.first[name] + int(RATES[name] * ran)
            found[f"{_IF_DESCR}.{row}"] = (Tag.OCTET_STRING, f"port {name}".encode())
            found[f"{_OPER_STATUS}.{row}"] = (Tag.INTEGER, 1)
            found[f"{_IN_OCTETS}.{row}"] = (Tag.COUNTER32, total % 2**32)
            found[f"{_IF_NAME}.{row}"] = (Tag.OCTET_STRING, name.encode())
            if self.wide:
                found[f"{_HC_IN_OCTETS}.{row}"] = (Tag.COUNTER64, total % 2**64)
        return found


def renumber(device: Counting) -> None:
    device.order = list(reversed(device.order))


def renumber_and_restart(device: Counting) -> None:
    renumber(device)
    device.restart()


def widen(device: Counting) -> None:
    device.wide = True


def nothing(_: Counting) -> None:
    """Leave the device unchanged; its counters wrap by themselves."""


SOON = 5_000_000
DEVICES: Mapping[str, Callable[[], Counting]] = {
    "renumbered": lambda: Counting(renumber),
    "renumbered-by-restart": lambda: Counting(renumber_and_restart),
    "restarted": lambda: Counting(Counting.restart),
    "wraps-64": lambda: Counting(nothing, first=2**64 - SOON),
    "wraps-32": lambda: Counting(nothing, first=2**32 - SOON, wide=False),
    "widened": lambda: Counting(widen, first=2**32 - 10 * SOON, wide=False),
}
BY_INDEX = "renumbered-by-index"


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Run the devices, the daemon and Prometheus until everything has happened."""
    place = tmp_path_factory.mktemp("counters")
    networks = {school: 101 + at for at, school in enumerate((*DEVICES, BY_INDEX))}
    patient = "snmp: {timeout: 1300ms}"
    extra = {school: [patient] for school in networks}
    extra[BY_INDEX].append("interfaces: {identity: ifIndex}")
    town = Town(free_port(), networks, switches=0, extra=extra)
    devices: dict[str, Callable[[], Counting]] = {**DEVICES, BY_INDEX: lambda: Counting(renumber)}
    with contextlib.ExitStack() as stack:
        made = {school: devices[school]() for school in networks}
        for school, network in networks.items():
            stack.enter_context(serving(f"127.82.{network}.1", town.port, made[school].answer))
        daemon = stack.enter_context(run(town.write(place / "schools.yaml"), place / "state"))
        found = stack.enter_context(prometheus_of(f"{daemon.host}:{daemon.port}", place))
        until(
            lambda: all(time.monotonic() > one.happened + AFTER_SECONDS for one in made.values()),
            daemon,
        )
        # A busy machine has polled and scraped less often in that time.
        until(lambda: all(polls(found, school) for school in DEVICES), daemon)
        yield found


def polls(prometheus: Prometheus, school: str) -> bool:
    """Return whether each port has new samples after the event, in one series."""
    family = "ifInOctets" if school == "wraps-32" else "ifHCInOctets"
    seen = f'count_over_time({family}{{school="{school}"}}[5m])'
    found = prometheus.ask(f"min by (ifName) ({seen})", "ifName").values()
    return len(found) == len(RATES) and min(found) > BEFORE_SECONDS / POLL_SECONDS + 1


def highest(prometheus: Prometheus, school: str) -> dict[str, float]:
    """Return the highest rate shown for each port, as a ratio to its real one."""
    found = dict.fromkeys(RATES, 0.0)
    for family in ("ifHCInOctets", "ifInOctets"):
        rate = f'rate({family}{{school="{school}"}}[8s])'
        for name, most in prometheus.ask(f"max_over_time({rate}[5m:1s])", "ifName").items():
            found[name] = max(found[name], most / RATES[name])
    return found


@pytest.mark.parametrize("school", DEVICES)
def test_no_rate_exceeds_the_real_one(prometheus: Prometheus, school: str) -> None:
    shares = highest(prometheus, school)
    assert all(0.5 < share < MOST for share in shares.values()), shares


@pytest.mark.parametrize("school", [one for one in DEVICES if one.startswith("re")])
def test_each_port_has_one_series(prometheus: Prometheus, school: str) -> None:
    seen = f'count_over_time(ifHCInOctets{{school="{school}"}}[5m])'
    (count,) = prometheus.ask(f"count({seen})").values()
    assert count == len(RATES)
    # Each poll is one sample.
    assert polls(prometheus, school)


def test_identified_by_ifindex_ports_would_have_two_series(
    prometheus: Prometheus,
) -> None:
    """The same event with `identity: ifIndex`: the behaviour the other tests must rule out."""
    seen = f'count_over_time(ifHCInOctets{{school="{BY_INDEX}"}}[5m])'
    assert prometheus.ask(f"count({seen})") == {"": 2 * len(RATES)}
