from __future__ import annotations

import itertools
import math
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.availability.minutes import MinuteClass, account, minute_of, settle_missing
from monitor.availability.minutes import minutes_of_day as day_span
from monitor.availability.recorder import MinuteRecorder
from monitor.availability.records import (
    MINUTES,
    SCOPE,
    MinuteRun,
    Transition,
    minutes_entry,
    read_minutes,
    read_transition,
    scope_entry,
    scope_id,
    transition_entry,
)
from monitor.config import load_text
from monitor.config.tree.text import MAX_BYTES
from monitor.ledger.chain import GENESIS, Entry, MalformedEntryError, link, require_valid
from monitor.observation import State
from monitor.rollout.goal_records import GoalScope, goal_entry

if TYPE_CHECKING:
    import random

START = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
SITES = ("a/main", "b/main")


def never(_site: str, _at: datetime) -> bool:
    return False


def always(_site: str, _at: datetime) -> bool:
    return True


def after(**spell: float) -> datetime:
    return START + timedelta(**spell)


def recorder_at(
    now: datetime = START, settle_minutes: int = 5, every_minutes: int = 5
) -> MinuteRecorder:
    return MinuteRecorder(
        SITES, now, never, always, settle_minutes=settle_minutes, every_minutes=every_minutes
    )


def change(site: str, state: State, since: datetime, at: datetime | None = None) -> Transition:
    return Transition(site, state, since, at or since, "timeout", "3 rounds lost")


def run(
    recorder: MinuteRecorder, since: datetime, until: datetime, every: timedelta | None = None
) -> list[Entry]:
    entries: list[Entry] = []
    now = since
    while now <= until:
        entries.extend(recorder.tick(now))
        now += every or timedelta(seconds=30)
    return entries


def test_a_stop_records_all_settled_minutes_however_few() -> None:
    recorder = recorder_at()
    recorder.observe(change("a/main", State.UP, START))
    assert run(recorder, START, after(minutes=8)) == []
    entries = list(recorder.stop(after(minutes=8)))
    assert codes(entries, 8) == "uuu-----"
    assert recorder.counts["a/main"][MinuteClass.UP] == 3
    assert recorder.stop(after(minutes=8)) == ()


def codes(entries: list[Entry], minutes: int, site: str = "a/main") -> str:
    first = minute_of(START)
    table = read_minutes(entries, range(first, first + minutes))
    return table.get(site, b"-" * minutes).decode()


def test_minutes_are_recorded_once_hysteresis_can_no_longer_change_them() -> None:
    recorder = recorder_at(every_minutes=1)
    recorder.observe(change("a/main", State.UP, START))
    assert run(recorder, START, after(minutes=5, seconds=59)) == []
    entries = run(recorder, after(minutes=6), after(minutes=6))
    assert codes(entries, 2) == "u-"


def test_outage_counts_from_the_first_lost_round_not_from_confirmation() -> None:
    recorder = recorder_at()
    recorder.observe(change("a/main", State.UP, START))
    entries = run(recorder, START, after(minutes=4))
    recorder.observe(change("a/main", State.DOWN, after(minutes=1), after(minutes=4)))
    entries += run(recorder, after(minutes=4), after(minutes=20))
    assert codes(entries, 10) == "u" + 9 * "d"


def test_site_is_unknown_until_its_first_verdict() -> None:
    recorder = recorder_at()
    recorder.observe(change("a/main", State.UP, after(minutes=3)))
    entries = run(recorder, START, after(minutes=20))
    assert codes(entries, 10) == "???" + 7 * "u"
    assert codes(entries, 10, "b/main") == 10 * "?"


@pytest.mark.parametrize(("down_seconds", "expected"), [(29, "u"), (30, "d"), (31, "d"), (59, "d")])
def test_minute_with_thirty_seconds_down_is_down(down_seconds: int, expected: str) -> None:
    recorder = recorder_at()
    recorder.observe(change("a/main", State.UP, START))
    recorder.observe(change("a/main", State.DOWN, after(minutes=1)))
    recorder.observe(change("a/main", State.UP, after(minutes=1, seconds=down_seconds)))
    entries = run(recorder, START, after(minutes=20))
    assert codes(entries, 3) == f"u{expected}u"


