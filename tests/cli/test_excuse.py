"""`schulnetz sla excuse`: what it leaves for the daemon, and what it refuses."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from monitor.clock import SystemClock
from monitor.rollout.excuse_requests import EXCUSES_FILE, ExcuseFile
from monitor.rollout.excuses import Excuse, Withdrawal, excuse_entry
from monitor.rollout.ledger import Ledger
from monitor.rollout.place import SqlitePlace
from tests.cli.test_main import TOWN, invoke

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


def test_an_excuse_is_asked_for_listed_and_withdrawn(
    place: tuple[str, ...], tmp_path: Path
) -> None:
    code, output, errors = invoke("sla", "excuse", "add", "goethe", *SPAN, *WHY, *place)
    assert (code, errors) == (0, "")
    [wanted] = asked(tmp_path)
    assert isinstance(wanted, Excuse)
    assert f"requested: {wanted.id}, 90 minutes at 1 sites into unknown" in output
    assert wanted.sites == ("goethe/main",)
    assert (wanted.by, wanted.reason, wanted.into) == ("Petra Muster", "our own digger", "unknown")
    assert f"{wanted.begins:%Y-%m-%d %H:%M}" == "2022-03-07 07:00"
    _, output, _ = invoke("sla", "excuse", "list", *place)
    for part in (wanted.id, "goethe/main", "Petra Muster", "waits for the daemon"):
        assert part in " ".join(output.split())
    state = place[2:]
    reason = ("--reason", "wrong day", "--by", "Max")
    code, output, errors = invoke("sla", "excuse", "withdraw", wanted.id, *reason, *state)
    assert (code, errors) == (0, "")
    [_, back] = asked(tmp_path)
    assert isinstance(back, Withdrawal)
    code, _, errors = invoke("sla", "excuse", "withdraw", wanted.id, *reason, *state)
    assert (code, errors) == (1, f"error: excuse {wanted.id} is withdrawn already\n")
    # What was withdrawn is free again.
    assert invoke("sla", "excuse", "add", "goethe/main", *SPAN, *WHY, *place)[0] == 0


def test_all_sites_of_a_provider(place: tuple[str, ...], tmp_path: Path) -> None:
    whose = ("--provider", "Stadtnetz")
    code, _, errors = invoke("sla", "excuse", "add", *whose, *SPAN, *WHY, *place)
    assert (code, errors) == (0, "")
    [wanted] = asked(tmp_path)
    assert isinstance(wanted, Excuse)
    assert (wanted.provider, len(wanted.sites)) == ("Stadtnetz", len(TOWN.schools))


def test_one_that_overlaps_what_the_ledger_has_is_refused(
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
    assert "holds" in output
    assert "waits" not in output


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"--reason": " "}, "an excuse needs a reason: it stands in the report; give one"),
        ({"--by": ""}, "an excuse needs a name (--by)"),
        ({"--until": "2022-03-07 08:00"}, "the end is the start"),
        ({"--until": "2022-03-07 07:59"}, "the end lies before the start; change the two round"),
        ({"--until": "2199-01-01 00:00"}, "the end lies in the future"),
        ({"--until": "2h"}, "the end lies in the future"),
        ({"--from": "2h"}, "is a span from now; write when it began"),
        ({"--from": "2022-03-27 02:30"}, "does not exist in Europe/Berlin: the clocks go forward"),
        ({"--from": "2021-10-31 02:30"}, "exists twice in Europe/Berlin: the clocks go back"),
        ({"--from": "yesterday"}, "is no time; write"),
        ({"--from": "2021-03-07 08:00"}, "62 are allowed, so name them in parts"),
        ({"--provider": "Stadtnets"}, "did you mean 'Stadtnetz'?"),
    ],
)
def test_a_wrong_excuse_is_refused_in_one_line_with_the_cure(
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


def test_an_unknown_place_is_refused_with_what_there_is(place: tuple[str, ...]) -> None:
    for whom, message in (
        (("goete",), "no school 'goete' is configured; did you mean goethe"),
        (("goethe/annex",), "goethe has no site 'annex'; it has main"),
        ((), "name schools or sites, or a --provider, and not both"),
        (("goethe", "--provider", "Stadtnetz"), "name schools or sites, or a --provider"),
    ):
        code, _, errors = invoke("sla", "excuse", "add", *whom, *SPAN, *WHY, *place)
        assert code == 1
        assert message in errors


def test_an_unknown_excuse_is_not_withdrawn(place: tuple[str, ...]) -> None:
    state = place[2:]
    words = ("--reason", "wrong", "--by", "Max")
    code, _, errors = invoke("sla", "excuse", "withdraw", "e9", *words, *state)
    assert (code, errors) == (1, "error: there is no excuse 'e9'; those that hold: none\n")
    assert invoke("sla", "excuse", "list", *place)[1] == "no excuses\n"


def test_a_date_alone_is_its_whole_day(place: tuple[str, ...], tmp_path: Path) -> None:
    day = ("--from", "2022-03-27", "--until", "2022-03-27")
    assert invoke("sla", "excuse", "add", "goethe", *day, *WHY, *place)[0] == 0
    [wanted] = asked(tmp_path)
    assert isinstance(wanted, Excuse)
    assert wanted.minutes == 23 * 60, "the day on which the clocks go forward"
