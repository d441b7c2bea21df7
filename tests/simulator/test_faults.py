from __future__ import annotations

import math

import pytest

from monitor.inventory.checks import Role
from monitor.simulator.faults import (
    HEALTHY,
    Fault,
    FaultError,
    FaultKind,
    FaultPlan,
    Place,
    parse_fault,
    places_of,
)
from tests.simulator.cities import simulated_city

CITY = simulated_city()
PLACES = list(places_of(CITY))
REFERENCE = Place("", "", "resolver", Role.REFERENCE)


def plan(*texts: str) -> FaultPlan:
    return FaultPlan(CITY, [parse_fault(text, CITY) for text in texts])


def silent(faults: FaultPlan, seconds: float = 0.0) -> set[str]:
    return {
        f"{place.school}/{place.site}/{place.device}"
        for place in PLACES
        if faults.condition(place, seconds).silent
    }


def test_uplink_down_takes_down_everything_behind_it() -> None:
    expected = {"goethe/main/router", *(f"goethe/main/switch-{at}" for at in range(1, 5))}
    assert silent(plan("uplink-down@goethe")) == expected


def test_uplink_down_at_one_site_does_not_affect_the_other() -> None:
    expected = {"schiller/annex/router", "schiller/annex/switch-1"}
    assert silent(plan("uplink-down@schiller/annex")) == expected
    assert silent(plan("uplink-down@schiller/annex/router")) == expected


def test_switch_down_without_a_name_takes_down_one_switch() -> None:
    assert silent(plan("switch-down@schiller")) == {"schiller/main/switch-1"}


def test_switch_down_with_a_name_takes_down_that_switch() -> None:
    assert silent(plan("switch-down@goethe/switch-3")) == {"goethe/main/switch-3"}
    assert silent(plan("switch-down@schiller/annex/switch-1")) == {"schiller/annex/switch-1"}


def test_isolation_silences_everything_including_references() -> None:
    isolated = plan("isolated")
    assert len(silent(isolated)) == len(PLACES)
    assert isolated.condition(REFERENCE, 0.0).silent


def test_a_reference_may_fall_silent_alone() -> None:
    faults = plan("reference-down@resolver")
    assert faults.condition(REFERENCE, 0.0).silent
    assert silent(faults) == set()
    assert [str(fault) for fault in faults.faults] == ["reference-down@resolver"]


def test_isolation_applies_on_top_of_other_faults() -> None:
    assert len(silent(plan("slow@goethe", "isolated"))) == len(PLACES)


def test_references_are_not_affected_by_school_faults() -> None:
    assert plan("uplink-down@goethe", "slow@goethe").condition(REFERENCE, 0.0) == HEALTHY


def test_slow_and_lossy_apply_to_a_whole_school_or_one_device() -> None:
    faults = plan("slow@goethe", "lossy@schiller/main/switch-2")
    conditions = {place: faults.condition(place, 1.0) for place in PLACES}
    assert {place.school for place, found in conditions.items() if found.slow} == {"goethe"}
    assert [place.device for place, found in conditions.items() if found.loss] == ["switch-2"]


def test_a_device_may_be_silent_to_snmp_alone() -> None:
    faults = plan("snmp-silent@schiller/main/switch-2")
    mute = [place for place in PLACES if faults.condition(place, 1.0).snmp_silent]
    assert [(place.school, place.site, place.device) for place in mute] == [
        ("schiller", "main", "switch-2")
    ]
    assert silent(faults) == set()


def test_a_fault_starts_and_ends_at_its_times() -> None:
    fault = parse_fault("uplink-down@goethe", CITY, starts=10.0, ends=20.0)
    faults = FaultPlan(CITY, [fault])
    states = [bool(silent(faults, seconds)) for seconds in (0.0, 9.9, 10.0, 19.9, 20.0)]
    assert states == [False, False, True, True, False]


def test_a_flapping_line_goes_down_and_comes_back() -> None:
    faults = plan("flapping@goethe")
    states = [bool(silent(faults, seconds)) for seconds in (0.0, 39.0, 40.0, 99.0, 100.0)]
    assert states == [True, True, False, False, True]


