"""A month's availability per site against the contract, as evidence for the provider.

A pure function from ledger entries, the inventory and the calendar to a report;
`sla_output` and `sla_table` format it.

Must not know: files, terminals, formats.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from monitor.availability.excuses import (
    EXCUSE,
    EXCUSE_WITHDRAWN,
    Excuse,
    Turned,
    read_excuses,
    turn_over,
)
from monitor.availability.minutes import (
    AHEAD,
    BEFORE,
    CODES,
    EXCUSED,
    MISSING,
    Account,
    DayAccount,
    MinuteClass,
    account_days,
    minute_of,
    minutes_of_day,
    settle_missing,
    start_of,
)
from monitor.availability.records import (
    MINUTES,
    RULE,
    SCOPE,
    TRANSITION,
    Transition,
    begun,
    read_minutes,
    read_transition,
)
from monitor.availability.spells import MEMORY, Spell, down_spells
from monitor.inventory.provider_names import provider_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from monitor.inventory.city import Contract, Inventory, School, Site
    from monitor.inventory.site_key import SiteKey
    from monitor.ledger.chain import Entry, EntrySource

_MONTH: Final = re.compile(r"(2\d{3})-(0[1-9]|1[0-2])\Z")
_MINUTE: Final = timedelta(minutes=1)
# A day's scope may be written the day after, if the disk rejected the first one.
_SCOPE_SEARCH: Final = timedelta(days=2)
# Minutes that a running daemon has not settled yet are ahead, not unknown.
SETTLE_MINUTES: Final = 12


class Verdict(StrEnum):
    """Whether the provider met the month's availability.

    Without a contract it is measured, not judged.
    """

    KEPT = "kept"
    BROKEN = "broken"
    NO_DATA = "no data"
    NO_CONTRACT = "no contract"


@dataclass(frozen=True, slots=True)
class Outage:
    """A run of down minutes, `minutes` of which count.

    `begins` and `ends` are the first failed and the first good round if known, else the bounds of
    the minutes. `followed_by` is the class of the minute after it, or `ahead`. `since` is when the
    line went down, if that was earlier: minutes before it are excused or in maintenance.
    """

    begins: datetime
    ends: datetime
    minutes: int
    reason: str
    detail: str
    followed_by: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class SiteSla:
    """One site's month.

    `allowed_down_minutes` is what the contract allows for the minutes counted so far, None without
    a contract or a counted minute; `certain` says that no unknown minute, up or down, could change
    the verdict. `charged` are the minutes of `total.down` that were unknown until a person charged
    them. `recorded_from` is the minute from which on the site has been watched.
    """

    school: School
    site: Site
    total: Account
    days: tuple[DayAccount, ...]
    verdict: Verdict
    certain: bool
    allowed_down_minutes: int | None
    outages: tuple[Outage, ...]
    charged: int = 0
    recorded_from: int = 0

    @property
    def key(self) -> SiteKey:
        """Return the site's key."""
        return self.school.key(self.site)

    @property
    def left_down_minutes(self) -> int | None:
        """Return the down minutes that the contract still allows; negative when exceeded."""
        allowed = self.allowed_down_minutes
        return None if allowed is None else allowed - self.total.down


@dataclass(frozen=True, slots=True)
class SlaReport:
    """A month's report; `ledger` has the anchors of the ledger's last rows when it was read.

    `problem` says why that ledger does not hold; then there are no anchors.
    `excuses` are those that cover a minute of the month, withdrawn ones included; `turned` has how
    many minutes of the month each one changed at the sites listed, by its id. `rule_from` is the
    instant from which the minutes follow the current rule for attributing losses, None if none
    do.
    """

    city: str
    month: str
    timezone: str
    provider: str | None
    generated: datetime
    ledger: str
    sites: tuple[SiteSla, ...]
    excuses: tuple[Excuse, ...] = ()
    turned: Mapping[str, int] = field(default_factory=dict)
    rule_from: datetime | None = None
    problem: str = ""

    @property
    def total(self) -> Account:
        """Return the sum over all sites."""
        return sum((site.total for site in self.sites), Account())

    @property
    def unknown_share(self) -> float:
        """Return the share of unknown minutes among those owed, a ratio."""
        total = self.total
        owed = total.counted + total.unknown
        return total.unknown / owed if owed else 0.0


