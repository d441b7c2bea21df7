from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.uplink import FindingKind, Gap, UplinkLoad, UplinkMeter, assess, findings
from tests.uplink.router import GIGABIT, Router, measured, poll


def sentences(load: UplinkLoad) -> dict[FindingKind, str]:
    return {finding.kind: finding.sentence for finding in findings(load, GIGABIT)}


def test_nothing_is_wrong_with_a_healthy_line() -> None:
    load = measured(Router(), 60, 5 * 10**8, 10**8)
    assert findings(load, GIGABIT) == ()
    assert dict(assess(load, GIGABIT)) == dict.fromkeys(FindingKind, "")


def test_an_interface_slower_than_the_contract_is_found() -> None:
    found = sentences(measured(Router(speed_mbps=100), 60, 10**6))
    assert found == {
        FindingKind.SLOWER_THAN_CONTRACT: (
            "wan0 runs at 100 Mbit/s, the contract says 1 Gbit/s down and 500 Mbit/s up"
        )
    }


def test_errors_above_one_packet_in_a_thousand_are_found() -> None:
    packets = 60 * 10**8 // 8 // 800
    below = measured(Router(), 60, 10**8, 10**8, errors=packets // 1001)
    above = measured(Router(), 60, 10**8, 10**8, errors=packets // 900)
    assert sentences(below) == {}
    assert sentences(above) == {
        FindingKind.ERRORS: "errors: down 0.11 % of the packets (17.4 a second)"
    }


def test_a_few_errors_on_a_quiet_night_are_not_a_finding() -> None:
    assert sentences(measured(Router(), 60, 10**3, 10**3, errors=9)) == {}
    assert FindingKind.ERRORS in sentences(measured(Router(), 60, 10**3, 10**3, errors=10))


def test_a_line_with_nothing_but_errors_is_found() -> None:
    found = sentences(measured(Router(), 60, errors=600))
    assert found == {FindingKind.ERRORS: "errors: down 100.00 % of the packets (10 a second)"}


def test_discards_above_one_packet_in_a_hundred_are_found() -> None:
    packets = 60 * 10**8 // 8 // 800
    assert sentences(measured(Router(), 60, 10**8, 10**8, discards=packets // 101)) == {}
    found = sentences(measured(Router(), 60, 10**8, 10**8, discards=packets // 50))
    assert found == {FindingKind.DISCARDS: "discards: up 2.00 % of the packets (312 a second)"}


def test_a_saturated_direction_is_found_by_name() -> None:
    assert sentences(measured(Router(), 60, 9 * 10**8, 10**8)) == {}
    found = sentences(measured(Router(), 60, 95 * 10**7, 48 * 10**7))
    assert found == {
        FindingKind.SATURATED: (
            "down at 95% of the contracted 1 Gbit/s, up at 96% of the contracted 500 Mbit/s"
        )
    }


@pytest.mark.parametrize(
    ("oper_status", "admin_status", "sentence"),
    [
        (2, 1, "wan0 is down"),
        (2, 2, "wan0 is down, switched off by its configuration"),
        (7, 1, "wan0 is down because a lower layer is"),
        (9, 1, "wan0 is in state 9"),
    ],
)
def test_an_interface_that_is_down_is_found_and_its_speed_ignored(
    oper_status: int, admin_status: int, sentence: str
) -> None:
    router = Router(speed_mbps=10, oper_status=oper_status, admin_status=admin_status)
    assert sentences(measured(router)) == {FindingKind.INTERFACE_DOWN: sentence}


def test_a_state_unknown_to_the_device_is_not_judged() -> None:
    load = measured(Router(oper_status=4), 60, 10**6)
    assert FindingKind.INTERFACE_DOWN not in assess(load, GIGABIT)


def test_a_missing_interface_is_the_only_finding() -> None:
    load = measured(Router(name=b"wan1"))
    assert dict(assess(load, GIGABIT)) == {
        FindingKind.INTERFACE_NOT_FOUND: "no interface has the configured name, 'wan0'",
        FindingKind.INTERFACE_AMBIGUOUS: "",
    }


def test_a_name_shared_by_two_interfaces_is_found() -> None:
    load = measured(Router(name=b"lan0"))
    assert load.gap is Gap.NOT_FOUND
    meter = UplinkMeter("lan0", GIGABIT)
    both_up: dict[int, int | bytes] = {4: 1, 5: 1}
    load = meter.measure(Router(name=b"lan0").reading(ifOperStatus=both_up), poll(1000))
    assert sentences(load) == {
        FindingKind.INTERFACE_AMBIGUOUS: "several interfaces have the configured name, 'lan0'"
    }


def test_a_site_without_a_named_interface_has_no_finding() -> None:
    load = UplinkMeter(None, GIGABIT).measure(Router().reading(), poll(1000))
    assert load.gap is Gap.NOT_CONFIGURED
    assert dict(assess(load, GIGABIT)) == {}


def test_the_first_poll_judges_speed_and_status_but_no_rates() -> None:
    load = UplinkMeter("wan0", GIGABIT).measure(Router(speed_mbps=100).reading(), poll(1000))
    assert set(sentences(load)) == {FindingKind.SLOWER_THAN_CONTRACT}
    assert not {FindingKind.ERRORS, FindingKind.SATURATED} & assess(load, GIGABIT).keys()


def test_uncounted_errors_are_unknown() -> None:
    load = measured(Router(), 60, 10**6)
    assert load.down is not None
    assert load.up is not None
    uncounted = replace(
        load,
        down=replace(load.down, errors_per_second=None),
        up=replace(load.up, errors_per_second=None),
    )
    assert FindingKind.ERRORS not in assess(uncounted, GIGABIT)
    assert FindingKind.DISCARDS in assess(uncounted, GIGABIT)
