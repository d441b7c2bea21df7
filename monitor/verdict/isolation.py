"""The cause of a loss: our own line, what all providers share, or one provider.

The rule of docs/verdicts.md, as a function of one moment (`decide`) and with its hysteresis over
time (`assess`). Isolated: our own line is down. Common: most sites of every provider went down
together while references answer, so the hub is the first suspect, and verdicts on them are
suspended. Everything else is attributed to each provider (`monitor.verdict.provider`).

Must not know: any single device, or the resulting verdicts.
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

# This many references must answer before a loss counts against a provider.
WITNESSES = 2


class Standing(StrEnum):
    """Whether verdicts on schools are valid, and if not, the cause of the loss."""

    CLEAR = "clear"
    # References must still be queried again since the loss.
    WAITING = "waiting"
    ISOLATED = "isolated"
    COMMON = "common"


@dataclass(frozen=True, slots=True)
class Line:
    """The standing of our line and the hub, why, and since when it is calm (monotonic s).

    `providers` are those whose verdicts are suspended during a common outage.
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
    """Return the standing after another census of the city.

    Isolation and a common loss begin at once and end after a whole calm cycle. Isolation replaces a
    common loss, never the other way round.
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
    """Return the cause of a loss at one moment, by the decision table in docs/verdicts.md."""
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
    """Return the cause of the loss while some reference answers."""
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
    """Return when the loss to be explained began, None without such a loss."""
    if _all_fell(census.providers.values(), cycle_seconds, rules):
        return max(one.fell_from for one in census.providers.values() if one.fell_from is not None)
    return census.city.fell_from


def _all_fell(providers: Iterable[Heard], cycle_seconds: float, rules: Hysteresis) -> bool:
    """Return whether every provider in the census lost most of its sites at one instant."""
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
        f"{census.city.lost} of {census.city.present} sites stopped answering together, and "
        f"{answering} of {len(census.references)} references answered since",
    )


def _common(census: Census, answering: int) -> Line:
    """Return the cause if every provider has a loss, by their hand-over routers."""
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
    names = ", ".join(sorted(name or "no named provider" for name in suspended))
    suspects = "our hub" if vouched == suspended else f"our hub, or all providers ({names})"
    lost = sum(census.providers[name].lost for name in suspended)
    present = sum(census.providers[name].present for name in suspended)
    why = (
        f"{lost} of {present} sites of {names} stopped answering together while {answering} of "
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
    """Return whether the lost sites are most of those that used to answer."""
    return lost > rules.lost_share * present
