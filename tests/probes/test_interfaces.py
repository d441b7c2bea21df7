"""The interfaces check over a modelled reader: requests, kept data, and reasons for failure."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.clock import SystemClock
from monitor.inventory.checks import (
    Check,
    IcmpOptions,
    InterfacesOptions,
    SnmpAccess,
)
from monitor.observation import DeviceReading, Outcome, Reason
from monitor.probes import interfaces
from monitor.probes.context import ProbeContext
from monitor.snmp.read import Failure, FailureKind, Request, Result
from monitor.verdict.answer import Answer, answer_of
from tests import build
from tests.probes.support import THREADS, NoTransport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.observation import Observation

ACCESS = SnmpAccess("2c", "devices")
SYSTEM: Mapping[str, int | bytes | tuple[int, ...]] = {
    "sysUpTime": 4711,
    "sysName": b"sw\xff1",
    "sysDescr": b"Switch",
    "sysObjectID": (1, 3, 6, 1, 4, 1, 9),
}
WIDE: Mapping[str, Mapping[int, int | bytes]] = {
    "ifName": {1: b"a"},
    "ifHighSpeed": {1: 1000},
    "ifHCInOctets": {1: 2**40},
    "ifHCOutOctets": {1: 2**41},
    "ifHCInUcastPkts": {1: 2**30},
    "ifHCOutUcastPkts": {1: 2**31},
}
NAMES = {row: b"port %d" % row for row in range(1, 7)}
LOADED_SECONDS = 60.0
NARROW: Mapping[str, Mapping[int, int | bytes]] = {"ifDescr": {1: b"a"}}


@dataclass
class Reads(NoTransport):
    """An SNMP transport that returns the next of `results` and records its requests."""

    results: list[Result | OSError]
    asked: list[tuple[str, Request]] = field(default_factory=list)

    async def read(
        self, address: str, access: SnmpAccess, request: Request, deadline: float
    ) -> Result:
        assert access == ACCESS
        assert deadline > asyncio.get_running_loop().time()
        self.asked.append((address, request))
        result = self.results.pop(0)
        if isinstance(result, OSError):
            raise result
        return result


def check(*, host: str = "127.0.0.1", alias: bool = False, read_alias: bool = False) -> Check:
    options = InterfacesOptions(ACCESS, alias=alias, read_alias=read_alias)
    return build.check(options, "switch-1", host)


async def run(transport: Reads, of: Check | None = None) -> Observation:
    clock = SystemClock()
    context = ProbeContext(clock, clock.monotonic() + 5.0, NoTransport(), transport, THREADS)
    return await interfaces.run(of or check(), context)


def reading(observation: Observation) -> DeviceReading:
    assert isinstance(observation.values, DeviceReading)
    return observation.values


async def test_a_device_with_64_bit_counters_is_asked_once() -> None:
    transport = Reads([Result(SYSTEM, WIDE, None, 3, 40)])
    found = await run(transport)
    assert (found.outcome, found.reason, found.detail) == (Outcome.OK, Reason.NONE, "")
    got = reading(found)
    assert (got.sys_name, got.sys_descr, got.uptime_ticks) == ("sw\ufffd1", "Switch", 4711)
    assert got.sys_object_id == "1.3.6.1.4.1.9"
    assert got.columns == WIDE
    assert got.has_64_bit_counters
    assert (got.requests, got.varbinds) == (3, 40)
    ((address, request),) = transport.asked
    assert address == "127.0.0.1"
    assert "ifHCInOctets" in request.columns
    assert not {"ifInOctets", "ifSpeed", "ifAlias"} & set(request.columns)


async def test_a_device_without_them_is_asked_for_32_bits_as_well() -> None:
    first = Result(SYSTEM, {**NARROW, "ifHCInOctets": {}}, None, 3, 40)
    second = Result({}, {"ifInOctets": {1: 7}, "ifSpeed": {1: 10**8}}, None, 2, 10)
    transport = Reads([first, second])
    got = reading(await run(transport))
    assert got.columns == {"ifDescr": {1: b"a"}, "ifInOctets": {1: 7}, "ifSpeed": {1: 10**8}}
    assert not got.has_64_bit_counters
    assert (got.requests, got.varbinds) == (5, 50)
    assert transport.asked[1][1].scalars == ()
    assert set(transport.asked[1][1].columns) == set(interfaces.COLUMNS_32_BIT)


@pytest.mark.parametrize("columns", [{}, {"ifName": {}, "ifHCInOctets": {}}])
async def test_an_agent_that_answers_without_interfaces_is_no_success(
    columns: Mapping[str, Mapping[int, int | bytes]],
) -> None:
    transport = Reads([Result(SYSTEM, columns, None, 1, 6)])
    found = await run(transport)
    assert (found.outcome, found.reason) == (Outcome.FAILED, Reason.AGENT_ERROR)
    assert "shows no interfaces" in found.detail
    assert reading(found).sys_descr == "Switch", "its system group is kept"
    assert len(transport.asked) == 1, "a second request would return nothing more"
    assert answer_of(found) is Answer.ANSWERED, "the device exists"
    mute = await run(Reads([Result({}, columns, None, 1, 0)]))
    assert (mute.outcome, mute.values) == (Outcome.FAILED, None)
    assert answer_of(mute) is Answer.ANSWERED, (
        "it answered that it has none of the requested objects"
    )


async def test_data_read_before_a_failure_is_kept() -> None:
    failure = Failure(FailureKind.NOT_INCREASING, "ifName goes back")
    found = await run(Reads([Result(SYSTEM, WIDE, failure, 3, 40)]))
    assert (found.outcome, found.reason) == (Outcome.FAILED, Reason.NOT_INCREASING)
    assert found.detail == "ifName goes back"
    assert reading(found).columns == WIDE


async def test_a_failed_second_request_is_reported_and_the_first_kept() -> None:
    first = Result(SYSTEM, NARROW, None, 3, 40)
    second = Result({}, {}, Failure(FailureKind.TIMEOUT, "no reply"), 2, 0)
    found = await run(Reads([first, second]))
    assert (found.outcome, found.reason) == (Outcome.FAILED, Reason.TIMEOUT)
    assert reading(found).columns == {"ifDescr": {1: b"a"}}


async def test_a_silent_device_gets_no_second_request() -> None:
    transport = Reads([Result({}, {}, Failure(FailureKind.TIMEOUT, "no reply"), 2, 0)])
    found = await run(transport)
    assert (found.outcome, found.reason) == (Outcome.FAILED, Reason.TIMEOUT)
    assert found.values is None
    assert len(transport.asked) == 1


@pytest.mark.parametrize("kind", FailureKind)
async def test_every_failure_has_its_reason_and_only_our_own_are_unknown(
    kind: FailureKind,
) -> None:
    found = await run(Reads([Result({}, {}, Failure(kind, "words"), 1, 0)]))
    is_ours = kind is FailureKind.NOT_RUN
    assert found.outcome is (Outcome.UNKNOWN if is_ours else Outcome.FAILED)
    assert found.reason.value == kind.value
    assert found.detail == "words"


async def test_a_socket_that_cannot_send_is_our_fault() -> None:
    found = await run(Reads([OSError(101, "Network is unreachable")]))
    assert (found.outcome, found.reason) == (Outcome.UNKNOWN, Reason.NO_SOCKET)
    assert "Network is unreachable" in found.detail
    assert found.values is None


async def test_odd_values_of_the_system_group_do_no_harm() -> None:
    odd: dict[str, int | bytes | tuple[int, ...]] = {
        "sysUpTime": b"never",
        "sysName": 7,
        "sysObjectID": b"\xff",
    }
    got = reading(await run(Reads([Result(odd, WIDE, None, 1, 3)])))
    assert (got.uptime_ticks, got.sys_name) == (None, "")
    assert got.sys_object_id == "\ufffd"


async def test_alias_is_requested_only_if_configured() -> None:
    transport = Reads([Result(SYSTEM, WIDE, None, 1, 3)])
    await run(transport, check(alias=True))
    assert "ifAlias" in transport.asked[0][1].columns


async def test_alias_is_requested_to_identify_the_line() -> None:
    transport = Reads([Result(SYSTEM, WIDE, None, 1, 3)])
    await run(transport, check(read_alias=True))
    assert "ifAlias" in transport.asked[0][1].columns


async def test_routers_are_asked_for_counter_discontinuities() -> None:
    options = InterfacesOptions(ACCESS, uplink_interface="wan")
    router = build.check(options)
    transport = Reads([Result(SYSTEM, WIDE, None, 1, 3), Result(SYSTEM, WIDE, None, 1, 3)])
    await run(transport, router)
    await run(transport)
    asked = [interfaces.DISCONTINUITY in request.columns for _, request in transport.asked]
    assert asked == [True, False]


async def test_an_unresolvable_name_fails_without_a_request() -> None:
    transport = Reads([])
    found = await run(transport, check(host="no..name"))
    assert (found.outcome, found.reason) == (Outcome.FAILED, Reason.RESOLVE)
    assert found.detail
    assert transport.asked == []


async def test_options_of_another_probe_are_a_bug() -> None:
    wrong = replace(check(), options=IcmpOptions())
    with pytest.raises(TypeError, match="options of another probe"):
        await run(Reads([]), wrong)


async def test_a_row_has_the_time_of_its_reply() -> None:
    """The second reply was lost once: its rows are two seconds newer than the earlier ones."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    whole = {name: dict.fromkeys(range(1, 7), 7) for name in WIDE} | {"ifName": NAMES}
    arrivals = [(begun + 0.01, 2), (begun + 2.01, 4), (begun + 2.02, 6)]
    before = datetime.now(UTC)
    got = reading(await run(Reads([Result(SYSTEM, whole, None, 3, 40, {}, arrivals)])))
    assert got.read_at is not None
    assert abs((got.read_at - before).total_seconds() - 0.01) < LOADED_SECONDS
    assert {row: round(delay, 3) for row, delay in got.delays.items()} == {
        3: 2.0,
        4: 2.0,
        5: 2.01,
        6: 2.01,
    }


