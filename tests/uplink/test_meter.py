from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.uplink import Gap, Peak, UplinkLoad, UplinkMeter
from tests.uplink.router import GIGABIT, Router, measured, poll


def after_minute(router: Router, meter: UplinkMeter, ended: float = 1060) -> UplinkLoad:
    router.pass_time(60, 10**6, 10**6)
    return meter.measure(router.reading(), poll(ended))


def started(router: Router) -> UplinkMeter:
    meter = UplinkMeter("wan0", GIGABIT)
    assert meter.measure(router.reading(), poll(1000)).gap is Gap.FIRST_POLL
    return meter


def test_in_is_download_out_is_upload_and_utilisation_uses_the_contract() -> None:
    load = measured(Router(), 60, down_bps=250_000_000, up_bps=50_000_000)
    assert load.gap is None
    assert load.seconds == 60
    assert (load.down_bps, load.up_bps) == (250_000_000, 50_000_000)
    assert load.down is not None
    assert load.up is not None
    assert load.down.utilisation == pytest.approx(0.25)
    assert load.up.utilisation == pytest.approx(0.1)
    assert load.down.packets_per_second == pytest.approx(250_000_000 / 8 / 800)
    assert load.has_64_bit_counters


def test_errors_and_discards_are_per_second_and_direction() -> None:
    load = measured(Router(), 60, 10**6, 10**6, errors=120, discards=30)
    assert load.down is not None
    assert load.up is not None
    assert (load.down.errors_per_second, load.down.discards_per_second) == (2, 0)
    assert (load.up.errors_per_second, load.up.discards_per_second) == (0, 0.5)


def test_the_clock_of_the_device_counts_not_ours() -> None:
    router = Router()
    meter = started(router)
    router.pass_time(60, 8_000_000)
    # The answer came half a second late; the counters cover a minute all the same.
    load = meter.measure(router.reading(), poll(1060.5, 1060.45))
    assert load.down_bps == 8_000_000


def test_the_first_poll_gives_speed_and_status_but_no_rate() -> None:
    load = UplinkMeter("wan0", GIGABIT).measure(Router().reading(), poll(1000))
    assert load.gap is Gap.FIRST_POLL
    assert load.down_bps is load.up_bps is load.seconds is None
    assert (load.speed_bps, load.oper_status, load.if_index) == (10**9, 1, 4)


def test_a_restart_yields_no_rate_then_one_again() -> None:
    router = Router(octets_down=10**12)
    meter = started(router)
    router.restart()
    assert after_minute(router, meter).gap is Gap.RESTARTED
    assert after_minute(router, meter, 1120).down_bps == 10**6


def test_a_restart_long_enough_ago_to_hide_in_sys_up_time_is_seen() -> None:
    router = Router(uptime_ticks=1_000)
    meter = started(router)
    router.restart()
    router.pass_time(500, 10**6)
    load = meter.measure(router.reading(), poll(1600))
    assert load.gap is Gap.RESTARTED


def test_sys_up_time_wraps_after_497_days_and_that_is_no_restart() -> None:
    load = measured(Router(uptime_ticks=2**32 - 1_000), 60, down_bps=10**6)
    assert load.gap is None
    assert load.down_bps == 10**6


def test_a_device_clock_that_runs_too_slow_is_not_used() -> None:
    router = Router(uptime_ticks=10**8)
    meter = started(router)
    router.pass_time(30, 10**6)
    assert meter.measure(router.reading(), poll(1060)).gap is Gap.CLOCKS_DISAGREE


def test_the_same_sys_up_time_twice_yields_no_rate_and_loses_no_traffic() -> None:
    router = Router()
    meter = started(router)
    stale = router.uptime_ticks
    router.pass_time(60, 10**6)
    router.uptime_ticks, fresh = stale, router.uptime_ticks
    assert meter.measure(router.reading(), poll(1060)).gap is Gap.UPTIME_STANDS_STILL
    router.uptime_ticks = fresh
    load = after_minute(router, meter, 1120)
    assert (load.seconds, load.down_bps) == (120, 10**6)


