"""A line that carries its contracted rate passes every rule, whatever cross traffic it has.

The line is Ethernet that is never idle while a test runs: capacity taken by others is lost to the
test. The model counts octets by the standards, independently of the product's figures.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.campaigns.book import judge
from monitor.campaigns.evidence import CampaignOutcome, Direction, Measurement, Rates
from monitor.campaigns.layers import PAYLOAD_OF_WIRE
from monitor.campaigns.load import OctetReading, OwnTraffic, cross_traffic
from monitor.inventory.city import Contract, Criterion, Goal
from tests import build
from tests.campaigns.evidence import START, ZONE, campaign, of_days

WARM_UP, SECONDS, SETTLE = 1.0, 10.0, 5.0
# IEEE 802.3: preamble and delimiter 8, addresses and type 14, check sequence 4, gap 12.
PREAMBLE, HEADER, CHECK, GAP = 8, 14, 4, 12
IPV4, IPV6, TCP_WITH_TIME_STAMPS = 20, 40, 32
PPPOE = 8


@dataclass(frozen=True)
class Line:
    """An Ethernet line; `tags` are octets of VLAN tags, `counts_check` is the router's habit."""

    bps: float
    mtu: int
    ip: int
    tags: int
    has_pppoe: bool
    counts_check: bool

    @property
    def packet(self) -> int:
        """Return the octets of a full IP packet."""
        return min(self.mtu, 1500 - PPPOE) if self.has_pppoe else self.mtu

    @property
    def counted_overhead(self) -> int:
        inside = HEADER + self.tags + (PPPOE if self.has_pppoe else 0)
        return inside + (CHECK if self.counts_check else 0)

    @property
    def wire_overhead(self) -> int:
        return PREAMBLE + HEADER + self.tags + (PPPOE if self.has_pppoe else 0) + CHECK + GAP

    @property
    def segment(self) -> int:
        return self.packet - self.ip - TCP_WITH_TIME_STAMPS

    def payload_bps(self, wire_bps: float) -> float:
        """Return the TCP payload that fits into this much of the wire."""
        return wire_bps * self.segment / (self.packet + self.wire_overhead)

    def counted(self, payload: float) -> float:
        return payload * (self.packet + self.counted_overhead) / self.segment


@dataclass(frozen=True)
class Others:
    """Cross traffic: its share of the wire during a test and after it, and its packet size."""

    during: float
    afterwards: float
    packet: int


LINES = st.builds(
    Line,
    st.sampled_from([16e6, 50e6, 100e6, 300e6, 1e9, 2.5e9, 10e9]) | st.floats(10e6, 10e9),
    st.integers(1400, 1500) | st.just(1500) | st.just(9000),
    st.sampled_from([IPV4, IPV6]),
    st.sampled_from([0, 4, 8]),
    st.booleans(),
    st.booleans(),
)
OTHERS = st.builds(Others, st.floats(0, 0.1), st.floats(0, 0.1), st.integers(46, 1500))


def measured(line: Line, others: Others) -> Measurement:
    """Return the product's measurement of a test on the line with this cross traffic."""
    contract = contract_of(line)
    frame = others.packet + line.wire_overhead
    counted_share = (others.packet + line.counted_overhead) / frame
    payload_bps = line.payload_bps(line.bps * (1 - others.during))
    payload = payload_bps * (WARM_UP + SECONDS) / 8
    busy = others.during * (WARM_UP + SECONDS) + others.afterwards * SETTLE
    octets = line.counted(payload) + line.bps * busy * counted_share / 8
    before, after = OctetReading(0.0, 0, 0), OctetReading(16.0, int(octets), 0)
    test = OwnTraffic(Direction.DOWN, int(payload), WARM_UP, SECONDS)
    found = cross_traffic(before, after, test, contract)
    assert found is not None
    return replace(
        of_days(0)[0],
        down_bps=payload_bps,
        up_bps=payload_bps,
        cross_traffic_share=found.share,
        down_others_bps=found.bps,
        up_others_bps=found.bps,
    )


def contract_of(line: Line) -> Contract:
    # The strictest contract possible: normal and minimum rate equal the maximum.
    return build.contract(int(line.bps))


def verdict(
    line: Line, loads: list[Others], criterion: Criterion, classes: int | None = None
) -> CampaignOutcome | None:
    """Return the outcome of a campaign of such tests; None if too few are valid."""
    kept = [one for one in (measured(line, load) for load in loads) if not one.invalidities()]
    if not kept:
        return None
    tests = [
        replace(kept[number % len(kept)], at=one.at) for number, one in enumerate(of_days(0, 2, 4))
    ]
    owed = Rates(line.bps, line.bps, line.bps)
    one = replace(campaign(tests), down=owed, up=owed)
    goal = Goal("g", criterion, (START + timedelta(days=9)).date(), 1, "schools", "")
    found = judge(one, goal, classes, ZONE)
    assert found is not None
    assert found.missing == ()
    return found.outcome


@settings(max_examples=400)
@given(LINES, st.lists(OTHERS, min_size=1, max_size=30), st.integers(1, 340))
def test_a_line_at_its_contracted_rate_passes_under_any_valid_load(
    line: Line, loads: list[Others], classes: int
) -> None:
    passed = {None, CampaignOutcome.PASSED}
    assert verdict(line, loads, Criterion.CONTRACT) in passed
    if line.bps >= 1e9:
        assert verdict(line, loads, Criterion.GIGABIT) in passed
    if 30e6 * (classes + 1) <= line.bps:
        assert verdict(line, loads, Criterion.PER_CLASS, classes) in passed


def test_the_model_reproduces_the_known_arithmetic() -> None:
    plain = Line(1e9, 1500, IPV4, 0, has_pppoe=False, counts_check=True)
    assert plain.payload_bps(1e9) / 1e6 == pytest.approx(941.48, abs=0.01)
    assert replace(plain, ip=IPV6).payload_bps(1e9) / 1e6 == pytest.approx(928.48, abs=0.01)
    assert plain.payload_bps(1e9) == pytest.approx(1e9 * PAYLOAD_OF_WIRE)


@pytest.mark.parametrize("packet", [46, 576, 1500])
def test_a_test_counts_up_to_the_load_limit_and_not_beyond(packet: int) -> None:
    line = Line(1e9, 1500, IPV4, 0, has_pppoe=False, counts_check=False)
    counted = (packet + HEADER) / (packet + line.wire_overhead)
    below = measured(line, Others(0.0495 / counted, 0.0, packet))
    assert below.invalidities() == ()
    assert measured(line, Others(0.0505 / counted, 0.0, packet)).invalidities() != ()


def test_a_line_ten_percent_too_slow_fails_under_any_valid_load() -> None:
    line = Line(1e9, 1500, IPV4, 0, has_pppoe=False, counts_check=False)
    slow = replace(line, bps=850e6)
    for share in (0.0, 0.02, 0.049):
        test = measured(slow, Others(share, 0.0, 1500))
        tests = [replace(test, at=one.at) for one in of_days(0, 2, 4)]
        owed = Rates(line.bps, line.bps, line.bps)
        found = judge(replace(campaign(tests), down=owed, up=owed), None, None, ZONE)
        assert found is not None
        assert found.outcome is CampaignOutcome.FAILED
