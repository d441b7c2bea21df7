"""Outages of providers, from observations to the ledger, the metrics and the month's account."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.availability.excuse_requests import EXCUSES_FILE, ExcuseFile
from monitor.availability.excuses import EXCUSE, EXCUSE_WITHDRAWN, Excuse, Withdrawal
from monitor.availability.minutes import minute_of
from monitor.availability.records import TRANSITION, Transition, read_transition
from monitor.availability.sla import SiteSla, Verdict, month_entries, sla_report
from monitor.calendar.maintenance import MaintenanceBook
from monitor.calendar.school_days import SchoolCalendar
from monitor.ledger.reader import open_reader
from monitor.observation import State
from tests.exposition.support import exact_names
from tests.integration.running import Town, series, value
from tests.modelled import Network, inventory_of, running
from tests.virtual_time import START, run_virtually

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from monitor.inventory.city import Inventory
    from tests.modelled import Running

SCHOOLS = {f"a{number}": number for number in range(1, 11)} | {"b1": 11, "b2": 12}
OF_A = {f"127.82.{number}.1" for number in range(1, 9)}
OF_ALL = {f"127.82.{number}.1" for number in SCHOOLS.values()}


def two_providers(folder: Path) -> Inventory:
    """Return ten schools of `Stadtnetz` and two of another provider."""
    inventory = inventory_of(folder, Town(161, SCHOOLS, switches=0, pace=5))
    schools = []
    for school in inventory.schools:
        [site] = school.sites
        name = "Anderes Netz" if school.id.startswith("b") else "Stadtnetz"
        assert site.uplink.contract is not None
        contract = replace(site.uplink.contract, provider=name)
        place = replace(site, uplink=replace(site.uplink, contract=contract))
        schools.append(replace(school, sites=(place,)))
    return replace(inventory, schools=tuple(schools))


def transitions(folder: Path, site: str) -> list[Transition]:
    with open_reader(folder / "ledger.sqlite") as reader:
        return [read_transition(one.entry) for one in reader.entries(TRANSITION, subject=site)]


def account(folder: Path, inventory: Inventory, now: datetime) -> Mapping[str, SiteSla]:
    """Return the running month by school."""
    calendar = SchoolCalendar(inventory.calendar)
    month = f"{now.astimezone(calendar.timezone):%Y-%m}"
    with open_reader(folder / "ledger.sqlite") as reader:
        report = sla_report(
            month_entries(reader, month, inventory.calendar.timezone),
            inventory,
            month,
            now=now,
            in_lessons=calendar.in_lessons,
        )
    return {site.school.id: site for site in report.sites}


async def through(one: Running, dead: set[str]) -> None:
    """Let these lines die for a quarter of an hour, and come back."""
    await asyncio.sleep(120)
    one.network.dead |= dead
    await asyncio.sleep(900)


async def mended(one: Running) -> datetime:
    one.network.dead.clear()
    await asyncio.sleep(900)
    return one.clock.now()


def test_a_provider_outage_is_down_with_its_cause_and_breaches_contracts(
    tmp_path: Path,
) -> None:
    inventory = two_providers(tmp_path)
    ends = START

    async def main() -> None:
        nonlocal ends
        async with running(tmp_path, inventory) as one:
            await through(one, OF_A)
            samples = exact_names(await one.text())
            assert value(samples, "school_provider_outage", provider="Stadtnetz") == 1
            assert value(samples, "school_provider_outage", provider="Anderes Netz") == 0
            assert value(samples, "school_common_outage") == 0
            assert value(samples, "monitor_isolated") == 0
            causes = series(samples, "school_uplink_cause_info", cause="provider_outage")
            assert len(causes) == len(OF_A)
            assert one.daemon.status().root_causes == ("provider Stadtnetz",)
            ends = await mended(one)
            samples = exact_names(await one.text())
            assert value(samples, "school_provider_outage", provider="Stadtnetz") == 0
            assert one.daemon.status().root_causes == ()

    run_virtually(main())
    found = account(tmp_path, inventory, ends)
    for number in range(1, 9):
        site = found[f"a{number}"]
        assert site.total.down in {14, 15, 16}
        assert site.verdict is Verdict.BROKEN
        [outage] = site.outages
        assert outage.reason == "provider_outage"
    for well in ("a9", "a10", "b1", "b2"):
        assert (found[well].total.down, found[well].verdict) == (0, Verdict.KEPT)


def test_a_loss_of_all_providers_is_unknown_and_breaches_no_contract(tmp_path: Path) -> None:
    inventory = two_providers(tmp_path)
    ends = START

    async def main() -> None:
        nonlocal ends
        async with running(tmp_path, inventory) as one:
            await through(one, OF_ALL)
            samples = exact_names(await one.text())
            assert value(samples, "school_common_outage") == 1
            assert set(series(samples, "school_provider_outage").values()) == {0.0}
            assert value(samples, "monitor_isolated") == 0
            assert value(samples, "monitor_line_state", state="up") == 1
            assert one.daemon.status().root_causes == ("the hub",)
            ends = await mended(one)
            samples = exact_names(await one.text())
            assert value(samples, "school_common_outage") == 0

    run_virtually(main())
    for school, site in account(tmp_path, inventory, ends).items():
        # The day began 600 minutes before the monitor; the unknown minutes are the quarter of an
        # hour.
        assert site.total.before == 600, school
        assert 14 <= site.total.unknown <= 20, school
        assert (site.total.down, site.verdict, site.certain) == (0, Verdict.KEPT, False)


def test_a_restart_during_a_common_outage_marks_no_school_down(tmp_path: Path) -> None:
    """The ledger's last verdict on every line is unknown; the one before says which were up."""
    inventory = two_providers(tmp_path)

    async def main() -> None:
        async with running(tmp_path, inventory) as one:
            await through(one, OF_ALL)
        async with running(tmp_path, inventory, Network(dead=set(OF_ALL))) as one:
            await asyncio.sleep(600)
            samples = exact_names(await one.text())
            assert value(samples, "school_common_outage") == 1

    run_virtually(main())
    for school in SCHOOLS:
        found = [one.state for one in transitions(tmp_path, f"{school}/main")]
        assert State.DOWN not in found