async def test_rows_of_consecutive_replies_share_one_time() -> None:
    begun = asyncio.get_running_loop().time()
    arrivals = [(begun + 0.01, 1), (begun + 0.02, 6)]
    got = reading(await run(Reads([Result(SYSTEM, WIDE, None, 3, 40, {}, arrivals)])))
    assert got.delays == {}


async def test_an_engine_without_reply_times_uses_the_end_of_the_read() -> None:
    before = datetime.now(UTC)
    got = reading(await run(Reads([Result(SYSTEM, WIDE, None, 3, 40)])))
    assert got.read_at is not None
    # The two clocks are read one after the other.
    slack = timedelta(milliseconds=50)
    assert before - slack <= got.read_at <= datetime.now(UTC) + slack


async def test_counters_read_after_renumbering_do_not_get_the_old_names() -> None:
    named: dict[int, int | bytes] = {1: b"a", 2: b"b"}
    first = Result(SYSTEM, {"ifName": named, "ifInErrors": {1: 5, 2: 6}}, None, 3, 40)
    renamed: dict[int, int | bytes] = {1: b"b", 2: b"a"}
    second = Result({}, {"ifName": renamed, "ifInOctets": {1: 7, 2: 8}}, None, 2, 10)
    got = reading(await run(Reads([first, second])))
    assert got.columns == {"ifName": named, "ifInErrors": {1: 5, 2: 6}}
