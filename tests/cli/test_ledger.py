"""`schulnetz ledger` and its siblings on a ledger that does not hold: none prints its anchor."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_main import TOWN, invoke
from tests.cli.test_sla import record_an_outage
from tests.ledger.attacker import change, without_triggers

if TYPE_CHECKING:
    from pathlib import Path

MARCH = ("--month", "2022-03")
ROW = 4


@pytest.fixture
def forged(tmp_path: Path) -> tuple[str, ...]:
    """Return the options of a ledger with a changed row."""
    config = TOWN.write(tmp_path / "schools.yaml")
    asyncio.run(record_an_outage(tmp_path / "ledger.sqlite"))
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection:
        query = "SELECT payload FROM entries WHERE sequence = ?"
        [payload] = connection.execute(query, (ROW,)).fetchone()
    change(tmp_path / "ledger.sqlite", ROW, payload.replace("{", "{ "))
    return "--config", str(config), "--state-dir", str(tmp_path)


def test_sla_says_first_that_the_ledger_does_not_hold(forged: tuple[str, ...]) -> None:
    for form in ("table", "csv", "outages-csv", "excuses-csv", "json"):
        code, output, errors = invoke("sla", *MARCH, "--format", form, "--lang", "en", *forged)
        assert code == 1, form
        assert f"row {ROW} is not what was written (first bad row {ROW}; 3 rows hold" in errors
        assert "the figures are no evidence" in errors
        assert "ledger-anchor:" not in output + errors
        if form == "table":
            assert output.splitlines()[1].startswith("THE LEDGER DOES NOT HOLD: ")
        if form == "json":
            said = json.loads(output)
            assert said["ledger"] == ""
            assert "is not what was written" in said["ledger_problem"]
    _, german, _ = invoke("sla", *MARCH, *forged)
    assert german.splitlines()[1].startswith("DAS MESSPROTOKOLL HÄLT DER PRÜFUNG NICHT STAND: ")


def test_sla_says_that_the_ledger_does_not_hold_if_its_rows_cannot_be_read(
    forged: tuple[str, ...], tmp_path: Path
) -> None:
    with without_triggers(tmp_path / "ledger.sqlite") as connection:
        connection.execute("UPDATE entries SET payload = 'garbage' WHERE sequence >= ?", (ROW,))
    code, output, errors = invoke("sla", *MARCH, *forged)
    assert (code, output) == (1, "")
    assert f"row {ROW} is not what was written (first bad row {ROW}; 3 rows hold" in errors
    assert "is damaged" in errors


@pytest.mark.parametrize("command", [("ledger", "head"), ("report", "--format", "md")])
def test_no_anchor_is_printed_of_a_ledger_that_does_not_hold(
    forged: tuple[str, ...], command: tuple[str, ...]
) -> None:
    state = forged if command[0] == "report" else forged[2:]
    code, output, errors = invoke(*command, *state)
    assert (code, output) == (1, "")
    assert f"row {ROW} is not what was written" in errors
    assert "ledger-anchor:" not in errors


def test_an_export_of_a_ledger_that_does_not_hold_is_whole_and_marked(
    forged: tuple[str, ...], tmp_path: Path
) -> None:
    code, output, errors = invoke("ledger", "export", *forged[2:])
    assert code == 1
    assert "exported as it is" in errors
    rows = [json.loads(line)["sequence"] for line in output.splitlines()]
    assert rows == list(range(1, len(rows) + 1))
    assert len(rows) > ROW
    out = tmp_path / "rows.json"
    assert invoke("ledger", "export", "--out", out, *forged[2:])[0] == 1
    assert out.read_text(encoding="utf-8") == output


def test_doctor_calls_it_broken(forged: tuple[str, ...]) -> None:
    code, output, _ = invoke("doctor", "--json", *forged)
    assert code == 1
    [found] = [one for one in json.loads(output)["findings"] if one["what"] == "ledger"]
    assert (found["health"], "first bad row 4" in found["found"]) == ("broken", True)


def test_verify_names_a_missing_trigger_and_verifies_the_rows_all_the_same(
    forged: tuple[str, ...], tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection:
        connection.execute("DROP TRIGGER entries_no_update")
    code, _, errors = invoke("ledger", "verify", *forged[2:])
    assert code == 1
    for part in ("trigger entries_no_update is missing", f"first bad row {ROW}; 3 rows hold"):
        assert part in errors


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        ("payload", "garbage", ("payload", "garbage")),
        ("payload", "[" * 5000, ("payload", "[" * 5000)),
        ("at", 2**62, ("at", 2**62)),
    ],
    ids=["no JSON", "nested", "no instant"],
)
def test_a_damaged_first_row_is_verified_and_exported_as_it_is(
    forged: tuple[str, ...], tmp_path: Path, column: str, value: object, shown: tuple[str, object]
) -> None:
    with without_triggers(tmp_path / "ledger.sqlite") as connection:
        connection.execute(f"UPDATE entries SET {column} = ? WHERE sequence = 1", (value,))  # noqa: S608  # a constant
    state = forged[2:]
    code, _, errors = invoke("ledger", "verify", "--anchor", f"ledger-anchor:3:{'a' * 64}", *state)
    assert code == 1
    assert "row 1 is not what was written (first bad row 1; 0 rows hold before it)" in errors
    assert "row 3, or a row before it, was rewritten" in errors
    code, output, errors = invoke("ledger", "export", *state)
    assert code == 1
    assert "exported as it is" in errors
    rows = [json.loads(line) for line in output.splitlines()]
    assert shown in rows[0].items()
    assert [row["sequence"] for row in rows] == [*range(1, len(rows) + 1)]
