"""What is heard of the city at one moment: references, and each provider's sites in numbers.

Must not know: what follows from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.observation import State

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from monitor.verdict.model import Hysteresis
    from monitor.verdict.roster import Device, Roster, SiteDevices


@dataclass(frozen=True, slots=True)
class ReferenceHeard:
    """A reference: `provider` is whose hand-over router it is, empty for one of nobody's.

    `asked` is the start of its last answered round (monotonic s). It answers or is silent by its
    last round, and neither while it is not measured. Steady means often enough in a row.
    """

    provider: str
    asked: float
    is_answering: bool
    is_silent: bool
    is_steady: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """Sites that used to answer, in numbers: `lost` of the `present` are silent now.

    `fell_from` is when the loss became that of most of them (monotonic s, the start of a silent
    round), None while most answer. Sites that fell silent long ago are no part of that question.
    """

    present: int
    lost: int
    fell_from: float | None


@dataclass(frozen=True, slots=True)
class Census:
    """The references, the sites of each provider that has any which used to answer, and of all."""

    references: tuple[ReferenceHeard, ...]
    providers: Mapping[str, Heard]
    city: Heard


def take_census(
    roster: Roster,
    monotonic: float,
    rules: Hysteresis,
    excused: Collection[str] = (),
) -> Census:
    """Return what is heard now; schools that are `excused` (announced work) are left out."""
    recent = monotonic - 2 * together_seconds(roster.cycle_seconds, rules)
    counts: dict[str, _Count] = {}
    for site in roster.sites.values():
        if site.key[0] not in excused:
            _count(site, recent, counts)
    return Census(
        tuple(_reference(provider, device, rules) for provider, device in roster.references),
        {name: count.heard(rules) for name, count in counts.items()},
        _sum(counts.values()).heard(rules),
    )


def together_seconds(cycle_seconds: float, rules: Hysteresis) -> float:
    """Return within how many seconds two losses count as one: before any of them is down."""
    return max(cycle_seconds, rules.down_seconds)


@dataclass(slots=True)
class _Count:
    present: int
    lost: int
    losses: list[float]

    def heard(self, rules: Hysteresis) -> Heard:
        asked = self.present - (self.lost - len(self.losses))
        needed = int(rules.lost_share * asked) + 1
        losses = sorted(self.losses)
        fell_from = losses[needed - 1] if len(losses) >= needed else None
        return Heard(self.present, self.lost, fell_from)


def _count(site: SiteDevices, recent: float, counts: dict[str, _Count]) -> None:
    uplink = site.uplink
    if uplink is None:
        return
    track, is_lost, lost_from = uplink.track, False, None
    # Written so that a site that answers, as nearly all do, is done with at once.
    if not track.answered:
        is_down = uplink.verdict.state is State.DOWN
        lost_from = track.silent_from if track.silent else None
        if is_down:
            lost_from = uplink.fell_from
            if lost_from is None or lost_from < recent:
                return  # down already, or never there
        elif not track.has_answered:
            return
        is_lost = is_down or track.silent > 0
    count = counts.get(site.provider)
    if count is None:
        count = counts[site.provider] = _Count(0, 0, [])
    count.present += 1
    if is_lost:
        count.lost += 1
        if lost_from is not None and lost_from >= recent:
            count.losses.append(lost_from)


def _sum(counts: Iterable[_Count]) -> _Count:
    total = _Count(0, 0, [])
    for count in counts:
        total.present += count.present
        total.lost += count.lost
        total.losses += count.losses
    return total


def _reference(provider: str, device: Device, rules: Hysteresis) -> ReferenceHeard:
    track = device.track
    return ReferenceHeard(
        provider,
        track.asked,
        is_answering=track.answered > 0,
        is_silent=track.silent > 0,
        is_steady=track.answered >= rules.up_rounds,
    )
