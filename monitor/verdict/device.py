"""One device's evidence, round by round, and the verdict that follows from it.

Unanswered rounds count against a device only if its upstream proves the path to it: the uplink for
a switch, the references for an uplink. After the device stopped answering, its upstream must have
answered, then the device must have failed to answer again, and the upstream must have answered
again, without an unanswered round of its own in between. So it does not matter which check runs
first when a line goes down or comes back, or which runs more often.

Must not know: the inventory, or other devices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.observation import State
from monitor.verdict.model import Cause, Verdict

if TYPE_CHECKING:
    from monitor.verdict.model import Hysteresis, Moment


_BEHIND = frozenset({Cause.BEHIND_UPLINK, Cause.UNPROVEN})
_UNPROVEN_YET = "the path to it is still to be proven"
_SUSPENDED = frozenset({Cause.NO_DATA, Cause.ISOLATED, Cause.COMMON_OUTAGE})


@dataclass(frozen=True, slots=True)
class Round:
    """One run of a deciding check, in monotonic seconds."""

    started: float
    finished: float


@dataclass(frozen=True, slots=True)
class Upstream:
    """What proves the path to a device: answering since `answering_from`, last asked at `asked`.

    Monotonic seconds; `answering_from` is None while the upstream does not answer or is unknown.
    """

    answering_from: float | None
    asked: float

    def has_answered_since(self, monotonic: float) -> bool:
        """Return whether the upstream was asked, and answered, after that time."""
        return self.answering_from is not None and self.asked >= monotonic

    def proves(self, silent: Round) -> bool:
        """Return whether the path worked before and after that unanswered round."""
        return (
            self.answering_from is not None
            and self.answering_from <= silent.started
            and self.asked >= silent.finished
        )


@dataclass(frozen=True, slots=True)
class Track:
    """A device's evidence. Times are monotonic seconds.

    `answered` and `silent` count the current run of rounds (one of them is 0). `charge` is the
    unanswered round that waits for the upstream's proof, `is_witnessed` whether the upstream
    answered after the device stopped and before that round; `full_from` is when there were enough
    rounds for down.
    `heard` is the end of the last usable round; `has_answered` distinguishes a lost device from one
    that never answered.
    """

    interval: float
    heard: float
    answered: int = 0
    answering_from: float = 0.0
    asked: float = 0.0
    first_asked: float = 0.0
    silent: int = 0
    silent_from: float = 0.0
    first_silence_ended: float = 0.0
    full_from: float | None = None
    charge: Round | None = None
    is_witnessed: bool = False
    has_answered: bool = False
    last_words: str = ""

    @property
    def upstream(self) -> Upstream:
        """Return this device as the upstream of the devices that it connects."""
        return Upstream(self.answering_from if self.answered else None, self.asked)

    def is_stale(self, monotonic: float, rules: Hysteresis) -> bool:
        """Return whether there was no usable round for too long."""
        return monotonic - self.heard > rules.stale_intervals * self.interval

    def without_silence(self) -> Track:
        """Return the evidence without the unanswered rounds."""
        return replace(self, silent=0, full_from=None, charge=None)

    def forgotten(self) -> Track:
        """Return a new track that only keeps whether the device ever answered."""
        return replace(self, answered=0, silent=0, full_from=None, charge=None)


def with_answer(track: Track, one: Round) -> Track:
    """Return the evidence after an answered round."""
    is_first = not track.answered
    # Written out because it runs for every device every few seconds: `replace` takes three times as
    # long.
    return Track(
        interval=track.interval,
        heard=one.finished,
        answered=track.answered + 1,
        answering_from=one.finished if is_first else track.answering_from,
        asked=one.started,
        first_asked=one.started if is_first else track.first_asked,
        silent=0,
        silent_from=track.silent_from,
        first_silence_ended=track.first_silence_ended,
        full_from=None,
        charge=None,
        is_witnessed=track.is_witnessed,
        has_answered=True,
        last_words="",
    )


@dataclass(frozen=True, slots=True)
class RequiredEvidence:
    """What down requires: unanswered rounds in a row, their span in seconds, and the upstream."""

    rounds: int
    seconds: float
    upstream: Upstream | None


def with_silence(track: Track, one: Round, words: str, required: RequiredEvidence) -> Track:
    """Return the evidence after an unanswered round; enough of them make a charge."""
    if not track.silent:
        track = replace(track, silent_from=one.started, first_silence_ended=one.finished)
    silent = track.silent + 1
    full_from, charge, is_witnessed = track.full_from, track.charge, track.is_witnessed
    if silent >= required.rounds and one.finished - track.silent_from >= required.seconds:
        full_from = one.finished if full_from is None else full_from
        # A charge that can never be proven is replaced by this round.
        if charge is None or not is_witnessed or _is_void(charge, required.upstream):
            charge = one
            upstream = required.upstream
            since = track.first_silence_ended
            is_witnessed = upstream is None or upstream.has_answered_since(since)
    return replace(
        track,
        heard=one.finished,
        answered=0,
        silent=silent,
        full_from=full_from,
        charge=charge,
        is_witnessed=is_witnessed,
        last_words=words,
    )


def _is_void(charge: Round, upstream: Upstream | None) -> bool:
    """Return whether a charge dates from before the upstream came back."""
    if upstream is None or upstream.answering_from is None:
        return False
    return charge.started < upstream.answering_from


@dataclass(frozen=True, slots=True)
class NetworkPath:
    """The path between the monitor and a device.

    `upstream` is None if nothing can prove the path. `uplink` is the verdict on the uplink of a
    switch's site, `uplink_silent_from` the start of its first unanswered round. `patience` is how
    many seconds a charge may wait for its proof. `blame` is the cause to report for an outage.
    """

    upstream: Upstream | None
    patience: float
    uplink: Verdict | None = None
    uplink_silent_from: float = 0.0
    blame: Cause = Cause.NO_ANSWER

    @property
    def is_cut(self) -> bool:
        """Return whether the site's uplink is down."""
        return self.uplink is not None and self.uplink.state is State.DOWN


