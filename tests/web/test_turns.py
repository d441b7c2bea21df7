"""In which order passwords are checked, and which are displaced when too many wait."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from monitor.web.turns import KEPT_FOR_USERS, MAX_WAITING, MAX_WAITING_OF_ONE, Turns, Waiting


class Queue:
    """Turns of numbered logins, and how often addresses have failed."""

    def __init__(self) -> None:
        self.failures: Counter[str] = Counter()
        self.returning: set[str] = set()
        self.turns: Turns[int] = Turns(
            lambda address: self.failures[address], lambda address: address in self.returning
        )
        self.gave_way: list[int] = []

    def join(self, address: str, number: int = 0, *, is_user: bool = True) -> bool:
        may, other = self.turns.join(Waiting(address, is_user, number))
        if other is not None:
            self.gave_way.append(other.work)
        return may

    def order(self) -> list[str]:
        found = []
        while (one := self.turns.next()) is not None:
            found.append(one.address)
        return found


def test_addresses_take_turns() -> None:
    queue = Queue()
    for address in ("a", "a", "a", "b", "c", "b"):
        assert queue.join(address)
    assert queue.order() == ["a", "b", "c", "a", "b", "a"]


def test_an_address_has_few_slots() -> None:
    queue = Queue()
    assert [queue.join("a") for _ in range(6)] == [True] * MAX_WAITING_OF_ONE + [False] * 2


def test_addresses_without_failures_come_first() -> None:
    queue = Queue()
    queue.failures["flood"] = 9
    for _ in range(4):
        queue.join("flood")
    queue.join("prometheus")
    assert queue.order() == ["prometheus", "flood", "flood", "flood", "flood"]


def test_a_flood_from_few_addresses_yields_to_another_address() -> None:
    queue = Queue()
    for address in ("a", "b", "c", "d"):
        for number in range(MAX_WAITING_OF_ONE):
            assert queue.join(address, number)
    assert queue.join("prometheus", 99)
    assert queue.gave_way == [3]
    assert "prometheus" in queue.order()[:5]


def test_a_flood_from_many_failed_addresses_yields() -> None:
    queue = Queue()
    for number in range(MAX_WAITING):
        queue.failures[str(number)] = 1
        assert queue.join(str(number), number)
    queue.failures["late"] = 1
    assert not queue.join("late")
    assert queue.join("prometheus")
    assert queue.order()[0] == "prometheus"


def test_returning_addresses_come_first_and_are_never_displaced() -> None:
    queue = Queue()
    queue.returning = {"prometheus"}
    for number in range(MAX_WAITING):
        assert queue.join(str(number), number)
    assert not queue.join("new")
    assert queue.join("prometheus", 99)
    for number in range(MAX_WAITING):
        queue.join(f"later {number}", number)
    assert 99 not in queue.gave_way
    assert queue.order()[0] == "prometheus"


def test_a_returning_address_that_fails_comes_after_those_that_did_not() -> None:
    queue = Queue()
    queue.returning, queue.failures["was in"] = {"was in"}, 2
    assert queue.join("was in")
    assert queue.join("new")
    assert queue.order() == ["new", "was in"]


def test_some_slots_are_reserved_for_configured_users() -> None:
    queue = Queue()
    came = sum(queue.join(str(number), is_user=False) for number in range(100))
    assert came == MAX_WAITING - KEPT_FOR_USERS
    for number in range(KEPT_FOR_USERS):
        assert queue.join(f"user {number}")
    assert queue.gave_way == []
    assert queue.join("one more")
    assert len(queue.gave_way) == 1
    assert not queue.join("unknown", is_user=False)


JOINS = st.lists(st.tuples(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), st.booleans()))


@given(JOINS, st.dictionaries(st.sampled_from("abcdefghij"), st.integers(0, 20)))
def test_every_login_is_checked_refused_or_displaced_exactly_once(
    joins: list[tuple[str, bool]], failures: dict[str, int]
) -> None:
    queue = Queue()
    queue.failures.update(failures)
    came = 0
    for number, (address, is_user) in enumerate(joins):
        came += queue.join(address, number, is_user=is_user)
        assert len(queue.turns) <= MAX_WAITING
    order = queue.order()
    assert len(order) + len(queue.gave_way) == came
    assert len(set(queue.gave_way)) == len(queue.gave_way)
    assert max(Counter(order).values(), default=0) <= MAX_WAITING_OF_ONE


@given(JOINS)
def test_waiting_addresses_get_a_turn_before_another_repeats(
    joins: list[tuple[str, bool]],
) -> None:
    queue = Queue()
    for address, is_user in joins:
        queue.join(address, is_user=is_user)
    order = queue.order()
    for at, address in enumerate(order):
        again = next((to for to in range(at + 1, len(order)) if order[to] == address), None)
        if again is not None:
            assert set(order[again:]) <= set(order[at:again])
