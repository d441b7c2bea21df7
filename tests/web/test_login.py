"""What a wrong login costs, and which logins are checked in a flood of them."""

from __future__ import annotations

import asyncio
import base64
import threading
from typing import TYPE_CHECKING

import bcrypt
import pytest

from monitor.web.login import Login, Logins, dearest_cost, fits
from monitor.web.returning import Returning

if TYPE_CHECKING:
    from collections.abc import Iterator


def hashed(password: str, cost: int) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()


USERS = {"cheap": hashed("eins", 4), "dear": hashed("zwei", 7)}


def header(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Checked:
    """Sits between logins and bcrypt: records what is hashed, and can delay it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.costs: list[int] = []
        self.passwords: list[bytes] = []
        self.may = threading.Event()
        self.may.set()
        self._real = bcrypt.checkpw
        monkeypatch.setattr(bcrypt, "checkpw", self._check)

    def _check(self, password: bytes, against: bytes) -> bool:
        assert self.may.wait(60)
        self.costs.append(int(against.split(b"$")[2]))
        self.passwords.append(password)
        return self._real(password, against)

    @property
    def rounds(self) -> int:
        return sum(2**cost for cost in self.costs)


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> Checked:
    return Checked(monkeypatch)


@pytest.fixture
def logins() -> Iterator[Logins]:
    found = Logins(lambda: 0.0, Returning())
    yield found
    found.close()


@pytest.mark.parametrize("user", ["cheap", "dear", "nobody", ""])
async def test_every_wrong_login_costs_as_much_as_the_most_expensive_hash(
    checked: Checked, logins: Logins, user: str
) -> None:
    assert await logins.check(header(user, "falsch"), "10.0.0.1", USERS) is Login.BAD
    assert checked.rounds == 2**7


async def test_the_right_login_costs_only_its_own_hash(checked: Checked, logins: Logins) -> None:
    assert await logins.check(header("cheap", "eins"), "10.0.0.1", USERS) is Login.GOOD
    assert checked.costs == [4]
    assert await logins.check(header("cheap", "eins"), "10.0.0.1", USERS) is Login.GOOD
    assert checked.costs == [4]


def test_an_unknown_user_never_matches() -> None:
    for password in (b"", b"eins", b"." * 72):
        assert not fits(password, b"", dearest_cost(USERS.values()))


async def test_a_prometheus_not_yet_known_gets_its_turn_in_a_flood(
    checked: Checked, logins: Logins
) -> None:
    """The monitor has just restarted: it knows no password, and the flood started first."""
    checked.may.clear()
    flood = [
        asyncio.create_task(
            logins.check(header("cheap", f"falsch {number}"), f"10.0.0.{number % 8}", USERS)
        )
        for number in range(400)
    ]
    await asyncio.sleep(0)
    mine = asyncio.create_task(logins.check(header("cheap", "eins"), "10.9.9.9", USERS))
    await asyncio.sleep(0)
    assert not mine.done()
    checked.may.set()
    assert await mine is Login.GOOD
    assert Login.GOOD not in await asyncio.gather(*flood)
    # At most one from each of the eight addresses before it, and the one in progress.
    tried = [one for at, one in enumerate(checked.passwords) if one not in checked.passwords[:at]]
    assert tried.index(b"eins") <= 9


async def test_prometheus_overtakes_a_flood_that_has_already_failed(
    checked: Checked, logins: Logins
) -> None:
    for number in range(16):
        await logins.check(header("cheap", "falsch"), f"10.0.0.{number}", USERS)
    checked.may.clear()
    flood = [
        asyncio.create_task(
            logins.check(header("cheap", f"falsch {number}"), f"10.0.0.{number % 16}", USERS)
        )
        for number in range(400)
    ]
    await asyncio.sleep(0)
    checked.passwords.clear()
    mine = asyncio.create_task(logins.check(header("cheap", "eins"), "10.9.9.9", USERS))
    await asyncio.sleep(0)
    checked.may.set()
    assert await mine is Login.GOOD
    await asyncio.gather(*flood)
    tried = [one for at, one in enumerate(checked.passwords) if one not in checked.passwords[:at]]
    assert tried.index(b"eins") <= 1


async def test_no_hash_is_computed_for_a_disconnected_client(
    checked: Checked, logins: Logins
) -> None:
    checked.may.clear()
    flood = [
        asyncio.create_task(logins.check(header("cheap", f"{at}"), f"10.0.0.{at}", USERS))
        for at in range(8)
    ]
    await asyncio.sleep(0)
    for task in flood[1:]:
        task.cancel()
    await asyncio.gather(*flood[1:], return_exceptions=True)
    checked.may.set()
    assert await flood[0] is Login.BAD
    assert set(checked.passwords) == {b"0"}
