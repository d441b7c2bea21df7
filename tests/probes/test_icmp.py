from __future__ import annotations

import errno
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from monitor.inventory.checks import Check, IcmpOptions, TcpOptions
from monitor.observation import EchoRound, Outcome, Reason
from monitor.probes import icmp
from monitor.probes.context import ProbeContext
from tests import build
from tests.probes.support import THREADS

if TYPE_CHECKING:
    from collections.abc import Mapping

OPTIONS = IcmpOptions(packets=5, spacing=0.2, wait=2.0)
ANSWERED = EchoRound("192.0.2.1", 5, (0.010, 0.012, 0.011, 0.010, 0.013))


@dataclass
class StandingClock:
    instant: float = 100.0

    def monotonic(self) -> float:
        return self.instant

    def now(self) -> datetime:
        return datetime(2026, 1, 7, 12, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        self.instant += seconds


@dataclass
class ModelledLine:
    """An echo transport that takes 50 ms and returns a given result."""

    clock: StandingClock
    finds: EchoRound | OSError
    asked: list[tuple[str, IcmpOptions]] = field(default_factory=list)
    drops: Mapping[str, int] = field(default_factory=dict)

    async def ping(self, address: str, options: IcmpOptions) -> EchoRound:
        self.asked.append((address, options))
        await self.clock.sleep(0.05)
        if isinstance(self.finds, OSError):
            raise self.finds
        return self.finds


def check(host: str = "192.0.2.1") -> Check:
    return build.check(OPTIONS, "router", host, "schiller-schule", name="ping", timeout=10.0)


def line(finds: EchoRound | OSError) -> tuple[ModelledLine, ProbeContext]:
    clock = StandingClock()
    modelled = ModelledLine(clock, finds)
    unused: Any = None
    return modelled, ProbeContext(clock, clock.instant + 10.0, modelled, unused, THREADS)


async def test_a_complete_answer_is_ok_with_its_times() -> None:
    modelled, context = line(ANSWERED)
    observation = await icmp.run(check(), context)
    assert (observation.outcome, observation.reason, observation.detail) == (
        Outcome.OK,
        Reason.NONE,
        "",
    )
    assert observation.values == ANSWERED
    assert observation.duration == pytest.approx(0.05)
    assert observation.started == datetime(2026, 1, 7, 12, tzinfo=UTC)
    assert modelled.asked == [("192.0.2.1", OPTIONS)]


@pytest.mark.parametrize(
    ("finds", "outcome", "reason", "detail"),
    [
        (
            EchoRound("192.0.2.1", 5, (0.01, 0.01, 0.01)),
            Outcome.OK,
            Reason.LOSS,
            "2 of 5 packets to 192.0.2.1 lost",
        ),
        (
            EchoRound("192.0.2.1", 5, ()),
            Outcome.FAILED,
            Reason.TIMEOUT,
            "no reply from 192.0.2.1 to 5 packets",
        ),
        (
            EchoRound("192.0.2.1", 1, ()),
            Outcome.FAILED,
            Reason.TIMEOUT,
            "no reply from 192.0.2.1 to 1 packet; 4 of 5 packets could not be sent",
        ),
        (
            EchoRound("192.0.2.1", 5, (), errors=("host unreachable, reported by 192.0.2.9",)),
            Outcome.FAILED,
            Reason.UNREACHABLE,
            "no reply from 192.0.2.1 to 5 packets: host unreachable, reported by 192.0.2.9",
        ),
        (
            EchoRound("192.0.2.1", 5, (), discarded=5),
            Outcome.UNKNOWN,
            Reason.CLOCK_STEP,
            "the wall clock was set during the round; its times are discarded",
        ),
        (
            EchoRound("192.0.2.1", 4, (0.01,) * 4),
            Outcome.OK,
            Reason.NONE,
            "1 of 5 packets could not be sent",
        ),
    ],
)
async def test_the_replies_decide_the_outcome(
    finds: EchoRound, outcome: Outcome, reason: Reason, detail: str
) -> None:
    observation = await icmp.run(check(), line(finds)[1])
    assert (observation.outcome, observation.reason, observation.detail) == (
        outcome,
        reason,
        detail,
    )
    assert observation.values == finds


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOBUFS, errno.ENETUNREACH])
async def test_a_packet_this_host_cannot_send_is_no_outage(number: int) -> None:
    observation = await icmp.run(check(), line(OSError(number, "cause in words"))[1])
    assert (observation.outcome, observation.reason) == (Outcome.UNKNOWN, Reason.NO_SOCKET)
    assert observation.detail == "nothing sent to 192.0.2.1: cause in words"
    assert observation.values is None


async def test_a_name_that_does_not_resolve_is_a_finding() -> None:
    modelled, context = line(ANSWERED)
    observation = await icmp.run(check("x" * 64 + ".invalid"), context)
    assert (observation.outcome, observation.reason) == (Outcome.FAILED, Reason.RESOLVE)
    assert modelled.asked == []


async def test_a_short_time_left_means_fewer_packets_and_never_a_shorter_wait() -> None:
    modelled, context = line(ANSWERED)
    await icmp.run(check(), replace(context, deadline=context.clock.monotonic() + 2.65))
    assert modelled.asked[0][1] == replace(OPTIONS, packets=3)


async def test_no_time_left_is_our_own_fault() -> None:
    modelled, context = line(ANSWERED)
    hurried = replace(context, deadline=context.clock.monotonic() + 1.0)
    observation = await icmp.run(check(), hurried)
    assert (observation.outcome, observation.reason) == (Outcome.UNKNOWN, Reason.NOT_RUN)
    assert modelled.asked == []


async def test_options_of_another_kind_are_a_bug() -> None:
    with pytest.raises(TypeError, match="schiller-schule/main/router/ping"):
        await icmp.run(replace(check(), options=TcpOptions(80)), line(ANSWERED)[1])