def test_two_polls_within_a_second_yield_no_rate_and_the_third_spans_both() -> None:
    router = Router()
    meter = started(router)
    router.pass_time(0.5, 8 * 10**6)
    assert meter.measure(router.reading(), poll(1000.5)).gap is Gap.TOO_SOON
    router.pass_time(59.5, 8 * 10**6)
    assert meter.measure(router.reading(), poll(1060)).seconds == 60


def test_polls_more_than_an_hour_apart_yield_no_rate() -> None:
    assert measured(Router(), 3700, 10**6).gap is Gap.TOO_LONG


def test_counters_that_went_back_yield_no_rate() -> None:
    router = Router(octets_down=10**12)
    meter = started(router)
    router.reset_counters()
    assert after_minute(router, meter).gap is Gap.COUNTERS_RESET


def test_a_discontinuity_reported_by_the_device_yields_no_rate() -> None:
    router = Router()
    meter = UplinkMeter("wan0", GIGABIT)
    meter.measure(router.reading(ifCounterDiscontinuityTime={4: 0}), poll(1000))
    router.pass_time(60, 10**6)
    load = meter.measure(router.reading(ifCounterDiscontinuityTime={4: 361_000}), poll(1060))
    assert load.gap is Gap.COUNTERS_RESET


def test_a_changed_ifindex_for_the_name_yields_no_rate() -> None:
    router = Router()
    meter = started(router)
    router.if_index = 9
    assert after_minute(router, meter).gap is Gap.RENUMBERED
    assert after_minute(router, meter, 1120).gap is None


def test_a_device_of_another_name_yields_no_rate() -> None:
    router = Router()
    meter = started(router)
    router.sys_name = "standby"
    assert after_minute(router, meter).gap is Gap.OTHER_DEVICE


def test_a_rate_above_the_interface_speed_is_not_used() -> None:
    assert measured(Router(), 60, down_bps=1_050_000_000).gap is None
    load = measured(Router(), 60, down_bps=1_150_000_000)
    assert load.gap is Gap.IMPLAUSIBLE
    assert load.down_bps is None


def test_no_sys_up_time_yields_no_rate() -> None:
    router = Router()
    meter = started(router)
    reading = replace(router.reading(), uptime_ticks=None)
    assert meter.measure(reading, poll(1060)).gap is Gap.NO_UPTIME


def test_an_interface_without_counters_yields_no_rate() -> None:
    meter = UplinkMeter("wan0", GIGABIT)
    router = Router()
    for ended in (1000, 1060):
        load = meter.measure(router.reading(ifHCInOctets={}, ifHCOutOctets={}), poll(ended))
        router.pass_time(60)
    assert load.gap is Gap.NO_COUNTERS


def test_an_interface_that_was_missing_starts_over() -> None:
    router = Router()
    meter = started(router)
    router.name = b"gone"
    assert after_minute(router, meter).gap is Gap.NOT_FOUND
    router.name = b"wan0"
    assert after_minute(router, meter, 1120).gap is Gap.FIRST_POLL


def test_a_32_bit_counter_that_wraps_once_is_followed() -> None:
    router = Router(octets_down=2**32 - 1_000, width=32, speed_mbps=100)
    load = measured(router, 60, down_bps=80_000_000)
    assert load.down_bps == 80_000_000
    assert not load.has_64_bit_counters


def test_a_32_bit_counter_that_may_wrap_without_a_trace_yields_no_rate() -> None:
    """At 100 Mbit/s it wraps within 344 s, with the tolerance of a tenth within 312 s."""
    slow = {"width": 32, "speed_mbps": 100}
    assert measured(Router(**slow), 310, 10**6).gap is None  # type: ignore[arg-type]  # ints
    assert measured(Router(**slow), 315, 10**6).gap is Gap.WRAP_UNCERTAIN  # type: ignore[arg-type]  # ints
    assert measured(Router(width=32), 60, 10**6).gap is Gap.WRAP_UNCERTAIN