def month_days(month: str) -> list[date]:
    """Return the days of a month in the form `2026-10`.

    Raises:
        ValueError: if it has another form.
    """
    found = _MONTH.match(month)
    if not found:
        raise ValueError(f"{month!r} is not a month; write year and month, for example 2026-10")
    first = date(int(found[1]), int(found[2]), 1)
    days = (first + timedelta(days=number) for number in range(31))
    return [day for day in days if day.month == first.month]


def month_entries(source: EntrySource, month: str, timezone: str) -> Iterator[Entry]:
    """Yield the ledger entries that a month's report needs.

    Raises:
        ValueError: if the month is malformed.
    """
    zone, days = ZoneInfo(timezone), month_days(month)
    since = start_of(minutes_of_day(days[0], zone).start)
    until = start_of(minutes_of_day(days[-1], zone).stop)
    for kind in (EXCUSE, EXCUSE_WITHDRAWN, RULE):
        for recorded in source.entries(kind):
            yield recorded.entry
    yield from minute_entries(source, since, until)
    # The reason of a line that has been down since before the month is in earlier entries.
    for recorded in source.entries(TRANSITION, since - MEMORY, until + timedelta(hours=1)):
        yield recorded.entry


def minute_entries(source: EntrySource, since: datetime, until: datetime) -> Iterator[Entry]:
    """Yield the ledger entries from which the minutes between two instants can be read."""
    for recorded in source.entries(SCOPE, None, until + _SCOPE_SEARCH):
        yield recorded.entry
    for recorded in source.entries(MINUTES, since - timedelta(hours=1), until):
        yield recorded.entry


def sla_report(  # noqa: PLR0913  # what a report rests on, each named at the call
    entries: Iterable[Entry],
    inventory: Inventory,
    month: str,
    *,
    now: datetime,
    in_lessons: Callable[[str, datetime], bool],
    provider: str | None = None,
    ledger: str = "",
    problem: str = "",
) -> SlaReport:
    """Return a month's availability per site of the inventory, of one provider or of all.

    `provider` is its name, or its key in the configuration. `in_lessons` returns whether a school
    type has lessons at an instant; it classifies minutes without a record, if a contract owes
    lesson hours only.

    Raises:
        ValueError: if the month is malformed or has not begun, or no site has the provider.
    """
    zone, days = ZoneInfo(inventory.calendar.timezone), month_days(month)
    if now < start_of(minutes_of_day(days[0], zone).start):
        raise ValueError(f"{month} has not begun; it is {now.astimezone(zone):%Y-%m-%d}")
    if provider is not None:
        provider = provider_named(inventory, provider)
    span = range(minutes_of_day(days[0], zone).start, minutes_of_day(days[-1], zone).stop)
    kept = list(entries)
    columns = read_minutes(kept, span)
    watched = begun(kept, columns, span)
    transitions = _transitions(kept)
    excuses = read_excuses(kept)
    horizon = minute_of(now) - SETTLE_MINUTES
    lessons = cache(in_lessons)
    missing = MISSING * len(span)
    sites, by_excuse = [], Counter[str]()
    for school, site in inventory.sites():
        if provider not in (None, site.uplink.provider):
            continue
        name = str(school.key(site))
        hours = owed_hours(school, site, lessons, zone)
        since = watched.get(name, span.stop)
        codes = settle_missing(columns.get(name, missing), span, horizon, hours, since)
        mine = [one for one in excuses if one.touches(name, span)]
        turned = turn_over(codes, span, name, mine)
        by_excuse.update(turned.by_excuse)
        outages = _outages(turned.codes, span, transitions.get(name, []), mine)
        by_day = account_days(turned.codes, days, zone)
        found = _site_sla(school, site, by_day, outages, turned)
        sites.append(replace(found, recorded_from=since))
    return SlaReport(
        city=inventory.city,
        month=month,
        timezone=inventory.calendar.timezone,
        provider=provider,
        generated=now,
        ledger=ledger,
        sites=tuple(sites),
        excuses=_shown(excuses, sites, span),
        turned=by_excuse,
        rule_from=_rule_from(kept, span),
        problem=problem,
    )


def _shown(excuses: Iterable[Excuse], sites: Iterable[SiteSla], span: range) -> tuple[Excuse, ...]:
    names = {str(one.key) for one in sites}
    return tuple(
        one
        for one in excuses
        if any(one.touches(site, span) for site in one.sites if site in names)
    )