def test_a_restart_in_an_outage_of_a_one_provider_city_blames_that_provider(
    tmp_path: Path,
) -> None:
    """By the ledger all uplinks were up; references answer, so it is the provider's fault."""

    async def main() -> None:
        inventory = inventory_of(tmp_path, Town(161, {"voede": 1, "kant": 2, "natorp": 3}, 0))
        async with running(tmp_path, inventory):
            await asyncio.sleep(60)
        dead = {f"127.82.{number}.1" for number in (1, 2, 3)}
        async with running(tmp_path, inventory, Network(dead=dead)) as one:
            await asyncio.sleep(600)
            samples = exact_names(await one.text())
            assert value(samples, "monitor_isolated") == 0
            assert value(samples, "school_provider_outage", provider="Stadtnetz") == 1

    run_virtually(main())
    assert [one.state for one in transitions(tmp_path, "voede/main")] == [State.UP, State.DOWN]


def test_planned_work_at_most_sites_is_no_provider_outage(tmp_path: Path) -> None:
    inventory = two_providers(tmp_path)

    async def main() -> None:
        async with running(tmp_path, inventory) as one:
            await asyncio.sleep(60)
            book, now = MaintenanceBook(tmp_path, inventory), one.clock.now()
            for number in range(1, 9):
                book.add(f"a{number}", now, now + timedelta(hours=1), "Umbau", now=now)
            await through(one, OF_A)
            samples = exact_names(await one.text())
            assert set(series(samples, "school_provider_outage").values()) == {0.0}
            assert value(samples, "school_uplink_up", school="a1") == 0

    run_virtually(main())


def test_a_running_daemon_records_an_excuse_once_and_the_month_shows_it(tmp_path: Path) -> None:
    inventory = two_providers(tmp_path)
    requests = ExcuseFile(tmp_path / EXCUSES_FILE)
    ends = START

    async def main() -> None:
        nonlocal ends
        async with running(tmp_path, inventory) as one:
            await through(one, OF_A)
            ends = await mended(one)
            ours = Excuse(
                id="e1",
                at=ends,
                by="Petra Muster",
                reason="our own digger",
                sites=("a1/main", "a2/main"),
                provider="",
                first=minute_of(START),
                minutes=30,
                into="unknown",
            )
            requests.add(ours)
            requests.add(replace(ours, id="e2"))  # as two commands at the same instant ask
            await asyncio.sleep(10)
            requests.add(Withdrawal("e1", one.clock.now(), "Max", "only a2"))
            requests.add(replace(ours, id="e3", at=one.clock.now(), sites=("a2/main",)))
            await asyncio.sleep(10)
        async with running(tmp_path, inventory):
            await asyncio.sleep(10)

    run_virtually(main())
    with open_reader(tmp_path / "ledger.sqlite") as reader:
        assert reader.verify().ok
        kinds = (EXCUSE, EXCUSE_WITHDRAWN)
        entries = [one.entry for kind in kinds for one in reader.entries(kind)]
    assert [one.payload["excuse"] for one in entries] == ["e1", "e3", "e1"]
    found = account(tmp_path, inventory, ends)
    assert found["a1"].verdict is Verdict.BROKEN
    assert found["a1"].total.excused == 0
    assert found["a2"].verdict is Verdict.KEPT
    assert found["a2"].total.excused in {14, 15, 16}