def test_a_32_bit_counter_without_a_known_speed_yields_no_rate() -> None:
    assert measured(Router(width=32, speed_mbps=5000), 60).gap is Gap.WRAP_UNCERTAIN


def test_a_reset_of_32_bit_counters_is_not_taken_for_a_wrap() -> None:
    router = Router(octets_down=2**32 - 10_000_000, width=32, speed_mbps=100)
    meter = started(router)
    router.reset_counters()
    assert after_minute(router, meter).gap is Gap.COUNTERS_RESET


def test_a_wrap_without_matching_packets_is_uncertain() -> None:
    router = Router(octets_down=2**32 - 1_000, width=32, speed_mbps=100)
    meter = UplinkMeter("wan0", GIGABIT)
    meter.measure(router.reading(ifInUcastPkts={}), poll(1000))
    router.pass_time(60, 10**6)
    assert meter.measure(router.reading(ifInUcastPkts={}), poll(1060)).gap is Gap.WRAP_UNCERTAIN


def test_a_wrap_with_too_few_packets_is_uncertain() -> None:
    router = Router(octets_down=2**32 - 1_000, width=32, speed_mbps=100)
    meter = UplinkMeter("wan0", GIGABIT)
    meter.measure(router.reading(ifInUcastPkts={4: 100}), poll(1000))
    router.pass_time(60, 10**6)
    load = meter.measure(router.reading(ifInUcastPkts={4: 114}), poll(1060))
    assert load.gap is Gap.WRAP_UNCERTAIN


def test_counters_that_changed_width_are_not_compared() -> None:
    router = Router(octets_down=2**40, width=32, speed_mbps=0)
    meter = started(router)
    router.width = 64
    assert after_minute(router, meter).gap is Gap.COUNTERS_RESET


def test_error_counters_wrap_at_32_bits() -> None:
    load = measured(Router(errors=2**32 - 60), 60, 10**6, errors=120)
    assert load.down is not None
    assert load.down.errors_per_second == 2


def test_the_peak_is_the_largest_rate_so_far_and_survives_a_gap() -> None:
    router = Router()
    meter = started(router)
    for ended, rate in ((1060, 10**7), (1120, 9 * 10**7), (1180, 9 * 10**7), (1240, 10**6)):
        router.pass_time(60, rate, rate / 10)
        load = meter.measure(router.reading(), poll(ended))
    expected = Peak(9 * 10**7, 60, poll(1120).at)
    assert load.down_peak == expected
    assert load.up_peak == replace(expected, bps=9 * 10**6)
    router.restart()
    assert after_minute(router, meter, 1300).down_peak == expected


def test_no_poll_yields_no_peak() -> None:
    assert measured(Router(), 3700, 10**6).down_peak is None


@pytest.mark.parametrize(
    ("speed_mbps", "oper_status", "is_slower"),
    [(1000, 1, False), (100, 1, True), (999, 1, True), (10, 2, None), (0, 1, None)],
)
def test_speed_is_compared_with_the_contract_while_the_interface_is_up(
    speed_mbps: int,
    oper_status: int,
    is_slower: bool | None,  # noqa: FBT001  # a case of the table
) -> None:
    router = Router(speed_mbps=speed_mbps, oper_status=oper_status)
    assert measured(router).is_slower_than_contract is is_slower


def test_a_contract_of_fractional_megabits_is_not_missed_by_rounding() -> None:
    """An ifHighSpeed of 100 stands for anything up to 100.5 Mbit/s (RFC 2863)."""
    contract = replace(GIGABIT, down_bps=100_400_000, up_bps=10**7)
    assert measured(Router(speed_mbps=100), contract=contract).is_slower_than_contract is False
