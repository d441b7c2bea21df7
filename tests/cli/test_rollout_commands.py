from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli.main import main
from monitor.config import load
from monitor.ledger.reader import open_reader
from monitor.ledger.store import open_store
from monitor.report.report import end_of
from monitor.simulator.years import rollout_history
from tests.cli.test_main import invoke

CONFIG = Path(__file__).parent.parent.parent / "config" / "schools.yaml"
DAY = end_of(date(2019, 6, 30), "Europe/Berlin")


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("state")
    story = list(rollout_history(load(CONFIG), 2018, 2020, seed=1))
    store = open_store(folder / "ledger.sqlite", story[0].at)
    try:
        store.append(store.link(story))
    finally:
        store.close()
    return folder


def run(*arguments: str | Path, state: Path) -> Result:
    takes_config = arguments[0] in ("report", "backfill", "sla")
    config = ["--config", str(CONFIG)] if takes_config else []
    return CliRunner().invoke(
        main, [*map(str, arguments), *config, "--state-dir", str(state)], catch_exceptions=False
    )


def rows(state: Path) -> int:
    with open_reader(state / "ledger.sqlite") as reader:
        return reader.heads()[0].row


def test_verify_prints_the_row_count_and_the_head(state: Path) -> None:
    with open_reader(state / "ledger.sqlite") as reader:
        (anchor,) = reader.heads()
    result = run("ledger", "verify", state=state)
    assert result.exit_code == 0
    assert f"{anchor.row} rows hold, {anchor}" in result.stdout


def test_verify_names_the_first_bad_row_and_fails(state: Path, tmp_path: Path) -> None:
    copy = tmp_path / "ledger.sqlite"
    content = (state / "ledger.sqlite").read_bytes()
    place = content.index(b"by Provider A; no 24 hours")
    copy.write_bytes(content[:place] + b"Q" + content[place + 1 :])
    result = run("ledger", "verify", copy, state=state)
    assert result.exit_code == 1
    assert "first bad row" in result.stderr
    assert "is not what was written" in result.stderr


def test_a_missing_ledger_is_reported_without_a_traceback(tmp_path: Path) -> None:
    for command in (["ledger", "verify"], ["ledger", "export"], ["report"]):
        result = run(*command, state=tmp_path)
        assert result.exit_code == 1
        assert "there is no ledger" in result.stderr


THREE_LINES = """\
schools:
  - {id: goethe-schule, router: 192.0.2.10}
  - {id: schiller-schule, router: 192.0.2.20}
"""


def test_without_a_goal_a_report_says_so_and_gives_the_rest(tmp_path: Path) -> None:
    config = tmp_path / "schools.yaml"
    config.write_text(THREE_LINES, encoding="utf-8")
    open_store(tmp_path / "ledger.sqlite", DAY).close()
    place = ("--config", config, "--state-dir", tmp_path)
    for language, said in (("en", "No goal is configured"), ("de", "Kein Ziel ist eingestellt")):
        code, output, errors = invoke("report", "--lang", language, *place)
        assert code == 0
        assert errors.startswith("no goal is configured: ")
        assert said in output
        assert "0 " in output
        assert "Goethe-Schule" in output
    for form in ("html", "csv", "json"):
        code, output, _ = invoke("report", "--format", form, *place)
        assert (code, "goethe-schule" in output.casefold()) == (0, True)
    code, output, errors = invoke("report", "--record", *place)
    assert (code, output) == (1, "")
    assert "nothing to record" in errors


def test_export_writes_one_json_object_per_row(state: Path, tmp_path: Path) -> None:
    printed = run("ledger", "export", state=state)
    lines = [json.loads(line) for line in printed.stdout.splitlines()]
    assert [line["sequence"] for line in lines] == list(range(1, rows(state) + 1))
    out = tmp_path / "export.jsonl"
    assert run("ledger", "export", "--out", out, state=state).exit_code == 0
    assert out.read_text(encoding="utf-8") == printed.stdout
    again = run("ledger", "export", "--out", out, state=state)
    assert (again.exit_code, "overwrites: name another file, or remove it" in again.stderr) == (
        1,
        True,
    )


