"""A small city whose devices die and come back by the second, asked round by round.

Rounds are five packets over 0.8 s; a silent round ends 2 s after its last packet. Every event
goes to the board in the order in which rounds end, as in the daemon.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.inventory.city import (
    Inventory,
    Reference,
    School,
)
from monitor.observation import EchoRound, Observation, Outcome, Reason, State
from monitor.verdict import (
    Cause,
    Change,
    Hysteresis,
    Moment,
    Subject,
    SubjectKind,
    Verdict,
    VerdictBoard,
)
from tests import build

if TYPE_CHECKING:
    from monitor.inventory.checks import Check, CheckPlan

BEGIN = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
CONTRACT = build.contract(minimum=0.1, provider="Example")
Spells = Sequence[tuple[float, float]]


def puts_a_device_down(change: Change) -> bool:
    """Return whether a change declares a school's device down."""
    return change.after.state is State.DOWN and change.subject.kind.is_device


def icmp(interval: float = 60.0) -> CheckPlan:
    return build.plan(interval=interval)


def numbered_school(
    number: int,
    switches: int,
    interval: float = 60.0,
    type_: str = "Gymnasium",
    provider: str = CONTRACT.provider,
) -> School:
    network, every = f"10.{number}.0", icmp(interval)
    line = build.uplink(f"{network}.1", every, contract=replace(CONTRACT, provider=provider))
    boxes = (build.switch(f"sw{one}", f"{network}.{one + 10}", every) for one in range(switches))
    place = build.site("main", *boxes, uplink=line)
    return build.school(f"s{number}", place, name=f"Schule {number}", type=type_)


def numbered_city(
    schools: int, switches: int, references: int = 3, interval: float = 60.0
) -> Inventory:
    return build.city(
        *(numbered_school(number, switches, interval) for number in range(schools)),
        references=tuple(
            Reference(f"ref{index}", f"192.0.2.{index + 1}", (icmp(interval),))
            for index in range(references)
        ),
    )


def city_of(
    providers: Mapping[str, int],
    handovers: Sequence[str] = (),
    interval: float = 60.0,
) -> Inventory:
    """Return schools in turn by provider; hand-over routers besides three other references.

    The hand-over router of `A` is the reference `handover-A`.
    """
    names = [name for name, count in providers.items() for _ in range(count)]
    routers = tuple(
        Reference(f"handover-{name}", f"198.51.100.{index}", (icmp(interval),), name)
        for index, name in enumerate(handovers, start=1)
    )
    base = numbered_city(0, 0, interval=interval)
    schools = tuple(
        numbered_school(number, 0, interval, provider=name) for number, name in enumerate(names)
    )
    return replace(base, references=(*base.references, *routers), schools=schools)


def moment(seconds: float) -> Moment:
    return Moment(1000.0 + seconds, BEGIN + timedelta(seconds=seconds))


def uplink(number: int) -> Subject:
    return Subject(SubjectKind.UPLINK, f"s{number}", "main", "router")


def switch(number: int, index: int) -> Subject:
    return Subject(SubjectKind.SWITCH, f"s{number}", "main", f"sw{index}")


def echo(
    check: Check, *, answered: int, duration: float, outcome: Outcome | None = None
) -> Observation:
    """Return a round of five echo requests of which some were answered."""
    lost = answered == 0
    return Observation(
        check=check,
        started=BEGIN,
        duration=duration,
        outcome=outcome or (Outcome.FAILED if lost else Outcome.OK),
        reason=Reason.TIMEOUT if lost else Reason.NONE,
        detail="no reply to 5 packets" if lost else "",
        values=EchoRound(check.target.host, 5, (0.004,) * answered),
    )


def is_within(spells: Spells, when: float) -> bool:
    return any(begin <= when < end for begin, end in spells)


@dataclass
class World:
    """Checks every device at its phase; `outages` maps a device to the periods when it is dead.

    A dead router also takes down the switches behind it; `own_line` takes down everything.
    """

    inventory: Inventory
    phase_of: Callable[[Check], float]
    outages: Mapping[tuple[str, str], Spells] = field(default_factory=dict)
    own_line: Spells = ()
    rules: Hysteresis = field(default_factory=Hysteresis)
    answered_before: Sequence[Subject] = ()

    def __post_init__(self) -> None:
        was_up = Verdict(State.UP, Cause.ANSWERS, BEGIN - timedelta(hours=1))
        known = dict.fromkeys(self.answered_before, was_up)
        self.board = VerdictBoard(self.inventory, moment(0), self.rules, known)
        self.changes: list[tuple[float, Change]] = []
        self._queue: list[tuple[float, int, Check]] = []
        for index, check in enumerate(self.inventory.checks()):
            self._queue.append((self.phase_of(check) * check.interval, index, check))
        heapq.heapify(self._queue)
        self._ends: list[tuple[float, int, Observation | None]] = [(2.5, -1, None)]
        self._count = 0

    def is_alive(self, check: Check, when: float) -> bool:
        target = check.target
        spells = [self.own_line, self.outages.get((target.school, target.device), ())]
        if target.role.value == "switch":
            spells.append(self.outages.get((target.school, "router"), ()))
        return not any(is_within(one, when) for one in spells)

    def run(self, until: float) -> None:
        """Check and report everything up to a second of the simulated time."""
        while True:
            start = self._queue[0][0] if self._queue else float("inf")
            end = self._ends[0][0]
            if min(start, end) > until:
                return
            if start <= end:
                self._ask()
            else:
                self._report()

    def _ask(self) -> None:
        start, index, check = heapq.heappop(self._queue)
        heapq.heappush(self._queue, (start + check.interval, index, check))
        answered = sum(self.is_alive(check, start + 0.2 * packet) for packet in range(5))
        duration = 0.81 if answered == 5 else 2.8
        self._count += 1
        observation = echo(check, answered=answered, duration=duration)
        heapq.heappush(self._ends, (start + duration, self._count, observation))

    def _report(self) -> None:
        when, _, observation = heapq.heappop(self._ends)
        if observation is None:
            changes = self.board.tick(moment(when))
            heapq.heappush(self._ends, (when + 10.0, -1, None))
        else:
            changes = self.board.observe(observation, moment(when))
        self.changes.extend((when, change) for change in changes)

    def devices_put_down(self) -> list[tuple[float, Subject]]:
        return [
            (when, change.subject) for when, change in self.changes if puts_a_device_down(change)
        ]
