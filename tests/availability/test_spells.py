"""Changes of a verdict as outages: what one restart or ten do to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from monitor.availability.records import Transition
from monitor.availability.spells import down_spells, last_known
from monitor.observation import State

BEGIN = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
STATES = {"u": State.UP, "d": State.DOWN, "?": State.UNKNOWN}


def minute(number: int) -> datetime:
    return BEGIN + timedelta(minutes=number)


def changes(said: str, site: str = "a/main") -> list[Transition]:
    """Return a change for each letter, ten minutes apart, each known a minute after it began."""
    return [
        Transition(site, STATES[one], minute(10 * place), minute(10 * place + 1), "r", f"{place}")
        for place, one in enumerate(said)
    ]


def spans(said: str) -> list[tuple[int, int | None, str]]:
    return [
        (
            (one.begins - BEGIN) // timedelta(minutes=10),
            None if one.ends is None else (one.ends - BEGIN) // timedelta(minutes=10),
            one.detail,
        )
        for one in down_spells(changes(said))
    ]


def test_an_outage_lasts_from_its_first_down_until_the_line_is_up() -> None:
    assert spans("udu") == [(1, 2, "1")]
    assert spans("ud") == [(1, None, "1")]
    assert spans("d") == [(0, None, "0")]
    assert spans("u?u") == []


def test_down_again_after_only_unknown_continues_the_same_outage() -> None:
    assert spans("uddd") == [(1, None, "1")]
    assert spans("udd?d?du") == [(1, 7, "1")]
    assert spans("ud?") == [(1, 2, "1")]
    assert spans("ud?ud") == [(1, 2, "1"), (4, None, "4")]
    assert spans("dudu") == [(0, 1, "0"), (2, 3, "2")]


def test_a_verdict_that_starts_earlier_replaces_later_ones() -> None:
    known = [*changes("uu"), Transition("a/main", State.DOWN, minute(5), minute(12), "r", "late")]
    assert [(one.begins, one.ends) for one in down_spells(known)] == [(minute(5), None)]


def test_the_last_known_verdict_starts_with_its_spell() -> None:
    def last(said: str) -> tuple[State, str]:
        [found] = last_known(changes(said)).values()
        return found.state, found.detail

    assert last("ud") == (State.DOWN, "1")
    assert last("udd?d?") == (State.DOWN, "1")
    assert last("uuu") == (State.UP, "0")
    assert last("udu?") == (State.UP, "2")
    # What a line did meanwhile that was up before is unknown.
    assert last("u?u") == (State.UP, "2")
    assert last_known(changes("??")) == {}


def test_sites_are_kept_separate() -> None:
    both = [*changes("ud", "a/main"), *changes("u", "b/main")]
    assert {site: one.state for site, one in last_known(both).items()} == {
        "a/main": State.DOWN,
        "b/main": State.UP,
    }
