"""Commands that ask a running demo."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.cli.demo import running_demo
from monitor.cli.demo_note import Note, noted
from monitor.config import load
from monitor.inventory.checks import IcmpOptions
from monitor.shipped import EXAMPLE_CITY, shipped
from monitor.simulator.websites import Websites

if TYPE_CHECKING:
    from pathlib import Path

OPTIONS = IcmpOptions(packets=5, spacing=0.2, wait=2.0)
COMMANDS = 40


@dataclass
class Stepped:
    """A clock whose sleepers wake up at once."""

    instant: datetime

    def monotonic(self) -> float:
        return 1000.0

    def now(self) -> datetime:
        return self.instant

    async def sleep(self, _seconds: float) -> None:
        return


async def test_each_probe_of_a_lossy_line_loses_other_packets(tmp_path: Path) -> None:
    """Of one school each call lost all five of five, and so contradicted the page for good."""
    whole = load(shipped(EXAMPLE_CITY))
    city = replace(whole, schools=whole.schools[:1])
    note = Note(os.getpid(), 1, 16100, (f"lossy@{city.schools[0].id}",), {}, "")
    rounds = []
    with noted(tmp_path, note, Websites(city, tmp_path)):
        for number in range(COMMANDS):
            clock = Stepped(datetime(2026, 11, 30, 9, 30, tzinfo=UTC) + timedelta(seconds=number))
            parts = running_demo(city, clock, tmp_path)
            router = parts.inventory.schools[0].sites[0].uplink.host
            rounds.append(await parts.echo.ping(router, OPTIONS))
    assert len({one.lost for one in rounds}) > 2
    # 40 % of the packets, on the same line with the same round-trip times.
    assert 0.25 < sum(one.lost for one in rounds) / (5 * COMMANDS) < 0.55
