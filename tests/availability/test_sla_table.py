"""A month's report as a table: its words, and the explanations below it."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from monitor.availability.sla_table import to_table
from monitor.status.build import sla_of
from monitor.words import sla
from tests.availability.test_sla import ALWAYS, down, local, october, recorded_month, report, up

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.ledger.chain import Entry
    from monitor.words.text import Language


def test_table_shows_names_verbatim_and_names_its_rule() -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(to_table(report(october(), "2026-10")))
    text = console.export_text()
    for part in (
        "gymnasium-mitte [bold]ü",
        "kept",
        "broken",
        "99.843",
        "Local time of Europe/Berlin",
        "Unknown: 0.20 %",
    ):
        assert part in text, part


def table(entries: Iterable[Entry], now: datetime, language: Language = "en") -> str:
    console = Console(width=300, record=True, file=io.StringIO())
    console.print(to_table(report(entries, "2026-10", now=now), language))
    return console.export_text()


@pytest.mark.parametrize(("down_minutes", "minutes"), [(0, 60), (10, 60), (0, 120), (10, 120)])
def test_the_first_minutes_of_a_month_are_too_few_for_a_verdict(
    down_minutes: int, minutes: int
) -> None:
    begin = local(10, 1)
    end = begin + timedelta(minutes=minutes)
    outage = [down(ALWAYS, begin + timedelta(minutes=20))] if down_minutes else []
    again = [up(ALWAYS, begin + timedelta(minutes=20 + down_minutes))] if down_minutes else []
    entries = recorded_month(begin, end, [up(ALWAYS, begin), *outage, *again])
    text = table(entries, end + timedelta(minutes=12))
    (row,) = (line for line in text.splitlines() if "gymnasium-mitte/main)" in line)
    is_early = minutes < 100
    assert ("too early" in row) is is_early
    assert (("kept" in row) or ("broken" in row)) is not is_early
    assert row.split()[-3 if is_early else -2] == ("\u2013" if is_early else str(1 - down_minutes))
    assert ("too early: so few minutes" in text) is is_early


def test_a_part_of_a_month_does_not_read_as_the_whole_one() -> None:
    begin, end, later = local(10, 31), local(11, 1), local(11, 2)
    entries = recorded_month(begin, end, [up(ALWAYS, begin)])
    text = table(entries, later)
    (row,) = (line for line in text.splitlines() if "gymnasium-mitte/main)" in line)
    assert "kept (part)" in row
    # The clock is set back in October.
    assert f"{100 * 1440 / (31 * 1440 + 60):.1f} % of the month" in row
    assert "(part): the site was recorded during a part of the month only" in text
    assert "eingehalten (Teil)" in table(entries, later, "de")
    whole = table(october(), later)
    assert "(part" not in whole
    assert "% of the month" not in whole


@pytest.mark.parametrize(
    ("minutes", "shown"), [(5, "< 0.1 % of"), (60, "0.1 % of"), (44_680, "> 99.9 % of")]
)
def test_almost_nothing_is_not_nothing_and_almost_all_not_all(minutes: int, shown: str) -> None:
    end = local(11, 1)
    begin = end - timedelta(minutes=minutes)
    text = table(recorded_month(begin, end, [up(ALWAYS, begin)]), local(11, 2))
    (row,) = (line for line in text.splitlines() if "gymnasium-mitte/main)" in line)
    assert f" {shown} the month" in row


@pytest.mark.parametrize(("day", "is_whole"), [(1, True), (31, False)])
def test_the_api_says_whether_a_verdict_is_about_the_whole_month(
    day: int, *, is_whole: bool
) -> None:
    begin, end = local(10, day), local(11, 1)
    entries = october() if is_whole else recorded_month(begin, end, [up(ALWAYS, begin)])
    found = report(entries, "2026-10")
    site = next(one for one in sla_of(found).sites if one.school == "gymnasium-mitte")
    assert site.verdict == "kept"
    assert site.whole_month is is_whole
    assert (site.recorded_share > 0.9) is is_whole


def test_broken_contracts_come_first_and_all_are_counted() -> None:
    text = table(october(), datetime(2027, 1, 1, tzinfo=UTC))
    rows = [line for line in text.splitlines() if "/main)" in line]
    broken = ["broken" in row for row in rows]
    assert broken == sorted(broken, reverse=True)
    assert True in broken
    assert False in broken
    (counts,) = (line for line in text.splitlines() if " sites: " in line)
    assert counts.startswith(f"{len(rows)} sites: {sum(broken)} broken")
    assert sum(int(number) for number in re.findall(r"(\d+) [a-z]", counts)[1:]) == len(rows)


def test_the_german_table_shows_a_reason_of_another_version_as_it_was_recorded() -> None:
    begin, end = local(10, 1), local(10, 1, 1)
    outage = [up(ALWAYS, begin), down(ALWAYS, begin + timedelta(minutes=20))]
    text = table(recorded_month(begin, end, outage), end + timedelta(minutes=12), "de")
    assert "timeout" in text


@pytest.mark.parametrize(
    ("detail", "german"),
    [
        ("no reply from 10.8.0.1 to 5 packets", "keine Antwort von 10.8.0.1 auf 5 Pakete"),
        ("words of a later version", "keine Antwort: words of a later version"),
        ("", "keine Antwort"),
    ],
)
def test_the_german_table_says_a_reason_in_german(detail: str, german: str) -> None:
    begin, end = local(10, 1), local(10, 1, 1)
    at = begin + timedelta(minutes=20)
    lost = replace(down(ALWAYS, at), reason="no_answer", detail=detail)
    recorded = recorded_month(begin, end, [up(ALWAYS, begin), lost])
    english = table(recorded, end + timedelta(minutes=12))
    assert (f"no answer: {detail}" if detail else "no answer") in english
    assert "no_answer" not in english
    assert german in table(recorded, end + timedelta(minutes=12), "de")


def test_only_terms_that_occur_are_explained() -> None:
    begin, end = local(10, 1), local(10, 1, 1)
    nothing = table([], local(10, 1, 1))
    well = table(recorded_month(begin, end, [up(ALWAYS, begin)]), end + timedelta(minutes=12))
    whole = table(october(), datetime(2027, 1, 1, tzinfo=UTC))
    for sentence, where in {
        "Nothing is recorded of this month so far": (nothing,),
        "and a restart loses the 5 minutes before it": (nothing,),
        "Availability is up /": (well, whole),
        "The line is down after": (whole,),
        "minutes outside the contract's hours": (well, whole),
        "minutes in announced maintenance": (whole,),
        "(the monitor did not run": (whole,),
        sla.UNTIL.en.partition("{")[0]: (),
        "If all reference targets": (whole,),
        sla.EXCUSED.en.partition(",")[0]: (),
    }.items():
        found = tuple(text for text in (nothing, well, whole) if sentence in text)
        assert found == where, sentence
    assert len(nothing.splitlines()) <= 8