def test_mostly_unknown_minute_is_unknown() -> None:
    recorder = recorder_at()
    recorder.observe(change("a/main", State.UP, after(seconds=60)))
    recorder.observe(change("a/main", State.UNKNOWN, after(seconds=85)))
    recorder.observe(change("a/main", State.DOWN, after(seconds=95)))
    entries = run(recorder, START, after(minutes=20))
    assert codes(entries, 3) == "??d"


def test_unmonitored_time_is_unknown_for_all_sites() -> None:
    recorder = recorder_at()
    for site in SITES:
        recorder.observe(change(site, State.UP, START))
    entries = run(recorder, START, after(minutes=10))
    entries += run(recorder, after(minutes=13), after(minutes=30))
    assert codes(entries, 16) == 10 * "u" + "---" + 3 * "u"
    assert codes(entries, 16, "b/main") == codes(entries, 16)


def test_partly_watched_minute_is_up_only_if_up_for_over_half() -> None:
    recorder = recorder_at(after(seconds=20))
    recorder.observe(change("a/main", State.UP, START, after(seconds=20)))
    entries = run(recorder, after(seconds=20), after(minutes=2, seconds=29))
    entries += run(recorder, after(minutes=5, seconds=40), after(minutes=20))
    assert codes(entries, 8) == "uu?--?uu"


def test_ten_years_of_suspend_are_skipped_at_once() -> None:
    recorder = recorder_at()
    recorder.observe(change("a/main", State.UP, START))
    entries = run(recorder, START, after(minutes=5))
    entries += run(recorder, after(days=3650), after(days=3650, minutes=20))
    assert sum(entry.kind == MINUTES for entry in entries) <= 6


def test_small_backward_clock_step_repeats_no_minute() -> None:
    recorder = recorder_at()
    recorder.observe(change("a/main", State.UP, START))
    entries = run(recorder, START, after(minutes=20))
    recorder.tick(after(minutes=10))
    recorder.observe(change("a/main", State.DOWN, after(minutes=11)))
    entries += run(recorder, after(minutes=10), after(minutes=40))
    assert codes(entries, 30) == 15 * "u" + 15 * "d"


def test_clock_once_years_ahead_does_not_stop_recording() -> None:
    recorder = recorder_at(after(days=3650))
    recorder.observe(change("a/main", State.UP, after(days=3650)))
    run(recorder, after(days=3650), after(days=3650, minutes=20))
    entries = run(recorder, START, after(minutes=20))
    assert codes(entries, 10) == 10 * "u"


def test_maintenance_and_hours_are_evaluated_every_minute() -> None:
    recorder = MinuteRecorder(
        SITES,
        START,
        lambda site, at: site == "a/main" and at >= after(minutes=2),
        lambda _, at: at < after(minutes=4),
    )
    recorder.observe(change("a/main", State.DOWN, START))
    entries = run(recorder, START, after(minutes=20))
    assert codes(entries, 6) == "ddmmoo"
    assert codes(entries, 6, "b/main") == "????oo"


def test_added_school_starts_with_its_scope_and_removed_one_ends() -> None:
    recorder = recorder_at()
    recorder.observe(change("a/main", State.UP, START))
    entries = run(recorder, START, after(minutes=10))
    recorder.reload(("c/main", "a/main"), never, always)
    entries += run(recorder, after(minutes=10), after(minutes=20))
    assert codes(entries, 15) == 15 * "u"
    assert codes(entries, 15, "b/main") == 5 * "?" + 10 * "-"
    assert codes(entries, 15, "c/main") == 5 * "-" + 10 * "?"


def test_lost_entry_costs_only_its_own_minutes() -> None:
    recorder = recorder_at()
    recorder.observe(change("a/main", State.UP, START))
    entries = run(recorder, START, after(minutes=25))
    kept = [entry for entry in entries if entry.at != after(minutes=5)]
    assert codes(kept, 20) == 5 * "u" + 5 * "-" + 10 * "u"


