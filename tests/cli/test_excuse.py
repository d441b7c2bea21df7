"""`schulnetz sla excuse`: what it leaves for the daemon, and what it refuses."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.availability.excuse_requests import EXCUSES_FILE, ExcuseFile
from monitor.availability.excuses import Excuse, Withdrawal, excuse_entry
from monitor.clock import SystemClock
from monitor.ledger.ledger import Ledger
from monitor.ledger.place import SqlitePlace
from tests.cli.test_main import TOWN, invoke
from tests.cli.test_sla import record_an_outage

if TYPE_CHECKING:
    from pathlib import Path

SPAN = ("--from", "2022-03-07 08:00", "--until", "2022-03-07 09:30")
WHY = ("--to", "unknown", "--reason", "our own digger", "--by", "Petra Muster")


@pytest.fixture
def place(tmp_path: Path) -> tuple[str, ...]:
    config = TOWN.write(tmp_path / "schools.yaml")
    return "--config", str(config), "--state-dir", str(tmp_path)


def asked(folder: Path) -> tuple[Excuse | Withdrawal, ...]:
    return ExcuseFile(folder / EXCUSES_FILE).read()


def test_an_excuse_is_requested_listed_and_withdrawn(
    place: tuple[str, ...], tmp_path: Path
) -> None:
    code, output, errors = invoke("sla", "excuse", "add", "goethe", *SPAN, *WHY, *place)
    assert (code, errors) == (0, "")
    [wanted] = asked(tmp_path)
    assert isinstance(wanted, Excuse)
    assert (
        f"requested: {wanted.id}, 90 minutes at 1 site, down → excused; there is no ledger yet"
        in output
    )
    assert wanted.sites == ("goethe/main",)
    assert (wanted.by, wanted.reason, wanted.into) == ("Petra Muster", "our own digger", "unknown")
    assert f"{wanted.begins:%Y-%m-%d %H:%M}" == "2022-03-07 07:00"
    _, output, _ = invoke("sla", "excuse", "list", *place)
    for part in (wanted.id, "goethe/main", "Petra Muster", "waits for the daemon"):
        assert part in " ".join(output.split())
    state = place[2:]
    reason = ("--reason", "wrong day", "--by", "Max")
    code, output, errors = invoke("sla", "excuse", "withdraw", wanted.id, *reason, *place)
    assert (code, errors) == (0, "")
    [_, back] = asked(tmp_path)
    assert isinstance(back, Withdrawal)
    code, _, errors = invoke("sla", "excuse", "withdraw", wanted.id, *reason, *state)
    assert (code, errors) == (1, f"error: excuse {wanted.id} is withdrawn already\n")
    # A withdrawn range can be excused again.
    assert invoke("sla", "excuse", "add", "goethe/MAIN", *SPAN, *WHY, *place)[0] == 0


@pytest.mark.parametrize("named", ["Stadtnetz", "stadtnetz"])
def test_an_excuse_can_cover_all_sites_of_a_provider(
    place: tuple[str, ...], tmp_path: Path, named: str
) -> None:
    whose = ("--provider", named)
    code, _, errors = invoke("sla", "excuse", "add", *whose, *SPAN, *WHY, *place)
    assert (code, errors) == (0, "")
    [wanted] = asked(tmp_path)
    assert isinstance(wanted, Excuse)
    assert (wanted.provider, len(wanted.sites)) == ("Stadtnetz", len(TOWN.schools))


def test_an_excuse_overlapping_a_recorded_one_is_refused(
    place: tuple[str, ...], tmp_path: Path
) -> None:
    assert invoke("sla", "excuse", "add", "goethe", *SPAN, *WHY, *place)[0] == 0
    [wanted] = asked(tmp_path)
    assert isinstance(wanted, Excuse)

    async def record() -> None:
        path = SqlitePlace(tmp_path / "ledger.sqlite")
        async with Ledger.open(path, SystemClock()) as ledger:
            await ledger.append([excuse_entry(wanted)])

    asyncio.run(record())
    (tmp_path / EXCUSES_FILE).unlink()
    code, _, errors = invoke("sla", "excuse", "add", "goethe", "voede", *SPAN, *WHY, *place)
    assert code == 1
    assert f"goethe/main has minutes in common with excuse {wanted.id}" in errors
    assert "withdraw that one first, or name other minutes" in errors
    _, output, _ = invoke("sla", "excuse", "list", *place)
    assert "in force" in output
    assert "waits" not in output


@pytest.mark.parametrize(
    ("begin", "until", "into", "said"),
    [
        # An hour of two sites from 09:00 local time on; goethe was down from 09:20 to 09:30.
        ("09:15", "09:25", "unknown", "5 of 10 minutes at 1 site, down → excused"),
        ("10:05", "10:15", "down", "10 of 10 minutes at 1 site, unknown → down"),
    ],
)
def test_the_effect_of_an_excuse_is_shown(
    place: tuple[str, ...], tmp_path: Path, begin: str, until: str, into: str, said: str
) -> None:
    asyncio.run(record_an_outage(tmp_path / "ledger.sqlite"))
    times = ("--from", f"2022-03-07 {begin}", "--until", f"2022-03-07 {until}", "--to", into)
    words = ("--reason", "test", "--by", "Max")
    code, output, errors = invoke("sla", "excuse", "add", "goethe", *times, *words, *place)
    assert (code, errors) == (0, "")
    assert said in output


@pytest.mark.parametrize(
    ("begin", "until", "into", "said"),
    [
        ("09:00", "09:10", "unknown", "0 of 10 minutes at 1 site, down → excused: nothing would"),
        ("09:00", "09:01", "down", "0 of 1 minute at 1 site, unknown → down: nothing would"),
        # What came before the first record was not monitored: it is not unknown.
        ("08:30", "08:40", "down", "0 of 10 minutes at 1 site, unknown → down: nothing would"),
    ],
)
def test_an_excuse_that_would_change_nothing_is_recorded_only_if_asked_again(
    place: tuple[str, ...], tmp_path: Path, begin: str, until: str, into: str, said: str
) -> None:
    asyncio.run(record_an_outage(tmp_path / "ledger.sqlite"))
    times = ("--from", f"2022-03-07 {begin}", "--until", f"2022-03-07 {until}", "--to", into)
    words = ("--reason", "test", "--by", "Max")
    add = ("sla", "excuse", "add", "goethe", *times, *words, *place)
    code, output, errors = invoke(*add)
    assert (code, output, asked(tmp_path)) == (1, "", ())
    shown = f"error: not requested: 2022-03-07 {begin} CET to 2022-03-07 {until} CET, "
    assert errors.startswith(shown)
    assert said in errors
    assert errors.endswith("; --anyway records it all the same\n")
    code, output, errors = invoke(*add, "--anyway")
    assert (code, errors, len(asked(tmp_path))) == (0, "", 1)
    assert said in output


def test_an_outage_is_excused_by_the_times_that_the_log_has(
    place: tuple[str, ...], tmp_path: Path
) -> None:
    asyncio.run(record_an_outage(tmp_path / "ledger.sqlite"))
    times = ("--from", "2022-03-07T08:20:00+00:00", "--until", "2022-03-07T08:30:00Z")
    code, output, errors = invoke("sla", "excuse", "add", "goethe", *times, *WHY, *place)
    assert (code, errors) == (0, "")
    assert "10 of 10 minutes at 1 site, down → excused" in output


def test_minutes_not_recorded_yet_are_counted_separately(
    place: tuple[str, ...], tmp_path: Path
) -> None:
    asyncio.run(record_an_outage(tmp_path / "ledger.sqlite"))
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    begins, ends = (now - timedelta(minutes=count) for count in (4, 1))
    times = ("--from", begins.isoformat(), "--until", ends.isoformat())
    both = ("goethe", "voede")
    code, output, errors = invoke("sla", "excuse", "add", *both, *times, *WHY, *place)
    assert (code, errors) == (0, "")
    said = "0 of 6 minutes at 2 sites, down → excused"
    assert (
        f"{said}; 6 not recorded yet (a minute is recorded 5 to 10 minutes after its end)" in output
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"--reason": " "}, "an excuse needs a reason: the report shows it; give one"),
        ({"--by": ""}, "an excuse needs a name (--by)"),
        ({"--until": "2022-03-07 08:00"}, "the end is the start"),
        ({"--until": "2022-03-07 07:59"}, "the end lies before the start; swap them"),
        ({"--until": "2199-01-01 00:00"}, "the end 2199-01-01 00:00 lies in the future: it is 20"),
        ({"--until": "2h"}, "is a span from now; write when it ended, 2026-10-05 09:30"),
        (
            {"--until": "tomorrow"},
            "is not a time; write a local time (14:00, 2026-12-24 18:00, 24.12.2026 18:00), or ISO",
        ),
        ({"--until": "2022-03-07 08:30:30"}, "the end 08:30:30 is not a whole minute; leave"),
        ({"--from": "2h"}, "is a span from now; write when it began"),
        ({"--from": "2022-03-27 02:30"}, "does not exist in Europe/Berlin: the clocks go forward"),
        ({"--from": "2021-10-31 02:30"}, "exists twice in Europe/Berlin: the clocks go back"),
        ({"--from": "yesterday"}, "is not a time; write"),
        ({"--from": "2021-03-07 08:00"}, "at most 62 are allowed: split the range"),
        ({"--provider": "Stadtnets"}, "there are: Stadtnetz (stadtnetz)"),
        ({"--provider": ""}, "there are: Stadtnetz (stadtnetz)"),
    ],
)
def test_an_invalid_excuse_is_refused_in_one_line_with_the_cure(
    place: tuple[str, ...], tmp_path: Path, changes: dict[str, str], message: str
) -> None:
    given = dict(zip(SPAN[::2], SPAN[1::2], strict=True))
    given |= dict(zip(WHY[::2], WHY[1::2], strict=True)) | changes
    words = [word for pair in given.items() for word in pair]
    whom = [] if "--provider" in changes else ["goethe"]
    code, output, errors = invoke("sla", "excuse", "add", *whom, *words, *place)
    assert (code, output) == (1, "")
    assert message in errors
    assert len(errors.splitlines()) == 1
    assert asked(tmp_path) == ()


def test_an_unknown_site_is_refused_with_the_known_ones(place: tuple[str, ...]) -> None:
    for whom, message in (
        (("goete",), "no school 'goete' is configured; did you mean goethe"),
        (("goethe/annex",), "goethe has no site 'annex'; it has: main"),
        ((), "name at least one school or site, or a --provider"),
        (("goethe", "--provider", "Stadtnetz"), "name schools or sites, or a --provider"),
    ):
        code, _, errors = invoke("sla", "excuse", "add", *whom, *SPAN, *WHY, *place)
        assert code == 1
        assert message in errors


def test_an_unknown_excuse_cannot_be_withdrawn(place: tuple[str, ...]) -> None:
    state = place[2:]
    words = ("--reason", "wrong", "--by", "Max")
    code, _, errors = invoke("sla", "excuse", "withdraw", "e9", *words, *state)
    assert (code, errors) == (1, "error: there is no excuse 'e9'; those in force: none\n")
    assert invoke("sla", "excuse", "list", *place)[1] == "no excuses\n"


def test_a_date_alone_means_the_whole_day(place: tuple[str, ...], tmp_path: Path) -> None:
    day = ("--from", "2022-03-27", "--until", "2022-03-27")
    assert invoke("sla", "excuse", "add", "goethe", *day, *WHY, *place)[0] == 0
    [wanted] = asked(tmp_path)
    assert isinstance(wanted, Excuse)
    assert wanted.minutes == 23 * 60, "the day on which the clocks go forward"
