"""Each kind of degradation: on the page and alerted in time, and gone again.

The daemon's parts are the real ones on virtual time, with the shipped intervals and limits; its
exposition goes through the deployed rules in promtool. The times are those that docs/alerts.md
promises, minus Alertmanager's wait.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
import pytest

from monitor.exposition.gate import ScrapeGate
from monitor.status.view import DaemonView
from monitor.verdict import Trouble
from monitor.web.app import Listen, serve
from monitor.words import terms
from tests.ailing import (
    FIRST_SWITCH,
    FLAPPING_ROUTER,
    LOSSY_ROUTER,
    Ailing,
    LoopbackLoop,
    ailing,
    run_beside_loopback,
)
from tests.deploy.rules import ROOT
from tests.drills.recorded import SCRAPE_SECONDS, Asked, Recording
from tests.exposition.support import exact_names

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

BREAK_SECONDS = 600
MEND_SECONDS = BREAK_SECONDS + 29 * 60
END_SECONDS = MEND_SECONDS + 65 * 60
GROUP_WAIT_SECONDS = 30
SCHOOLS = ("goethe", "kant", "natorp")
ROW = re.compile(r"^\| (\w+)[^|]* \| (\d+) min \| (\d+) min \| (\d+) min \|$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Drill:
    """What is broken at which school, how the page shows it, and which alerts fire."""

    school: str
    trouble: Trouble
    about: str
    alert: str


DRILLS = (
    Drill("natorp", Trouble.PACKET_LOSS, "(ping)", "PacketLoss"),
    Drill("goethe", Trouble.SERVICE, "(website)", "ServiceDown"),
    Drill("goethe", Trouble.SERVICE, "(mail)", "ServiceDown"),
    Drill("goethe", Trouble.SNMP, "(SNMP interfaces)", "SnmpUnreadable"),
    Drill("goethe", Trouble.LINE_FULL, "(SNMP interfaces, down)", "LineFull"),
    Drill("goethe", Trouble.HARDWARE, "(SNMP hardware, Fan 1)", "HardwareFault"),
    Drill("goethe", Trouble.TEMPERATURE, "(SNMP hardware, Chassis)", "TemperatureHigh"),
    Drill("natorp", Trouble.SLOWER_THAN_CONTRACT, "(SNMP interfaces)", "SlowerThanContract"),
    Drill("kant", Trouble.FLAPPING, "(ping)", "UplinkFlapping"),
)


def promised() -> dict[str, tuple[int, int, int]]:
    """Return alert -> seconds until the verdict, the ticket, and its end, by docs/alerts.md."""
    text = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
    return {
        alert: (60 * int(verdict), 60 * int(ticket), 60 * int(over))
        for alert, verdict, ticket, over in ROW.findall(text)
    }


def test_every_alert_on_degraded_devices_is_documented_and_drilled() -> None:
    assert promised().keys() == {drill.alert for drill in DRILLS}


class Watcher:
    """Reads the pages in step with the recording."""

    def __init__(self, one: Ailing, recording: Recording, port: int) -> None:
        self._one = one
        self._recording = recording
        self._port = port
        self.shown: dict[Drill, list[int]] = {drill: [] for drill in DRILLS}

    async def until(self, seconds: int) -> None:
        """Scrape until that second, and read the pages with each second scrape."""
        while (at := self._recording.scrapes * SCRAPE_SECONDS) < seconds:
            self._recording.take(exact_names(await self._one.running.text()))
            if self._recording.scrapes % 2:
                pages = {school: await self._page(school) for school in SCHOOLS}
                for drill in DRILLS:
                    if said(drill) in pages[drill.school]:
                        self.shown[drill].append(at)
            await asyncio.sleep(SCRAPE_SECONDS)

    async def _page(self, school: str) -> str:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, LoopbackLoop)
        url = f"http://127.0.0.1:{self._port}/schools/{school}?lang=en"
        with loop.waiting():
            async with aiohttp.ClientSession() as session, session.get(url) as answer:
                text = await answer.text()
        return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def said(drill: Drill) -> str:
    return f"{terms.TROUBLES[drill.trouble].en} {drill.about}, since"


async def break_all(one: Ailing) -> None:
    one.network.answered[LOSSY_ROUTER] = 3
    one.network.load = 0.98
    one.network.speed = 100
    one.network.mute.add(FIRST_SWITCH)
    one.network.is_fan_good = False
    one.network.celsius = 83
    one.website.status = 503
    await one.website.refuse_mail()


async def mend_all(one: Ailing) -> None:
    one.network.answered.clear()
    one.network.load = 0.1
    one.network.speed = 1000
    one.network.mute.clear()
    one.network.is_fan_good = True
    one.network.celsius = 41
    one.website.status = 200
    await one.website.open_mail()


async def flap(one: Ailing) -> None:
    """Go down three times, for three minutes each."""
    for _ in range(3):
        one.network.dead.add(FLAPPING_ROUTER)
        await asyncio.sleep(180)
        one.network.dead.discard(FLAPPING_ROUTER)
        await asyncio.sleep(180)


def test_degradation_is_shown_alerted_in_time_and_resolved(
    tmp_path: Path,
) -> None:
    promises = promised()
    recording = Recording(frozenset(promises))
    shown: dict[Drill, list[int]] = {}

    async def main() -> None:
        async with ailing(tmp_path) as one:
            with ScrapeGate(one.running.exposition, one.running.clock) as gate:
                view = DaemonView(one.running.daemon, gate)
                async with (
                    serve(view, Listen("127.0.0.1", 0)) as port,
                    asyncio.TaskGroup() as group,
                ):
                    watcher = Watcher(one, recording, port)
                    await watcher.until(BREAK_SECONDS)
                    await break_all(one)
                    group.create_task(flap(one))
                    await watcher.until(MEND_SECONDS)
                    await mend_all(one)
                    await watcher.until(END_SECONDS)
                    shown.update(watcher.shown)

    run_beside_loopback(main())
    asked = []
    for drill in DRILLS:
        verdict, ticket, over = promises[drill.alert]
        # A flapping line is repaired with the end of its third outage, and flaps only then.
        is_flapping = drill.trouble is Trouble.FLAPPING
        mended = BREAK_SECONDS + 5 * 180 if is_flapping else MEND_SECONDS
        seen = shown[drill]
        assert BREAK_SECONDS < seen[0] <= BREAK_SECONDS + verdict + 2 * SCRAPE_SECONDS, drill
        assert mended <= seen[-1] < mended + over, (drill, seen)
        # In between it was shown without interruption, except while the line was down.
        if not is_flapping:
            assert seen == list(range(seen[0], seen[-1] + 1, 2 * SCRAPE_SECONDS)), drill
        count = sum(other.alert == drill.alert for other in DRILLS)
        asked += [
            Asked(BREAK_SECONDS, drill.alert, drill.school, 0),
            Asked(BREAK_SECONDS + ticket - GROUP_WAIT_SECONDS, drill.alert, drill.school, count),
            Asked(max(mended, BREAK_SECONDS + ticket), drill.alert, drill.school, count),
            Asked(mended + over, drill.alert, drill.school, 0),
        ]
    assert recording.check(tmp_path, asked) == ""
