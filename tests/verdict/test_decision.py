"""Whose loss it is: the decision table of docs/verdicts.md, row by row and as properties."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.verdict.census import Census, Heard, ReferenceHeard
from monitor.verdict.isolation import CLEAR, Line, Standing, assess, decide
from monitor.verdict.model import Hysteresis

RULES = Hysteresis()
CYCLE = 15.0
FELL = 1000.0
NOW = FELL + 14
# How a reference is heard: it answered since the loss, only before it, or not; silent.
SINCE, BEFORE, SILENT, UNHEARD = "since", "before", "silent", "unheard"


def reference(heard: str, provider: str = "") -> ReferenceHeard:
    return ReferenceHeard(
        provider,
        asked=FELL + 5 if heard == SINCE else FELL - 5,
        is_answering=heard in {SINCE, BEFORE},
        is_silent=heard == SILENT,
        is_steady=heard in {SINCE, BEFORE},
    )


def census(
    references: list[ReferenceHeard], **providers: tuple[int, int] | tuple[int, int, float]
) -> Census:
    """Return a census; a provider has (present, lost) sites, lost at `FELL` by default."""
    losses: list[float] = []
    heard, present = {}, 0
    for name, (total, lost, *when) in providers.items():
        since = float(when[0]) if when else FELL
        heard[name] = Heard(total, lost, since if 2 * lost > total else None)
        losses += [since] * lost
        present += total
    most = present // 2
    city = Heard(present, len(losses), sorted(losses)[most] if len(losses) > most else None)
    return Census(tuple(references), heard, city)


def three(*heard: str) -> list[ReferenceHeard]:
    return [reference(one) for one in heard]


ALL = three(SINCE, SINCE, SINCE)
A_ANSWERS, A_SILENT = reference(SINCE, "a"), reference(SILENT, "a")
B_ANSWERS, B_SILENT = reference(SINCE, "b"), reference(SILENT, "b")
TABLE: dict[str, tuple[Census, Standing, set[str]]] = {
    "1: all silent, few sites heard yet": (
        census(three(SILENT, SILENT, SILENT), a=(99, 3)),
        Standing.ISOLATED,
        set(),
    ),
    "2: one answers, most sites lost": (
        census(three(SINCE, SILENT, SILENT), a=(99, 80), b=(20, 0)),
        Standing.ISOLATED,
        set(),
    ),
    "2: one answers, most sites of a small provider lost": (
        census(three(SINCE, SILENT, SILENT), a=(99, 0), b=(20, 20)),
        Standing.CLEAR,
        set(),
    ),
    "3: they answered before the loss only": (
        census(three(BEFORE, BEFORE, SINCE), a=(99, 80)),
        Standing.WAITING,
        set(),
    ),
    "4: 80 of 99 of one provider, the other well": (
        census(ALL, a=(99, 80), b=(20, 0)),
        Standing.CLEAR,
        set(),
    ),
    "4: a single site of another provider answers": (
        census(ALL, a=(99, 99), b=(1, 0)),
        Standing.CLEAR,
        set(),
    ),
    "5: a city of one provider": (census(ALL, a=(99, 99)), Standing.CLEAR, set()),
    "5: the same, its hand-over silent": (
        census([*ALL, A_SILENT], a=(99, 99)),
        Standing.CLEAR,
        set(),
    ),
    "6: the same, its hand-over answers": (
        census([*ALL, A_ANSWERS], a=(99, 99)),
        Standing.COMMON,
        {"a"},
    ),
    "7: every provider at once": (census(ALL, a=(99, 60), b=(20, 20)), Standing.COMMON, {"a", "b"}),
    "7: 2 of 3, and the one of another": (
        census(ALL, a=(3, 2), b=(1, 1)),
        Standing.COMMON,
        {"a", "b"},
    ),
    "7: half a minute apart": (
        census(ALL, a=(99, 60, FELL - 30), b=(20, 20)),
        Standing.COMMON,
        {"a", "b"},
    ),
    "4: one provider, and minutes later the other": (
        census(ALL, a=(99, 60, FELL - 61), b=(20, 20)),
        Standing.CLEAR,
        set(),
    ),
    "8: every provider at once, a hand-over answers": (
        census([*ALL, A_ANSWERS], a=(99, 60), b=(20, 20)),
        Standing.COMMON,
        {"a", "b"},
    ),
    "9: every provider at once, one's hand-over silent": (
        census([*ALL, A_SILENT], a=(99, 60), b=(20, 20)),
        Standing.COMMON,
        {"b"},
    ),
    "10: every provider at once, all hand-overs silent": (
        census([*ALL, A_SILENT, B_SILENT], a=(99, 60), b=(20, 20)),
        Standing.CLEAR,
        set(),
    ),
    "3: a hand-over is still to be asked": (
        census([*ALL, reference(BEFORE, "a")], a=(99, 60), b=(20, 20)),
        Standing.WAITING,
        set(),
    ),
    "11: fewer than three sites used to answer": (
        census(ALL, a=(1, 1), b=(1, 1)),
        Standing.CLEAR,
        set(),
    ),
    "2: two references are configured, one answers": (
        census(three(SINCE, SILENT), a=(9, 9)),
        Standing.ISOLATED,
        set(),
    ),
}


@pytest.mark.parametrize("row", TABLE)
def test_the_decision_follows_the_table(row: str) -> None:
    heard, standing, providers = TABLE[row]
    found = decide(heard, NOW, CYCLE, RULES)
    assert (found.standing, set(found.providers)) == (standing, providers)
    assert bool(found.why) is (standing in {Standing.ISOLATED, Standing.COMMON})


def test_every_row_of_the_documented_table_is_tested() -> None:
    text = Path("docs/verdicts.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| (\d+) \|", text, re.MULTILINE))
    assert documented == {row.partition(":")[0] for row in TABLE}


def test_suspects_are_named() -> None:
    both = decide(TABLE["7: every provider at once"][0], NOW, CYCLE, RULES)
    assert "our hub, or all providers (a, b)" in both.why
    hub = decide(TABLE["6: the same, its hand-over answers"][0], NOW, CYCLE, RULES)
    assert hub.why.endswith("suspects: our hub")


def test_waiting_ends_with_the_cycle() -> None:
    heard = TABLE["3: they answered before the loss only"][0]
    assert decide(heard, FELL + CYCLE, CYCLE, RULES).standing is Standing.ISOLATED


references = st.lists(
    st.builds(
        reference,
        st.sampled_from([SINCE, BEFORE, SILENT, UNHEARD]),
        st.sampled_from(["", "", "a", "b", "c"]),
    ),
    max_size=6,
)
counts = st.integers(1, 40).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))
cities = st.builds(
    lambda heard, sites: census(heard, **sites),
    references,
    st.dictionaries(st.sampled_from("abc"), counts, max_size=3),
)


@given(cities)
def test_a_provider_that_answers_is_never_suspended(heard: Census) -> None:
    found = decide(heard, NOW, CYCLE, RULES)
    if found.standing is Standing.COMMON:
        assert found.providers
        for name in found.providers:
            assert 2 * heard.providers[name].lost > heard.providers[name].present
    else:
        assert not found.providers


@given(cities)
def test_with_two_witnesses_no_loss_isolates_us(heard: Census) -> None:
    answering = sum(one.is_answering and one.asked >= FELL for one in heard.references)
    if answering >= 2:
        assert decide(heard, NOW, CYCLE, RULES).standing is not Standing.ISOLATED


@given(cities)
def test_silent_references_always_mean_isolation(heard: Census) -> None:
    silent = all(one.is_silent for one in heard.references)
    if silent and len(heard.references) >= 3:
        assert decide(heard, NOW, CYCLE, RULES).standing is Standing.ISOLATED


@given(cities)
def test_nothing_waits_longer_than_a_cycle(heard: Census) -> None:
    assert decide(heard, FELL + CYCLE, CYCLE, RULES).standing is not Standing.WAITING


@given(st.lists(st.tuples(cities, st.floats(0.1, 60)), max_size=12))
def test_an_event_lasts_until_a_whole_cycle_was_calm(
    looks: list[tuple[Census, float]],
) -> None:
    line, now = CLEAR, FELL
    for heard, pause in looks:
        now += pause
        before, line = line, assess(line, heard, now, CYCLE, RULES)
        rested = before.standing in {Standing.ISOLATED, Standing.COMMON}
        if rested and line.standing in {Standing.CLEAR, Standing.WAITING}:
            assert before.calm_from is not None
            assert now - before.calm_from >= CYCLE
        if before.standing is Standing.ISOLATED:
            assert line.standing is not Standing.COMMON


def test_isolation_ends_once_references_answer_even_if_sites_stay_lost() -> None:
    """Otherwise a provider outage that started while references flapped would never be reported."""
    heard = census(ALL, a=(99, 80), b=(20, 0))
    line = Line(Standing.ISOLATED, "80 of 119 sites fell silent")
    line = assess(line, heard, NOW, CYCLE, RULES)
    assert line.standing is Standing.ISOLATED
    assert assess(line, heard, NOW + CYCLE, CYCLE, RULES).standing is Standing.CLEAR