def test_a_poll_every_minute_sees_both_states_of_a_flapping_uplink() -> None:
    faults = plan("flapping@goethe")
    for offset in range(60):
        states = {bool(silent(faults, offset + 60.0 * poll)) for poll in range(10)}
        assert states == {True, False}, f"polls at second {offset} see one state only"


def test_replacing_the_faults_does_not_undo_past_effects() -> None:
    faults = FaultPlan(CITY)
    faults.replace(["counter-reset@goethe"], 50.0)
    faults.replace([], 80.0)
    assert faults.faults == ()
    assert faults.condition(PLACES[0], 90.0).counters_since == 50.0
    faults.replace(["counter-reset@goethe"], 100.0)
    assert faults.condition(PLACES[0], 110.0).counters_since == 100.0


def test_a_starting_city_is_read_once_before_its_counters_are_reset() -> None:
    faults = plan("counter-reset@goethe")
    since = [faults.condition(PLACES[0], seconds).counters_since for seconds in (0.0, 60.0, 90.0)]
    assert since == [None, None, 90.0]


def test_a_fault_kept_in_the_set_does_not_restart() -> None:
    faults = FaultPlan(CITY)
    faults.replace(["renumbered@goethe"], 50.0)
    faults.replace(["renumbered@goethe", "slow@schiller"], 80.0)
    found = faults.condition(PLACES[0], 90.0)
    assert (found.numbering, found.booted, found.counters_since) == (1, 50.0, 50.0)


def test_a_script_sets_its_own_times() -> None:
    faults = FaultPlan(CITY)
    faults.replace([{"fault": "uplink-down@goethe", "starts": 100, "ends": 160}], 0.0)
    assert faults.faults == (Fault(FaultKind.UPLINK_DOWN, "goethe", "", 100.0, 160.0),)


def test_a_mistake_in_a_replacement_changes_nothing() -> None:
    faults = plan("slow@goethe")
    with pytest.raises(FaultError):
        faults.replace(["uplink-down@goethe", "uplink-down@nowhere"], 5.0)
    assert [str(fault) for fault in faults.faults] == ["slow@goethe"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("uplink-dwon@goethe", "unknown fault 'uplink-dwon'; did you mean uplink-down?"),
        (
            "uplink-down@gothe",
            "unknown school 'gothe' among the 3 of this city; did you mean goethe?",
        ),
        ("switch-down@goethe/swich-2", "no switch 'swich-2'; did you mean switch-2?"),
        ("switch-down@goethe/router", "goethe has no switch 'router'"),
        ("uplink-down@goethe/switch-1", "no router or site 'switch-1'"),
        ("slow@schiller/anex", "no device or site 'anex'; did you mean annex?"),
        ("slow@schiller/annex/switch-2", "did you mean annex/switch-1?"),
        ("uplink-down", "uplink-down needs a place: uplink-down@SCHOOL"),
        ("reference-down@resolvr", "unknown reference 'resolvr'; did you mean resolver?"),
        ("isolated@goethe", "isolated is the monitor's own line and takes no @SCHOOL"),
        ("", "unknown fault ''; there are certificate-expiring, counter-reset, flapping"),
    ],
)
def test_a_mistake_is_one_line_with_a_suggestion(text: str, message: str) -> None:
    with pytest.raises(FaultError) as caught:
        parse_fault(text, CITY)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "entry",
    [
        {"fault": "slow@goethe", "until": 5},
        # JSON has no infinity, but Python's reader accepts it.
        {"fault": "port-errors@goethe", "starts": -math.inf},
        {"fault": "slow@goethe", "starts": math.nan},
        {"fault": 5},
        {"fault": "slow@goethe", "starts": "soon"},
        {"fault": "slow@goethe", "starts": 5, "ends": 5},
    ],
)
def test_a_script_with_a_mistake_is_refused(entry: dict[str, object]) -> None:
    with pytest.raises(FaultError):
        FaultPlan(CITY).replace([entry], 0.0)


def test_switch_down_is_refused_for_a_school_without_switches() -> None:
    with pytest.raises(FaultError, match="goethe has no switch"):
        parse_fault("switch-down@goethe", simulated_city(1, 0))
