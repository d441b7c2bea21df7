"""Reclassified minutes, in PostgreSQL as in a file: written by the daemon, reported the same."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from monitor.availability.excuse_requests import ExcuseFile
from monitor.availability.excuses import EXCUSE, Withdrawal
from monitor.availability.records import MinuteRun, minutes_entry, scope_entry, scope_id
from monitor.availability.sla import month_entries, sla_report
from monitor.availability.sla_output import to_json
from monitor.clock import SystemClock
from monitor.daemon.consumers.excuses import obey_excuses
from monitor.ledger.ledger import Ledger
from monitor.ledger.place import SqlitePlace
from monitor.ledger.postgres import postgres_place
from tests.availability.test_excuses import BEGIN, NOW, SITES, SPAN, excuse
from tests.availability.test_sla import INVENTORY, LESSONS, in_lessons, local
from tests.integration.postgres import running_postgres

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.ledger.place import LedgerPlace

pytestmark = pytest.mark.integration


async def written(place: LedgerPlace, requests: ExcuseFile) -> str:
    """Let the daemon's consumer record the requests; return the month as JSON."""
    clock = SystemClock()
    async with Ledger.open(place, clock) as ledger:
        run = MinuteRun(SPAN.start, len(SPAN), scope_id(SITES), "d?")
        await ledger.append([scope_entry(SITES, BEGIN), minutes_entry(run)])
        task = asyncio.create_task(obey_excuses(ledger, requests, clock))
        try:
            async with asyncio.timeout(60):
                while len(await ledger.entries(EXCUSE)) < 2:  # noqa: ASYNC110  # rows set no event
                    await asyncio.sleep(0.05)
        finally:
            task.cancel()
    with place.open_reader() as reader:
        found = sla_report(
            month_entries(reader, "2026-10", "Europe/Berlin"),
            INVENTORY,
            "2026-10",
            now=local(11, 20),
            in_lessons=in_lessons,
        )
    assert [site.total.excused for site in found.sites] == [20, 0]
    assert [site.charged for site in found.sites] == [0, 20]
    assert [one.withdrawn is None for one in found.excuses] == [True, True]
    return to_json(found)


async def test_postgresql_and_sqlite_report_the_same_month(tmp_path: Path) -> None:
    requests = ExcuseFile(tmp_path / "excuses.json")
    requests.add(excuse())
    requests.add(excuse("down", id="e2", sites=(LESSONS,)))
    requests.add(excuse(id="e3"))  # overlaps, and is refused
    requests.add(Withdrawal("e9", NOW, "Max", "there is none"))
    with running_postgres() as server:
        of_file = await written(SqlitePlace(tmp_path / "ledger.sqlite"), requests)
        assert of_file == await written(postgres_place(server.url, "main"), requests)
