"""A shell session judges by the daemon's own consumers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.calendar.maintenance import MaintenanceBook
from monitor.cli.session import NoEcho, SchoolSession, Transports
from monitor.inventory.checks import CheckKind
from monitor.observation import Observation, Outcome
from monitor.probes.snmp_transport import SnmpReaders
from monitor.snmp.client import SnmpClient
from monitor.verdict import SubjectKind
from tests.integration.running import Town
from tests.modelled import inventory_of
from tests.probes.support import THREADS

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from monitor.inventory.checks import Check
    from monitor.probes.context import Probe, ProbeContext


def reason(session: SchoolSession) -> str:
    window = session.maintenance
    return window.reason if window is not None else ""


async def test_a_window_announced_meanwhile_applies_in_the_next_round(
    tmp_path: Path,
) -> None:
    inventory = inventory_of(tmp_path, Town(161, {"voede": 1, "goethe": 2}))
    school = inventory.schools[1]
    async with SnmpClient() as client:
        transports = Transports(inventory, NoEcho(), SnmpReaders({}, {}), client, THREADS)
        session = SchoolSession(transports, school, tmp_path)
        await session.round([])
        assert reason(session) == ""
        assert {subject.school for subject, _ in session.board.findings()} == {school.id}
        kinds = {subject.kind for subject, _ in session.board.findings()}
        assert SubjectKind.UPLINK in kinds
        now = session.clock.now()
        book = MaintenanceBook(tmp_path, inventory)
        book.add(school.id, now, now + timedelta(hours=1), "Umbau", now=now)
        await session.round([])
        assert reason(session) == "Umbau"


async def test_no_figure_is_of_the_load_of_other_checks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pings first, interfaces last, one by one; a check that hangs delays no other for long."""
    said: list[str] = []
    hang = asyncio.Event()

    def probe(name: str) -> Probe:
        async def run(check: Check, context: ProbeContext) -> Observation:
            said.append(f"{name} begins")
            if name == "hangs":
                await hang.wait()
            else:
                await asyncio.sleep(0)
            said.append(f"{name} ends")
            if name == "interfaces":
                hang.set()
            return Observation(check, context.clock.now(), 0.0, Outcome.UNKNOWN)

        return run

    kinds = {
        CheckKind.INTERFACES: "interfaces",
        CheckKind.HTTP: "page",
        CheckKind.TCP: "hangs",
        CheckKind.ICMP: "ping",
    }
    monkeypatch.setattr(
        "monitor.cli.session.PROBES", {kind: probe(name) for kind, name in kinds.items()}
    )
    inventory = inventory_of(tmp_path, Town(161, {"voede": 1}))
    async with SnmpClient() as client:
        transports = Transports(inventory, NoEcho(), SnmpReaders({}, {}), client, THREADS)
        session = SchoolSession(transports, inventory.schools[0], tmp_path)
        one = next(check for check in session.checks if check.kind is CheckKind.ICMP)
        await session.round(replace(one, kind=kind) for kind in kinds)
    assert said == [
        *("ping begins", "ping ends", "page begins", "page ends", "hangs begins"),
        *("interfaces begins", "interfaces ends", "hangs ends"),
    ]
