"""Any file that `check` accepts can be run, reloaded to and from, shown, and used in mails."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings

from monitor.config import load_text
from monitor.config.contacts import Contacts
from monitor.exposition.gate import ScrapeGate
from monitor.mails.template import template
from monitor.schedule import CapacityError, refuse_overload
from monitor.status.view import DaemonView
from tests.config.any_file import accepted_files
from tests.daemon.test_chaos import OLD, world
from tests.modelled import Running, inventory_of, running
from tests.virtual_time import run_virtually


async def is_whole(one: Running) -> None:
    """Read everything a running daemon shows."""
    await asyncio.sleep(6)
    found = await world(one, traps=False)
    assert found.running == found.wanted
    with ScrapeGate(one.exposition, one.clock) as gate:
        view = DaemonView(one.daemon, gate)
        view.city()
        assert len(view.schools()) == len(one.daemon.inventory.schools)
        for school in one.daemon.inventory.schools:
            assert await view.school(school.id)
        await view.sla(None)


@given(accepted_files())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_command_accepts_whatever_check_accepts(text: bytes) -> None:
    inventory = load_text(text, "any")
    try:
        refuse_overload(inventory.checks())
    except CapacityError:
        return

    async def main(folder: Path) -> None:
        old = inventory_of(folder, OLD)
        async with running(folder, inventory, fewer_schools=True) as one:
            assert template(inventory, Contacts(), one.clock.now())
            await is_whole(one)
            one.offer(old)
            assert await one.daemon.reload("a test")
            one.offer(inventory)
            assert await one.daemon.reload("a test")
            await is_whole(one)

    with tempfile.TemporaryDirectory() as folder:
        run_virtually(main(Path(folder)))