def _rule_from(entries: Iterable[Entry], span: range) -> datetime | None:
    rules, recorded = [], []
    for entry in entries:
        if entry.kind == RULE:
            rules.append(start_of(minute_of(entry.at)))
        elif entry.kind == MINUTES:
            recorded.append(entry.at)
    begins, ends = start_of(span.start), start_of(span.stop)
    since = min(rules, default=ends)
    if since >= ends:
        return None
    return since if any(begins <= at < since for at in recorded) else begins


def owed_hours(
    school: School, site: Site, lessons: Callable[[str, datetime], bool], zone: ZoneInfo
) -> Callable[[datetime], bool] | None:
    """Return a test for whether the contract owes service at an instant; None: it always does."""
    if not site.uplink.is_owed_in_lessons_only:
        return None
    if not school.days_off:
        return lambda at: lessons(school.type, at)
    off = school.days_off
    return lambda at: at.astimezone(zone).date() not in off and lessons(school.type, at)


def _site_sla(
    school: School,
    site: Site,
    days: list[DayAccount],
    outages: tuple[Outage, ...],
    turned: Turned,
) -> SiteSla:
    total = sum((day.account for day in days), Account())
    verdict, certain, allowed = _judged(site.uplink.contract, total)
    return SiteSla(
        school,
        site,
        total,
        tuple(days),
        verdict,
        certain,
        allowed,
        outages,
        turned.charged,
    )


def _judged(contract: Contract | None, total: Account) -> tuple[Verdict, bool, int | None]:
    """Return the verdict, whether it is certain, and the down minutes that the contract allows."""
    if contract is None:
        return Verdict.NO_CONTRACT, True, None
    if not total.counted:
        return Verdict.NO_DATA, False, None
    # Decimal: 1 - 0.99 is not 0.01 in binary, and a single minute is decisive.
    tolerated = 1 - Decimal(str(contract.availability))
    allowed = int(tolerated * total.counted)
    allowed_of_all = int(tolerated * (total.counted + total.unknown))
    if total.down <= allowed:
        return Verdict.KEPT, total.down + total.unknown <= allowed_of_all, allowed
    return Verdict.BROKEN, total.down > allowed_of_all, allowed


def _transitions(entries: Iterable[Entry]) -> dict[str, list[Transition]]:
    by_site: dict[str, list[Transition]] = {}
    for entry in entries:
        if entry.kind == TRANSITION:
            by_site.setdefault(entry.subject, []).append(read_transition(entry))
    for transitions in by_site.values():
        transitions.sort(key=lambda transition: transition.at)
    return by_site


def _outages(
    codes: bytes, span: range, transitions: list[Transition], excuses: list[Excuse]
) -> tuple[Outage, ...]:
    spells = down_spells(transitions)
    names = {code.encode(): kind.value for kind, code in CODES.items()}
    names |= {AHEAD: "ahead", EXCUSED: "excused", BEFORE: "before"}
    outages = []
    for found in re.finditer(CODES[MinuteClass.DOWN].encode() + rb"+", codes):
        begins, ends = start_of(span[found.start()]), start_of(span.start + found.end())
        spell = next((one for one in spells if _overlaps(one, begins, ends)), None)
        after = names.get(codes[found.end() : found.end() + 1], "end of month")
        reason = detail = ""
        since = spell.begins if spell and spell.begins <= begins - _MINUTE else None
        if spell is None:
            charged = next((one for one in excuses if _charges(one, begins, ends)), None)
            if charged is not None:
                reason, detail = "reclassified", f"{charged.reason} ({charged.by})"
        else:
            reason, detail = spell.reason, spell.detail
            # Only if the minutes' bounds are those of the outage, not of a window or the day.
            begins = spell.begins if abs(spell.begins - begins) < _MINUTE else begins
            ends = spell.ends if spell.ends and abs(spell.ends - ends) < _MINUTE else ends
        minutes = found.end() - found.start()
        outages.append(Outage(begins, ends, minutes, reason, detail, after, since))
    return tuple(outages)


def _overlaps(spell: Spell, begins: datetime, ends: datetime) -> bool:
    return spell.begins < ends and (spell.ends is None or spell.ends > begins)


def _charges(excuse: Excuse, begins: datetime, ends: datetime) -> bool:
    if excuse.withdrawn is not None or excuse.into != "down":
        return False
    return excuse.begins < ends and begins < excuse.ends
