"""Minutes reclassified by a person: the effect on a month, and what is refused."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from monitor.availability.excuses import (
    Excuse,
    ExcuseError,
    Into,
    Withdrawal,
    checked_words,
    excuse_entry,
    minutes_between,
    read_excuses,
    require_free,
    turn_over,
    unrecorded,
    with_asked,
    withdrawal_entry,
)
from monitor.availability.minutes import account, minute_of, start_of
from monitor.availability.records import (
    MinuteRun,
    Transition,
    minutes_entry,
    rule_entry,
    scope_entry,
    scope_id,
    transition_entry,
)
from monitor.availability.sla import SlaReport, Verdict, sla_report
from monitor.availability.sla_output import excuses_to_csv, method, to_csv, to_json
from monitor.availability.sla_table import to_table
from monitor.ledger.chain import Entry, MalformedEntryError
from monitor.observation import State
from tests.availability.test_sla import ALWAYS, BERLIN, INVENTORY, LESSONS, in_lessons, local

SITES = (ALWAYS, LESSONS)
BEGIN, END = local(10, 5, 8), local(10, 5, 9)
SPAN = range(minute_of(BEGIN), minute_of(END))
NOW = local(10, 7)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def excuse(into: Into = "unknown", **changes: object) -> Excuse:
    values: dict[str, object] = {
        "id": "e1",
        "at": NOW,
        "by": "Petra Muster",
        "reason": "=digger of our own",
        "sites": (ALWAYS,),
        "provider": "",
        "first": SPAN.start + 10,
        "minutes": 20,
        "into": into,
    }
    return Excuse(**(values | changes))  # type: ignore[arg-type]  # named as the fields are


def report(*more: Entry, states: str = "ud", month: str = "2026-10") -> SlaReport:
    """Return a month with one recorded hour: the two sites as in `states`, minute after minute."""
    entries = [
        scope_entry(SITES, BEGIN),
        minutes_entry(MinuteRun(SPAN.start, len(SPAN), scope_id(SITES), states)),
        *more,
    ]
    return sla_report(
        entries, INVENTORY, month, now=local(11, 20), in_lessons=in_lessons, ledger="row 1"
    )


def test_excused_minutes_count_as_neither_up_nor_down_and_are_listed() -> None:
    before = report(states="dd").sites[0]
    found = report(excuse_entry(excuse()), states="dd").sites[0]
    assert (before.total.down, before.total.excused) == (60, 0)
    assert (found.total.down, found.total.excused, found.charged) == (40, 20, 0)
    assert found.total.minutes == before.total.minutes
    assert found.total.unknown == before.total.unknown
    assert [one.minutes for one in found.outages] == [10, 30]
    assert found.outages[0].followed_by == "excused"


def test_an_excuse_does_not_hide_since_when_the_line_was_down() -> None:
    begins = start_of(SPAN.start)
    fell = transition_entry(Transition(ALWAYS, State.DOWN, begins, begins))
    head = excuse_entry(excuse(first=SPAN.start, minutes=20))
    [whole] = report(fell, states="dd").sites[0].outages
    assert (whole.begins, whole.since) == (begins, None)
    found = report(fell, head, states="dd")
    [rest] = found.sites[0].outages
    assert (rest.begins, rest.since) == (start_of(SPAN.start + 20), begins)
    [outage] = json.loads(to_json(found))["sites"][0]["outages"]
    assert outage["down_since"] < outage["begins"]
    console = Console(width=250, record=True, file=io.StringIO())
    console.print(to_table(found))
    console.print(to_table(found, "de"))
    text = console.export_text()
    assert f"(down since {outage['down_since']})" in text
    assert f"(ausgefallen seit {outage['down_since']})" in text


def test_a_fully_excused_outage_does_not_breach_the_contract() -> None:
    whole = excuse_entry(excuse(first=SPAN.start, minutes=60, sites=SITES))
    up = minutes_entry(MinuteRun(SPAN.stop, 60, scope_id(SITES), "uu"))
    assert report(up, states="dd").sites[0].verdict is Verdict.BROKEN
    assert report(up, whole, states="dd").sites[0].verdict is Verdict.KEPT


def test_charged_minutes_are_down_with_person_and_reason() -> None:
    found = report(excuse_entry(excuse("down")), states="?u").sites[0]
    assert (found.total.down, found.charged) == (20, 20)
    [outage] = found.outages
    assert (outage.minutes, outage.reason) == (20, "reclassified")
    assert outage.detail == "=digger of our own (Petra Muster)"
    # What was up stays up: only unknown minutes are charged, only down ones excused.
    assert report(excuse_entry(excuse("down")), states="uu").sites[0].total.down == 0
    assert report(excuse_entry(excuse()), states="uu").sites[0].total.excused == 0


def test_a_withdrawn_excuse_has_no_effect_but_is_still_shown() -> None:
    back = withdrawal_entry(Withdrawal("e1", NOW, "Max", "it was theirs, after all"))
    found = report(excuse_entry(excuse()), back, states="dd")
    assert (found.sites[0].total.down, found.sites[0].total.excused) == (60, 0)
    [line] = csv.DictReader(io.StringIO(excuses_to_csv(found), newline=""))
    assert (line["withdrawn_by"], line["withdrawn_reason"]) == ("Max", "it was theirs, after all")


def test_every_report_format_shows_excuses_separately() -> None:
    found = report(excuse_entry(excuse()), states="dd")
    document = json.loads(to_json(found))
    assert document["sites"][0]["excused_minutes"] == 20
    assert document["sites"][0]["days"][4]["excused"] == 20
    [one] = document["excuses"]
    assert (one["by"], one["into"], one["sites"]) == ("Petra Muster", "unknown", [ALWAYS])
    assert one["minutes"] == 20
    assert one["begins"] == "2026-10-05 08:10:00+02:00"
    [line, _] = csv.DictReader(io.StringIO(to_csv(found), newline=""))
    assert (line["excused_minutes"], line["charged_minutes"]) == ("20", "0")
    [row] = csv.DictReader(io.StringIO(excuses_to_csv(found), newline=""))
    assert row["reason"] == "'=digger of our own", "a spreadsheet does not execute it"
    console = Console(width=250, record=True, file=io.StringIO())
    console.print(to_table(found))
    text = console.export_text()
    for part in (
        "Excused",
        "Charged",
        "Petra Muster",
        "=digger of our own",
        "A person may reclassify",
    ):
        assert part in text
    assert not report(excuse_entry(excuse(first=SPAN.start - 10**6)), states="dd").excuses


def test_the_minutes_of_an_excuse_are_those_that_it_changed() -> None:
    half = minutes_entry(MinuteRun(SPAN.stop, 60, scope_id(SITES), "du"))
    wide = excuse(first=SPAN.start, minutes=120, sites=SITES)
    back = withdrawal_entry(Withdrawal("e1", NOW, "Max", "wrong day"))
    for entries, minutes in (((half, excuse_entry(wide)), 60), ((excuse_entry(wide), back), 0)):
        found = report(*entries, states="uu")
        [one] = json.loads(to_json(found))["excuses"]
        [row] = csv.DictReader(io.StringIO(excuses_to_csv(found), newline=""))
        assert (one["minutes"], row["minutes"]) == (minutes, str(minutes))
        console = Console(width=250, record=True, file=io.StringIO())
        console.print(to_table(found))
        (listed,) = [line for line in console.export_text().splitlines() if "Petra Muster" in line]
        assert re.search(rf"\s{minutes}\s+unknown\s+Petra Muster", listed), listed


def test_the_rule_sentence_matches_the_data_of_the_month() -> None:
    new, old = "With two answering, a loss within one provider", "more than half of all lines"
    for entries, expected in (
        ((), {old}),
        ((rule_entry(local(9, 1)),), {new}),
        ((rule_entry(local(11, 1)),), {old}),
        ((rule_entry(BEGIN + timedelta(seconds=20)),), {new}),
        ((rule_entry(local(10, 20)),), {old, new}),
    ):
        text = " ".join(method(report(*entries)))
        assert {part for part in (new, old) if part in text} == expected
    both = method(report(rule_entry(local(10, 20))))
    assert any(line.startswith("Until 2026-10-20 00:00:00+02:00: If all") for line in both)
    assert any(line.startswith("From 2026-10-20 00:00:00+02:00 on: While") for line in both)


def test_entries_are_read_back_as_written() -> None:
    one = excuse("down", provider="Glasfaser GmbH", sites=SITES)
    back = Withdrawal("e1", NOW, "Max", "wrong day")
    again = excuse_entry(replace(one, reason="another entry of the same id"))
    assert read_excuses([excuse_entry(one), again]) == (one,)
    entries = [withdrawal_entry(back), excuse_entry(one)]
    assert read_excuses(entries) == (replace(one, withdrawn=back),)
    with pytest.raises(MalformedEntryError):
        read_excuses([Entry(NOW, "excuse", "", {"excuse": "e1"})])


@pytest.mark.parametrize(
    ("begins", "ends", "message"),
    [
        (BEGIN, BEGIN, "the end is the start"),
        (END, BEGIN, "the end lies before the start"),
        (BEGIN, NOW + timedelta(minutes=1), "lies in the future: it is"),
        (EPOCH - timedelta(minutes=1), EPOCH, "the start lies before 1970"),
        (BEGIN - timedelta(days=63), BEGIN, "63 days at once; at most 62 are allowed"),
        (BEGIN + timedelta(seconds=1), END, "is not a whole minute; leave the seconds out"),
    ],
)
def test_an_impossible_range_is_refused_with_the_cure(
    begins: object, ends: object, message: str
) -> None:
    with pytest.raises(ExcuseError, match=message):
        minutes_between(begins, ends, NOW, BERLIN)  # type: ignore[arg-type]  # instants, all of them


def test_a_reason_must_be_one_printable_line() -> None:
    assert checked_words(" our\nown\x1b digger ", "a reason") == "our own digger"
    with pytest.raises(ExcuseError, match="an excuse needs a reason"):
        checked_words(" \n", "a reason")
    with pytest.raises(ExcuseError, match="has 201 characters; 200 fit"):
        checked_words("x" * 201, "a reason")


def test_an_excuse_that_overlaps_an_active_one_is_refused() -> None:
    held = excuse()
    for first, free in ((9, False), (-10, True), (30, True), (29, False)):
        other = excuse("down", id="e2", first=SPAN.start + first)
        if free:
            require_free(other, [held])
        else:
            with pytest.raises(ExcuseError, match="minutes in common with excuse e1"):
                require_free(other, [held])
    require_free(excuse("down", id="e2", sites=(LESSONS,)), [held])
    back = Withdrawal("e1", NOW, "Max", "wrong day")
    require_free(excuse("down", id="e2"), with_asked([held], [back]))
    with pytest.raises(ExcuseError, match="2001 sites at once"):
        require_free(excuse(sites=tuple(map(str, range(2001)))), [])


def test_a_repeated_request_is_recorded_once() -> None:
    one, back = excuse(), Withdrawal("e1", NOW, "Max", "wrong day")
    assert unrecorded(one, []) == excuse_entry(one)
    assert unrecorded(one, [one]) is None
    assert unrecorded(back, [one]) == withdrawal_entry(back)
    assert unrecorded(back, [replace(one, withdrawn=back)]) is None
    with pytest.raises(ExcuseError, match="there is no excuse 'e1'; those in force: none"):
        unrecorded(back, [])


codes = st.text("ud?mo.", min_size=60, max_size=60).map(str.encode)
spans = st.tuples(st.integers(-30, 70), st.integers(1, 60))


@given(codes, spans, st.sampled_from(["unknown", "down"]))
def test_reclassifying_moves_minutes_and_loses_none(
    before: bytes, place: tuple[int, int], into: Into
) -> None:
    one = excuse(into, first=SPAN.start + place[0], minutes=place[1])
    turned = turn_over(before, SPAN, ALWAYS, [one])
    was, now = account(before), account(turned.codes)
    assert now.minutes == was.minutes
    assert was.down - turned.excused + turned.charged == now.down
    assert was.unknown - turned.charged == now.unknown
    assert (now.up, now.maintenance, now.outside) == (was.up, was.maintenance, was.outside)
    assert turn_over(before, SPAN, LESSONS, [one]).codes == before
    outside = [at for at in range(60) if not one.first <= SPAN[at] < one.stop]
    assert all(turned.codes[at] == before[at] for at in outside)


def test_excuse_instants_are_those_of_the_minutes() -> None:
    one = excuse()
    assert (one.begins, one.ends) == (start_of(SPAN.start + 10), start_of(SPAN.start + 30))