def test_lost_scope_entry_is_written_again_the_next_day() -> None:
    recorder = recorder_at()
    recorder.observe(change("a/main", State.UP, START))
    entries = run(recorder, START, after(hours=25), timedelta(minutes=1))
    scopes = [entry for entry in entries if entry.kind == SCOPE]
    assert len(scopes) == 2
    entries.remove(scopes[0])
    assert codes(entries, 1440) == 1440 * "u"


def test_first_record_of_a_minute_wins() -> None:
    one, other = recorder_at(), recorder_at()
    one.observe(change("a/main", State.UP, START))
    other.observe(change("a/main", State.DOWN, START))
    entries = run(one, START, after(minutes=20)) + run(other, START, after(minutes=20))
    assert codes(entries, 15) == 15 * "u"


def test_verdict_reaching_into_settled_minutes_is_counted_and_recorded() -> None:
    recorder = recorder_at()
    recorder.observe(change("a/main", State.UP, START))
    entries = run(recorder, START, after(minutes=20))
    late = change("a/main", State.DOWN, after(minutes=1), after(minutes=20))
    entry = recorder.observe(late)
    entries += run(recorder, after(minutes=20), after(minutes=40))
    assert recorder.too_late == 1
    assert codes(entries, 20) == 15 * "u" + 5 * "d"
    assert read_transition(entry) == late


def test_verdict_known_before_its_start_is_refused() -> None:
    with pytest.raises(ValueError, match="a/main"):
        recorder_at().observe(change("a/main", State.UP, after(minutes=1), START))


def test_malformed_entry_is_named() -> None:
    with pytest.raises(MalformedEntryError, match="transition"):
        read_transition(Entry(START, "transition", "a/main", {"state": 1}))
    known = dict(transition_entry(change("a/main", State.UP, START)).payload)
    with pytest.raises(MalformedEntryError, match=r"entry of a/main at .* has state 'x'"):
        read_transition(Entry(START, "transition", "a/main", {**known, "state": "x"}))
    with pytest.raises(MalformedEntryError, match="minutes"):
        read_minutes([Entry(START, MINUTES, "", {"first": "x"})], range(3))


def test_counts_match_what_was_recorded() -> None:
    recorder = recorder_at()
    recorder.observe(change("a/main", State.UP, START))
    run(recorder, START, after(minutes=20))
    assert recorder.counts["a/main"] == {MinuteClass.UP: 15}
    assert recorder.counts["b/main"] == {MinuteClass.UNKNOWN: 15}


def test_one_day_of_the_city_takes_little_space() -> None:
    sites = tuple(f"grundschule-am-beispiel-{number}/main" for number in range(93))
    recorder = MinuteRecorder(sites, START, never, always)
    for site in sites:
        recorder.observe(change(site, State.UP, START))
    entries = run(recorder, START, after(days=1), timedelta(minutes=1))
    size = sum(len(row.payload) + 70 for row in link(entries, 0, GENESIS))
    assert size < 50_000


changes = st.lists(
    st.builds(
        lambda site, state, at, back: change(
            site, state, after(seconds=max(0, at - back)), after(seconds=at)
        ),
        st.sampled_from(SITES),
        st.sampled_from(list(State)),
        st.integers(0, 3600),
        st.integers(0, 290),
    ),
    max_size=12,
    unique_by=lambda transition: (transition.site, transition.at),
)


@settings(max_examples=60)
@given(changes, st.randoms(use_true_random=False))
def test_order_in_which_verdicts_arrive_does_not_matter(
    transitions: list[Transition], shuffler: random.Random
) -> None:
    shuffled = list(transitions)
    shuffler.shuffle(shuffled)
    results = []
    for order in (transitions, shuffled):
        recorder = recorder_at(settle_minutes=65)
        for transition in order:
            recorder.observe(transition)
        results.append(run(recorder, START, after(minutes=135), timedelta(minutes=1)))
    assert results[0] == results[1]


