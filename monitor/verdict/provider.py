"""When a loss is a provider's outage, and when it ends.

It begins when most of a provider's sites, two at least, have been silent for a whole cycle with
references answering, and the loss is not common to all providers. It ends when most of those
sites have been back for a whole cycle: lines that come back one after the other are one outage.

Must not know: any single device's evidence, or the resulting verdicts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.observation import State
from monitor.verdict.isolation import WITNESSES, is_majority
from monitor.verdict.model import Cause, Change, Subject, SubjectKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from monitor.inventory.site_key import SiteKey
    from monitor.verdict.census import Census
    from monitor.verdict.model import Hysteresis, Moment
    from monitor.verdict.roster import Roster

# With one line, its own outage cannot be distinguished from its provider's.
LEAST_SITES = 2


@dataclass(frozen=True, slots=True)
class ProviderOutage:
    """A current outage: the affected sites, its start, and the evidence for it.

    `sites` are all of the provider's that used to answer when it began, including the few that
    still answered.
    """

    provider: str
    sites: frozenset[SiteKey]
    since: datetime
    why: str
    calm_from: float | None = None


def has_begun(provider: str, census: Census, monotonic: float, cycle_seconds: float) -> str:
    """Return why a provider's loss is now its outage, empty if it is not.

    Lines without a known provider are not grouped, so each is down by itself.
    """
    if not provider:
        return ""
    heard = census.providers.get(provider)
    if heard is None or heard.fell_from is None or heard.lost < LEAST_SITES:
        return ""
    if monotonic - heard.fell_from < cycle_seconds:
        return ""
    answering = sum(one.is_answering and one.asked >= heard.fell_from for one in census.references)
    if answering < WITNESSES:
        return ""
    routers = [one for one in census.references if one.provider == provider]
    handover = ""
    if any(one.is_answering for one in routers):
        handover = "; its hand-over router answers"
    elif any(one.is_silent for one in routers):
        handover = "; its hand-over router is silent, too"
    return (
        f"{heard.lost} of {heard.present} sites stopped answering together while {answering} of "
        f"{len(census.references)} references answer{handover}"
    )


def after_look(
    outage: ProviderOutage,
    lost: int,
    monotonic: float,
    cycle_seconds: float,
    rules: Hysteresis,
) -> ProviderOutage | None:
    """Return the outage after another census with `lost` of its sites; None if it is over."""
    if is_majority(lost, len(outage.sites), rules):
        return outage if outage.calm_from is None else replace(outage, calm_from=None)
    if outage.calm_from is None:
        return replace(outage, calm_from=monotonic)
    return None if monotonic - outage.calm_from >= cycle_seconds else outage


def subject_of(provider: str) -> Subject:
    """Return the subject of a provider's outage."""
    return Subject(SubjectKind.PROVIDER, "", "", provider)


class ProviderOutages:
    """The current outages of all providers, by the provider's name.

    `excused` schools, with announced work, are not part of any.
    """

    __slots__ = ("excused", "lasting")

    def __init__(self) -> None:
        self.lasting: dict[str, ProviderOutage] = {}
        self.excused: frozenset[str] = frozenset()

    def among(self, sites: Collection[SiteKey]) -> ProviderOutages:
        """Return the outages without the sites that no longer exist."""
        known, kept = frozenset(sites), ProviderOutages()
        kept.excused = self.excused
        kept.lasting = {
            name: replace(outage, sites=outage.sites & known)
            for name, outage in self.lasting.items()
            if outage.sites & known
        }
        return kept

    def has(self, provider: str, site: SiteKey) -> bool:
        """Return whether a site is affected by its provider's outage."""
        outage = self.lasting.get(provider)
        return outage is not None and site in outage.sites

    def look(
        self,
        roster: Roster,
        census: Census,
        now: Moment,
        rules: Hysteresis,
        left_out: Collection[str],
    ) -> Iterator[Change]:
        """Start and end outages; no outage starts for providers that are `left_out`."""
        cycle = roster.cycle_seconds
        for name, outage in tuple(self.lasting.items()):
            lost = sum(_is_lost(roster, site) for site in outage.sites)
            after = after_look(outage, lost, now.monotonic, cycle, rules)
            if after is None:
                yield self.end(name, now)
            else:
                self.lasting[name] = after
        for name, heard in census.providers.items():
            if name in self.lasting or name in left_out:
                continue
            why = has_begun(name, census, now.monotonic, cycle)
            if why and heard.fell_from is not None:
                since = now.instant_of(heard.fell_from)
                sites = _concerned(roster, name, self.excused)
                outage = self.lasting[name] = ProviderOutage(name, sites, since, why)
                before = Verdict(State.UP, Cause.ANSWERS, since)
                yield Change(subject_of(name), before, verdict_of(outage), now.instant, since)

    def end(self, provider: str, now: Moment) -> Change:
        """End an outage; return the change."""
        outage = self.lasting.pop(provider)
        after = Verdict(State.UP, Cause.ANSWERS, now.instant)
        return Change(subject_of(provider), verdict_of(outage), after, now.instant, now.instant)


def verdict_of(outage: ProviderOutage) -> Verdict:
    """Return the verdict on a provider during its outage."""
    return Verdict(State.DOWN, Cause.PROVIDER_OUTAGE, outage.since, outage.why)


def _concerned(roster: Roster, provider: str, excused: Collection[str]) -> frozenset[SiteKey]:
    return frozenset(
        site.key
        for site in roster.sites.values()
        if site.provider == provider
        and site.key.school not in excused
        and site.uplink is not None
        and (site.uplink.track.has_answered or site.uplink.fell_from is not None)
    )


def _is_lost(roster: Roster, key: SiteKey) -> bool:
    site = roster.sites.get(key)
    return site is not None and site.uplink is not None and site.uplink.is_lost
