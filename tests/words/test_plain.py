"""Text from devices, files and people stays text in every output."""

from __future__ import annotations

import ast
import asyncio
import csv
import io
import json
import logging
import re
import unicodedata
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from monitor.availability.sla_output import outages_to_csv
from monitor.availability.sla_output import to_csv as sla_csv
from monitor.availability.sla_output import to_json as sla_json
from monitor.availability.sla_table import to_table
from monitor.cli import output
from monitor.cli.as_json import observation_as_json
from monitor.cli.common import Exit, fail
from monitor.cli.logs import JsonLines, TextLines
from monitor.exposition.blackbox import blackbox_text
from monitor.exposition.text import labels
from monitor.inventory.checks import TcpOptions
from monitor.ledger.chain import Entry, link
from monitor.ledger.reading import write_rows
from monitor.observation import Observation, Outcome, Reason
from monitor.report.output import to_csv as report_csv
from monitor.report.output import to_html, to_json, to_markdown
from monitor.web.api import problem
from monitor.words.plain import as_json, plain, plain_lines
from monitor.words.spreadsheet import csv_table
from tests.availability.test_sla import october
from tests.availability.test_sla import report as sla_report
from tests.build import check
from tests.report.test_report import report as rollout_report
from tests.web import answers
from tests.web.test_app import Shown, client

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.availability.sla import SlaReport
    from monitor.report.report import RolloutReport
    from monitor.status.model import Finding, SchoolStatus

PACKAGE = Path(__file__).parents[2] / "monitor"
NOW = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)

# CSI, NEL, right-to-left override, line separator, zero-width space, a lone surrogate, a
# noncharacter, a filler that shows nothing, a tag: what can deceive a terminal or an eye.
HOSTILE = (
    "sw\x9b31m\x85\x1b]0;x\x07\u202e\u2028\u2029\u200b\ud800\ufffe\u3164\U000e0041\x7f\x00\r\n=1"
)
hostile_text = st.text(
    st.one_of(st.characters(exclude_categories=()), st.sampled_from(HOSTILE)), max_size=60
)


def is_unprintable(char: str) -> bool:
    """Return whether a character is one that no output may contain, by Unicode's own tables."""
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} or (
        ord(char) & 0xFFFE == 0xFFFE
        or 0xFDD0 <= ord(char) <= 0xFDEF
        or char in "\u034f\u3164\ufe0f"
    )


def printed(work: Callable[[], object]) -> str:
    """Return what a command would print on stdout and stderr."""
    written = io.StringIO()
    with redirect_stdout(written), redirect_stderr(written), suppress(SystemExit):
        work()
    return written.getvalue()


def logged(formatter: logging.Formatter, text: str) -> str:
    error = ValueError(text)
    record = logging.LogRecord("monitor", 20, "", 0, "%s", (text,), (ValueError, error, None))
    return formatter.format(record)


def table_of(text: str) -> Table:
    table = Table("one", "two")
    table.add_row(Text(text), Text("b", style="bold"))
    return table


def observed(text: str) -> Observation:
    return Observation(check(TcpOptions(9)), NOW, 0.1, Outcome.FAILED, Reason.REFUSED, text, None)


SLA, ROLLOUT = sla_report(october(), "2026-10"), rollout_report()


def hostile_sla(text: str) -> SlaReport:
    site = SLA.sites[0]
    outage = replace(site.outages[0], reason=text, detail=text)
    named = replace(site.school, name=text)
    sites = (replace(site, school=named, outages=(outage,)), *SLA.sites[1:])
    return replace(SLA, city=text, sites=sites)


def hostile_rollout(text: str) -> RolloutReport:
    return replace(ROLLOUT, city=text, source=text, ledger=text)


async def page_and_api(text: str) -> str:
    class Hostile(Shown):
        async def school(self, school_id: str) -> SchoolStatus | None:
            return answers.school(name=text, district=f"{text}{school_id}")

        def verdicts(self) -> tuple[Finding, ...]:
            return (answers.finding(detail=text),)

    found = []
    async with client(Hostile()) as web:
        for path in ("/schools/goethe", "/api/v1/verdicts", "/api/v1/schools/goethe"):
            async with web.get(path) as answer:
                assert answer.status == 200
                found.append((await answer.read()).decode())
    return "\n".join(found)


def exported(text: str) -> str:
    written = io.StringIO()
    write_rows(link([Entry(NOW, "note", "", {"text": text})], 0, bytes(32)), written)
    return written.getvalue()


def answered(text: str) -> str:
    body = problem(text, 404).body
    assert isinstance(body, bytes)
    return body.decode()


