from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

import pytest

from monitor.availability.minutes import Account
from monitor.availability.recorder import MinuteRecorder
from monitor.availability.records import Transition, scope_entry
from monitor.availability.sla import (
    SiteSla,
    SlaReport,
    Verdict,
    month_days,
    month_entries,
    sla_report,
)
from monitor.availability.sla_output import outages_to_csv, to_csv, to_json
from monitor.clock import SystemClock
from monitor.ledger.ledger import Ledger
from monitor.ledger.place import SqlitePlace
from monitor.ledger.reader import open_reader
from monitor.observation import State
from tests import build

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from monitor.inventory.city import School
    from monitor.ledger.chain import Entry

BERLIN = ZoneInfo("Europe/Berlin")
ALWAYS, LESSONS = "gymnasium-mitte/main", "grundschule-nord/main"


def local(month: int, day: int, hour: int = 0, minute: int = 0, fold: int = 0) -> datetime:
    at = datetime(2026, month, day, hour, minute, tzinfo=BERLIN, fold=fold)
    return at.astimezone(UTC)


@cache
def in_lessons(school_type: str, at: datetime) -> bool:
    assert school_type == "grundschule"
    there = at.astimezone(BERLIN)
    return there.weekday() < 5 and 8 <= there.hour < 13


def owed_school(slug: str, kind: str, hours: Literal["always", "lessons"], provider: str) -> School:
    contract = build.contract(provider=provider, hours=hours, reference="=V-2020/7")
    place = build.site(uplink=build.uplink(contract=contract))
    return build.school(slug, place, number="165001", name=f"{slug} [bold]ü", type=kind)


INVENTORY = build.city(
    owed_school("gymnasium-mitte", "gymnasium", "always", "Glasfaser GmbH"),
    owed_school("grundschule-nord", "grundschule", "lessons", "@Stadtnetz"),
    providers={"glas": "Glasfaser GmbH", "netz": "@Stadtnetz", "old": "Alt"},
)


def report(
    entries: Iterable[Entry],
    month: str,
    now: datetime = datetime(2027, 1, 1, tzinfo=UTC),
    provider: str | None = None,
) -> SlaReport:
    return sla_report(
        entries, INVENTORY, month, now=now, in_lessons=in_lessons, provider=provider, ledger="row 9"
    )


def recorded_month(
    begin: datetime,
    end: datetime,
    verdicts: list[Transition],
    stopped: tuple[tuple[datetime, datetime], ...] = (),
    maintenance: tuple[datetime, datetime] | None = None,
) -> list[Entry]:
    """Run the recorder minute by minute through a spell, as the daemon does."""

    def in_maintenance(site: str, at: datetime) -> bool:
        return site == ALWAYS and bool(maintenance and maintenance[0] <= at < maintenance[1])

    def in_hours(site: str, at: datetime) -> bool:
        return site == ALWAYS or in_lessons("grundschule", at)

    recorder = MinuteRecorder((ALWAYS, LESSONS), begin, in_maintenance, in_hours)
    waiting = sorted(verdicts, key=lambda verdict: verdict.at)
    entries, now = [], begin
    while now <= end + timedelta(minutes=10):
        while waiting and waiting[0].at <= now:
            entries.append(recorder.observe(waiting.pop(0)))
        if not any(start < now < stop for start, stop in stopped):
            entries.extend(recorder.tick(now))
        now += timedelta(minutes=1)
    return entries


def up(site: str, at: datetime) -> Transition:
    return Transition(site, State.UP, at, at)


def down(site: str, since: datetime) -> Transition:
    return Transition(site, State.DOWN, since, since + timedelta(minutes=3), "timeout", "=1+1")


@cache
def october() -> tuple[Entry, ...]:
    begin, end = local(10, 1), local(11, 1)
    return tuple(
        recorded_month(
            begin,
            end,
            [
                up(ALWAYS, begin),
                up(LESSONS, begin),
                # Through the hour that comes twice: 02:30 summer time to 02:30 winter time.
                down(ALWAYS, local(10, 25, 2, 30)),
                up(ALWAYS, local(10, 25, 2, 30, fold=1)),
                # Into a maintenance window.
                down(ALWAYS, local(10, 7, 11, 50) + timedelta(seconds=10)),
                up(ALWAYS, local(10, 7, 12, 20)),
                # From a Tuesday's last lesson to the next morning.
                down(LESSONS, local(10, 13, 12, 0)),
                up(LESSONS, local(10, 14, 9, 15)),
            ],
            stopped=((local(10, 20, 3, 0), local(10, 20, 4, 40)),),
            maintenance=(local(10, 7, 12, 0), local(10, 7, 14, 0)),
        )
    )


