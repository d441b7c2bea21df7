"""Real agents' mistakes in ifTable and ifXTable, and how each is handled.

Each is a dictionary of OID to value behind a UDP socket. Each case names the object that a series
shows; its value is read with net-snmp's `snmpget`.
"""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.clock import SystemClock
from monitor.config.secrets import Secret
from monitor.exposition.devices import DeviceRenderer
from monitor.inventory.checks import (
    Check,
    Engine,
    InterfacesOptions,
    SnmpAccess,
)
from monitor.observation import DeviceReading, Outcome
from monitor.probes import interfaces
from monitor.probes.context import ProbeContext
from monitor.probes.snmp_transport import SnmpReaders
from monitor.snmp.ber import Tag
from monitor.snmp.client import SnmpClient
from monitor.snmp.oid_octets import encode_oid
from monitor.snmp.oids import objects
from monitor.snmp.read import NativeReader, Reader
from monitor.snmp.reference import PysnmpReader
from monitor.uplink import Gap, UplinkLoad, UplinkMeter
from monitor.uplink.model import Poll
from tests import build
from tests.exposition.support import exact_names
from tests.integration.serving import serving
from tests.ports import free_port
from tests.probes.support import THREADS, NoTransport
from tests.snmp.agent import ByteAgent, Objects
from tests.uplink.router import GIGABIT, MORNING

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.integration

HOST = "127.0.0.1"
POLL_SECONDS = 60
# The traffic between two polls on every interface that is up: 80 Mbit/s and 40 Mbit/s.
IN_OCTETS, OUT_OCTETS = 600_000_000, 300_000_000
PACKETS = 800_000

Row = dict[str, tuple[Tag, int | bytes]]
Table = dict[int, Row]


def text(value: str) -> tuple[Tag, bytes]:
    return Tag.OCTET_STRING, value.encode()


def narrow(first: int = 2_000_000, state: int = 1) -> Row:
    """Return ifTable's part of a row; its counters start at `first`."""
    return {
        "ifType": (Tag.INTEGER, 6),
        "ifAdminStatus": (Tag.INTEGER, 1),
        "ifOperStatus": (Tag.INTEGER, state),
        "ifLastChange": (Tag.TIMETICKS, 100),
        "ifSpeed": (Tag.GAUGE32, 100_000_000),
        "ifInOctets": (Tag.COUNTER32, first),
        "ifOutOctets": (Tag.COUNTER32, first + 1),
        "ifInUcastPkts": (Tag.COUNTER32, first + 2),
        "ifOutUcastPkts": (Tag.COUNTER32, first + 3),
        "ifInErrors": (Tag.COUNTER32, 5),
        "ifOutErrors": (Tag.COUNTER32, 6),
    }


def wide(first: int = 2**40, tag: Tag = Tag.COUNTER64) -> Row:
    """Return ifXTable's part of a row."""
    return {
        "ifHighSpeed": (Tag.GAUGE32, 100),
        "ifHCInOctets": (tag, first),
        "ifHCOutOctets": (tag, first + 1 if first else 0),
        "ifHCInUcastPkts": (tag, first + 2 if first else 0),
        "ifHCOutUcastPkts": (tag, first + 3 if first else 0),
    }


def named(name: str, *parts: Row) -> Row:
    """Return a row with that ifName and ifDescr."""
    found: Row = {"ifName": text(name), "ifDescr": text(f"port {name}")}
    for part in parts:
        found |= part
    return found


def without(row: Row, *starts: str) -> Row:
    return {name: value for name, value in row.items() if not name.startswith(starts)}


WHOLE = named("wan", narrow(), wide())
STUCK = wide(0)
MINUS_ONE = {"ifHighSpeed": (Tag.INTEGER, -1)}
IN_BITS = {"ifHighSpeed": (Tag.GAUGE32, 100_000_000)}
LARGEST = {"ifHighSpeed": (Tag.GAUGE32, 2**32 - 1)}
NO_SPEED = {"ifHighSpeed": (Tag.GAUGE32, 0)}
GONE = {"ifOperStatus": (Tag.INTEGER, 2)}
X_ONLY = named("wan", wide())


@dataclass(frozen=True)
class Case:
    """An agent; `shown` names the object whose value a family shows for an ifName (or ifDescr).

    `hidden` families have no series of that name. `speed` is the uplink's in bit/s, `gap` why there
    is no rate, `status` the uplink's ifOperStatus.
    """

    table: Table
    shown: Mapping[tuple[str, str], str]
    hidden: tuple[tuple[str, str], ...] = ()
    gap: Gap | None = None
    speed: int | None = 100_000_000
    status: int | None = 1
    uplink: str = "wan"


