"""One device's evidence, round by round, and the verdict that follows from it.

A silent round counts for itself, but it is held against a device only once the way to the
device is proven: the gate (the uplink for a switch, the references for an uplink) answered
before the silent round began and again after it ended, and never fell silent in between.
So it does not matter whose check runs first when a line dies or comes back.

Must not know: the inventory, other devices, who else is silent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.observation import State
from monitor.verdict.model import Cause, Verdict

if TYPE_CHECKING:
    from monitor.verdict.model import Hysteresis, Moment


_BEHIND = frozenset({Cause.BEHIND_UPLINK, Cause.UNPROVEN})


@dataclass(frozen=True, slots=True)
class Round:
    """One run of a deciding check, in monotonic seconds."""

    started: float
    finished: float


@dataclass(frozen=True, slots=True)
class Gate:
    """Proof of the way to a device: answering since `answering_from`, last asked at `asked`.

    Monotonic seconds; `answering_from` is None while the gate is silent or not known.
    """

    answering_from: float | None
    asked: float

    def proves(self, silent: Round) -> bool:
        """Return whether the way was good before and after that silent round."""
        return (
            self.answering_from is not None
            and self.answering_from <= silent.started
            and self.asked >= silent.finished
        )


@dataclass(frozen=True, slots=True)
class Track:
    """A device's evidence. Times are monotonic seconds.

    `answered` and `silent` count the current run of rounds (one of them is 0). `charge` is the
    round that completed the evidence for down, waiting for its gate. `heard` is the end of the
    last usable round; `has_answered` tells a lost device from one that never was there.
    """

    interval: float
    heard: float
    answered: int = 0
    answering_from: float = 0.0
    asked: float = 0.0
    first_asked: float = 0.0
    silent: int = 0
    silent_from: float = 0.0
    charge: Round | None = None
    has_answered: bool = False
    last_words: str = ""

    @property
    def gate(self) -> Gate:
        """Return this device as the gate of the devices behind it."""
        return Gate(self.answering_from if self.answered else None, self.asked)

    def is_stale(self, monotonic: float, rules: Hysteresis) -> bool:
        """Return whether there was no usable round for too long."""
        return monotonic - self.heard > rules.stale_intervals * self.interval

    def without_silence(self) -> Track:
        """Return the evidence with every silent round forgotten."""
        return replace(self, silent=0, charge=None)

    def forgotten(self) -> Track:
        """Return a track that knows nothing but whether the device ever answered."""
        return replace(self, answered=0, silent=0, charge=None)


def with_answer(track: Track, one: Round) -> Track:
    """Return the evidence after an answered round."""
    is_first = not track.answered
    return replace(
        track,
        heard=one.finished,
        answered=track.answered + 1,
        answering_from=one.finished if is_first else track.answering_from,
        first_asked=one.started if is_first else track.first_asked,
        asked=one.started,
        silent=0,
        charge=None,
        has_answered=True,
        last_words="",
    )


@dataclass(frozen=True, slots=True)
class Burden:
    """What a charge takes: silent rounds in a row, their span in seconds, and its gate."""

    rounds: int
    seconds: float
    gate: Gate | None


def with_silence(track: Track, one: Round, words: str, burden: Burden) -> Track:
    """Return the evidence after a silent round; enough of them make a charge."""
    silent = track.silent + 1
    silent_from = track.silent_from if track.silent else one.started
    charge = track.charge
    is_full = silent >= burden.rounds and one.finished - silent_from >= burden.seconds
    # A charge from before the gate came back can never be proven: this round replaces it.
    if is_full and (charge is None or _is_void(charge, burden.gate)):
        charge = one
    return replace(
        track,
        heard=one.finished,
        answered=0,
        silent=silent,
        silent_from=silent_from,
        charge=charge,
        last_words=words,
    )


def _is_void(charge: Round, gate: Gate | None) -> bool:
    if gate is None or gate.answering_from is None:
        return False
    return charge.started < gate.answering_from


@dataclass(frozen=True, slots=True)
class Way:
    """What stands between us and a device.

    `gate` is None where nothing can vouch for the way. `uplink` is the verdict of the uplink in
    front of a switch, `uplink_silent_from` the start of that uplink's silence. `patience` is how
    many seconds a charge may wait for its proof.
    """

    gate: Gate | None
    patience: float
    uplink: Verdict | None = None
    uplink_silent_from: float = 0.0

    @property
    def is_cut(self) -> bool:
        """Return whether the uplink in front is down."""
        return self.uplink is not None and self.uplink.state is State.DOWN


def judge(before: Verdict, track: Track, way: Way, rules: Hysteresis, now: Moment) -> Verdict:
    """Return a device's verdict from its evidence, the way to it, and what held before."""
    if track.is_stale(now.monotonic, rules):
        silence = round(now.monotonic - track.heard)
        words = f": {track.last_words}" if track.last_words else ""
        return _unknown(before, Cause.NO_DATA, f"not measured for {silence} s{words}", now)
    if track.answered:
        return _judge_answering(before, track, way, rules, now)
    if track.silent:
        return _judge_silent(before, track, way, now)
    if before.cause is Cause.NO_DATA:
        return before
    return _unknown(before, Cause.STARTING, "no full round yet", now)


def _judge_answering(
    before: Verdict, track: Track, way: Way, rules: Hysteresis, now: Moment
) -> Verdict:
    if way.is_cut and track.asked < way.uplink_silent_from:
        return _unknown(before, Cause.BEHIND_UPLINK, "its uplink is down", now)
    if before.state is State.UP:
        return before
    if before.cause in _BEHIND and track.asked < way.uplink_silent_from:
        return _unknown(before, Cause.UNPROVEN, "its uplink is back, it was not asked since", now)
    if before.state is State.DOWN and track.answered < rules.up_rounds:
        return before
    since = now.instant_of(track.first_asked)
    if since < before.since:  # it answered before the way was cut, too
        since = max(now.instant_of(track.asked), before.since)
    return Verdict(State.UP, Cause.ANSWERS, since)


def _judge_silent(before: Verdict, track: Track, way: Way, now: Moment) -> Verdict:
    if way.is_cut:
        return _unknown(before, Cause.BEHIND_UPLINK, "its uplink is down", now)
    if before.state is State.DOWN:
        return before
    charge = track.charge
    if charge is not None and (way.gate is None or way.gate.proves(charge)):
        silent_from = track.silent_from
        if way.gate is not None and way.gate.answering_from is not None:
            silent_from = max(silent_from, way.gate.answering_from)
        since = max(now.instant_of(silent_from), before.since)
        words = track.last_words or "no answer"
        return Verdict(State.DOWN, Cause.NO_ANSWER, since, words)
    has_waited = charge is not None and now.monotonic - charge.finished > way.patience
    if has_waited or before.cause is Cause.BEHIND_UPLINK:
        return _unknown(
            before, Cause.UNPROVEN, "no answer, and the way to it is not proven good since", now
        )
    if before.cause in {Cause.NO_DATA, Cause.ISOLATED}:
        return _unknown(before, Cause.STARTING, "silent, but not yet for long enough", now)
    return before


def _unknown(before: Verdict, cause: Cause, detail: str, now: Moment) -> Verdict:
    """Return unknown; going from one kind of unknown to another keeps its beginning."""
    since = before.since if before.state is State.UNKNOWN else now.instant
    return Verdict(State.UNKNOWN, cause, since, detail)
