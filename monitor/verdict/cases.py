"""Problems of one device, each a case that needs several runs to open and to close.

A case that is no longer checked is dropped: what is not measured is not reported. A case from
before a restart is reported as before until a run is good; its runs then open or close it again.

Must not know: what the cases are about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.verdict.trouble import Degradation, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import datetime

Key = tuple[Trouble, str, str]


@dataclass(frozen=True, slots=True)
class Rule:
    """Number of bad runs in a row that open a case, and of good ones that close it.

    After `memory` seconds without a run it is dropped.
    """

    bad: int
    good: int
    memory: float


@dataclass(slots=True)
class _Case:
    begun: datetime
    ends: float
    detail: str
    bad: int = 0
    good: int = 0
    is_open: bool = False
    is_remembered: bool = False

    @property
    def is_held(self) -> bool:
        return self.is_open or self.is_remembered

    @property
    def is_shown(self) -> bool:
        return self.is_open or (self.is_remembered and not self.good)


class Cases:
    """The cases of a device by trouble, check and part."""

    __slots__ = ("_cases",)

    def __init__(self) -> None:
        self._cases: dict[Key, _Case] = {}

    def __bool__(self) -> bool:
        return bool(self._cases)

    def is_open(self, key: Key) -> bool:
        """Return whether runs since the start have shown this problem."""
        case = self._cases.get(key)
        return case is not None and case.is_open

    def is_held(self, key: Key) -> bool:
        """Return whether this problem is present, or was before the start and is undecided."""
        case = self._cases.get(key)
        return case is not None and case.is_held

    def remember(self, known: Degradation, ends: float) -> None:
        """Keep a problem from before the start until that monotonic time, or its next runs."""
        key = known.trouble, known.check, known.part
        self._cases[key] = _Case(known.since, ends, known.detail, is_remembered=True)

    def good(self, key: Key, rule: Rule, monotonic: float) -> bool:
        """Count a good run; return whether a problem is no longer reported."""
        case = self._cases.get(key)
        if case is None:
            return False
        was_shown = case.is_shown
        case.bad, case.good, case.ends = 0, case.good + 1, monotonic + rule.memory
        if case.is_held and case.good < rule.good:
            return was_shown and not case.is_shown
        del self._cases[key]
        return was_shown

    def bad(self, key: Key, rule: Rule, monotonic: float, begun: datetime, detail: str) -> bool:
        """Count a bad run; return whether a problem is reported from now on."""
        ends = monotonic + rule.memory
        case = self._cases.get(key)
        if case is None:
            case = self._cases[key] = _Case(begun, ends, detail)
        was_shown = case.is_shown
        case.bad, case.good, case.ends, case.detail = case.bad + 1, 0, ends, detail
        case.is_open |= case.bad >= rule.bad
        return case.is_shown and not was_shown

    def forget(self, monotonic: float) -> bool:
        """Drop cases that have not been checked for too long; return whether one was reported."""
        old = [key for key, case in self._cases.items() if case.ends < monotonic]
        was_shown = any(self._cases[key].is_shown for key in old)
        for key in old:
            del self._cases[key]
        return was_shown

    def postpone(self, seconds: float) -> None:
        """Keep every case for so much longer: during that time none could be checked."""
        for case in self._cases.values():
            case.ends += seconds

    def drop(self, troubles: Collection[Trouble]) -> None:
        """Drop the cases of these kinds, and all that are not open yet."""
        kept = {
            key: case
            for key, case in self._cases.items()
            if case.is_held and key[0] not in troubles
        }
        self._cases = kept

    def findings(self) -> tuple[Degradation, ...]:
        """Return the reported problems, by trouble, check and part."""
        return tuple(self._sorted(lambda case: case.is_shown))

    def held(self) -> tuple[Degradation, ...]:
        """Return the problems, and all from before the start that are undecided."""
        return tuple(self._sorted(lambda case: case.is_held))

    def _sorted(self, is_wanted: Callable[[_Case], bool]) -> Iterator[Degradation]:
        order = list(Trouble)
        return (
            Degradation(*key, case.begun, case.detail)
            for key, case in sorted(
                self._cases.items(), key=lambda one: (order.index(one[0][0]), one[0][1:])
            )
            if is_wanted(case)
        )