def octets(of: Mapping[str, tuple[str, int]]) -> dict[tuple[str, str], str]:
    """Return the objects shown for octets and packets: name -> prefix and row of the object."""
    return {
        (f"{prefix}{counted}", name): f"{prefix}{counted}.{row}"
        for name, (prefix, row) in of.items()
        for counted in ("InOctets", "OutOctets", "InUcastPkts", "OutUcastPkts")
    }


def not_wide(name: str) -> tuple[tuple[str, str], ...]:
    return tuple((f"ifHC{counted}", name) for counted in ("InOctets", "OutOctets", "InUcastPkts"))


def not_narrow(name: str) -> tuple[tuple[str, str], ...]:
    return tuple((f"if{counted}", name) for counted in ("InOctets", "OutOctets", "InUcastPkts"))


CASES: Mapping[str, Case] = {
    # 64-bit counters for some interfaces.
    "some-wide": Case(
        {1: named("uplink", narrow(), wide()), 2: named("wan", narrow())},
        octets({"uplink": ("ifHC", 1), "wan": ("if", 2)}),
        (*not_wide("wan"), *not_narrow("uplink")),
    ),
    "wide-in-one-direction": Case(
        {1: WHOLE, 2: without(named("lan", narrow(), wide()), "ifHCOut")},
        octets({"wan": ("ifHC", 1), "lan": ("if", 2)}),
        not_wide("lan"),
    ),
    "packets-without-width": Case(
        {1: without(WHOLE, "ifHCInUcast", "ifHCOutUcast")},
        {
            ("ifHCInOctets", "wan"): "ifHCInOctets.1",
            ("ifInUcastPkts", "wan"): "ifInUcastPkts.1",
        },
        (("ifInOctets", "wan"), ("ifHCInUcastPkts", "wan")),
    ),
    # 64-bit counters that stay at 0.
    "wide-at-zero": Case(
        {1: named("wan", narrow(), STUCK), 2: named("idle", narrow(0, 2), STUCK)},
        octets({"wan": ("if", 1)}),
        not_wide("wan"),
    ),
    "one-direction-at-zero": Case(
        {1: WHOLE | {"ifHCOutOctets": (Tag.COUNTER64, 0)}, 2: named("lan", narrow(), wide())},
        {
            ("ifInOctets", "wan"): "ifInOctets.1",
            ("ifOutOctets", "wan"): "ifOutOctets.1",
            ("ifHCInUcastPkts", "wan"): "ifHCInUcastPkts.1",
            ("ifHCInOctets", "lan"): "ifHCInOctets.2",
        },
        (("ifHCInOctets", "wan"), ("ifHCOutOctets", "wan"), ("ifInOctets", "lan")),
    ),
    "both-at-zero": Case(
        {
            1: WHOLE,
            2: named(
                "quiet",
                narrow(-3)
                | {
                    f"if{way}": (Tag.COUNTER32, 0)
                    for way in ("InOctets", "OutOctets", "InUcastPkts", "OutUcastPkts")
                },
                STUCK,
            ),
        },
        octets({"wan": ("ifHC", 1), "quiet": ("ifHC", 2)}),
        not_narrow("quiet"),
    ),
    # Counters of another type than the MIB's.
    "counter32-where-64-belong": Case(
        {1: named("wan", narrow(), wide(2_000_000, Tag.COUNTER32))},
        octets({"wan": ("if", 1)}),
        not_wide("wan"),
    ),
    "counter32-and-no-other": Case(
        {
            1: without(
                named("wan", narrow(), wide(2_000_000, Tag.COUNTER32)),
                "ifInOctets",
                "ifOutOctets",
                "ifInUcast",
                "ifOutUcast",
            )
        },
        {
            ("ifInOctets", "wan"): "ifHCInOctets.1",
            ("ifOutUcastPkts", "wan"): "ifHCOutUcastPkts.1",
        },
        not_wide("wan"),
    ),
    "counter64-where-32-belong": Case(
        {
            1: named("wan", narrow())
            | {
                f"if{way}": (Tag.COUNTER64, 2**40)
                for way in ("InOctets", "OutOctets", "InUcastPkts", "OutUcastPkts")
            }
        },
        {("ifHCInOctets", "wan"): "ifInOctets.1", ("ifHCOutUcastPkts", "wan"): "ifOutUcastPkts.1"},
        not_narrow("wan"),
    ),
    # Speeds that are none.
    "highspeed-minus-one": Case(
        {1: WHOLE | MINUS_ONE}, {("ifSpeed", "wan"): "ifSpeed.1"}, (("ifHighSpeed", "wan"),)
    ),
    "highspeed-largest": Case(
        {1: WHOLE | LARGEST}, {("ifSpeed", "wan"): "ifSpeed.1"}, (("ifHighSpeed", "wan"),)
    ),
    "highspeed-in-bits": Case(
        {1: WHOLE | IN_BITS}, {("ifSpeed", "wan"): "ifSpeed.1"}, (("ifHighSpeed", "wan"),)
    ),
    "highspeed-zero": Case(
        {1: WHOLE | NO_SPEED | {"ifSpeed": (Tag.GAUGE32, 64_000_000_0)}},
        {("ifSpeed", "wan"): "ifSpeed.1"},
        speed=640_000_000,
    ),
    # Several rows of one name.
    "same-name": Case(
        {7: WHOLE | GONE, 8: WHOLE | GONE, 12: WHOLE},
        octets({"wan": ("ifHC", 12)}),
    ),
    "same-name-all-down": Case(
        {7: WHOLE | GONE, 12: WHOLE | GONE | {"ifLastChange": (Tag.TIMETICKS, 9000)}},
        octets({"wan": ("ifHC", 12)}),
        status=2,
    ),
    "same-name-both-up": Case({7: WHOLE, 12: WHOLE}, {}, gap=Gap.AMBIGUOUS),
    # The tables use different indexes.
    "other-index": Case(
        {
            1: {"ifDescr": text("wan")} | narrow(),
            2: {"ifDescr": text("lan")} | narrow(),
            1_000_001: {"ifName": text("wan")} | wide(),
            1_000_002: {"ifName": text("lan")} | wide(),
        },
        octets({"wan": ("ifHC", 1_000_001), "lan": ("ifHC", 1_000_002)})
        | {("ifInErrors", "wan"): "ifInErrors.1", ("ifOperStatus", "lan"): "ifOperStatus.2"},
        not_narrow("wan"),
    ),
    "other-index-and-order": Case(
        {
            1: {"ifDescr": text("lan ")} | narrow(),
            2: {"ifDescr": text("wan\0")} | narrow(),
            3: WHOLE | {"ifName": text("mgmt")},
            101: {"ifName": text("wan")} | wide(),
            102: {"ifName": text("lan")} | wide(),
        },
        octets({"wan": ("ifHC", 101), "mgmt": ("ifHC", 3)})
        | {("ifOperStatus", "wan"): "ifOperStatus.2"},
    ),
    "other-index-without-names": Case(
        {
            1: {"ifDescr": text("Port 1")} | narrow(),
            1_000_001: {"ifName": text("wan")} | wide(),
        },
        octets({"wan": ("ifHC", 1_000_001), "Port 1": ("if", 1)})
        | {("ifInErrors", "Port 1"): "ifInErrors.1"},
        status=None,
    ),
    # Interfaces that only ifXTable has.
    "x-table-alone": Case({5: X_ONLY}, octets({"wan": ("ifHC", 5)}), status=None),
    "x-table-alone-beside-others": Case(
        {1: named("lan", narrow(), wide()), 5: without(X_ONLY, "ifDescr")},
        octets({"lan": ("ifHC", 1), "wan": ("ifHC", 5)}),
        status=None,
    ),
    "x-table-alone-and-numbers": Case(
        {1: named("lan", narrow(), wide()), 5: without(X_ONLY, "ifDescr")},
        {("ifHighSpeed", "wan"): "ifHighSpeed.5"},
        status=None,
    ),
}

