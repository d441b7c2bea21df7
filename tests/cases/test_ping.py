"""Odd echo replies from the field: truncated, or with a payload other than the one sent."""

from __future__ import annotations

import pytest

from monitor.observation import Outcome, Reason
from monitor.probes.echo.match import ClockReading, Drop, Matcher, Round
from monitor.probes.icmp import judge

ADDRESS = "192.0.2.1"
PAYLOAD = bytes(range(250)) * 6
CLOCKS = ClockReading(0, 0, 100)


def answered(*payloads: bytes) -> tuple[Matcher, Round]:
    """Return the result of a round in which each packet was answered with one of these."""
    matcher, round_ = Matcher(), Round(ADDRESS, len(payloads), PAYLOAD, 2_000_000_000)
    for payload in payloads:
        sequence = matcher.reserve(0)
        matcher.sent(sequence, round_, 0, CLOCKS)
        matcher.reply(sequence, ADDRESS, memoryview(payload), 5_000_000, 60, CLOCKS)
    return matcher, round_


# iputils#320: 8.8.8.8 answers 1,400 octets with 68.
@pytest.mark.parametrize("size", [68, 8, len(PAYLOAD) - 1])
def test_a_truncated_reply_counts_as_an_answer_and_is_reported(size: int) -> None:
    matcher, round_ = answered(*[PAYLOAD[:size]] * 3)
    found = matcher.close(round_)
    assert found.rtts == (0.005,) * 3
    outcome, reason, said = judge(found)
    assert (outcome, reason) == (Outcome.OK, Reason.NONE)
    assert said == f"{ADDRESS} answers: the replies have only {size} octets of the payload"


@pytest.mark.parametrize(
    "payload", [PAYLOAD[:7], b"", PAYLOAD + b"\0", PAYLOAD[1:], bytes(68), bytes(len(PAYLOAD))]
)
def test_a_reply_with_a_different_payload_is_rejected_and_reported(payload: bytes) -> None:
    matcher, round_ = answered(*[payload] * 3)
    assert matcher.drops[Drop.WRONG_COOKIE] == 3
    outcome, reason, said = judge(matcher.close(round_))
    assert (outcome, reason) == (Outcome.FAILED, Reason.TIMEOUT)
    assert said == (
        f"no reply from {ADDRESS} to 3 packets: 3 replies with another payload than was sent"
    )


def test_a_round_of_complete_replies_reports_nothing() -> None:
    matcher, round_ = answered(PAYLOAD, PAYLOAD)
    assert judge(matcher.close(round_)) == (Outcome.OK, Reason.NONE, "")
