from __future__ import annotations

from dataclasses import replace

from monitor.inventory.site_key import SiteKey
from monitor.observation import Outcome, Reason
from monitor.uplink import FindingKind, Gap, UplinkMeters
from tests.build import city
from tests.uplink.city import check, observed, polled_school
from tests.uplink.router import GIGABIT, MORNING, Router

GOETHE = polled_school("goethe")
SCHILLER = polled_school("schiller")
SLOWER = replace(GIGABIT, down_bps=10**8, up_bps=10**8)


def twice(meters: UplinkMeters, router: Router, ended: float = 1060) -> None:
    meters.observe(observed(check(GOETHE), router.reading(), ended - 60), ended - 60)
    router.pass_time(60, 10**7)
    meters.observe(observed(check(GOETHE), router.reading(), ended), ended)


def down_bps(meters: UplinkMeters, school_id: str = "goethe") -> float | None:
    measured = meters.measured(SiteKey(school_id, "main"))
    return measured.load.down_bps if measured and measured.load else None


def test_each_site_has_its_own_meter() -> None:
    meters = UplinkMeters(city(GOETHE, SCHILLER))
    twice(meters, Router())
    assert down_bps(meters) == 10**7
    assert down_bps(meters, "schiller") is None


def test_a_measurement_includes_contract_and_findings() -> None:
    meters = UplinkMeters(city(GOETHE))
    measured = meters.observe(observed(check(GOETHE), Router(speed_mbps=10).reading(), 5), 5)
    assert measured is not None
    assert (measured.school, measured.site, measured.contract) == ("goethe", "main", GIGABIT)
    assert [one.kind for one in measured.findings] == [FindingKind.SLOWER_THAN_CONTRACT]
    assert measured.load is not None
    assert measured.load.down_peak is None


def test_switches_and_removed_checks_are_not_measured() -> None:
    meters = UplinkMeters(city(GOETHE))
    reading = Router().reading()
    assert meters.observe(observed(check(GOETHE, "sw0"), reading, 5), 5) is None
    assert meters.observe(observed(check(SCHILLER), reading, 5), 5) is None
    other = polled_school("goethe", interface="wan1")
    assert meters.observe(observed(check(other), reading, 5), 5) is None


def test_a_failed_poll_yields_nothing_and_the_next_spans_the_gap() -> None:
    meters = UplinkMeters(city(GOETHE))
    router = Router()
    twice(meters, router)
    failed = meters.observe(observed(check(GOETHE), None, 1120), 1120)
    assert failed is not None
    assert failed.load is None
    router.pass_time(120, 10**7)
    measured = meters.observe(observed(check(GOETHE), router.reading(), 1180), 1180)
    assert measured is not None
    assert measured.load is not None
    assert (measured.load.seconds, measured.load.down_bps) == (120, 10**7)


def test_an_incomplete_reading_is_not_judged() -> None:
    meters = UplinkMeters(city(GOETHE))
    whole = observed(check(GOETHE), Router().reading(ifName={}, ifDescr={}), 5)
    broken = replace(whole, outcome=Outcome.FAILED, reason=Reason.TIMEOUT)
    measured = meters.observe(broken, 5)
    assert measured is not None
    assert measured.findings == ()
    measured = meters.observe(whole, 5)
    assert measured is not None
    assert [one.kind for one in measured.findings] == [FindingKind.INTERFACE_NOT_FOUND]


def test_a_reload_keeps_unchanged_meters_and_names_removed_ones() -> None:
    meters = UplinkMeters(city(GOETHE, SCHILLER))
    twice(meters, Router())
    gone = meters.reconfigure(city(GOETHE, polled_school("lessing")))
    assert [(one.school, one.site) for one in gone] == [("schiller", "main")]
    assert down_bps(meters) == 10**7
    assert meters.measured(SiteKey("schiller", "main")) is None
    assert meters.measured(SiteKey("lessing", "main")) is not None


def test_another_contract_or_interface_starts_a_new_meter() -> None:
    for changed in (
        polled_school("goethe", contract=SLOWER),
        polled_school("goethe", interface="wan1"),
    ):
        meters = UplinkMeters(city(GOETHE))
        twice(meters, Router())
        gone = meters.reconfigure(city(changed))
        assert [one.school for one in gone] == ["goethe"]
        measured = meters.observe(observed(check(changed), Router().reading(), 1120), 1120)
        assert measured is not None
        assert measured.load is not None
        assert measured.load.gap in {Gap.FIRST_POLL, Gap.NOT_FOUND}


def test_a_load_is_forgotten_when_polls_stop() -> None:
    meters = UplinkMeters(city(GOETHE, SCHILLER))
    twice(meters, Router(), ended=1060)
    assert meters.expire(1060 + 179) == []
    assert [one.school for one in meters.expire(1060 + 180)] == ["goethe"]
    assert down_bps(meters) is None
    assert meters.expire(1060 + 181) == []


def test_the_peak_has_its_time() -> None:
    meters = UplinkMeters(city(GOETHE))
    twice(meters, Router())
    measured = meters.measured(SiteKey("goethe", "main"))
    assert measured is not None
    assert measured.load is not None
    assert measured.load.down_peak is not None
    assert (measured.load.down_peak.at - MORNING).total_seconds() == 1059.95