# Each engine reports the types on the wire in its own way.
BY_TYPE = ("counter32-where-64-belong", "counter64-where-32-belong", "highspeed-minus-one")
CASES_AND_ENGINES = [
    *((name, Engine.NATIVE) for name in CASES),
    *((name, Engine.PYSNMP) for name in BY_TYPE),
]


@dataclass
class Growing:
    """The agent of a case, and the same agent one poll later."""

    case: Case
    polls: int = 0

    def answer(self, request: bytes) -> list[bytes]:
        return [ByteAgent(self.objects()).answer(request)]

    def objects(self) -> Objects:
        known = objects()
        ticks = 100_000 + self.polls * POLL_SECONDS * 100
        found: Objects = {
            "1.3.6.1.2.1.1.2.0": (Tag.OBJECT_IDENTIFIER, encode_oid("1.3.6.1.4.1.9.1.1")),
            "1.3.6.1.2.1.1.3.0": (Tag.TIMETICKS, ticks),
        }
        for index, row in self.case.table.items():
            if "ifOperStatus" in row:
                found[f"{known['ifIndex'].oid}.{index}"] = (Tag.INTEGER, index)
            for name, (tag, value) in row.items():
                oid = f"{known[name].oid}.{index}"
                found[oid] = (
                    tag,
                    value + self._growth(name, value) if isinstance(value, int) else value,
                )
        return found

    def _growth(self, name: str, value: int) -> int:
        if not value:
            return 0
        steps = {"InOctets": IN_OCTETS, "OutOctets": OUT_OCTETS, "UcastPkts": PACKETS}
        return self.polls * next((step for end, step in steps.items() if name.endswith(end)), 0)