def test_backup_and_restore_move_a_ledger_elsewhere(state: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup.sqlite"
    assert run("ledger", "backup", backup, state=state).exit_code == 0
    assert run("ledger", "backup", backup, state=state).exit_code == 1
    place = tmp_path / "elsewhere"
    place.mkdir()
    result = run("ledger", "restore", backup, state=place)
    assert result.exit_code == 0
    assert rows(place) == rows(state)
    assert "is kept as" in run("ledger", "restore", backup, state=place).stdout


def test_restore_refuses_while_the_daemon_runs(state: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup.sqlite"
    run("ledger", "backup", backup, state=state)
    store = open_store(state / "ledger.sqlite", DAY)
    try:
        result = run("ledger", "restore", backup, state=state)
    finally:
        store.close()
    assert (result.exit_code, "another process writes" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("form", "begins"),
    [("md", "# Breitband"), ("html", "<!doctype html>"), ("csv", "site,"), ("json", "{")],
)
def test_report_is_available_in_every_format(state: Path, form: str, begins: str) -> None:
    result = run("report", "--format", form, "--as-of", "2019-06-30", state=state)
    assert result.exit_code == 0
    assert result.stdout.startswith(begins)


@pytest.mark.parametrize(
    "command",
    [
        *(("report", "--as-of", "2019-06-30", "--format", form) for form in ("md", "html", "json")),
        *(("sla", "--month", "2019-06", "--format", form) for form in ("table", "csv", "json")),
    ],
    ids=" ".join,
)
def test_a_published_head_proves_the_ledger_later(
    state: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    out = tmp_path / "handed-out"
    out.write_text(run(*command, state=state).stdout, encoding="utf-8")
    result = run("ledger", "verify", "--anchors", out, state=state)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1].startswith("1 anchor holds, the last is row ")


def test_report_is_written_to_a_file_in_english(state: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.md"
    result = run("report", "--lang", "en", "--as-of", "2019-06-30", "--out", out, state=state)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "As known on 2019-06-30 at 23:59:59" in out.read_text(encoding="utf-8")


def test_the_next_report_starts_from_the_recorded_one(state: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup.sqlite"
    run("ledger", "backup", backup, state=state)
    place = tmp_path / "own"
    place.mkdir()
    run("ledger", "restore", backup, state=place)
    first = run("report", "--as-of", "2019-03-31", "--record", state=place)
    assert first.exit_code == 0
    assert rows(place) == rows(state) + 1
    second = run("report", "--as-of", "2019-06-30", "--format", "json", state=place)
    news = json.loads(second.stdout)["news"]
    assert news["since"] == end_of(date(2019, 3, 31), "Europe/Berlin").isoformat()
    assert news["changes"]


def test_recording_while_a_daemon_runs_says_what_to_do(state: Path) -> None:
    store = open_store(state / "ledger.sqlite", DAY)
    try:
        result = run("report", "--as-of", "2019-06-30", "--record", state=state)
    finally:
        store.close()
    assert result.exit_code == 1
    assert result.stdout.startswith("# Breitband")
    assert "--since 2019-06-30" in result.stderr


@pytest.mark.parametrize(
    ("option", "day", "said"),
    [
        ("--as-of", "2999-01-01", "has not come yet"),
        ("--as-of", "9999-12-31", "has not come yet"),
        ("--since", "9999-12-31", "beyond the calendar"),
    ],
)
def test_a_future_day_is_refused(state: Path, option: str, day: str, said: str) -> None:
    result = run("report", option, day, state=state)
    assert (result.exit_code, said in result.stderr) == (1, True)


def test_backfill_writes_a_file_and_prints_the_next_step(state: Path, tmp_path: Path) -> None:
    out = tmp_path / "history.om"
    result = run("backfill", "--out", out, "--step", "day", "--sites", state=state)
    assert result.exit_code == 0
    assert "promtool tsdb create-blocks-from openmetrics" in result.stdout
    text = out.read_text(encoding="utf-8")
    assert text.startswith("# TYPE rollout_goal_verified gauge\n")
    assert text.endswith("# EOF\n")
    assert [path.name for path in tmp_path.iterdir()] == ["history.om"]


def test_backfill_to_a_missing_folder_is_reported(state: Path, tmp_path: Path) -> None:
    result = run("backfill", "--out", tmp_path / "no" / "x.om", state=state)
    assert (result.exit_code, "No such file" in result.stderr) == (1, True)
