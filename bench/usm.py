"""CPU time of one device poll over SNMPv3 with SHA and AES-128: ours, and pysnmp.

Run as `python -m bench --only usm`. The poll and the agent are those of `bench.snmp`, here with a
user; v2c from the same run shows what security costs.

Must not know: how the parts of a message are made.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from typing import TYPE_CHECKING

from pysnmp.hlapi.v3arch.asyncio import UsmUserData as User
from pysnmp.hlapi.v3arch.asyncio import (
    usmAesCfb128Protocol,
    usmHMACSHAAuthProtocol,
)

from bench.part import Part, at_most, times_cheaper
from bench.secure_agent import USER
from bench.snmp import COLUMNS, INTERFACES, ROUNDS, agent_process, documented, reading, settle
from bench.table import Table
from monitor.snmp.client import SnmpClient
from monitor.snmp.read import Agent, NativeReader
from monitor.snmp.reference import PysnmpReader

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Poll = Callable[[], Awaitable[int]]

_OURS = "schulnetz, v3 SHA/AES-128"
_CLEAR = "schulnetz, v2c"
_TUNED = "pysnmp 7.1, v3, tuned (`engine: pysnmp`)"
_DOCUMENTED = "pysnmp 7.1, v3, as documented"
_POLLS = {_OURS: 100, _CLEAR: 100, _TUNED: 3, _DOCUMENTED: 2}
_GOAL_MILLISECONDS = 2.5
_GOAL_TIMES = 30


def run(rounds: int = ROUNDS) -> Part:
    """Measure all contestants and return goals and figures."""
    costs = asyncio.run(_measure(rounds))
    ours = costs[_OURS]
    goals = (
        times_cheaper(
            "SNMPv3 authPriv poll, against pysnmp tuned", costs[_TUNED] / ours, _GOAL_TIMES
        ),
        times_cheaper("the same, as documented", costs[_DOCUMENTED] / ours, _GOAL_TIMES),
        at_most("SNMPv3 authPriv poll", ours, _GOAL_MILLISECONDS, "ms CPU"),
    )
    rows = tuple((name, f"{cost:.2f}", f"{cost / ours:.2f}") for name, cost in costs.items())
    table = Table(
        f"SNMPv3: one poll of {len(COLUMNS)} columns x {INTERFACES} interfaces",
        ("", "CPU ms a device", "x ours"),
        rows,
        (
            f"The median of {rounds} rounds taken in turns; the agent's CPU time is not counted.",
            "All end with decoded columns; discovery and key derivation are done before.",
        ),
    )
    return Part(goals, (table,))


async def _measure(rounds: int) -> dict[str, float]:
    async with contextlib.AsyncExitStack() as stack:
        port = stack.enter_context(agent_process("bench.secure_agent"))
        clear_port = stack.enter_context(agent_process("bench.fast_agent"))
        native = NativeReader(await stack.enter_async_context(SnmpClient()))
        tuned = await stack.enter_async_context(PysnmpReader())
        secure = Agent("127.0.0.1", port, "3", b"", timeout=5.0, security=USER)
        clear = Agent("127.0.0.1", clear_port, "2c", b"public", timeout=5.0)
        contenders: dict[str, Poll] = {
            _OURS: reading(native, secure, None),
            _CLEAR: reading(native, clear, None),
            _TUNED: reading(tuned, secure, None),
            _DOCUMENTED: await stack.enter_async_context(documented(port, _user())),
        }
        for poll in contenders.values():
            await poll()
        settle()
        costs: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(rounds):
            for name, poll in contenders.items():
                costs[name].append(await _cost(poll, _POLLS[name]))
    return {name: statistics.median(found) for name, found in costs.items()}


async def _cost(poll: Poll, polls: int) -> float:
    before = time.process_time()
    for _ in range(polls):
        await poll()
    return (time.process_time() - before) / polls * 1000


def _user() -> User:
    return User(
        USER.user.decode(),
        USER.auth_password.decode(),
        USER.priv_password.decode(),
        authProtocol=usmHMACSHAAuthProtocol,
        privProtocol=usmAesCfb128Protocol,
    )


if __name__ == "__main__":
    print(run().markdown())
