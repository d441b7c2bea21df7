"""The inventory that follows from a configuration file."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from monitor.config import ConfigError, load_text
from monitor.inventory.checks import (
    CheckKind,
    DnsOptions,
    Engine,
    HttpOptions,
    IcmpOptions,
    InterfacesOptions,
    Role,
    TcpOptions,
)
from monitor.inventory.city import (
    CredentialSource,
    Criterion,
    ExpectedLine,
    Goal,
    Inventory,
    ReportedEntry,
    ReportedGoal,
)
from monitor.inventory.limits import Limits

GOOD = Path(__file__).parents[1] / "corpus" / "good"
SMALL = (GOOD / "smallest.yaml").read_text(encoding="utf-8")
NETWORK = "    network: 10.82.1.0/24\n"


def read(name: str) -> Inventory:
    return load_text((GOOD / f"{name}.yaml").read_bytes(), name)


def with_school(extra: str) -> Inventory:
    assert NETWORK in SMALL
    return load_text(SMALL.replace(NETWORK, NETWORK + extra).encode(), "x.yaml")


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_text(text.encode(), "x.yaml")
    return [f"{problem.line}: {problem.message}" for problem in caught.value.problems]


def test_router_and_switch_addresses_are_derived_from_the_network() -> None:
    site = read("smallest").schools[0].sites[0]
    assert site.id == "main"
    assert site.uplink.host == "10.82.1.1"
    assert [(switch.name, switch.host) for switch in site.switches] == [
        ("switch-01", "10.82.1.11"),
        ("switch-02", "10.82.1.12"),
    ]


def test_a_reference_may_be_the_hand_over_router_of_a_provider() -> None:
    names = [one.provider for one in read("reference-of-a-provider").references]
    assert names == ["", "", "Provider A"], "by the name that labels and reports have"


def test_ipv6_addresses_are_derived_the_same_way() -> None:
    site = read("ipv6-networks").schools[0].sites[0]
    assert site.uplink.host == "2001:db8:1::1"
    assert site.switches[0].host == "2001:db8:1::b"


def test_contract_is_in_bits_per_second_and_a_ratio() -> None:
    contract = read("smallest").schools[0].sites[0].uplink.contract
    assert contract is not None
    assert contract.provider == "Provider A"
    assert (contract.down_bps, contract.normal_down_bps) == (10**9, 9 * 10**8)
    assert contract.minimum_up_bps == 6 * 10**8
    assert contract.availability == 0.995
    assert contract.hours == "always"


def test_school_overrides_single_keys_and_inherits_the_rest() -> None:
    school = read("settings-of-one-school").schools[0]
    uplink = school.sites[0].uplink
    assert school.district == "Mitte"
    assert school.sites[0].switches == ()
    assert uplink.interface == "0/1"
    assert uplink.contract is not None
    assert uplink.contract.down_bps == 1_500_000_000
    assert uplink.contract.up_bps == 999_999_000
    assert uplink.contract.normal_up_bps == 900_000_000
    assert (uplink.contract.availability, uplink.contract.hours) == (1.0, "lessons")
    icmp, interfaces = uplink.checks
    assert icmp.options == IcmpOptions(10, 0.1, 1472, 1.0)
    assert (icmp.interval, icmp.timeout) == (30.0, 5.0)
    assert isinstance(interfaces.options, InterfacesOptions)
    access = interfaces.options.access
    assert (access.version, access.credential) == ("1", "devices")
    assert (access.port, access.timeout, access.retries) == (1161, 0.5, 0)
    assert interfaces.options.alias


def test_switches_have_their_own_ping_interval() -> None:
    site = with_school("    icmp: {interval: 15s, switch_interval: 2m}\n").schools[0].sites[0]
    switch = site.switches[0]
    kinds = [CheckKind.ICMP, CheckKind.INTERFACES, CheckKind.HARDWARE]
    assert [plan.kind for plan in switch.checks] == kinds
    assert (site.uplink.checks[0].interval, switch.checks[0].interval) == (15.0, 120.0)
    pings, slow = site.uplink.checks[0].options, switch.checks[0].options
    assert isinstance(pings, IcmpOptions)
    assert slow == replace(pings, histogram=False)


def test_switches_are_not_pinged_more_often_than_their_uplink() -> None:
    found = problems(SMALL.replace(NETWORK, NETWORK + "    icmp: {interval: 5m}\n"))
    assert any("more often than their uplink (300s)" in line for line in found)


def test_uplink_interface_applies_only_to_the_router() -> None:
    site = with_school("    interfaces: {uplink: wan}\n").schools[0].sites[0]
    router, switch = site.uplink.checks[1].options, site.switches[0].checks[1].options
    assert isinstance(router, InterfacesOptions)
    assert isinstance(switch, InterfacesOptions)
    assert (router.uplink_interface, switch.uplink_interface) == ("wan", None)


def test_sites_inherit_from_their_school_and_may_differ() -> None:
    main, annex = read("several-sites").schools[0].sites
    assert (main.id, main.lot, main.programme, len(main.switches)) == (
        "main",
        "lot 1",
        "Gute Schule",
        2,
    )
    assert (annex.lot, annex.programme) == ("lot 2", "Gute Schule")
    assert annex.uplink.host == "router.annex.example"
    assert [stone.stage for stone in annex.milestones] == ["planned", "ordered"]
    attic, cellar = annex.switches
    assert attic.host == "2001:db8::7"
    assert isinstance(attic.checks[1].options, InterfacesOptions)
    assert isinstance(cellar.checks[1].options, InterfacesOptions)
    assert attic.checks[1].options.access.engine is Engine.PYSNMP
    assert attic.checks[1].options.access.version == "1"
    assert cellar.checks[1].options.access.engine is Engine.NATIVE


def test_additional_checks_follow_the_default_ones_with_the_host_filled_in() -> None:
    plans = read("every-kind-of-check").schools[0].sites[0].uplink.checks
    assert [plan.name for plan in plans] == [
        "icmp",
        "interfaces",
        "website",
        "resolver",
        "other-resolver",
        "shell",
    ]
    website, resolver, other, shell = (plan.options for plan in plans[2:])
    assert website == HttpOptions(
        url="https://10.82.1.1/start?a=1",
        status=(200, 301),
        body="Bochum|Schule",
        redirects=0,
        verify=False,
        address="10.82.1.1",
        network="10.82.1.0/24",
    )
    assert (plans[2].interval, plans[2].timeout) == (300.0, 30.0)
    assert resolver == DnsOptions("10.82.1.1", "www.bochum.de", "AAAA", 5353, ("2001:db8::1",))
    assert other == DnsOptions("9.9.9.9", "_sip._udp.bochum.de.", "SRV")
    assert shell == TcpOptions(22)


def test_ipv6_host_is_bracketed_in_a_url() -> None:
    text = (GOOD / "ipv6-networks.yaml").read_text(encoding="utf-8")
    text = text.replace(
        "    network: 2001:db8:1::/64\n",
        "    network: 2001:db8:1::/64\n"
        "    checks: {web: {kind: http, url: 'https://{host}:8443/'}}\n",
    )
    options = load_text(text.encode(), "x").schools[0].sites[0].uplink.checks[2].options
    assert isinstance(options, HttpOptions)
    assert options.url == "https://[2001:db8:1::1]:8443/"


def test_null_removes_a_check_of_the_profile() -> None:
    first, second = read("check-removed").schools
    assert [plan.name for plan in first.sites[0].uplink.checks] == ["icmp", "interfaces"]
    assert [plan.name for plan in second.sites[0].uplink.checks][2:] == ["shell"]


def test_maintenance_is_stored_in_utc_and_read_in_the_zone_of_the_city() -> None:
    windows = read("maintenance").schools[0].maintenance
    assert windows[0].starts == datetime(2026, 10, 1, 16, 0, tzinfo=UTC)
    assert windows[0].ends == datetime(2026, 10, 1, 18, 0, 30, tzinfo=UTC)
    assert windows[1].starts == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert windows[1].ends == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert windows[2].ends == datetime(2026, 12, 1, 23, 0, tzinfo=UTC)
    assert windows[0].reason == "new router"


def test_calendar_has_weekdays_as_numbers() -> None:
    calendar = read("smallest").calendar
    assert (calendar.timezone, calendar.state) == ("Europe/Berlin", "NW")
    (period,) = calendar.lessons["Grundschule"]
    assert period.weekdays == (0, 1, 2, 3, 4)
    assert (period.starts, period.ends) == (time(7, 45), time(13, 30))


def test_references_are_pinged_and_checked_as_configured() -> None:
    inventory = read("reference-by-name")
    first, second, _ = inventory.references
    assert first.host == "one.example"
    assert isinstance(first.checks[0].options, IcmpOptions)
    assert first.checks[0].options.packets == 3
    assert isinstance(first.checks[1].options, HttpOptions)
    assert first.checks[1].options.url == "https://one.example"
    assert [plan.name for plan in second.checks] == ["icmp"]
    references = [check for check in inventory.checks() if check.target.role is Role.REFERENCE]
    assert len(references) == 4


def test_checks_in_defaults_are_for_uplinks_not_for_references() -> None:
    text = SMALL.replace("defaults:\n", "defaults:\n  checks: {shell: {kind: tcp, port: 22}}\n")
    inventory = load_text(text.encode(), "x")
    assert inventory.schools[0].sites[0].uplink.checks[2].name == "shell"
    assert len(inventory.references[0].checks) == 1


def test_credentials_are_kept_as_places_not_values() -> None:
    assert read("smallest").credentials == {
        "devices": CredentialSource("environment", "SNMP_COMMUNITY")
    }
    assert read("credential-in-a-file").credentials == {
        "devices": CredentialSource("file", "/run/credentials/devices")
    }


def test_rules_across_keys_are_checked_despite_broken_keys() -> None:
    text = SMALL.replace(
        NETWORK,
        NETWORK + "    contract: {down: 1 GB/s}\n    icmp: {interval: 5s}\n"
        "    maintenance:\n"
        "      - {starts: now, ends: later, reason: x}\n"
        "      - {starts: 2026-10-01 18:00, ends: 2026-10-01 17:00, reason: x}\n"
        "    switches:\n      - {name: attic, host: 10.82.2.1}\n",
    )
    found = problems(text)
    assert [line.split(":", maxsplit=1)[0] for line in found] == [
        "35",
        "36",
        "38",
        "38",
        "39",
        "41",
        "48",
    ]
    assert "of 5s (the default) is too long for an interval of 5s;" in found[1]
    assert "not after its start" in found[4]
    assert "outside its site's network" in found[5]
    assert "host 10.82.2.1, assigned from this network, is already used in line 41" in found[6]


def test_a_broken_site_does_not_hide_mistakes_at_other_sites() -> None:
    text = SMALL.replace(
        "    location: [51.48, 7.22]\n" + NETWORK,
        "    sites:\n"
        "      - {id: main, location: [99, 7], network: 10.82.1.0/24}\n"
        "      - {id: annex, location: [51, 7], network: 10.82.2.0/24}\n",
    )
    found = problems(text)
    assert "allowed: at most 90" in found[0]
    assert "overlaps 10.82.2.0/24 in line 35" in found[1]
    assert len(found) == 2


def test_a_mistake_in_the_defaults_is_reported_once_at_its_place() -> None:
    found = problems(SMALL.replace("snmp: {credential: devices}", "icmp: {timeout: 59s}"))
    (line,) = [line for line in found if "too long" in line]
    assert line.startswith(
        "15: a time-out of 59s is too long for an interval of 10s (the default); "
    )


def test_a_value_that_was_not_written_here_is_named_with_its_source() -> None:
    text = SMALL.replace("snmp: {credential: devices}", "icmp: {timeout: 8s}")
    (line,) = problems(text.replace(NETWORK, NETWORK + "    icmp: {interval: 5s}\n"))
    assert line.startswith(
        "35: a time-out of 8s (inherited from line 15) is too long for an interval of 5s; allowed"
    )
    checks = "    checks: {web: {kind: tcp, port: 80, interval: 10s}}\n"
    (line,) = problems(SMALL.replace(NETWORK, NETWORK + checks))
    assert line.startswith(
        "35: a time-out of 10s (the default) is too long for an interval of 10s; allowed"
    )


def test_broken_defaults_cause_no_follow_up_problems() -> None:
    assert len(problems(SMALL.replace("down: 1 Gbit/s", "down: fast"))) == 1
    assert len(problems(SMALL.replace("credential: devices", "credential: Devices!"))) == 1


def test_goals_are_read_with_their_dates_and_sources() -> None:
    inventory = read("goals-and-line")
    assert inventory.goal == Goal(
        name="Broadband for all schools",
        criterion=Criterion.CONTRACT,
        target=date(2022, 12, 31),
        denominator=82,
        unit="schools",
        source="council 1",
        types=("Grundschule",),
        schools=("first-school", "second-school"),
    )
    assert inventory.reported_goals == (
        ReportedGoal(
            id="tablets",
            name="Tablets",
            unit="tablets",
            source="council 2",
            entries=(
                ReportedEntry(date(2020, 9, 11), None, "press", planned=18000.0),
                ReportedEntry(date(2020, 12, 31), 9000.0, "press"),
                ReportedEntry(date(2021, 6, 30), 12000.5, "press", planned=20000.0),
            ),
            target=18000.0,
            target_day=date(2021, 12, 31),
        ),
        ReportedGoal("posts", "Posts", "posts", "council 3", ()),
    )


def test_file_without_goals_has_none() -> None:
    inventory = read("smallest")
    assert inventory.goal is None
    assert inventory.reported_goals == ()
    assert inventory.schools[0].classes is None
    assert inventory.schools[0].sites[0].uplink.expected == ExpectedLine()


def test_expected_line_is_merged_and_reads_the_alias_of_the_router_only() -> None:
    inventory = read("goals-and-line")
    school = inventory.schools[0]
    assert school.classes == 12
    site = school.sites[0]
    assert site.uplink.expected == ExpectedLine("gw.first.example", "Fibre 1000", "203.0.113.0/24")
    options = site.uplink.checks[1].options
    assert isinstance(options, InterfacesOptions)
    assert (options.alias, options.read_alias) == (False, True)
    assert all(
        not plan.options.read_alias
        for switch in site.switches
        for plan in switch.checks
        if isinstance(plan.options, InterfacesOptions)
    )
    other = inventory.schools[1].sites[0].uplink.checks[1].options
    assert isinstance(other, InterfacesOptions)
    assert not other.read_alias


def test_mistake_in_the_goals_does_not_hide_one_at_a_school() -> None:
    text = (GOOD / "goals-and-line.yaml").read_text(encoding="utf-8")
    broken = text.replace("criterion: contract", "criterion: fast").replace("[51.48, 7.22]", "51")
    assert len(problems(broken)) == 2


def test_degraded_limits_come_from_the_nearest_level() -> None:
    inventory = read("degraded-at-every-level")
    first, second = (school.sites[0] for school in inventory.schools)
    attic, cellar = first.switches
    assert first.uplink.limits == Limits(0.025, 600, 4, 7200, 5, 0.8, 900, 70)
    assert cellar.limits == first.uplink.limits
    assert attic.limits == replace(first.uplink.limits, celsius=82.5)
    assert second.switches[1].limits == replace(first.uplink.limits, failed_runs=2)


def test_a_file_without_limits_gets_the_default_limits() -> None:
    [school, *_] = read("smallest").schools
    assert school.sites[0].uplink.limits == Limits()
