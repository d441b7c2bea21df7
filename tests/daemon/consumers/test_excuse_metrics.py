"""Excuses in the metrics: which minutes of which sites, for how long, and for which reason."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.availability.excuse_requests import EXCUSES_FILE, ExcuseFile
from monitor.availability.excuses import Excuse, Withdrawal, excuse_entry
from monitor.availability.minutes import minute_of, start_of
from monitor.exposition.gate import ScrapeGate
from monitor.status.view import DaemonView
from tests.daemon.test_outages import OF_A, mended, through, two_providers
from tests.exposition.support import exact_names
from tests.integration.running import series, value
from tests.modelled import running
from tests.virtual_time import START, run_virtually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.modelled import Running

MINUTES = "school_excuse_minutes"
BEGINS = "school_excuse_begins_timestamp_seconds"
ENDS = "school_excuse_ends_timestamp_seconds"
INFO = "school_excuse_info"
OURS = Excuse(
    id="e1",
    at=START,
    by="Petra Muster",
    reason='our own "digger"',
    sites=("a1/main", "a2/main", "gone/main"),
    provider="",
    first=minute_of(START),
    minutes=30,
    into="unknown",
)


async def pages_agree(one: Running) -> None:
    """Check that page and month of a1 name the excuse of its outage, with the same minutes."""
    view = DaemonView(one.daemon, ScrapeGate(one.exposition, one.clock))
    school = await view.school("a1")
    assert school is not None
    [excuse] = school.excuses
    assert (excuse.id, excuse.into, excuse.reason) == ("e1", "excused", OURS.reason)
    assert (excuse.begins, excuse.ends) == (OURS.begins, OURS.ends)
    [outage] = school.outages
    assert outage.excuses == ("e1",)
    [month] = [site for site in (await view.sla(None)).sites if site.school == "a1"]
    assert month.excused_minutes == excuse.minutes > 0
    assert all(left.excuses == ("e1",) for left in month.outages)
    other = await view.school("b1")
    assert other is not None
    assert other.excuses == ()
    assert "Petra" not in f"{school.model_dump_json()}"


def test_excused_minutes_are_exposed_until_the_excuse_is_withdrawn(tmp_path: Path) -> None:
    inventory = two_providers(tmp_path)
    requests = ExcuseFile(tmp_path / EXCUSES_FILE)

    async def main() -> None:
        async with running(tmp_path, inventory) as one:
            await through(one, OF_A)
            await mended(one)
            assert not series(exact_names(await one.text()), MINUTES)
            requests.add(replace(OURS, at=one.clock.now()))
            await asyncio.sleep(70)
            text = await one.text()
            samples = exact_names(text)
            for school in ("a1", "a2"):
                [(key, minutes)] = series(samples, MINUTES, school=school).items()
                assert minutes in {14, 15, 16}, key
                assert {("excuse", "e1"), ("into", "excused"), ("site", "main")} <= set(key)
            assert len(series(samples, MINUTES)) == 2
            assert value(samples, BEGINS, excuse="e1") == start_of(OURS.first).timestamp()
            assert value(samples, ENDS, excuse="e1") == start_of(OURS.stop).timestamp()
            assert value(samples, INFO, excuse="e1") == 1
            assert "Petra" not in text
            await pages_agree(one)
        async with running(tmp_path, inventory) as one:
            await asyncio.sleep(5)
            assert len(series(exact_names(await one.text()), MINUTES)) == 2
            requests.add(Withdrawal("e1", one.clock.now(), "Max", "wrong school"))
            await asyncio.sleep(130)
            for family in (MINUTES, BEGINS, ENDS, INFO):
                assert not series(exact_names(await one.text()), family), family

    run_virtually(main())


def test_charged_minutes_are_separate_and_go_with_a_removed_school(
    tmp_path: Path,
) -> None:
    inventory = two_providers(tmp_path)
    fewer = replace(inventory, schools=tuple(one for one in inventory.schools if one.id != "a2"))

    async def main() -> None:
        async with running(tmp_path, inventory):
            await asyncio.sleep(1200)
        await asyncio.sleep(1800)
        async with running(tmp_path, inventory) as one:
            await asyncio.sleep(1800)
            # Nothing was recorded while the monitor was off: those minutes are unknown.
            off = minute_of(START) + 30
            entry = excuse_entry(replace(OURS, first=off, minutes=10, into="down"))
            one.daemon.record([entry])
            await asyncio.sleep(70)
            found = series(exact_names(await one.text()), MINUTES, into="down")
            assert list(found.values()) == [10, 10]
            view = DaemonView(one.daemon, ScrapeGate(one.exposition, one.clock))
            school = await view.school("a1")
            assert school is not None
            assert [(one.into, one.minutes) for one in school.excuses] == [("down", 10)]
            assert school.outages == ()
            [month] = [site for site in (await view.sla(None)).sites if site.school == "a1"]
            [charged] = [outage for outage in month.outages if outage.excuses]
            assert (charged.cause, charged.excuses) == ("reclassified", ("e1",))
            assert charged.reason == OURS.reason, "who decided it is not in the API"
            one.offer(fewer)
            assert await one.daemon.reload()
            await asyncio.sleep(70)
            found = series(exact_names(await one.text()), MINUTES)
            assert [dict(key)["school"] for key in found] == ["a1"]

    run_virtually(main())


def test_old_excuses_and_more_than_the_newest_two_hundred_are_not_exposed(tmp_path: Path) -> None:
    inventory = two_providers(tmp_path)
    old = minute_of(START - timedelta(days=401))

    async def main() -> None:
        async with running(tmp_path, inventory) as one:
            entries = [
                excuse_entry(replace(OURS, id=f"e{number}", first=OURS.first - number * 60))
                for number in range(1, 251)
            ]
            entries.append(excuse_entry(replace(OURS, id="old", first=old)))
            one.daemon.record(entries)
            await asyncio.sleep(70)
            shown = {dict(key)["excuse"] for key in series(exact_names(await one.text()), INFO)}
            assert shown == {f"e{number}" for number in range(1, 201)}

    run_virtually(main())
