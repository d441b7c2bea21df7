"""Large losses until recovery: one provider's, all providers', and what hand-over routers show.

The real daemon, Prometheus and Alertmanager on the deployed files, every duration divided. All
notifications are counted: none may come besides those listed for a drill. A city of a hundred
lines takes minutes; `tests/daemon/test_outages.py` has the same in virtual time, and
`tests/drills/test_storms.py` its alerts.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from monitor.availability.sla import SiteSla, Verdict, month_entries, sla_report
from monitor.calendar.school_days import SchoolCalendar
from monitor.cli.common import read_inventory
from monitor.ledger.reader import open_reader
from tests.drills.pace import Pace
from tests.drills.stack import running_stack
from tests.drills.town import School, Town

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.drills.stack import Counted, Stack

pytestmark = [pytest.mark.integration, pytest.mark.heavy, pytest.mark.thorough]

MORNING = "2026-09-09T09:00:00+02:00"
MONTH, AFTER = "2026-09", datetime(2026, 10, 5, tzinfo=UTC)
OUTAGE_SECONDS = 600.0
# How long after the last required notification no other may come.
QUIET_SECONDS = 300.0
# Seconds of deployed time after which a missing notification is an error, on a busy machine too.
PATIENCE = 3 * 3600.0
SELDOM = ("interfaces: {interval: 5m}",)

Told = Counter[tuple[str, str, str, str]]


def city(lost: int, kept: int, others: int) -> list[School]:
    """Return a city of provider alpha with lost and kept lines, and one school each of beta."""
    return [
        School("verloren", "alpha", lines=SELDOM, sites=lost),
        School("gehalten", "alpha", lines=SELDOM, sites=kept),
        *(School(f"andere-{number}", "beta", lines=SELDOM) for number in range(others)),
    ]


def told(counted: Counted, since: int = 0) -> Told:
    """Return how often each notification came: receiver, alert, subject, firing or resolved."""
    return Counter(
        (one.receiver, one.alert, "/".join(sorted(one.about)), "ends" if one.is_end else "begins")
        for one in counted.notifications[since:]
    )


def pages(alert: str, *about: str) -> tuple[Told, Told]:
    """Return the notifications of one page about each of these, when firing and when resolved."""
    begun = Counter({("page", alert, name, "begins"): 1 for name in about})
    return begun, begun + Counter({("page", alert, name, "ends"): 1 for name in about})


async def holds(stack: Stack, since: int, expected: Told) -> None:
    """Wait until all of it has come, then check that nothing else does."""
    pace = stack.city.pace
    give_up = time.monotonic() + PATIENCE / pace.factor
    while told(stack.counted, since) != expected and time.monotonic() < give_up:
        await pace.pause(15)
    assert told(stack.counted, since) == expected


async def drill(town: Town, stack: Stack, faults: list[str], expected: tuple[Told, Told]) -> None:
    """Break, check, repair, check."""
    since = len(stack.counted.notifications)
    await town.breaks(*faults)
    await town.pace.pause(OUTAGE_SECONDS)
    await holds(stack, since, expected[0])
    await town.mends(*faults)
    await holds(stack, since, expected[1])
    await town.pace.pause(QUIET_SECONDS)
    assert told(stack.counted, since) == expected[1]


def account(folder: Path) -> Mapping[tuple[str, str], SiteSla]:
    """Return the current month by school and site from the ledger."""
    inventory = read_inventory(folder / "schools.yaml")
    calendar = SchoolCalendar(inventory.calendar)
    with open_reader(folder / "state" / "ledger.sqlite") as reader:
        report = sla_report(
            month_entries(reader, MONTH, inventory.calendar.timezone),
            inventory,
            MONTH,
            now=AFTER,
            in_lessons=calendar.in_lessons,
        )
    return {(site.school.id, site.site.id): site for site in report.sites}


async def one_then_all(town: Town, stack: Stack) -> None:
    """Let most lines of alpha fail, and then every line; check the monthly report after each."""
    await drill(town, stack, ["uplink-down@verloren"], pages("ProviderOutage", "Alpha"))
    # A minute is recorded five minutes after its end, five of them at once.
    await town.pace.pause(660)
    for (school, site), found in account(town.folder).items():
        if school == "verloren":
            assert found.total.down >= 9, site
            assert found.verdict is Verdict.BROKEN, site
        else:
            assert (found.total.down, found.verdict) == (0, Verdict.KEPT), (school, site)
    before = {key: found.total.down for key, found in account(town.folder).items()}
    everything = [f"uplink-down@{school.id}" for school in town.schools]
    await drill(town, stack, everything, pages("CommonOutage", "monitor"))
    await town.pace.pause(660)
    after = {key: found.total.down for key, found in account(town.folder).items()}
    assert after == before, "the minutes of a common outage are unknown"


async def test_80_of_99_lines_of_a_provider_then_all_providers_at_once(tmp_path: Path) -> None:
    town = Town(tmp_path, city(80, 19, 3), MORNING, pace=Pace(20))
    async with town.devices(), running_stack(town, tmp_path) as stack:
        await one_then_all(town, stack)


async def test_most_lines_of_a_small_provider_then_all_providers_at_once(tmp_path: Path) -> None:
    town = Town(tmp_path, city(4, 1, 2), MORNING)
    async with town.devices(), running_stack(town, tmp_path) as stack:
        await one_then_all(town, stack)


async def test_hand_over_routers_distinguish_the_hub_from_the_providers(tmp_path: Path) -> None:
    town = Town(tmp_path, city(6, 2, 3), MORNING, handovers=("alpha", "beta"))
    everything = [f"uplink-down@{school.id}" for school in town.schools]
    async with town.devices(), running_stack(town, tmp_path) as stack:
        await drill(town, stack, everything, pages("CommonOutage", "monitor"))
        await town.pace.pause(660)
        assert {found.total.down for found in account(tmp_path).values()} == {0}
        silent = [*everything, "reference-down@handover-alpha", "reference-down@handover-beta"]
        await drill(town, stack, silent, pages("ProviderOutage", "Alpha", "Beta"))
        await town.pace.pause(660)
        for place, found in account(tmp_path).items():
            assert found.total.down >= 9, place
            assert found.verdict is Verdict.BROKEN, place
