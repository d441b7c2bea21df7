"""Whose loss is it: our own line's, what all providers share, or one provider's?

The rule of docs/verdicts.md, as a function of one moment (`decide`) and with its hysteresis over
time (`assess`). Isolated: our own line is dead. Common: most sites of every provider fell
together while references answer, so their hub is the first suspect, and verdicts on them rest.
Everything else is each provider's own (`monitor.verdict.provider`).

Must not know: any single device, what verdicts follow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from monitor.verdict.census import together_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.verdict.census import Census, Heard
    from monitor.verdict.model import Hysteresis

# So many references have to answer before a loss is held against a provider.
WITNESSES = 2


class Standing(StrEnum):
    """Whether verdicts on schools may be given, and if not, whose loss it is."""

    CLEAR = "clear"
    # References are still to be asked again since the loss.
    WAITING = "waiting"
    ISOLATED = "isolated"
    COMMON = "common"


@dataclass(frozen=True, slots=True)
class Line:
    """What holds between us and the providers, why, and since when it is calm (monotonic s).

    `providers` are those whose sites are not judged while the loss is common.
    """

    standing: Standing = Standing.CLEAR
    why: str = ""
    providers: frozenset[str] = frozenset()
    calm_from: float | None = None


CLEAR = Line()
WAITING = Line(Standing.WAITING)


def assess(
    line: Line, census: Census, monotonic: float, cycle_seconds: float, rules: Hysteresis
) -> Line:
    """Return what holds after another look at the city.

    Isolation and a common loss begin at once and end after a whole calm cycle. Isolation takes
    over from a common loss, never the other way round.
    """
    found = decide(census, monotonic, cycle_seconds, rules)
    if line.standing in {Standing.CLEAR, Standing.WAITING}:
        return found
    if line.standing is Standing.COMMON and found.standing is Standing.ISOLATED:
        return found
    if not _is_calm(line, census, rules):
        return replace(line, calm_from=None)
    if line.calm_from is None:
        return replace(line, calm_from=monotonic)
    return CLEAR if monotonic - line.calm_from >= cycle_seconds else line


def decide(census: Census, monotonic: float, cycle_seconds: float, rules: Hysteresis) -> Line:
    """Return whose loss one moment shows, by the decision table in docs/verdicts.md."""
    count = len(census.references)
    if rules.references <= count == sum(one.is_silent for one in census.references):
        return Line(Standing.ISOLATED, f"none of {count} references answers")
    fell_from = _fell_from(census, cycle_seconds, rules)
    if fell_from is None or census.city.present < rules.schools:
        return CLEAR
    return _explained(census, fell_from, monotonic, cycle_seconds, rules)


def _explained(
    census: Census, fell_from: float, monotonic: float, cycle_seconds: float, rules: Hysteresis
) -> Line:
    """Return whose loss it is, while some reference is not silent."""
    references = census.references
    can_wait = monotonic - fell_from < cycle_seconds
    unheard = [one for one in references if not one.is_silent and one.asked < fell_from]
    answering = sum(one.is_answering and one.asked >= fell_from for one in references)
    if answering < WITNESSES:
        if can_wait and answering + len(unheard) >= WITNESSES:
            return WAITING
        return _unwitnessed(census, answering)
    if not _all_fell(census.providers.values(), cycle_seconds, rules):
        return CLEAR
    if can_wait and any(one.provider for one in unheard):
        return WAITING
    return _common(census, answering)


def _fell_from(census: Census, cycle_seconds: float, rules: Hysteresis) -> float | None:
    """Return when the loss that has to be explained became one, None without such a loss."""
    if _all_fell(census.providers.values(), cycle_seconds, rules):
        return max(one.fell_from for one in census.providers.values() if one.fell_from is not None)
    return census.city.fell_from


def _all_fell(providers: Iterable[Heard], cycle_seconds: float, rules: Hysteresis) -> bool:
    """Return whether every provider that was heard lost most of its sites at one instant."""
    times = [one.fell_from for one in providers]
    known = [time for time in times if time is not None]
    if not known or len(known) < len(times):
        return False
    return max(known) - min(known) <= together_seconds(cycle_seconds, rules)


def _unwitnessed(census: Census, answering: int) -> Line:
    if census.city.fell_from is None:
        return CLEAR
    return Line(
        Standing.ISOLATED,
        f"{census.city.lost} of {census.city.present} sites fell silent together, and "
        f"{answering} of {len(census.references)} references answered since",
    )


def _common(census: Census, answering: int) -> Line:
    """Return a loss of every provider: their hand-over routers tell the hub from a provider."""
    alone = len(census.providers) == 1
    suspended = set()
    vouched = set()
    for provider in census.providers:
        routers = [one for one in census.references if one.provider == provider]
        if any(one.is_answering for one in routers):
            vouched.add(provider)
            suspended.add(provider)
        elif not alone and not any(one.is_silent for one in routers):
            suspended.add(provider)
    if not suspended:
        return CLEAR
    names = ", ".join(sorted(suspended))
    suspects = "our hub" if vouched == suspended else f"our hub, or the providers ({names})"
    lost = sum(census.providers[name].lost for name in suspended)
    present = sum(census.providers[name].present for name in suspended)
    why = (
        f"{lost} of {present} sites of {names} fell silent together while {answering} of "
        f"{len(census.references)} references answer; suspects: {suspects}"
    )
    return Line(Standing.COMMON, why, frozenset(suspended))


def _is_calm(line: Line, census: Census, rules: Hysteresis) -> bool:
    if line.standing is Standing.COMMON:
        heard = [census.providers.get(name) for name in line.providers]
        return any(one is None or not is_majority(one.lost, one.present, rules) for one in heard)
    steady = sum(one.is_steady for one in census.references)
    if steady >= WITNESSES:
        return True
    if len(census.references) >= rules.references and not steady:
        return False
    city = census.city
    return city.present < rules.schools or not is_majority(city.lost, city.present, rules)


def is_majority(lost: int, present: int, rules: Hysteresis) -> bool:
    """Return whether so many lost sites are most of those that used to answer."""
    return lost > rules.lost_share * present
