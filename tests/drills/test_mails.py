"""Mails give the start, whatever restarts: daemon, Prometheus, Alertmanager and SMTP are real."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.drills.pace import write_rules
from tests.drills.stack import Counted, Stack
from tests.drills.town import School, Town
from tests.integration.alertmanager import mailing
from tests.integration.mailbox import mailbox
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.integration.mailbox import Mailbox

pytestmark = [pytest.mark.integration, pytest.mark.heavy, pytest.mark.thorough]

NIGHT, MORNING = "2026-11-25T02:05:00+00:00", "2026-11-25T04:35:00+00:00"
# The faults, by the subject of their mail. The alerts of the last two end while the daemon is off.
FAULTS = {
    "Goethe: switch-01 antwortet nicht": "switch-down@goethe/switch-01",
    "Tot: kein Internet": "uplink-down@tot",
    "Goethe: switch-02 ist per SNMP nicht lesbar": "snmp-silent@goethe/switch-02",
    "Verlust: % der Pakete gehen verloren": "lossy@verlust",
}
_SINCE = re.compile(r"^Seit: 25\.11\.2026, (\d\d:\d\d) Uhr", re.MULTILINE)
ENDS_MEANWHILE = set(list(FAULTS)[2:])
OVER = "vorbei: "


async def since(box: Mailbox, subjects: set[str]) -> dict[str, str]:
    """Return the time given in the next mail with each of these subjects."""
    found: dict[str, str] = {}
    while not subjects <= found.keys():
        mail = await asyncio.to_thread(box.next)
        body = mail.get_body(("plain",))
        assert body is not None
        subject = re.sub(r"[\d.]+%", "%", mail["Subject"])
        if subject in subjects:
            [found[subject]] = _SINCE.findall(body.get_content())
    return found


@asynccontextmanager
async def watched(town: Town, alertmanager: str) -> AsyncIterator[Stack]:
    """Run the daemon and a Prometheus that knows all devices, with that Alertmanager."""
    folder, url = town.folder, f"http://127.0.0.1:{free_port()}"
    (folder / "rules").mkdir()
    write_rules(folder / "rules", town.pace)
    async with town.devices(), AsyncExitStack() as exposing, AsyncExitStack() as recording:
        exporter = await exposing.enter_async_context(town.exposed())
        text = town.prometheus(exporter, int(alertmanager.rpartition(":")[2]))
        (folder / "prometheus.yml").write_text(text, encoding="utf-8")
        stack = Stack(town, Counted(), exporter, url, exposing, recording, folder)
        await stack.start_prometheus()
        give_up = time.monotonic() + 300
        while not await stack.is_known():
            assert time.monotonic() < give_up, (folder / "prometheus.log").read_text()
            await asyncio.sleep(0.2)
        yield stack


async def test_mails_show_the_same_start_before_and_after_a_restart(tmp_path: Path) -> None:
    schools = (School("goethe", "a", switches=2), School("tot", "b"), School("verlust", "c"))
    town = Town(tmp_path, schools, NIGHT)
    with mailbox() as box, mailing(tmp_path / "mails", box.address, "de") as alertmanager:
        async with watched(town, alertmanager.address) as stack:
            await town.breaks(*FAULTS.values())
            first = await since(box, set(FAULTS))
            assert all("03:05" <= at <= "03:25" for at in first.values()), first
            await stack.kill_daemon()
            ended = await since(box, {OVER + subject for subject in ENDS_MEANWHILE})
            town.begins = MORNING
            await stack.start_daemon()
            again = await since(box, ENDS_MEANWHILE)
            assert again == {subject: first[subject] for subject in ENDS_MEANWHILE}
            await town.mends(*FAULTS.values())
            ended |= await since(box, {OVER + subject for subject in FAULTS.keys() - again.keys()})
            assert ended == {OVER + subject: at for subject, at in first.items()}