def check(engine: Engine, port: int) -> Check:
    access = SnmpAccess("2c", "c", port=port, engine=engine)
    return build.check(InterfacesOptions(access, uplink_interface="wan"), host=HOST)


async def polled(agent: Growing, engine: Engine, port: int) -> DeviceReading:
    """Return what the interfaces check reads from an agent."""
    clock = SystemClock()
    async with SnmpClient() as client, PysnmpReader() as reference:
        engines: dict[Engine, Reader] = {
            Engine.NATIVE: NativeReader(client),
            Engine.PYSNMP: reference,
        }
        readers = SnmpReaders(engines, {"c": Secret("public")})
        context = ProbeContext(clock, clock.monotonic() + 15, NoTransport(), readers, THREADS)
        with serving(HOST, port, agent.answer):
            found = await interfaces.run(check(engine, port), context)
    assert found.outcome is Outcome.OK, found.detail
    assert isinstance(found.values, DeviceReading)
    return found.values


def snmpget(agent: Growing, port: int, oids: list[str]) -> list[int]:
    """Return what net-snmp reads from the agent."""
    with serving(HOST, port, agent.answer):
        command = ("snmpget", "-v2c", "-cpublic", "-m", "", "-Oqvt", f"{HOST}:{port}", *oids)
        asked = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return [int(line) for line in asked.stdout.split()]


def series(
    reading: DeviceReading, engine: Engine
) -> dict[tuple[str, str], list[tuple[str, float]]]:
    """Return family and name to ifIndex (if it is a label) and value of each series."""
    found: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for blob in DeviceRenderer(check(engine, 161)).render(reading).values():
        for (family, labels), value in exact_names(blob.decode()).items():
            names = dict(labels)
            name = names.get("ifName") or names.get("ifDescr", "")
            found.setdefault((family, name.strip()), []).append((names.get("ifIndex", ""), value))
    return found


@pytest.mark.parametrize(("name", "engine"), CASES_AND_ENGINES)
async def test_each_interface_shows_the_counters_net_snmp_reads(name: str, engine: Engine) -> None:
    case, port = CASES[name], free_port()
    agent = Growing(case)
    found = series(await polled(agent, engine, port), engine)
    known = objects()
    oids = [
        f"{known[column].oid}.{row}"
        for column, _, row in (shown.partition(".") for shown in case.shown.values())
    ]
    if oids:
        for (family, of), value in zip(
            case.shown, await asyncio.to_thread(snmpget, agent, port, oids), strict=True
        ):
            assert value in [seen for _, seen in found[family, of]], (family, of)
    for family, of in case.hidden:
        assert (family, of) not in found


@pytest.mark.parametrize(("name", "engine"), CASES_AND_ENGINES)
async def test_the_uplink_is_measured_with_the_counters_it_has(name: str, engine: Engine) -> None:
    case, port = CASES[name], free_port()
    agent = Growing(case)
    meter = UplinkMeter(case.uplink, GIGABIT)
    loads: list[UplinkLoad] = []
    for number in range(2):
        agent.polls = number
        at = 1000.0 + number * POLL_SECONDS
        poll = Poll(at, at + 0.01, MORNING + timedelta(seconds=at))
        loads.append(meter.measure(await polled(agent, engine, port), poll))
    load = loads[-1]
    assert load.gap is case.gap
    if case.gap is None:
        assert (load.down_bps, load.up_bps) == (80e6, 40e6)
        assert load.speed_bps == case.speed
        assert load.oper_status == case.status
        assert load.down is not None
        assert load.down.packets_per_second == PACKETS / POLL_SECONDS
