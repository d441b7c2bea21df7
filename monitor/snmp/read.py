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
from monitor.snmp.model import Agent, Failure, FailureKind, Request, Result
from monitor.snmp.oids import objects
from monitor.snmp.rows import RowReaders
from monitor.snmp.scalars import Get, ScalarValue
from monitor.snmp.secure_message import SECURE_OVERHEAD
from monitor.snmp.walk import Walk

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
    rows: int
    until: float


class NativeReader:
    """Reads through our own codec and a shared client."""

    def __init__(self, client: SnmpClient) -> None:
        self._client = client
        self._objects = objects()
        self._layouts: dict[str, Layout] = {}
        self._rows = RowReaders()
        self._hints: dict[tuple[str, int], _Hint] = {}

    async def read(self, agent: Agent, request: Request, deadline: float) -> Result:
        """Return what the agent says; see `Reader`."""
        columns = [(name, self._layout(name)) for name in request.columns]
        deadline = min(deadline, asyncio.get_running_loop().time() + MAX_READ_SECONDS)
        get = Get([self._objects[name] for name in request.scalars])
        await self._client.converse(agent, get, deadline)
        if (request.scalars and not get.answered) or not columns:
            return Result(get.values, {}, get.failure, get.requests, get.varbinds)
        walk = self._walk(agent, columns, answered=get.answered)
        try:
            await self._client.converse(agent, walk, deadline)
        except OSError as error:
            if not get.answered:
                raise
            walk.give_up(Failure(FailureKind.UNREACHABLE, f"cannot send: {error.strerror}"))
        self._learn(agent, walk)
        return Result(
            get.values,
            # The tables of `oids` have one arc of index, so these are ints.
            cast("Mapping[str, Mapping[int, int | bytes]]", walk.columns),
            get.failure or walk.failure,
            get.requests + walk.requests,
            get.varbinds + walk.varbinds,
        )

    def _layout(self, name: str) -> Layout:
        layout = self._layouts.get(name)
        if layout is None:
            found = self._objects[name]
            layout = Layout(encode_oid(found.oid), found.syntax.value, found.arity)
            self._layouts[name] = layout
        return layout

    def _walk(self, agent: Agent, columns: list[tuple[str, Layout]], *, answered: bool) -> Walk:
        bulk = agent.version != "1"
        place = (agent.address, agent.port)
        hint = self._hints.get(place)
        if hint is not None and hint.until <= asyncio.get_running_loop().time():
            del self._hints[place]
            hint = None
        overhead = SECURE_OVERHEAD if agent.security else 0
        reader = self._rows.of([layout for _, layout in columns])
        if hint is None:
            return Walk(columns, bulk=bulk, answered=answered, overhead=overhead, reader=reader)
        return Walk(
            columns,
            bulk=bulk and hint.bulk,
            ceiling=hint.ceiling,
            rows=hint.rows,
            answered=answered,
            overhead=overhead,
            reader=reader,
        )

    def _learn(self, agent: Agent, walk: Walk) -> None:
        """Remember an agent's ways for a day; what a walk that broke off tried is no lesson."""
        if walk.failure is not None and walk.failure.kind is not FailureKind.AGENT_ERROR:
            return
        place = (agent.address, agent.port)
        known = self._hints.get(place)
        if known is None and len(self._hints) >= _MAX_HINTS:
            self._hints.clear()
        until = known.until if known else asyncio.get_running_loop().time() + _HINT_SECONDS
        self._hints[place] = _Hint(walk.bulk, walk.ceiling, walk.rows, until)