@settings(max_examples=40)
@given(changes)
def test_incremental_settling_equals_settling_at_the_end(transitions: list[Transition]) -> None:
    live, late = recorder_at(), recorder_at(settle_minutes=65)
    waiting = sorted(transitions, key=lambda transition: transition.at)
    seen: list[Entry] = []
    now = START
    while now <= after(minutes=70):
        while waiting and waiting[0].at <= now:
            live.observe(waiting.pop(0))
        seen += live.tick(now)
        now += timedelta(minutes=1)
    for transition in transitions:
        late.observe(transition)
    end = run(late, START, after(minutes=130), timedelta(minutes=1))
    for site in SITES:
        assert codes(seen, 65, site) == codes(end, 65, site)


@settings(max_examples=25)
@given(
    changes,
    st.sampled_from([date(2026, 3, 29), date(2026, 10, 25), date(2026, 10, 5)]),
    st.lists(st.tuples(st.integers(0, 1499), st.integers(1, 300)), max_size=3),
)
def test_classes_of_a_day_always_add_up_to_its_minutes(
    transitions: list[Transition], day: date, stops: list[tuple[int, int]]
) -> None:
    span = day_span(day, ZoneInfo("Europe/Berlin"))
    begin = datetime.fromtimestamp(span.start * 60, UTC)
    shift = begin - START
    recorder = MinuteRecorder(SITES, begin, never, lambda _, at: 6 <= at.hour < 14)
    for one in transitions:
        recorder.observe(change(one.site, one.state, one.since + shift, one.at + shift))
    entries: list[Entry] = []
    stopped = {minute for first, length in stops for minute in range(first, first + length)}
    for minute in range(len(span) + 20):
        if minute not in stopped:
            entries += recorder.tick(begin + timedelta(minutes=minute))
    table = read_minutes(entries, span)
    for site in SITES:
        codes_of_site = settle_missing(
            table.get(site, b"-" * len(span)), span, span.stop, lambda at: 6 <= at.hour < 14, 0
        )
        total = account(codes_of_site)
        assert total.minutes == len(span) == total.counted + total.unknown + total.outside


@given(st.sampled_from(list(State)), st.text(), st.text())
def test_transition_survives_the_ledger(state: State, reason: str, detail: str) -> None:
    one = Transition("a/main", state, START, after(minutes=3), reason, detail)
    row = link([transition_entry(one)], 0, GENESIS)[0]
    assert read_transition(row.recorded().entry) == one


@given(st.text("ud?mo", min_size=1, max_size=120), st.integers(1, 60))
def test_states_of_the_city_survive_the_ledger(states: str, minutes: int) -> None:
    sites = [f"s{number}/main" for number in range(len(states))]
    first = minute_of(START)
    written = [scope_entry(sites, START)]
    written.append(minutes_entry(MinuteRun(first, minutes, scope_id(sites), states)))
    table = read_minutes(written, range(first, first + 60))
    missing = b"-" * (60 - minutes)
    assert list(table.values()) == [s.encode() * minutes + missing for s in states]


def test_the_sites_of_the_largest_configuration_fit_an_entry() -> None:
    """Of ten thousand sites the first entry ended the daemon, ten minutes after its start."""
    # The most text in the entry for the least in the file: a long id with many short sites.
    ids = ["".join(two) for two in itertools.product("abcdefgh", repeat=2)]
    listed = "".join(f"  - {{id: {one}, router: {one}}}\n" for one in ids)
    text = f"schools:\n- id: {'s' * 48}\n  sites:\n{listed}...\n".encode()
    inventory = load_text(text, "schools.yaml")
    keys = tuple(str(school.key(site)) for school, site in inventory.sites())
    sites = keys * math.ceil(MAX_BYTES / len(text))
    require_valid([scope_entry(sites, START)])
    require_valid([goal_entry(GoalScope(START, "all", "sites", len(sites), sites))])
