"""`schulnetz sla`: a month's report from a ledger of real entries, in every format."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.availability.recorder import MinuteRecorder
from monitor.availability.records import Transition
from monitor.clock import SystemClock
from monitor.ledger.ledger import Ledger
from monitor.ledger.place import SqlitePlace
from monitor.observation import State
from tests.cli.test_main import TOWN, invoke

BEGIN = datetime(2022, 3, 7, 8, 0, tzinfo=UTC)
FORMS = ("table", "csv", "outages-csv", "excuses-csv", "json")


@pytest.fixture
def place(tmp_path: Path) -> tuple[str, ...]:
    config = TOWN.write(tmp_path / "schools.yaml")
    return "--config", str(config), "--state-dir", str(tmp_path)


async def record_an_outage(path: Path) -> None:
    """Record an hour in March 2022: two sites up, except for ten minutes of one."""
    recorder = MinuteRecorder(
        ["voede/main", "goethe/main"], BEGIN, lambda *_: False, lambda *_: True
    )
    changes = [
        ("voede/main", State.UP, 0),
        ("goethe/main", State.UP, 0),
        ("goethe/main", State.DOWN, 20),
        ("goethe/main", State.UP, 30),
    ]
    async with Ledger.open(SqlitePlace(path), SystemClock()) as ledger:
        for minute in range(71):
            now = BEGIN + timedelta(minutes=minute)
            for site, state, at in changes:
                if at == minute:
                    await ledger.append([recorder.observe(Transition(site, state, now, now))])
            if entries := recorder.tick(now):
                await ledger.append(entries)


def test_without_a_ledger_the_cure_is_given(place: tuple[str, ...]) -> None:
    code, output, errors = invoke("sla", *place)
    assert (code, output) == (1, "")
    assert "there is no ledger; `schulnetz run` begins one" in errors
    assert len(errors.splitlines()) == 1


@pytest.mark.parametrize("form", FORMS)
def test_an_empty_ledger_has_a_report_in_every_format(
    place: tuple[str, ...], tmp_path: Path, form: str
) -> None:
    async def begin() -> None:
        async with Ledger.open(SqlitePlace(tmp_path / "ledger.sqlite"), SystemClock()):
            pass

    asyncio.run(begin())
    code, output, errors = invoke("sla", "--format", form, *place)
    assert (code, errors) == (0, "")
    assert output or form == "outages-csv"


def test_an_outage_appears_in_every_format(place: tuple[str, ...], tmp_path: Path) -> None:
    asyncio.run(record_an_outage(tmp_path / "ledger.sqlite"))
    shown = {}
    for form in FORMS:
        code, shown[form], errors = invoke("sla", "--month", "2022-03", "--format", form, *place)
        assert (code, errors) == (0, "")
    document = json.loads(shown["json"])
    sites = {one["school"]: one for one in document["sites"]}
    assert set(sites) == {"voede", "goethe"}
    rows = list(csv.DictReader(io.StringIO(shown["csv"])))
    assert {row["school"] for row in rows} == {"voede", "goethe"}
    outages = list(csv.DictReader(io.StringIO(shown["outages-csv"])))
    assert [row["school"] for row in outages] == ["goethe"]
    assert "Goethe-Schule" in shown["table"] or "goethe" in shown["table"]
    assert "2022-03" in shown["table"]


def test_the_month_of_a_closed_school_uses_the_file_before_its_closing(
    place: tuple[str, ...], tmp_path: Path
) -> None:
    asyncio.run(record_an_outage(tmp_path / "ledger.sqlite"))
    config = Path(place[1])
    before = tmp_path / "before-the-closing.yaml"
    before.write_text(config.read_text(encoding="utf-8"), encoding="utf-8")
    replace(TOWN, schools={"voede": TOWN.schools["voede"]}).write(config)
    shown = {}
    for file in (config, before):
        wish = ("--month", "2022-03", "--config", file, "--state-dir", tmp_path)
        shown[file] = invoke("sla", *wish)[1]
    assert ("goethe/main" in shown[config], "goethe/main" in shown[before]) == (False, True)


def test_no_figure_is_cut_at_eighty_columns(
    place: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(record_an_outage(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("COLUMNS", "80")
    _, shown, _ = invoke("sla", "--month", "2022-03", "--lang", "en", *place)
    lines = shown.splitlines()
    assert all(len(line) <= 80 for line in lines if not line.startswith("Ledger: "))
    at = lines.index("Goethe-Schule (goethe/main), Stadtnetz, 0.1 % of the month")
    figures = [
        "55",
        "10",
        "35335",
        "0",
        "0",
        "99.500",
        "84.615",
        "-10",
        "broken",
        "(part,",
        "open)",
    ]
    assert lines[at + 1].split() == figures
    assert "  2022-03-07 09:20:00+01:00  2022-03-07 09:30:00+01:00       10  up" in lines


@pytest.mark.parametrize(
    "wish", [("--month", "2022-13"), ("--month", "March"), ("--provider", "niemand")]
)
def test_an_impossible_request_is_refused_in_one_line(
    place: tuple[str, ...], tmp_path: Path, wish: tuple[str, str]
) -> None:
    asyncio.run(record_an_outage(tmp_path / "ledger.sqlite"))
    code, output, errors = invoke("sla", *wish, *place)
    assert (code, output) == (1, "")
    assert errors.startswith("error: ")
    assert len(errors.splitlines()) == 1


def test_a_file_that_is_not_a_ledger_is_reported(place: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_text("this is not a database, however long it may be" * 50)
    code, _, errors = invoke("sla", *place)
    assert code == 1
    assert errors.startswith("error: ")


def test_minutes_before_the_installation_are_not_unknown(
    place: tuple[str, ...], tmp_path: Path
) -> None:
    asyncio.run(record_an_outage(tmp_path / "ledger.sqlite"))
    _, shown, _ = invoke("sla", "--month", "2022-03", "--format", "json", *place)
    document = json.loads(shown)
    before = (BEGIN - datetime(2022, 2, 28, 23, tzinfo=UTC)) // timedelta(minutes=1)
    assert [one["before_minutes"] for one in document["sites"]] == [before, before]
    assert document["sites"][0]["days"][0]["before"] == 1440
    _, shown, _ = invoke("sla", "--month", "2022-03", "--lang", "en", *place)
    assert "Recorded since 2022-03-07" in shown
    assert "2022-03, recorded in part\n" in shown
    assert "2 sites: 1 broken (part, open), 1 kept (part, open).\n" in shown
    for one in document["sites"]:
        assert one["whole_month"] is False
        assert one["recorded_share"] == pytest.approx(65 / (31 * 1440 - 60), abs=1e-6)
    _, shown, _ = invoke("sla", "--month", "2022-02", "--lang", "en", *place)
    assert "Nothing is recorded of this month.\n" in shown
    assert "(open)" not in shown
    assert {line.split()[-3] for line in shown.splitlines() if line.endswith("no data")} == {
        "\u2013"
    }


def test_the_table_is_german_to_the_last_word(place: tuple[str, ...], tmp_path: Path) -> None:
    asyncio.run(record_an_outage(tmp_path / "ledger.sqlite"))
    code, shown, errors = invoke("sla", "--month", "2022-03", *place)
    assert (code, errors) == (0, "")
    for part in (
        "Verfügbarkeit 2022-03",
        "verletzt (Teil, offen)",
        "0,1 % des Monats",
        "84,615",
        "Ausfälle",
        "Ortszeit von",
    ):
        assert part in shown, part
    english = {"and", "the", "of", "is", "minutes", "unknown", "down", "broken", "kept", "site"}
    words = set(re.findall(r"[a-z]+", shown.casefold()))
    assert not english & words, english & words


@pytest.mark.parametrize("command", ["sla", "report"])
def test_of_a_demo_that_does_not_run_the_cure_is_given(tmp_path: Path, command: str) -> None:
    for place in ((), ("--config", TOWN.write(tmp_path / "schools.yaml"))):
        code, output, errors = invoke(command, "--demo", "--state-dir", tmp_path, *place)
        assert (code, output) == (1, "")
        assert errors.startswith(f"error: no demo keeps its state in {tmp_path}; start one with")
