"""The face of this package: read scalars and table columns from an agent.

`NativeReader` speaks through our own codec; `monitor.snmp.reference.PysnmpReader` has the same
face. A read ends by its deadline, and returns what it got beside the reason why not all.

Must not know: schools, who asks, what a value is for.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from monitor.snmp.codec import encode_oid
from monitor.snmp.columns import Layout
from monitor.snmp.model import Agent, Failure, FailureKind, Request, RequestError, Result
from monitor.snmp.oids import objects
from monitor.snmp.scalars import Get, ScalarValue
from monitor.snmp.walk import MAX_SIZE, Walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.snmp.client import SnmpClient

__all__ = [
    "Agent",
    "Failure",
    "FailureKind",
    "NativeReader",
    "Reader",
    "Request",
    "Result",
    "ScalarValue",
]

MAX_READ_SECONDS = 20.0
_HINT_SECONDS = 86_400.0
_MAX_HINTS = 10_000


class Reader(Protocol):
    """Reads from one agent at a time per call; many calls may run side by side."""

    async def read(self, agent: Agent, request: Request, deadline: float) -> Result:
        """Return what the agent says; `deadline` is on the running loop's clock, in seconds.

        Raises:
            KeyError: if the request names an object that `oids` does not have.
            OSError: if nothing could be sent to the address.
        """


@dataclass(frozen=True, slots=True)
class _Hint:
    """What an agent taught us about itself, until we forget it."""

    bulk: bool
    ceiling: int
    until: float


class NativeReader:
    """Reads through our own codec and a shared client."""

    def __init__(self, client: SnmpClient) -> None:
        self._client = client
        self._objects = objects()
        self._layouts: dict[str, Layout] = {}
        self._hints: dict[tuple[str, int], _Hint] = {}

    async def read(self, agent: Agent, request: Request, deadline: float) -> Result:
        """Return what the agent says; see `Reader`."""
        columns = [(name, self._layout(name)) for name in request.columns]
        deadline = min(deadline, asyncio.get_running_loop().time() + MAX_READ_SECONDS)
        get = Get([self._objects[name] for name in request.scalars])
        await self._get(agent, get, deadline)
        if (request.scalars and not get.answered) or not columns:
            return Result(get.values, {}, get.failure, get.requests, get.varbinds)
        walk = self._walk(agent, columns)
        await self._converse(agent, walk, deadline, answered=get.answered)
        self._learn(agent, walk)
        return Result(
            get.values,
            # The tables of `oids` have one arc of index, so these are ints.
            cast("Mapping[str, Mapping[int, int | bytes]]", walk.columns),
            get.failure or walk.failure,
            get.requests + walk.requests,
            get.varbinds + walk.varbinds,
        )

    async def _get(self, agent: Agent, get: Get, deadline: float) -> None:
        while question := get.question():
            try:
                _, data = await self._client.request(agent, question, deadline)
            except RequestError as error:
                get.give_up(error.failure)
            else:
                get.answer(data)

    async def _converse(self, agent: Agent, walk: Walk, deadline: float, *, answered: bool) -> None:
        loop = asyncio.get_running_loop()
        while question := walk.question():
            if loop.time() >= deadline:
                walk.give_up(FailureKind.LIMIT, "no end before the deadline")
                return
            try:
                reply = await self._client.request(agent, question, deadline)
            except RequestError as error:
                if not answered or loop.time() >= deadline:
                    walk.give_up(error.failure.kind, error.failure.message)
                else:
                    walk.unanswered(error.failure)
            else:
                answered = True
                walk.answer(reply)

    def _layout(self, name: str) -> Layout:
        layout = self._layouts.get(name)
        if layout is None:
            found = self._objects[name]
            layout = Layout(encode_oid(found.oid), found.syntax.value, found.arity)
            self._layouts[name] = layout
        return layout

    def _walk(self, agent: Agent, columns: list[tuple[str, Layout]]) -> Walk:
        bulk = agent.version != "1"
        hint = self._hints.get((agent.address, agent.port))
        if hint is None or hint.until <= asyncio.get_running_loop().time():
            self._hints.pop((agent.address, agent.port), None)
            return Walk(columns, bulk=bulk)
        return Walk(columns, bulk=bulk and hint.bulk, ceiling=hint.ceiling)

    def _learn(self, agent: Agent, walk: Walk) -> None:
        """Remember an agent's ways for a day; what a walk that broke off tried is no lesson."""
        silent = walk.failure is not None and walk.failure.kind is not FailureKind.AGENT_ERROR
        as_usual = walk.bulk == (agent.version != "1") and walk.ceiling == MAX_SIZE
        place = (agent.address, agent.port)
        if silent or as_usual or place in self._hints:
            return
        if len(self._hints) >= _MAX_HINTS:
            self._hints.clear()
        until = asyncio.get_running_loop().time() + _HINT_SECONDS
        self._hints[place] = _Hint(walk.bulk, walk.ceiling, until)
