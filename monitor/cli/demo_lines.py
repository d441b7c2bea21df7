"""The output of a running demo: the current state, and what has changed since the previous line.

Must not know: how a verdict is reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.observation import State
from monitor.verdict.conditions import told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from monitor.daemon.daemon import Status
    from monitor.verdict import Subject, Verdict
    from monitor.verdict.trouble import Degradation

_SHOWN: Final = 3


@dataclass(slots=True)
class Changes:
    """Lines about devices that became down or degraded, or recovered; called repeatedly."""

    _down: tuple[Subject, ...]
    _degraded: Mapping[Subject, tuple[Degradation, ...]]

    @classmethod
    def from_now(cls) -> Changes:
        """Return changes relative to an empty state."""
        return cls((), {})

    def lines(self, status: Status, now: datetime) -> Iterator[str]:
        """Yield a line for each change since the last call; `now` is local."""
        clock = f"{now:%H:%M:%S}"
        for subject in status.down:
            if subject not in self._down:
                yield f"{clock} down: {subject}{_why(status.findings.get(subject))}"
        for subject in self._down:
            if subject not in status.down:
                after = status.findings.get(subject)
                state = after.state if after is not None else State.UP
                yield f"{clock} no longer down: {subject} is {state}{_why(after)}"
        for subject, found, is_new in told(self._degraded, status.degraded):
            how = "degraded" if is_new else "no longer degraded"
            about = " ".join(part for part in (found.trouble, found.check, found.part) if part)
            yield f"{clock} {how}: {subject} ({about}){_detail(found.detail)}"
        self._down = status.down
        self._degraded = status.degraded


def degraded_words(status: Status) -> str:
    """Return what is degraded and why, for the status line; empty if nothing is."""
    found = [
        f"{subject} ({', '.join(dict.fromkeys(one.trouble for one in whys))})"
        for subject, whys in status.degraded.items()
    ]
    if not found:
        return ""
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"degraded: {', '.join(found[:_SHOWN])}{more}"


def _detail(text: str) -> str:
    return f": {text}" if text else ""


def _why(verdict: Verdict | None) -> str:
    return f" ({verdict.cause}){_detail(verdict.detail)}" if verdict is not None else ""
