"""Rows as always written: decoding, encoding and digests keep every byte.

`golden_rows.txt` has the columns of a row, separated by tabs, the digest in hex. Rows are only ever
appended; a row that no longer matches means that old ledgers would be read, or new ones written,
differently.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from monitor.availability.excuses import (
    Excuse,
    Withdrawal,
    excuse_entry,
    read_asked,
    withdrawal_entry,
)
from monitor.availability.records import (
    MinuteRun,
    Scope,
    Transition,
    minutes_entry,
    read_run,
    read_scope,
    read_transition,
    rule_entry,
    scope_entry,
    scope_id,
    transition_entry,
)
from monitor.campaigns.evidence import Direction, LineDay, Measurement, PassivePeak, Rates
from monitor.campaigns.gates import Traffic, read_traffic, traffic_entry
from monitor.campaigns.records import (
    CampaignPhase,
    CampaignStep,
    campaign_entry,
    measurement_entry,
    peak_entry,
    read_campaign,
    read_measurement,
    read_peak,
)
from monitor.daemon.trouble_records import read_trouble, trouble_entry
from monitor.ledger.chain import Row, digest, link
from monitor.ledger.ledger import Ledger
from monitor.ledger.place import SqlitePlace
from monitor.ledger.reader import open_reader
from monitor.ledger.reading import verify_chain
from monitor.observation import State
from monitor.report.records import HandedOut, read_report, report_entry
from monitor.rollout.goal_records import GoalScope, goal_entry, read_goal
from monitor.rollout.line_records import (
    LineChange,
    line_day_entry,
    line_entry,
    read_line,
    read_line_day,
)
from monitor.rollout.stage import Stage
from monitor.rollout.stage_records import (
    ReportedFigure,
    StageChange,
    read_reported,
    read_stage,
    reported_entry,
    stage_entry,
)
from monitor.verdict import Cause, Degradation, Remembered, Subject, SubjectKind, Trouble, Verdict
from tests.ledger.clocks import ManualClock, until
from tests.ledger.test_ledger import RefusingDisk
from tests.ledger.test_ledger_page import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.ledger.chain import Entry

GOLDEN = Path(__file__).with_name("golden_rows.txt")
NOON = datetime(2026, 10, 5, 12, 0, 0, 250_000, tzinfo=UTC)
SITES = ("goethe-schule/main", "schiller-schule/main", "schiller-schule/turnhalle")
SITE = SITES[0]
# Contracted rates are whole numbers in the configuration, and are written as such.
GIGABIT, HALF = Rates(10**9, 900_000_000, 600_000_000), Rates(5e8, 4.5e8, 3e8)


CAPACITY = 23
BEFORE_THE_GAP = 21


class Written(NamedTuple):
    """A value, with the product's function to write it as an entry and the one to read it back."""

    value: Any
    write: Callable[[Any], Entry]
    read: Callable[[Entry], object]


def after(**spell: float) -> datetime:
    return NOON + timedelta(**spell)


RUN = MinuteRun(29_853_360, 5, scope_id(SITES), "uu?")
LONG_RUN = MinuteRun(29_853_365, 1, scope_id(("a/b",) * 20), 12 * "u" + "d" + 4 * "m" + "oo?")
DOWN = Transition(SITE, State.DOWN, after(minutes=-1), NOON, "timeout", "3 rounds lost")
UP = Transition(SITE, State.UP, NOON, after(seconds=7))
FULL = Measurement(
    SITE,
    NOON,
    "iperf3",
    9.412e8,
    4.7e8,
    streams=8,
    seconds=12.5,
    cross_traffic_share=0.0125,
    clock_stepped=False,
    held_slot=True,
    campaign="c1",
    down_others_bps=1.25e7,
    up_others_bps=0.0,
)
FAILED = replace(
    FULL,
    method="http",
    down_bps=None,
    up_bps=None,
    streams=4,
    seconds=10.0,
    cross_traffic_share=None,
    clock_stepped=True,
    held_slot=False,
    campaign="",
    detail="no answer “für Schüler”",
    down_others_bps=None,
    up_others_bps=None,
)
STEP = CampaignStep("c1", SITE, NOON, CampaignPhase.STARTED, GIGABIT, HALF)
HELD_UP = CampaignStep("c1", SITE, NOON, CampaignPhase.SKIPPED, GIGABIT, HALF, "lessons\nlast")
MOVED = Traffic(SITE, "c1", NOON, 1_250_000_000)
PEAK = PassivePeak(SITE, NOON, Direction.UP, 8.1e8)
LINE = LineChange(SITE, NOON, right=False, expected="sys_name 'gw'", why="sysName is 'old'")
DAY = LineDay(SITE, after(days=-1), NOON, 1431, 1440, right_line=True, line="sys_name 'gw'")
UNSEEN = LineDay(SITE, after(days=-2), after(days=-1), 0, 0, right_line=None)
LIVE = StageChange(SITE, NOON, Stage.LIVE, after(days=-1), "1431 of 1440 minutes", ("minutes:a",))
STALE = StageChange(SITE, NOON, Stage.LIVE_STALE, after(seconds=-0.75), "verified 180 days ago")
GOAL = GoalScope(NOON, "Gute Schule Bochum", "schools", 2, SITES)
REACHED = ReportedFigure("tablets", date(2020, 12, 31), 9000, "press release")
PROMISED = ReportedFigure("funding", date(2020, 9, 11), None, "press release", planned=21_100_000.5)
REPORT = HandedOut(NOON, 1, 2, 17, "ledger-anchor:17:00ff")
EXCUSE = Excuse("e1", NOON, "Ä. Möller", "fibre cut", SITES, "", 29_853_000, 90, "unknown")
CHARGE = Excuse("e2", NOON, "Max", "their router", (SITE,), "Telekom", 29_853_100, 1, "down")
SWITCH = Subject(SubjectKind.SWITCH, "goethe-schule", "main", "switch-01")
WELL = Remembered()
WRONG = Remembered(
    Verdict(State.DOWN, Cause.NO_ANSWER, after(minutes=-2), "no reply"),
    (
        Degradation(Trouble.FLAPPING, "icmp", "", after(hours=-1), "3 outages or more"),
        Degradation(Trouble.HARDWARE, "hardware", "Lüfter 1", after(days=-9), "it has failed"),
    ),
    (after(hours=-1), after(minutes=-30), after(minutes=-2)),
)
BACK = Withdrawal("e1", after(days=1), "Max", "it was theirs, after all")

