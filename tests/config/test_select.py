"""`interfaces.select` and `unused`: which level applies, and how mistakes are reported."""

from __future__ import annotations

import pytest

from monitor.config import load_text
from monitor.inventory.checks import InterfacesOptions
from monitor.inventory.interface_selection import EVERYTHING, IF_TYPES, InterfaceSelection
from tests.config.build.test_build import NETWORK, SMALL, problems, with_school


def options_of(text: str) -> dict[str, InterfacesOptions]:
    """Return the options of a small configuration's router and switches by device."""
    (site,) = load_text(text.encode(), "small").schools[0].sites
    plans = {site.uplink.device: site.uplink.checks}
    plans |= {switch.name: switch.checks for switch in site.switches}
    return {
        device: plan.options
        for device, checks in plans.items()
        for plan in checks
        if isinstance(plan.options, InterfacesOptions)
    }


def test_by_default_all_is_selected_and_unused_ports_export_states_only() -> None:
    for options in options_of(SMALL).values():
        assert options.select == EVERYTHING
        assert options.unused == "status"


def test_type_names_and_numbers_are_equivalent() -> None:
    both = with_school("    interfaces: {select: {types: [ethernetCsmacd, 161], admin: up}}\n")
    options = both.schools[0].sites[0].uplink.checks[1].options
    assert isinstance(options, InterfacesOptions)
    assert options.select == InterfaceSelection(types=frozenset({6, 161}), admin="up")


def test_an_alias_used_for_selection_is_read_and_not_exported() -> None:
    chosen = with_school('    interfaces: {select: {alias: "^Raum"}}\n').schools[0].sites[0]
    for checks in (chosen.uplink.checks, chosen.switches[0].checks):
        (options,) = [p.options for p in checks if isinstance(p.options, InterfacesOptions)]
        assert options.select.alias == "^Raum"
        assert (options.read_alias, options.alias) == (True, False)


def test_the_nearest_select_applies_as_a_whole_down_to_the_switch() -> None:
    school = (
        "    interfaces: {unused: whole, select: {name: Gi, admin: up}}\n"
        "    switches:\n"
        "      - {name: attic, host: 10.82.1.20}\n"
        "      - name: cellar\n"
        "        host: 10.82.1.21\n"
        "        interfaces: {select: {without_types: [tunnel]}}\n"
        "      - {name: hall, host: 10.82.1.22, interfaces: {unused: status}}\n"
    )
    options = options_of(SMALL.replace(NETWORK, NETWORK + school))
    of_school = InterfaceSelection(name="Gi", admin="up")
    found = {device: (one.select, one.unused) for device, one in options.items()}
    assert found == {
        "router": (of_school, "whole"),
        "attic": (of_school, "whole"),
        "cellar": (InterfaceSelection(without_types=frozenset({IF_TYPES["tunnel"]})), "whole"),
        "hall": (of_school, "status"),
    }


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("select: {types: [ethernetCsmacdd]}", "did you mean ethernetCsmacd?"),
        ("select: {types: [0]}", "allowed: a name of IANAifType such as ethernetCsmacd"),
        ('select: {name: "("}', "is not a regular expression"),
        ("select: {admin: down}", "allowed: any, up"),
        ("select: {typ: [6]}", "did you mean types?"),
        ("unused: none", "allowed: status, whole"),
    ],
)
def test_a_mistake_is_named_with_its_cure(written: str, said: str) -> None:
    found = problems(SMALL.replace(NETWORK, f"{NETWORK}    interfaces: {{{written}}}\n"))
    assert any(said in line for line in found), found
