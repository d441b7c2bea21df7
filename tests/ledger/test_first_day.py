"""A ledger written by the first version: today's reads, continues and verifies it.

`first_day.sqlite.gz` was written by the code of commit 957523e, with every kind of entry of that
time. Measurements had no cross traffic yet, and reports another form of anchor.
"""

from __future__ import annotations

import asyncio
import gzip
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.availability.records import (
    MinuteRun,
    Scope,
    Transition,
    read_run,
    read_scope,
    read_transition,
    scope_id,
)
from monitor.campaigns.evidence import Direction, LineDay, Measurement, PassivePeak, Rates
from monitor.campaigns.gates import Traffic, read_traffic
from monitor.campaigns.records import (
    CampaignPhase,
    CampaignStep,
    read_campaign,
    read_measurement,
    read_peak,
)
from monitor.ledger.chain import Entry
from monitor.ledger.ledger import Ledger
from monitor.ledger.place import LEDGER_FILE, SqlitePlace
from monitor.ledger.reader import open_reader
from monitor.ledger.schema import MIGRATIONS
from monitor.observation import State
from monitor.report.records import HandedOut, read_report
from monitor.rollout.goal_records import GoalScope, read_goal
from monitor.rollout.line_records import LineChange, read_line, read_line_day
from monitor.rollout.stage import Stage
from monitor.rollout.stage_records import ReportedFigure, StageChange, read_reported, read_stage
from monitor.verdict import Subject, SubjectKind
from tests.integration.running import Town
from tests.ledger.clocks import ManualClock
from tests.modelled import Network, inventory_of, running
from tests.virtual_time import VirtualClock, run_virtually

if TYPE_CHECKING:
    from collections.abc import Callable

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SITES = ("goethe/main", "kant/main")
SITE = SITES[0]
ROWS = 15
HEAD = "2e80382d906d35e7aca81f3ec8927237c0b682f36e771184f7425ba9037e5d4d"
FULL = Measurement(SITE, NOON, "iperf3", 9.4e8, 4.7e8, 8, 12.5, 0.0125, False, True, "c1")  # noqa: FBT003  # as then
WHY = "no answer “für Schüler”"
FAILED = Measurement(SITES[1], NOON, "http", None, None, 4, 10.0, None, True, False, "", WHY)  # noqa: FBT003  # as then
OWED = Rates(1e9, 9e8, 6e8), Rates(5e8, 4.5e8, 3e8)
READ: tuple[tuple[Callable[[Entry], object], object], ...] = (
    (read_scope, Scope(NOON, scope_id(SITES), SITES)),
    (read_run, MinuteRun(29_000_000, 5, scope_id(SITES), "ud")),
    (
        read_transition,
        Transition(
            *(SITE, State.DOWN, NOON - timedelta(minutes=1), NOON, "no_answer"),
            "no reply from 10.82.1.1 to 5 packets",
        ),
    ),
    (read_measurement, FULL),
    (read_measurement, FAILED),
    (read_campaign, CampaignStep("c1", SITE, NOON, CampaignPhase.STARTED, *OWED)),
    (read_traffic, Traffic(SITE, "c1", NOON, 1_250_000_000)),
    (read_peak, PassivePeak(SITE, NOON, Direction.UP, 8.1e8)),
    (read_line, LineChange(SITE, NOON, False, "sys_name 'gw'", "sysName is 'old'")),  # noqa: FBT003  # as then
    (read_line_day, LineDay(SITE, NOON - DAY, NOON, 1431, 1440, True, "sys_name 'gw'")),  # noqa: FBT003  # as then
    (
        read_stage,
        StageChange(SITE, NOON, Stage.LIVE, NOON - DAY, "1431 of 1440 minutes", ("minutes:a",)),
    ),
    (read_goal, GoalScope(NOON, "Gute Schule Bochum", "schools", 2, SITES)),
    (read_reported, ReportedFigure("tablets", date(2020, 12, 31), 9000, "press release")),
    (read_report, HandedOut(NOON, 1, 2, 11, "ledger:11:00ff")),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / LEDGER_FILE
    packed = Path(__file__).with_name("first_day.sqlite.gz").read_bytes()
    place.write_bytes(gzip.decompress(packed))
    return place


def note(kind: str = "note") -> Entry:
    return Entry(NOON + DAY, kind, SITE, {"n": 1})


async def test_it_is_opened_verified_and_appended_to(path: Path) -> None:
    async with Ledger.open(SqlitePlace(path), ManualClock()) as ledger:
        result = await ledger.verify()
        assert (result.problem, result.rows, result.head.hex()) == ("", ROWS, HEAD)
        assert not ledger.health.quarantined
        assert not ledger.health.replaced
        await ledger.append([note()])
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    with open_reader(path) as reader:
        result = reader.verify()
        assert (result.problem, result.rows) == ("", ROWS + 1)
        digest = reader.digest_at(ROWS)
        assert digest is not None
        assert digest.hex() == HEAD
        assert [one.entry for one in reader.entries("note")] == [note()]


def test_every_entry_still_means_what_it_meant(path: Path) -> None:
    with open_reader(path) as reader:
        begin, *rows = [row.recorded().entry for row in reader.rows()]
    assert (begin.kind, begin.payload) == ("begin", {})
    assert [read(row) for (read, _), row in zip(READ, rows, strict=True)] == [
        said for _, said in READ
    ]


def test_a_daemon_starts_with_it_and_knows_its_outage(path: Path) -> None:
    town, later = Town(161, {"goethe": 2, "kant": 3}, switches=0), NOON + DAY

    async def main() -> None:
        folder = path.parent
        network = Network(dead={"127.82.2.1"})
        async with running(
            folder, inventory_of(folder, town), network, clock=VirtualClock(later)
        ) as one:
            await asyncio.sleep(900)
            line = Subject(SubjectKind.UPLINK, "goethe", "main", "router")
            found = one.pipeline.verdicts.board.verdict(line)
            assert found is not None
            assert (found.state, found.since) == (State.DOWN, NOON - timedelta(minutes=1))
            assert one.pipeline.stages.rollout.findings[SITE].stage is Stage.LIVE
            assert one.ledger.health.healthy

    run_virtually(main())
    with open_reader(path) as reader:
        result = reader.verify()
        assert result.problem == ""
        assert result.rows > ROWS