def test_golden_october_adds_up_to_the_minute() -> None:
    mitte, nord = report(october(), "2026-10").sites
    # 31 days and the hour that comes twice.
    assert mitte.total.minutes == nord.total.minutes == 31 * 1440 + 60
    assert mitte.total == Account(up=44700 - 70 - 120 - 100, down=70, unknown=100, maintenance=120)
    # 22 weekdays of five lesson hours.
    assert nord.total == Account(up=6600 - 135, down=60 + 75, outside=44700 - 6600)
    assert [day.account.minutes for day in mitte.days] == 24 * [1440] + [1500] + 6 * [1440]
    assert mitte.days[24].account == Account(up=1440, down=60)
    assert nord.days[24].account == Account(outside=1500)


def test_golden_march_adds_up_to_the_minute() -> None:
    begin, end = local(3, 1), local(4, 1)
    entries = recorded_month(
        begin,
        end,
        [
            up(ALWAYS, begin),
            up(LESSONS, begin),
            down(ALWAYS, local(3, 29, 1, 30)),
            up(ALWAYS, local(3, 29, 3, 30)),
        ],
    )
    mitte, nord = report(entries, "2026-03").sites
    assert mitte.total == Account(up=31 * 1440 - 60 - 60, down=60)
    assert mitte.days[28].account == Account(up=1320, down=60)
    assert nord.total.minutes == 31 * 1440 - 60
    assert nord.total == Account(up=22 * 300, outside=44580 - 6600)


def test_outages_start_at_the_first_lost_round_and_add_up_to_down_minutes() -> None:
    mitte, nord = report(october(), "2026-10").sites
    assert [(o.begins, o.ends, o.minutes, o.followed_by) for o in mitte.outages] == [
        (local(10, 7, 11, 50) + timedelta(seconds=10), local(10, 7, 12, 0), 10, "maintenance"),
        (local(10, 25, 2, 30), local(10, 25, 2, 30, fold=1), 60, "up"),
    ]
    assert [(o.begins, o.ends, o.minutes, o.followed_by) for o in nord.outages] == [
        (local(10, 13, 12, 0), local(10, 13, 13, 0), 60, "outside"),
        (local(10, 14, 8, 0), local(10, 14, 9, 15), 75, "up"),
    ]
    for site in (mitte, nord):
        assert sum(outage.minutes for outage in site.outages) == site.total.down
        assert {outage.reason for outage in site.outages} == {"timeout"}


def month_with(down_minutes: int, unknown_minutes: int = 0) -> SiteSla:
    """Return a month of 43,200 minutes for a line whose contract runs around the clock."""
    begin, failed = local(9, 1), local(9, 10)
    verdicts = [
        up(ALWAYS, begin),
        Transition(ALWAYS, State.DOWN, failed, failed),
        up(ALWAYS, failed + timedelta(minutes=down_minutes)),
    ]
    stop = local(9, 20), local(9, 20) + timedelta(minutes=unknown_minutes)
    stopped = (stop,) if unknown_minutes else ()
    return report(recorded_month(begin, local(10, 1), verdicts, stopped), "2026-09").sites[0]


@pytest.mark.parametrize(
    ("down_minutes", "verdict", "left"), [(432, Verdict.KEPT, 0), (433, Verdict.BROKEN, -1)]
)
def test_one_down_minute_too_many_breaches_the_contract(
    down_minutes: int, verdict: Verdict, left: int
) -> None:
    site = month_with(down_minutes)
    assert site.total == Account(up=43200 - down_minutes, down=down_minutes)
    assert (site.verdict, site.certain) == (verdict, True)
    assert (site.allowed_down_minutes, site.left_down_minutes) == (432, left)


@pytest.mark.parametrize(
    ("down_minutes", "verdict", "shown"),
    [
        (100, Verdict.KEPT, "certain"),
        (400, Verdict.KEPT, "open"),
        (432, Verdict.BROKEN, "open"),
        (533, Verdict.BROKEN, "certain"),
    ],
)
def test_contract_result_says_if_unknown_minutes_could_change_it(
    down_minutes: int, verdict: Verdict, shown: str
) -> None:
    site = month_with(down_minutes, unknown_minutes=100)
    assert site.total.unknown == 100
    assert (site.verdict, "certain" if site.certain else "open") == (verdict, shown)


def test_month_without_records_is_before_installation_without_a_verdict() -> None:
    found = report([], "2026-10")
    mitte, nord = found.sites
    assert mitte.total == nord.total == Account(before=44700)
    assert mitte.verdict is nord.verdict is Verdict.NO_DATA
    assert (mitte.allowed_down_minutes, mitte.left_down_minutes) == (None, None)
    assert found.unknown_share == 0


def test_month_without_a_record_after_the_installation_is_unknown() -> None:
    sites = tuple(str(one.key) for one in report([], "2026-10").sites)
    mitte, nord = report([scope_entry(sites, local(9, 1))], "2026-10").sites
    assert mitte.total == Account(unknown=44700)
    assert nord.total == Account(unknown=6600, outside=44700 - 6600)


