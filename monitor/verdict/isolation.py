"""Is it our own line? The guard that keeps the monitor's outage from becoming the schools'.

Isolated means: every reference is silent, or more than half of the sites that used to answer
fell silent within one cycle. It ends only after a whole calm cycle, so that every site was
asked once more over the line that came back.

Must not know: any single device, what verdicts follow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.verdict.model import Hysteresis


@dataclass(frozen=True, slots=True)
class Census:
    """What is heard of the city at one moment, in numbers of references and of sites.

    `steady_references` answered often enough in a row to be trusted again. `present_sites`
    answered when last heard, `lost_sites` are those of them that are silent now,
    `newly_lost_sites` those that fell silent within the last cycle.
    """

    references: int
    silent_references: int
    steady_references: int
    present_sites: int
    lost_sites: int
    newly_lost_sites: int


@dataclass(frozen=True, slots=True)
class Line:
    """The monitor's own line: isolated or not, why, and since when it is calm (monotonic s)."""

    is_isolated: bool = False
    why: str = ""
    calm_from: float | None = None


def assess(
    line: Line, census: Census, monotonic: float, cycle_seconds: float, rules: Hysteresis
) -> Line:
    """Return the state of our own line after another look at the city."""
    if not line.is_isolated:
        why = _why_isolated(census, rules)
        return Line(is_isolated=True, why=why) if why else line
    if not _is_calm(census, rules):
        return replace(line, calm_from=None)
    if line.calm_from is None:
        return replace(line, calm_from=monotonic)
    return Line() if monotonic - line.calm_from >= cycle_seconds else line


def _why_isolated(census: Census, rules: Hysteresis) -> str:
    if _all_references_silent(census, rules):
        return f"none of {census.references} references answers"
    if _is_majority(census.newly_lost_sites, census, rules):
        return (
            f"{census.newly_lost_sites} of {census.present_sites} sites fell silent within "
            f"one cycle ({census.silent_references} of {census.references} references silent)"
        )
    return ""


def _is_calm(census: Census, rules: Hysteresis) -> bool:
    if census.references >= rules.references and not census.steady_references:
        return False
    return not _is_majority(census.lost_sites, census, rules)


def _all_references_silent(census: Census, rules: Hysteresis) -> bool:
    return rules.references <= census.references == census.silent_references


def _is_majority(sites: int, census: Census, rules: Hysteresis) -> bool:
    return census.present_sites >= rules.schools and sites > rules.lost_share * census.present_sites
