"""The stages of a site's connection, computed from evidence.

Planned, ordered, built and reported are stated by people; no statement makes a site live. Live
follows from 24 hours of the right line, verified from a passed campaign. Only a failed complete
campaign revokes it; age turns it into live (stale). Missing data changes nothing.

Must not know: the ledger, the configuration file, how a rate is measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from monitor.campaigns.evidence import CampaignOutcome, Judged
from monitor.rollout.line import NO_EXPECTATION, WINDOW_MINUTES, is_live

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

    from monitor.campaigns.evidence import LineDay
    from monitor.inventory.city import Milestone

# How long a passed campaign remains valid evidence for a line.
FRESH: Final = timedelta(days=180)


class Stage(StrEnum):
    """The stage of a site's connection.

    A person states planned to reported; live to regressed follow from evidence. `unknown` is a
    site with neither a statement nor evidence.
    """

    UNKNOWN = "unknown"
    PLANNED = "planned"
    ORDERED = "ordered"
    BUILT = "built"
    REPORTED = "reported"
    LIVE = "live"
    VERIFIED = "verified"
    LIVE_STALE = "live_stale"
    REGRESSED = "regressed"


_ORDER: Final = tuple(Stage)


@dataclass(frozen=True, slots=True)
class StageFinding:
    """A site's stage, since when (aware UTC, None if unknown), why as text, and its evidence.

    `evidence` lists the basis of the stage: `campaign:ID`, `minutes:SINCE/UNTIL` (UTC),
    `milestone:STAGE/DAY/REFERENCE`.
    """

    stage: Stage
    since: datetime | None
    why: str
    evidence: tuple[str, ...] = ()


def stage_of(  # noqa: PLR0913  # all the evidence of a site, and how it is read
    milestones: Sequence[Milestone],
    line_days: Iterable[LineDay],
    judged: Iterable[Judged],
    now: datetime,
    zone: ZoneInfo,
    *,
    is_line_expected: bool = True,
) -> StageFinding:
    """Return a site's stage at `now`; later evidence is ignored, the order does not matter.

    `zone` is the time zone of the days: those of milestones, and those that the reason names.
    `is_line_expected` says whether the configuration tells the right line from another; without
    that no 24 hours prove anything.
    """
    days = sorted((day for day in line_days if day.until <= now), key=lambda day: day.until)
    complete = _complete(judged, now)
    verified = _by_campaigns(complete, now, zone)
    if verified is not None:
        return verified
    live = _by_line(days, zone)
    if live is not None:
        return live
    return _by_word(milestones, _hint(days, complete, is_line_expected=is_line_expected), now, zone)


def _complete(judged: Iterable[Judged], now: datetime) -> list[tuple[datetime, Judged]]:
    """Return the complete campaigns with the times at which they became complete, ascending."""
    found = [
        (one.verdict.last, one)
        for one in judged
        if one.verdict.outcome is not CampaignOutcome.INCOMPLETE
        and one.verdict.last is not None
        and one.verdict.last <= now
    ]
    # Of two that end together, the failed one counts as later: a tie verifies no site.
    return sorted(found, key=lambda pair: (pair[0], _failed(pair[1]), pair[1].campaign))


def _failed(one: Judged) -> bool:
    return one.verdict.outcome is CampaignOutcome.FAILED


def _by_campaigns(
    complete: Sequence[tuple[datetime, Judged]], now: datetime, zone: ZoneInfo
) -> StageFinding | None:
    """Return the stage of a site by its complete campaigns; None if none ever passed."""
    since: datetime | None = None  # of the verification, or of its loss
    passed: tuple[datetime, Judged] | None = None
    lost: Judged | None = None
    for at, one in complete:
        if _failed(one):
            if passed is not None and lost is None:
                since = at
            lost = one if passed is not None else None
        else:
            if passed is None or lost is not None or at - passed[0] >= FRESH:
                since = at
            passed, lost = (at, one), None
    if passed is None or since is None:
        return None
    at, one = passed
    if lost is not None:
        why = f"campaign {lost.campaign} failed: {_reasons(lost)}; {one.campaign} had passed"
        evidence = (f"campaign:{lost.campaign}", f"campaign:{one.campaign}")
        return StageFinding(Stage.REGRESSED, since, why, evidence)
    proof = (f"campaign:{one.campaign}",)
    day = at.astimezone(zone).date()
    words = f"campaign {one.campaign} passed on {day} with {one.verdict.counted} tests"
    if now - at >= FRESH:
        why = f"{words}, {FRESH.days} days ago or more: measure again"
        return StageFinding(Stage.LIVE_STALE, at + FRESH, why, proof)
    return StageFinding(Stage.VERIFIED, since, words, proof)


def _by_line(days: Sequence[LineDay], zone: ZoneInfo) -> StageFinding | None:
    """Return live if the last conclusive 24 hours show it, None otherwise."""
    since: datetime | None = None
    proof: LineDay | None = None
    for day in days:
        live = is_live(day)
        if live:
            since, proof = since or day.until, day
        elif live is False:
            since, proof = None, None
    if since is None or proof is None:
        return None
    why = (
        f"up in {proof.answered_minutes} of {WINDOW_MINUTES} minutes until "
        f"{proof.until.astimezone(zone):%Y-%m-%d %H:%M}, {proof.line}"
    )
    span = f"{proof.since:%Y-%m-%dT%H:%MZ}/{proof.until:%Y-%m-%dT%H:%MZ}"
    return StageFinding(Stage.LIVE, since, why, (f"minutes:{span}",))


def _by_word(
    milestones: Sequence[Milestone], hint: str, now: datetime, zone: ZoneInfo
) -> StageFinding:
    """Return the last step that a person attests, and why the stage is not beyond it."""
    today = now.astimezone(zone).date()
    reached = [stone for stone in milestones if stone.day <= today]
    if not reached:
        return StageFinding(Stage.UNKNOWN, None, f"no milestone is reached; {hint}")
    stone = max(reached, key=lambda one: (one.day, _ORDER.index(one.stage)))
    since = datetime.combine(stone.day, time(), zone).astimezone(UTC)
    why = f"{stone.stage} on {stone.day} by {stone.reference}; {hint}"
    evidence = (f"milestone:{stone.stage}/{stone.day}/{stone.reference}",)
    return StageFinding(Stage(stone.stage), since, why, evidence)


def _hint(
    days: Sequence[LineDay],
    complete: Sequence[tuple[datetime, Judged]],
    *,
    is_line_expected: bool,
) -> str:
    """Return what keeps a site from being live."""
    failed = ""
    if complete:
        _, one = complete[-1]
        failed = f"; campaign {one.campaign} failed: {_reasons(one)}"
    if not days:
        unproven = "no 24 hours on the right line are proven yet"
        return f"{unproven if is_line_expected else NO_EXPECTATION}{failed}"
    day = days[-1]
    down = day.counted_minutes - day.answered_minutes
    minutes = f"up in {day.answered_minutes} and down in {down} of {WINDOW_MINUTES} minutes"
    return f"not live: {minutes}, {day.line}{failed}"


def _reasons(one: Judged) -> str:
    return "; ".join(one.verdict.reasons)
