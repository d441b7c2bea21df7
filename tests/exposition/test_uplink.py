from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.exposition.catalogue import CATALOGUE
from monitor.exposition.uplink import LOAD_METRICS, uplink_blocks, uplink_owner
from monitor.uplink import FindingKind, Measured, findings
from tests.exposition.support import exact_names
from tests.uplink.router import GIGABIT, Router, measured

if TYPE_CHECKING:
    from monitor.uplink import UplinkLoad


def at_goethe(load: UplinkLoad | None, site: str = "main") -> Measured:
    found = findings(load, GIGABIT) if load else ()
    return Measured("goethe", site, GIGABIT, load, found)


def samples(load: UplinkLoad | None) -> dict[tuple[str, str], float]:
    """Return (family without its prefix, value of the extra label) -> value."""
    blocks = uplink_blocks(at_goethe(load))
    assert blocks.keys() == {metric.name for metric in LOAD_METRICS}
    found = {}
    for (name, labels), value in exact_names(b"".join(blocks.values()).decode()).items():
        assert {("school", "goethe"), ("site", "main")} <= labels
        assert {label for label, _ in labels} == set(CATALOGUE[name].labels)
        further = [text for label, text in labels if label not in {"school", "site"}]
        found[name.removeprefix("school_uplink_"), "".join(further)] = value
    return found


def test_rates_utilisation_and_peaks_are_written_per_direction() -> None:
    found = samples(measured(Router(), 60, 25 * 10**7, 5 * 10**7, errors=120, discards=30))
    expected = {
        ("down_bits_per_second", ""): 25 * 10**7,
        ("up_bits_per_second", ""): 5 * 10**7,
        ("measured_over_seconds", ""): 60,
        ("utilisation_ratio", "down"): 0.25,
        ("utilisation_ratio", "up"): 0.1,
        ("passive_peak_bits_per_second", "down"): 25 * 10**7,
        ("passive_peak_bits_per_second", "up"): 5 * 10**7,
        ("errors_per_second", "down"): 2,
        ("errors_per_second", "up"): 0,
        ("discards_per_second", "down"): 0,
        ("discards_per_second", "up"): 0.5,
        ("speed_bits_per_second", ""): 10**9,
        ("slower_than_contract", ""): 0,
    }
    assert found == expected | {("finding", kind.value): 0 for kind in FindingKind}


def test_present_findings_are_one_and_absent_ones_zero() -> None:
    found = samples(measured(Router(speed_mbps=100), 60, 10**6))
    assert found["slower_than_contract", ""] == 1
    assert found["finding", "slower_than_contract"] == 1
    assert found["finding", "saturated"] == 0


def test_unknown_values_are_absent_and_the_reason_is_exported() -> None:
    found = samples(measured(Router(), 3700, 10**6))
    assert found["unmeasured_info", "too_long"] == 1
    assert found["finding", "interface_down"] == 0
    assert ("finding", "saturated") not in found
    names = {name for name, _ in found}
    assert not names & {"down_bits_per_second", "up_bits_per_second", "utilisation_ratio"}


def test_a_missing_interface_exports_only_that_finding() -> None:
    assert samples(measured(Router(name=b"wan1"))) == {
        ("unmeasured_info", "not_found"): 1,
        ("finding", "interface_not_found"): 1,
        ("finding", "interface_ambiguous"): 0,
    }


def test_without_a_load_every_family_is_emptied() -> None:
    assert samples(None) == {}
    assert set(uplink_blocks(at_goethe(None)).values()) == {b""}


def test_two_sites_of_a_school_have_separate_lines() -> None:
    assert uplink_owner(at_goethe(None)) != uplink_owner(at_goethe(None, "annex"))