FIRST = Written(
    Scope(NOON, scope_id(SITES), SITES), lambda scope: scope_entry(scope.sites, NOON), read_scope
)
STORY = (  # add at the end
    Written(RUN, minutes_entry, read_run),
    Written(LONG_RUN, minutes_entry, read_run),
    Written(DOWN, transition_entry, read_transition),
    Written(UP, transition_entry, read_transition),
    Written(NOON, rule_entry, attrgetter("at")),
    Written(FULL, measurement_entry, read_measurement),
    Written(FAILED, measurement_entry, read_measurement),
    Written(STEP, campaign_entry, read_campaign),
    Written(HELD_UP, campaign_entry, read_campaign),
    Written(MOVED, traffic_entry, read_traffic),
    Written(PEAK, peak_entry, read_peak),
    Written(LINE, line_entry, read_line),
    Written(DAY, line_day_entry, read_line_day),
    Written(UNSEEN, line_day_entry, read_line_day),
    Written(LIVE, stage_entry, read_stage),
    Written(STALE, stage_entry, read_stage),
    Written(GOAL, goal_entry, read_goal),
    Written(REACHED, reported_entry, read_reported),
    Written(PROMISED, reported_entry, read_reported),
    Written(REPORT, report_entry, read_report),
    Written(EXCUSE, excuse_entry, read_asked),
    Written(CHARGE, excuse_entry, read_asked),
    Written(BACK, withdrawal_entry, read_asked),
    Written((SWITCH, WRONG), lambda known: trouble_entry(known[0], known[1], NOON), read_trouble),
    Written((SWITCH, WELL), lambda known: trouble_entry(known[0], known[1], NOON), read_trouble),
)


def as_text(row: Row) -> str:
    columns = (row.sequence, row.at, row.kind, row.subject, row.payload, row.digest.hex())
    return "\t".join(map(str, columns))


def golden() -> list[Row]:
    rows = []
    for line in GOLDEN.read_text(encoding="ascii").splitlines():
        sequence, at, kind, subject, payload, digits = line.split("\t")
        rows.append(Row(int(sequence), int(at), kind, subject, payload, bytes.fromhex(digits)))
    return rows


class StillClock(ManualClock):
    """The time of a gap must not depend on how often a failing disk was retried."""

    async def sleep(self, seconds: float) -> None:
        before = self.at
        await super().sleep(seconds)
        self.at = before


async def test_the_product_writes_the_golden_rows_byte_for_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.sqlite"
    path.with_name(path.name + ".lock").write_bytes(b"1")  # there was one before, and it is gone
    entries = [one.write(one.value) for one in STORY]
    async with Ledger.open(SqlitePlace(path), StillClock(NOON), capacity=CAPACITY) as ledger:
        disk = RefusingDisk(monkeypatch)
        assert ledger.submit([FIRST.write(FIRST.value)])
        await until(lambda: disk.attempts >= 1)
        assert ledger.submit(entries[:BEFORE_THE_GAP])
        assert not ledger.submit(entries[:2])
        disk.refuses = False
        await until(lambda: not ledger.health.waiting)
        await ledger.append(entries[BEFORE_THE_GAP:])
    with open_reader(path) as reader:
        written = [as_text(row) for row in reader.rows()]
    assert written == [as_text(row) for row in golden()]


def test_the_golden_chain_is_valid_and_any_changed_letter_breaks_it() -> None:
    rows = golden()
    assert verify_chain(rows).problem == ""
    assert digest(bytes(32), (1, rows[0].at, "begin", "", rows[0].payload)) == rows[0].digest
    assert {row.kind for row in rows} == set(KINDS)


@pytest.mark.parametrize("written", [FIRST, *STORY])
def test_a_golden_row_decodes_and_encodes_unchanged(
    written: Written,
) -> None:
    rows = golden()
    entry = written.write(written.value)
    [row] = [one for one in rows if one.recorded().entry == entry]
    value = written.read(row.recorded().entry)
    assert value == written.value
    before = rows[row.sequence - 2].digest
    assert link([written.write(value)], row.sequence - 1, before) == [row]