def test_minutes_before_a_site_was_first_recorded_are_not_unknown() -> None:
    begun = local(10, 25, 12, 0)
    entries = [
        entry for entry in october() if entry.at >= begun and entry.kind in {"scope", "minutes"}
    ]
    found = report(entries, "2026-10")
    for site in found.sites:
        assert site.total.unknown <= 100
        assert site.total.before == (begun - local(10, 1)) // timedelta(minutes=1)
        assert site.total.minutes == 44700


def test_running_month_leaves_out_minutes_not_yet_over() -> None:
    now = local(10, 10, 12, 0)
    entries = [entry for entry in october() if entry.at < now - timedelta(minutes=10)]
    result = report(entries, "2026-10", now=now)
    mitte = result.sites[0].total
    assert mitte.minutes == 44700
    assert mitte.unknown == 0
    assert 0 <= (local(11, 1) - now) // timedelta(minutes=1) + 12 - mitte.ahead <= 2
    assert json.loads(to_json(result))["complete"] is False


@pytest.mark.parametrize(
    ("month", "message"),
    [
        ("2027-02", "2027-02 has not begun; it is 2027-01-01"),
        ("2026-13", "is not a month"),
        ("October", "for example 2026-10"),
        ("2026-1", "is not a month"),
        ("2026-10\n", "is not a month"),
        ("", "is not a month"),
    ],
)
def test_impossible_month_is_refused_with_a_message(month: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        report([], month)


def test_month_starts_at_local_midnight() -> None:
    before = local(10, 1) - timedelta(seconds=1)
    with pytest.raises(ValueError, match="2026-10 has not begun; it is 2026-09-30"):
        report([], "2026-10", now=before)
    assert report([], "2026-10", now=local(10, 1)).total.ahead == 2 * 44700


@pytest.mark.parametrize("month", ["2024-02", "2026-02", "2026-12"])
def test_month_has_the_right_number_of_days(month: str) -> None:
    assert len(month_days(month)) == {"2024-02": 29, "2026-02": 28, "2026-12": 31}[month]


def test_a_provider_is_found_by_name_or_key_and_a_misspelt_one_gets_the_list() -> None:
    result = report(october(), "2026-10", provider="Glasfaser GmbH")
    assert [site.school.id for site in result.sites] == ["gymnasium-mitte"]
    result = report(october(), "2026-10", provider="glas")
    assert [site.school.id for site in result.sites] == ["gymnasium-mitte"]
    assert result.provider == "Glasfaser GmbH"
    known = re.escape("there are: @Stadtnetz (netz), Glasfaser GmbH (glas)")
    for wrong in ("glass", "Glasfaser Gmbh", "old", "", "x"):
        with pytest.raises(ValueError, match=known):
            report([], "2026-10", provider=wrong)


def test_outages_csv_has_a_header_even_without_outages() -> None:
    heading = outages_to_csv(report([], "2026-10"))
    assert heading.startswith("school,school_name,site,")
    assert heading.count("\n") == 1


def test_csv_has_a_line_per_site_and_no_formula_cells() -> None:
    result = report(october(), "2026-10")
    sites = list(csv.DictReader(io.StringIO(to_csv(result), newline="")))
    assert [line["down_minutes"] for line in sites] == ["70", "135"]
    assert sites[1]["provider"] == "'@Stadtnetz"
    assert sites[1]["left_down_minutes"] == "-69"
    outages = list(csv.DictReader(io.StringIO(outages_to_csv(result), newline="")))
    assert [line["detail"] for line in outages] == 4 * ["'=1+1"]
    assert outages[1]["begins"] == "2026-10-25 02:30:00+02:00"
    assert outages[1]["ends"] == "2026-10-25 02:30:00+01:00"
    for line in (*sites, *outages):
        for name, cell in line.items():
            if not cell.lstrip("-").replace(".", "").isdigit():
                assert cell[:1] not in "=+-@\t\r" or cell == "", f"{name}: {cell}"


def test_json_names_its_rule_and_source() -> None:
    document = json.loads(to_json(report(october(), "2026-10")))
    assert document["generated"] == "2027-01-01T01:00:00+01:00"
    assert (document["ledger"], document["timezone"]) == ("row 9", "Europe/Berlin")
    assert document["complete"] is True
    assert len(document["method"]) == 4
    assert document["unknown_share"] == pytest.approx(100 / (44700 - 120 + 6600))
    mitte = document["sites"][0]
    assert len(mitte["days"]) == 31
    assert mitte["days"][24]["up"] + mitte["days"][24]["down"] == 1500


async def test_report_from_the_ledger_equals_the_one_from_its_entries(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    async with Ledger.open(SqlitePlace(path), SystemClock(), capacity=100_000) as ledger:
        await ledger.append(october())
    with open_reader(path) as reader:
        read = list(month_entries(reader, "2026-10", "Europe/Berlin"))
    assert report(read, "2026-10") == report(october(), "2026-10")
