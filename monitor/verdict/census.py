"""A snapshot of the city: which references answer, and how many of each provider's sites.

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
    """A reference; `provider` is set if it is that provider's hand-over router.

    `asked` is the start of its last answered round (monotonic s). Its last round decides whether
    it answers; that is open while it is not measured. Steady means several rounds in a row.
    """

    provider: str
    asked: float
    is_answering: bool
    is_silent: bool
    is_steady: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """Numbers of sites that used to answer: `lost` of the `present` no longer do.

    `fell_from` is when most of them were lost (monotonic s, the start of an unanswered round), None
    while most answer. Sites that stopped answering long ago are not considered.
    """

    present: int
    lost: int
    fell_from: float | None


@dataclass(frozen=True, slots=True)
class Census:
    """The references, and the sites that used to answer, in total and by provider."""

    references: tuple[ReferenceHeard, ...]
    providers: Mapping[str, Heard]
    city: Heard


def take_census(
    roster: Roster,
    monotonic: float,
    rules: Hysteresis,
    excused: Collection[str] = (),
) -> Census:
    """Return the current census; `excused` schools (with announced work) are left out."""
    recent = monotonic - 2 * together_seconds(roster.cycle_seconds, rules)
    counts: dict[str, _Count] = {}
    for site in roster.sites.values():
        if site.key.school not in excused:
            _count(site, recent, counts)
    return Census(
        tuple(_reference(provider, device, rules) for provider, device in roster.references),
        {name: count.heard(rules) for name, count in counts.items()},
        _sum(counts.values()).heard(rules),
    )


def together_seconds(cycle_seconds: float, rules: Hysteresis) -> float:
    """Return the interval in seconds in which losses count as one: before any of them is down."""
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
    # Optimised for sites that answer, as nearly all do.
    if not track.answered:
        is_down = uplink.verdict.state is State.DOWN
        lost_from = track.silent_from if track.silent else None
        if is_down:
            lost_from = uplink.fell_from
            if lost_from is None or lost_from < recent:
                return  # already down, or never up
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