OUTPUTS: dict[str, Callable[[str], str]] = {
    "label": lambda text: labels(("ifName",), (text,)),
    "probe page": lambda text: blackbox_text(observed(text)),
    "line": lambda text: printed(lambda: output.say(text)),
    "line on stderr": lambda text: printed(lambda: output.say(text, err=True)),
    "lines": lambda text: printed(lambda: output.say_text(text)),
    "failure": lambda text: printed(lambda: fail(text, Exit.WRONG)),
    "screen": lambda text: printed(lambda: output.show(table_of(text))),
    "probe --json": lambda text: printed(
        lambda: output.say_json(observation_as_json(observed(text)), default=str)
    ),
    "log as text": lambda text: logged(TextLines(), text),
    "log as JSON": lambda text: logged(JsonLines(), text),
    "sla": lambda text: printed(lambda: output.show(to_table(hostile_sla(text)))),
    "sla --format csv": lambda text: sla_csv(hostile_sla(text)),
    "sla --format outages-csv": lambda text: outages_to_csv(hostile_sla(text)),
    "sla --format json": lambda text: sla_json(hostile_sla(text)),
    "report --format html": lambda text: to_html(hostile_rollout(text), "de"),
    "report --format md": lambda text: to_markdown(hostile_rollout(text), "en"),
    "report --format csv": lambda text: report_csv(hostile_rollout(text)),
    "report --format json": lambda text: to_json(hostile_rollout(text)),
    "ledger export": exported,
    "error of the API": answered,
    "pages and API": lambda text: asyncio.run(page_and_api(text)),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_no_output_contains_control_characters(name: str) -> None:
    made = OUTPUTS[name]

    @settings(max_examples=8 if name == "pages and API" else 40, deadline=None)
    @given(hostile_text)
    def every_text(text: str) -> None:
        shown = made(text)
        shown.encode()
        left = {char for char in shown.replace("\r\n", "\n") if is_unprintable(char)} - {"\n"}
        assert not left, ascii(shown)

    every_text()
    shown = made(HOSTILE)
    assert not [
        char for char in shown.replace("\r\n", "\n") if is_unprintable(char) and char != "\n"
    ]


def test_every_character_is_printable_or_left_out() -> None:
    """All of Unicode, by the tables of this Python; JSON keeps characters left out elsewhere."""
    for code in range(0x110000):
        char = chr(code)
        if is_unprintable(char):
            assert plain(char) == "", hex(code)
            assert as_json(char).isascii(), hex(code)
            assert json.loads(as_json(char)) == char
    assert plain("Grundschule Höntrop – 5 µs, 10 °C, 學校, 😀") == (
        "Grundschule Höntrop – 5 µs, 10 °C, 學校, 😀"
    )


@given(hostile_text)
def test_plain_text_is_unchanged(text: str) -> None:
    assert plain(plain(text)) == plain(text)
    assert plain_lines(f"{plain(text)}\nb") == f"{plain(text)}\nb"


@given(st.text())
def test_json_keeps_every_value(text: str) -> None:
    for indent in (None, 2):
        assert json.loads(as_json({text: [text]}, indent=indent)) == {text: [text]}
    outcome = json.loads(OUTPUTS["probe --json"](text))
    assert outcome["detail"] == text


@given(hostile_text)
def test_no_cell_is_a_formula(text: str) -> None:
    shown = csv_table(["a", "b"], [{"a": text, "b": -1}])
    (cell, number) = list(csv.reader(io.StringIO(shown)))[1]
    assert not cell.lstrip().startswith(
        ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
    )
    assert number == "-1", "numbers stay numbers"
    assert cell.removeprefix("'") == plain(text) or cell == plain(text)


# Which files may write to the terminal or the log, and which may write non-ASCII JSON.
SPEAKERS = {
    "cli/output.py": "the one place",
    "cli/logs.py": "the log's handler",
    "cli/demo.py": "asks whether stdout is a terminal",
    "exposition/reference.py": "prints a document of our own words",
    "simulator/city.py": "a pipe to its parent, of ASCII",
    "simulator/__main__.py": "a pipe to its parent",
}
JSON_WRITERS = {"words/plain.py"}


def calls() -> list[tuple[str, str, ast.Call]]:
    return [
        (str(path.relative_to(PACKAGE)), ast.unparse(node.func), node)
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    ]


def test_only_the_listed_files_write_to_the_terminal() -> None:
    for where, called, node in calls():
        if where in SPEAKERS:
            continue
        at = f"{where}:{node.lineno}: {called}; say it through monitor/cli/output.py"
        assert called not in {"print", "Console", "Live"}, at
        assert not re.match(r"click\.(s?echo|confirm|prompt)$|sys\.std(out|err)\.", called), at


def test_only_the_listed_files_write_json_or_csv() -> None:
    """`json.dumps` without `ensure_ascii=False` is ASCII; DEL alone gets through it, in storage."""
    for where, called, node in calls():
        named = {keyword.arg for keyword in node.keywords}
        at = f"{where}:{node.lineno}: {called}; take as_json of monitor/words/plain.py"
        if where not in JSON_WRITERS:
            assert not (called.startswith("json.dump") and "ensure_ascii" in named), at
        assert not called.endswith("model_dump_json"), at
        assert not called.endswith("json_response") or "dumps" in named, at
        if where != "words/spreadsheet.py":
            assert called not in {"csv.writer", "csv.DictWriter"}, at
