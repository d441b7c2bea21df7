from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.campaigns.evidence import Direction
from monitor.campaigns.gates import (
    Hold,
    Refusal,
    Situation,
    Traffic,
    bytes_needed,
    lessons_until,
    moved_on,
    traffic_entry,
    why_not_begin,
    why_stop,
)
from monitor.campaigns.load import (
    OctetReading,
    OwnTraffic,
    clock_stepped,
    cross_traffic,
    moved_between,
    octets_of,
)
from monitor.observation import DeviceReading, State
from tests.rollout.lines import CONTRACT, SETTINGS, SITE, lessons

if TYPE_CHECKING:
    from typing import Any

NOW = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
# 10 s of 10 Mbit/s.
TEST = OwnTraffic(Direction.DOWN, 12_500_000, 1.0, 10.0)
QUIET = Situation(State.UP, None, None, "", 100, 100, 0.05, 0.05)


def test_a_quiet_line_may_be_tested_right_up_to_the_limits() -> None:
    assert why_not_begin(QUIET) is None
    assert why_stop(replace(QUIET, uplink=State.UNKNOWN)) is None


@pytest.mark.parametrize(
    ("change", "refusal", "stops"),
    [
        ({"is_cancelled": True}, Refusal.CANCELLED, True),
        ({"lessons_until": NOW}, Refusal.LESSONS, True),
        ({"maintenance_until": NOW}, Refusal.MAINTENANCE, True),
        ({"uplink": State.DOWN}, Refusal.UPLINK, True),
        ({"uplink": State.UNKNOWN}, Refusal.UPLINK, False),
        ({"slot_holder": "schiller/main"}, Refusal.SLOT_TAKEN, False),
        ({"bytes_left": 99}, Refusal.BYTE_CAP, False),
        ({"load": None}, Refusal.LOAD_UNKNOWN, False),
        ({"load": 0.0501}, Refusal.LOAD, True),
    ],
)
def test_each_gate_refuses_with_its_own_reason(
    change: dict[str, Any], refusal: Refusal, *, stops: bool
) -> None:
    situation = replace(QUIET, **change)
    refused = why_not_begin(situation)
    assert refused is not None
    assert refused.refusal is refusal
    assert str(refused).startswith(f"{refusal}: ")
    assert (why_stop(situation) is not None) is stops


def test_one_test_runs_in_the_city_unless_providers_have_their_own_slots() -> None:
    city, a, b = Hold("x", "city", "a"), Hold("y", "provider", "a"), Hold("z", "provider", "b")
    assert city.excludes(b)
    assert b.excludes(city)
    assert a.excludes(replace(a, site="w"))
    assert not a.excludes(b)


def test_a_test_takes_both_directions_at_contracted_rate_plus_warm_up() -> None:
    assert bytes_needed(SETTINGS, CONTRACT) == 2 * 10_000_000 * 11 // 8


def test_a_test_that_would_run_into_lessons_is_refused() -> None:
    calendar = lessons()
    begin = datetime(2026, 11, 25, 6, 45, tzinfo=UTC)  # 07:45 in Bochum
    short = timedelta(seconds=11)
    assert lessons_until("Gymnasium", calendar, begin - short, begin) is not None
    early = begin - timedelta(seconds=1)
    assert lessons_until("Gymnasium", calendar, early - short, early) is None
    ends = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)
    assert lessons_until("Gymnasium", calendar, ends - short, ends) == ends
    assert lessons_until("Gymnasium", calendar, ends, ends + short) is None


def test_daily_test_traffic_is_counted_per_site_and_local_day() -> None:
    midnight = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)  # in Bochum
    entries = [
        traffic_entry(Traffic(SITE, "c", midnight - timedelta(seconds=1), 1)),
        traffic_entry(Traffic(SITE, "c", midnight, 20)),
        traffic_entry(Traffic(SITE, "d", NOW, 300)),
        traffic_entry(Traffic("schiller/main", "c", NOW, 4_000)),
    ]
    calendar = lessons()
    assert moved_on(entries, SITE, calendar.local_day(NOW), calendar) == 320


def test_cross_traffic_is_the_counters_minus_the_test_and_its_headers() -> None:
    payload = TEST.payload_bytes
    before = OctetReading(0.0, 2**40, 7, 100)
    own = payload * 1514 // 1448
    alone = OctetReading(10.0, 2**40 + own, 7 + payload * 66 // 1448, 200)
    quiet = cross_traffic(before, alone, TEST, CONTRACT)
    assert quiet is not None
    assert (quiet.share, quiet.bps) == pytest.approx((0, 0), abs=10)
    others = replace(alone, down_octets=alone.down_octets + 637_500)
    found = cross_traffic(before, others, TEST, CONTRACT)
    assert found is not None
    assert found.share == pytest.approx(0.051 * 10 / 11, abs=1e-5)
    assert found.bps == pytest.approx(510_000, abs=10)


def test_traffic_just_after_a_test_counts_as_during_the_test() -> None:
    later = OctetReading(26.0, 637_500, 0)
    found = cross_traffic(OctetReading(0.0, 0, 0), later, replace(TEST, payload_bytes=0), CONTRACT)
    assert found is not None
    assert found.share == pytest.approx(0.051 * 10 / 11)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, OctetReading(1.0, 1, 1)),
        (OctetReading(0.0, 1, 1), None),
        (OctetReading(0.0, 9, 9), OctetReading(1.0, 8, 9)),
        (OctetReading(0.0, 1, 1, 500), OctetReading(1.0, 2, 2, 3)),
        (OctetReading(1.0, 1, 1), OctetReading(1.0, 2, 2)),
    ],
    ids=["none before", "none after", "counter fell", "router restarted", "no time"],
)
def test_unusable_counters_are_reported_as_such(
    before: OctetReading | None, after: OctetReading | None
) -> None:
    assert moved_between(before, after) is None
    assert cross_traffic(before, after, TEST, CONTRACT) is None


def test_only_64_bit_counters_of_the_named_interface_are_read() -> None:
    names: dict[int, int | bytes] = {3: b"lan", 7: b"0/1"}
    columns: dict[str, dict[int, int | bytes]] = {
        "ifName": names,
        "ifHCInOctets": {3: 1, 7: 2},
        "ifHCOutOctets": {3: 3, 7: 4},
    }
    reading = DeviceReading("r", "", "", 55, columns)
    assert octets_of(reading, "0/1", 9.0) == OctetReading(9.0, 2, 4, 55)
    assert octets_of(reading, "0/2", 9.0) is None
    assert octets_of(reading, None, 9.0) is None
    described = replace(
        reading, columns={**columns, "ifName": {}, "ifDescr": {3: b"lan", 7: b"wan "}}
    )
    assert octets_of(described, "wan", 9.0) == OctetReading(9.0, 2, 4, 55), "as uplink/ finds it"
    twice = replace(reading, columns={**columns, "ifName": {3: b"0/1", 7: b"0/1"}})
    assert octets_of(twice, "0/1", 9.0) is None
    narrow = replace(reading, columns={"ifName": names, "ifInOctets": {7: 2}})
    assert octets_of(narrow, "0/1", 9.0) is None


def test_a_wall_clock_that_diverges_from_monotonic_has_stepped() -> None:
    assert not clock_stepped(30.0, NOW, NOW + timedelta(seconds=30.4))
    assert clock_stepped(30.0, NOW, NOW + timedelta(seconds=30.6))
    assert clock_stepped(30.0, NOW, NOW - timedelta(hours=1))
