"""A shell session judges by the daemon's own consumers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.calendar.maintenance import MaintenanceBook
from monitor.cli.session import NoEcho, SchoolSession, Transports
from monitor.probes.snmp_transport import SnmpReaders
from monitor.snmp.client import SnmpClient
from monitor.verdict import SubjectKind
from tests.integration.running import Town
from tests.modelled import inventory_of
from tests.probes.support import THREADS

if TYPE_CHECKING:
    from pathlib import Path


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
