"""A school's outages as recorded, and the excuses that reclassified minutes of them.

The rows of the minutes never change, and so neither do these outages; the month's availability has
what the excuses left of them.

Must not know: where excuses and transitions are kept, or how they are shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.availability.spells import down_spells
from monitor.inventory.site_key import SiteKey
from monitor.status.outage_model import ExcuseStatus, Outage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from typing import Literal

    from monitor.availability.excuse_effect import Effect
    from monitor.availability.excuses import Excuse, Into
    from monitor.availability.records import Transition
    from monitor.availability.sla import Outage as OutageOfMonth

_INTO: Final[Mapping[Into, Literal["excused", "down"]]] = {"unknown": "excused", "down": "down"}


def excuses_of(
    school: str, known: Mapping[Excuse, Mapping[SiteKey, Effect]], since: datetime
) -> tuple[ExcuseStatus, ...]:
    """Return the excuses that changed minutes of a school, the newest minutes first.

    `known` are those in force, with their effect on each site; those that end before `since` are
    left out.
    """
    found = [
        ExcuseStatus(
            id=excuse.id,
            site=key.site,
            begins=excuse.begins,
            ends=excuse.ends,
            into=_INTO[excuse.into],
            minutes=effect.changed,
            reason=excuse.reason,
        )
        for excuse, effects in known.items()
        if excuse.ends >= since
        for key, effect in effects.items()
        if key.school == school and effect.changed
    ]
    return tuple(sorted(found, key=lambda one: one.begins, reverse=True))


def outages_since(
    since: datetime, transitions: Iterable[Transition], excuses: Sequence[ExcuseStatus]
) -> tuple[Outage, ...]:
    """Return the outages of a school's sites that lasted beyond an instant, the newest first.

    `transitions` are the sites', in their order, and `excuses` the school's.
    """
    by_site: dict[str, list[Transition]] = {}
    for transition in transitions:
        by_site.setdefault(SiteKey.parse(transition.site).site, []).append(transition)
    found = [
        Outage(
            site=site,
            begins=spell.begins,
            ends=spell.ends,
            cause=spell.reason,
            reason=spell.detail,
            excuses=tuple(
                one.id
                for one in excuses
                if one.site == site
                and one.into == "excused"
                and one.ends > spell.begins
                and (spell.ends is None or one.begins < spell.ends)
            ),
        )
        for site, changes in by_site.items()
        for spell in down_spells(changes)
        if spell.ends is None or spell.ends >= since
    ]
    return tuple(sorted(found, key=lambda one: one.begins, reverse=True))


def outage_of_month(outage: OutageOfMonth, site: SiteKey, excuses: Iterable[Excuse]) -> Outage:
    """Return an outage of a month's report, with the excuses in force since the line went down.

    Minutes that were charged have the excuse's reason, without who decided it.
    """
    begins = outage.since or outage.begins
    within = [
        one
        for one in excuses
        if one.withdrawn is None
        and str(site) in one.sites
        and one.begins < outage.ends
        and one.ends > begins
    ]
    reason = outage.detail or outage.reason
    if outage.reason == "reclassified":
        reason = next((one.reason for one in within if one.into == "down"), outage.reason)
    return Outage(
        site=site.site,
        begins=outage.begins,
        ends=outage.ends,
        cause=outage.reason,
        reason=reason,
        excuses=tuple(one.id for one in within),
    )