def judge(
    before: Verdict, track: Track, path: NetworkPath, rules: Hysteresis, now: Moment
) -> Verdict:
    """Return a device's verdict from its evidence, the path to it, and the previous verdict."""
    if track.is_stale(now.monotonic, rules):
        silence = round(now.monotonic - track.heard)
        words = f": {track.last_words}" if track.last_words else ""
        return _unknown(before, Cause.NO_DATA, f"not measured for {silence} s{words}", now)
    if track.answered:
        return _judge_answering(before, track, path, rules, now)
    if track.silent:
        return _judge_silent(before, track, path, now)
    if before.cause is Cause.NO_DATA:
        return before
    return _unknown(before, Cause.STARTING, "no full round yet", now)


def _judge_answering(
    before: Verdict, track: Track, path: NetworkPath, rules: Hysteresis, now: Moment
) -> Verdict:
    if path.is_cut and track.asked < path.uplink_silent_from:
        return _unknown(before, Cause.BEHIND_UPLINK, "its uplink is down", now)
    if before.state is State.UP:
        return before
    if before.cause in _BEHIND and track.asked < path.uplink_silent_from:
        return _unknown(before, Cause.UNPROVEN, "its uplink is back; no round since then", now)
    if before.state is State.DOWN and track.answered < rules.up_rounds:
        return before
    since = now.instant_of(track.first_asked)
    if since < before.since:  # it answered even before the path was cut
        since = max(now.instant_of(track.asked), before.since)
    return Verdict(State.UP, Cause.ANSWERS, since)


def _judge_silent(before: Verdict, track: Track, path: NetworkPath, now: Moment) -> Verdict:
    if path.is_cut:
        return _unknown(before, Cause.BEHIND_UPLINK, "its uplink is down", now)
    if before.state is State.DOWN:
        return before
    if _is_proven(track, path.upstream):
        silent_from = track.silent_from
        if path.upstream is not None and path.upstream.answering_from is not None:
            silent_from = max(silent_from, path.upstream.answering_from)
        since = max(now.instant_of(silent_from), before.since)
        words = track.last_words or "no answer"
        return Verdict(State.DOWN, path.blame, since, words)
    has_waited = track.full_from is not None and now.monotonic - track.full_from > path.patience
    if has_waited or before.cause is Cause.BEHIND_UPLINK:
        return _unknown(
            before, Cause.UNPROVEN, "no answer, and the path to it has not been proven since", now
        )
    if before.cause in _SUSPENDED or before.cause is Cause.STARTING:
        # Waiting for proof is only reported once there are enough rounds.
        waits = "not yet for long enough" if track.full_from is None else _UNPROVEN_YET
        return _unknown(before, Cause.STARTING, f"no answer, but {waits}", now)
    return before


def _is_proven(track: Track, upstream: Upstream | None) -> bool:
    if track.charge is None or upstream is None:
        return track.charge is not None
    return track.is_witnessed and upstream.proves(track.charge)


def _unknown(before: Verdict, cause: Cause, detail: str, now: Moment) -> Verdict:
    """Return unknown; a change between causes of unknown keeps its start time."""
    since = before.since if before.state is State.UNKNOWN else now.instant
    return Verdict(State.UNKNOWN, cause, since, detail)
