"""Optional data that a configuration lacks: the consequences, and the YAML that adds the data.

A hint is neither an error nor a warning: the file is valid as it is.

Must not know: how a file is read, or who prints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.inventory.checks import CheckKind, snmp_access
from monitor.inventory.city import NO_CITY, ExpectedLine
from monitor.words.plural import count_of
from monitor.words.terms import NO_CONTRACT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from monitor.inventory.city import Inventory

_POLLS: Final = {CheckKind.ICMP, CheckKind.INTERFACES, CheckKind.HARDWARE}
_REFERENCES: Final = (
    "references: [{name: reference-1, host: 192.0.2.1}, {name: reference-2, host: 198.51.100.1}, "
    "{name: reference-3, host: 203.0.113.1}]"
)
_CREDENTIAL: Final = (
    (
        "credentials: {devices: {user: monitor, auth: sha256, auth_password: "
        "{environment: SNMP_AUTH}, priv: aes128, priv_password: {environment: SNMP_PRIV}}}"
    ),
    "defaults: {snmp: {version: v3, credential: devices}}",
)
_CONTRACT: Final = (
    "providers: {provider-a: {name: Provider A}}",
    (
        "defaults: {contract: {provider: provider-a, down: 1 Gbit/s, up: 1 Gbit/s, "
        "normal_down: 900 Mbit/s, normal_up: 900 Mbit/s, minimum_down: 600 Mbit/s, "
        "minimum_up: 600 Mbit/s, availability: 99.5 %}}"
    ),
)
_TESTS: Final = "defaults: {throughput: {method: iperf3}}"
_LESSONS: Final = (
    "lessons: {Gymnasium: [{weekdays: [mon, tue, wed, thu, fri], hours: 07:45-13:30}]}"
)


@dataclass(frozen=True, slots=True)
class Hint:
    """What is missing and the consequence; `add` is YAML for the file, `each` for a school."""

    sentence: str
    add: tuple[str, ...] = ()
    each: str = ""

    def __str__(self) -> str:
        return self.beside(())

    def beside(self, sections: Collection[str]) -> str:
        """Return the hint for a file with these sections; existing sections are not repeated."""
        added = " and ".join(_added(one, sections) for one in self.add)
        here = f"`{self.each}` in each school" if self.each else ""
        return f"{self.sentence}; add {' and '.join(filter(None, (added, here)))}"

    @property
    def sections(self) -> tuple[str, ...]:
        """Return the file's sections that it adds to."""
        return tuple(one.partition(":")[0] for one in self.add)


def _added(yaml: str, sections: Collection[str]) -> str:
    """Return a section as YAML; for an existing one, only the keys to add."""
    section, _, value = yaml.partition(": ")
    if section in sections and value.startswith("{"):
        return f"`{value[1:-1]}` in {section}"
    return f"`{yaml}`"


def sentences(inventory: Inventory, sections: Iterable[str]) -> Iterator[str]:
    """Yield each hint for a file with these sections, as if all previous ones had been followed."""
    there = set(sections)
    for hint in hints(inventory):
        yield hint.beside(there)
        there.update(hint.sections)


def watched(inventory: Inventory) -> str:
    """Return what will be monitored, in one line."""
    plans = [
        plans
        for _, site in inventory.sites()
        for plans in (site.uplink.checks, *(switch.checks for switch in site.switches))
    ]
    read = sum(snmp_access(one) is not None for one in plans)
    further = sum(plan.kind not in _POLLS for one in plans for plan in one)
    return (
        f"watched: {count_of(len(plans), 'device')} by ping, {read or 'none'} of them by SNMP, "
        f"{count_of(further, 'further check')}, {count_of(len(inventory.references), 'reference')}"
    )


def has_no_holidays(inventory: Inventory) -> bool:
    """Return whether the file has neither state nor holidays, so that no holidays are known."""
    return not inventory.calendar.state and not inventory.calendar.holidays


def hints(inventory: Inventory) -> Iterator[Hint]:
    """Yield the missing data, those of the whole city first."""
    yield from _of_the_city(inventory)
    sites = [site for _, site in inventory.sites()]
    devices = [
        checks
        for site in sites
        for checks in (site.uplink.checks, *(switch.checks for switch in site.switches))
    ]
    if unread := sum(snmp_access(checks) is None for checks in devices):
        yield Hint(
            f"no SNMP credential for {unread} of {count_of(len(devices), 'device')}: ping alone, "
            "no ports, load or hardware",
            _CREDENTIAL,
        )
    if unjudged := sum(site.uplink.contract is None for site in sites):
        where = f"at {unjudged} of {count_of(len(sites), 'site')}"
        yield Hint(NO_CONTRACT.en.replace("contract", f"contract {where}"), _CONTRACT)
    types = [school.type for school in inventory.schools]
    if untaught := sum(one not in inventory.calendar.lessons for one in types):
        yield Hint(
            f"no lessons known for {untaught} of {count_of(len(types), 'school')}: their alerts "
            "count as outside lessons",
            (_LESSONS,),
            "type: Gymnasium",
        )
    yield from _of_the_goal(inventory)
    if unplaced := sum(site.location is None for site in sites):
        yield Hint(
            f"no location for {unplaced} of {count_of(len(sites), 'site')}: they are on no map",
            each="location: [51.48, 7.22]",
        )


def _of_the_goal(inventory: Inventory) -> Iterator[Hint]:
    """Yield what keeps the goal's sites from ever being live or verified."""
    goal = inventory.goal
    lines = [site.uplink for school, site in inventory.sites() if goal and goal.covers(school)]
    if untested := sum(line.throughput is None for line in lines):
        yield Hint(
            f"the goal needs speed tests, and none is set at {untested} of "
            f"{count_of(len(lines), 'site')}: {_they(untested)} never verified",
            (_TESTS,),
        )
    if unnamed := sum(line.expected == ExpectedLine() for line in lines):
        have = "has" if unnamed == 1 else "have"
        yield Hint(
            f"the goal needs to know which line is the right one, and {unnamed} of "
            f"{count_of(len(lines), 'site')} {have} no `line`: {_they(unnamed)} never live",
            each="line: {sys_name: gw-goethe-schule}",
        )


def _they(number: int) -> str:
    return "it is" if number == 1 else "they are"


def _of_the_city(inventory: Inventory) -> Iterator[Hint]:
    calendar = inventory.calendar
    if inventory.city == NO_CITY:
        yield Hint(f"no city is named: pages and reports say {NO_CITY}", ("city: {name: Bochum}",))
    if calendar.is_machine_zone:
        yield Hint(
            f"no time zone: days and local times are those of {calendar.timezone}, as this "
            "machine's",
            ("city: {timezone: Europe/Berlin}",),
        )
    if has_no_holidays(inventory):
        yield Hint(
            "no state: no school holidays are known, every weekday but the whole country's public "
            "holidays is a school day",
            ("city: {state: NW}",),
        )
    if not inventory.references:
        yield Hint(
            "no references: the monitor's own dead line cannot be told from an outage of the "
            "whole city",
            (_REFERENCES,),
        )
    if not inventory.has_end_mark:
        yield Hint(
            "no end mark: the file would look complete if it lost its last schools", ("...",)
        )
