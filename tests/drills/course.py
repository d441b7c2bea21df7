"""One running drill, compared with the notifications specified for it.

Which notifications a drill must bring is data: `expected.yaml`. All seconds are those of the
deployed configuration; everything runs faster.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.drills.services import Services
    from tests.drills.stack import Counted, Stack
    from tests.drills.town import Town

EXPECTED: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("expected.yaml").read_text(encoding="utf-8")
)
# How long after the last required notification no other may come.
QUIET_SECONDS = 300.0
LINES = tuple(f"gross-{number:02}" for number in range(1, 31))


@dataclass(slots=True)
class Course:
    """One running drill: what it breaks and repairs, and when."""

    town: Town
    stack: Stack
    services: Services | None = None
    begun: float = 0.0
    mended: float = 0.0

    async def pause(self, deployed_seconds: float) -> None:
        """Wait for this much time of the deployed configuration."""
        await self.town.pace.pause(deployed_seconds)

    async def breaks(self, *faults: str) -> None:
        """Start faults and record when the first one started."""
        self.begun = self.begun or time.monotonic()
        await self.town.breaks(*faults)

    async def mends(self, *faults: str) -> None:
        """End faults and record when the last one ended."""
        await self.town.mends(*faults)
        self.mended = time.monotonic()

    async def breaks_for(self, deployed_seconds: float, *faults: str) -> None:
        """Start faults, keep them for this much deployed time, and end them."""
        await self.breaks(*faults)
        await self.pause(deployed_seconds)
        await self.mends(*faults)


async def all_is_notified(courses: dict[str, Course], stack: Stack, seconds: float) -> None:
    """Wait until all specified notifications have come, or for this many seconds."""
    pace = stack.city.pace
    give_up = time.monotonic() + seconds / pace.factor
    while time.monotonic() < give_up and any(
        told(name, stack.counted) != wanted(name) for name in courses
    ):
        await pace.pause(15)
    await pace.pause(QUIET_SECONDS)


async def holds(courses: dict[str, Course], stack: Stack) -> None:
    """Compare the notifications and their times with the specified ones."""
    different = {}
    for name in courses:
        found, expected = told(name, stack.counted), wanted(name)
        if found != expected:
            different[name] = f"too often {found - expected}, too rarely {expected - found}"
    assert not different, different
    late = [text for name, course in courses.items() for text in _late(name, course, stack.counted)]
    assert not late
    for name in courses:
        for alert in EXPECTED[name].get("shown", ()):
            for school in EXPECTED[name]["about"]:
                assert await stack.fired(alert, school), f"{name}: {alert} was never shown"


def told(name: str, counted: Counted) -> Counter[tuple[str, str, str]]:
    """Return how often each notification came about the subjects of a drill.

    Optional notifications are left out, unless they came more often than allowed.
    """
    found = counted.table(about(name))
    for line in EXPECTED[name]["told"]:
        for end in ("begins", "ends"):
            key = (line["to"], line["alert"], end)
            if line.get("may") and found[key] <= line[end]:
                del found[key]
    return found


def about(name: str) -> list[str]:
    """Return the subjects of a drill's notifications: schools, a provider, or the monitor."""
    named: list[str] = EXPECTED[name]["about"]
    return [*named, *LINES] if named == ["Gross"] else named


def wanted(name: str) -> Counter[tuple[str, str, str]]:
    """Return how often each notification has to come."""
    lines = EXPECTED[name]["told"]
    return Counter(
        {
            (one["to"], one["alert"], end): one[end]
            for one in lines
            for end in ("begins", "ends")
            if not one.get("may")
        }
    )


def _late(name: str, course: Course, counted: Counted) -> Iterator[str]:
    for line in EXPECTED[name]["told"]:
        for is_end, since, key in ((False, course.begun, "begins"), (True, course.mended, "ends")):
            times = [
                one.at
                for one in counted.notifications
                if (one.receiver, one.alert, one.is_end) == (line["to"], line["alert"], is_end)
                and not one.about.isdisjoint(about(name))
            ]
            if line.get("may") and not times:
                continue
            seconds = (max(times) - since) * course.town.pace.factor
            allowed = line[f"{key}_by"]
            if seconds > allowed:
                yield f"{name}: {line['alert']} {key} after {seconds:.0f} s, not {allowed}"
