"""Which daemon exports the city's metrics, by the answers of the database and a monotonic clock."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.ledger.leadership import ASK_SECONDS, LEASE_SECONDS, QUIET_SECONDS, Leadership

SCRAPE_SECONDS = 30.0
# After this long the server ends a session whose peer has vanished (monitor.ledger.postgres).
SESSION_SECONDS = 20.0


def led(since: float, until: float) -> Leadership:
    """Return the leadership of a daemon that had the lock from one instant until another."""
    leadership = Leadership()
    asked = since
    while asked <= until:
        leadership.granted(asked, asked)
        asked += ASK_SECONDS
    return leadership


def test_a_daemon_without_the_lock_does_not_export() -> None:
    assert not Leadership().speaks(1e6)
    assert not Leadership().holds


def test_a_new_leader_waits_until_the_previous_one_is_gone() -> None:
    leadership = led(0.0, 60.0)
    assert not leadership.speaks(QUIET_SECONDS - 0.1)
    assert leadership.speaks(QUIET_SECONDS)
    assert leadership.speaks(60.0)


def test_a_lost_or_negative_answer_ends_leadership_at_once() -> None:
    leadership = led(0.0, 60.0)
    leadership.withheld()
    assert not leadership.speaks(60.0)
    assert not leadership.holds


def test_without_an_answer_leadership_ends_before_the_server_session() -> None:
    leadership = led(0.0, 60.0)
    assert leadership.speaks(60.0 + LEASE_SECONDS - 0.1)
    assert not leadership.speaks(60.0 + LEASE_SECONDS)
    assert LEASE_SECONDS < SESSION_SECONDS


def test_a_late_answer_counts_from_the_time_of_its_request() -> None:
    leadership = led(0.0, 60.0)
    leadership.granted(63.0, 75.0)
    assert not leadership.speaks(63.0 + LEASE_SECONDS)


def test_a_leader_that_kept_the_lock_resumes_when_answers_return() -> None:
    leadership = led(0.0, 60.0)
    assert not leadership.speaks(90.0)
    leadership.granted(91.0, 91.0)
    assert leadership.speaks(91.0)


def test_a_leader_that_regains_the_lock_waits_again() -> None:
    leadership = led(0.0, 60.0)
    leadership.withheld()
    leadership.granted(63.0, 63.0)
    assert not leadership.speaks(63.0 + LEASE_SECONDS - 0.1)
    for asked in range(63, 120, int(ASK_SECONDS)):
        leadership.granted(asked, asked)
    assert leadership.speaks(63.0 + QUIET_SECONDS)


@given(
    ends=st.floats(60.0, 70.0),
    noticed=st.one_of(st.none(), st.floats(0.0, ASK_SECONDS)),
    offset=st.floats(0.0, ASK_SECONDS),
)
def test_two_daemons_never_export_at_once(
    ends: float, noticed: float | None, offset: float
) -> None:
    """The first learns that its session ended, or (None) is cut off and never learns it."""
    first, second = led(0.0, ends), Leadership()
    silent = ends + LEASE_SECONDS if noticed is None else ends + noticed
    free = ends + SESSION_SECONDS if noticed is None else ends
    last_seen = silent + SCRAPE_SECONDS
    asked = granted = free + offset
    while not second.speaks(asked):
        second.granted(asked, asked)
        asked += 1.0  # how often it checks; it queries less often, and the first answer counts
    spoke = asked
    assert not first.speaks(silent) or noticed is not None
    assert spoke >= last_seen, "no scrape has both"
    assert granted <= free + ASK_SECONDS
    assert spoke - ends <= 60
    if noticed is not None:
        assert spoke - ends <= 45, "a killed leader is replaced sooner"
