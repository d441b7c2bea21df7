"""The interface of this package: read scalars and table columns from an agent.

`NativeReader` uses our own codec; `monitor.snmp.reference.PysnmpReader` has the same interface. A
read ends by its deadline, and returns what it got, with the reason if it is incomplete.

Must not know: schools, or what a value is used for.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol, cast

from monitor.snmp.get_and_walk import GetAndWalk
from monitor.snmp.layout import Layout
from monitor.snmp.model import Agent, Failure, FailureKind, Request, Result
from monitor.snmp.oid_octets import encode_oid
from monitor.snmp.oids import objects
from monitor.snmp.rows import RowReaders
from monitor.snmp.scalars import Get, ScalarValue, by_oid
from monitor.snmp.secure_message import SECURE_OVERHEAD
from monitor.snmp.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.snmp.client import SnmpClient
    from monitor.snmp.model import LeftOut
    from monitor.snmp.oids import Object
    from monitor.snmp.rows import RowReader

    _Place = tuple[str, int, "_Columns"]

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
_MAX_HINTS = 40_000
# Device profiles come and go with the configuration.
_MAX_LAYOUTS = 2_000


class Reader(Protocol):
    """Reads from one agent per call; many calls may run concurrently."""

    async def read(self, agent: Agent, request: Request, deadline: float) -> Result:
        """Return the agent's values; `deadline` is on the running loop's clock, in seconds.

        Raises:
            KeyError: if the request names an object that `oids` does not have.
            OSError: if nothing could be sent to the address.
        """


@dataclass(frozen=True, slots=True)
class _Hint:
    """What was learned about an agent, until it expires.

    `rows` is the number of rows of each column.
    `scalar_octets` is the size of the scalars in a reply, None if they are requested separately.
    """

    bulk: bool
    ceiling: int
    rows: tuple[int, ...]
    scalar_octets: int | None
    until: float


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """Columns that are read together, by name, and the reader of their whole rows, if any.

    The same columns are always the same object, so that looking up their hint costs nothing.
    """

    layouts: tuple[tuple[str, Layout], ...]
    reader: RowReader | None


class NativeReader:
    """Reads through our own codec and a shared client."""

    def __init__(self, client: SnmpClient) -> None:
        self._client = client
        self._objects = objects()
        self._columns: dict[tuple[str | Object, ...], _Columns] = {}
        self._scalars: dict[tuple[str | Object, ...], Mapping[bytes, Object]] = {}
        self._rows = RowReaders()
        self._hints: dict[_Place, _Hint] = {}
        # Until when agents are not asked by GETBULK: what one table showed holds for all.
        self._without_bulk: dict[tuple[str, int], float] = {}

    async def read(self, agent: Agent, request: Request, deadline: float) -> Result:
        """Return the agent's values; see `Reader`."""
        columns = self._columns_of(request.columns)
        deadline = min(deadline, asyncio.get_running_loop().time() + MAX_READ_SECONDS)
        get = Get(self._scalars_of(request.scalars))
        place = (agent.address, agent.port, columns)
        hint = self._hint(place)
        conversation = GetAndWalk(
            get,
            partial(self._walk, agent, hint, columns) if request.columns else None,
            hint.scalar_octets if hint else None,
        )
        try:
            await self._client.converse(agent, conversation, deadline)
        except OSError as error:
            walk = conversation.walk
            if walk is None or not get.answered:
                raise
            walk.give_up(Failure(FailureKind.UNREACHABLE, f"cannot send: {error.strerror}"))
        walk = conversation.walk
        if hint is not None and conversation.is_refused:
            # Also after a failed read: an agent silent to both would count as down.
            self._hints[place] = replace(hint, scalar_octets=None)
        if walk is None or (request.scalars and not get.answered):
            requests = get.requests + (walk.requests if walk else 0)
            left_out = get.left_out
            return Result(get.values, {}, get.failure, requests, get.varbinds, left_out=left_out)
        if walk.requests:
            self._learn(place, walk, conversation.scalar_octets)
        return Result(
            get.values,
            # The index is an int for tables with an index of one arc, else a tuple.
            cast("Mapping[str, Mapping[int, int | bytes]]", walk.columns),
            get.failure or walk.failure,
            get.requests + walk.requests,
            get.varbinds + walk.varbinds,
            cast("Mapping[str, Mapping[int, int]]", walk.odd_types),
            cast("Sequence[tuple[float, int]]", walk.arrivals),
            _together(get.left_out, walk.notes.left_out),
        )

    def _object(self, wanted: str | Object) -> Object:
        return self._objects[wanted] if isinstance(wanted, str) else wanted

    def _columns_of(self, wanted: tuple[str | Object, ...]) -> _Columns:
        """Return these columns; cached, because making them costs more than decoding a row."""
        columns = self._columns.get(wanted)
        if columns is None:
            found = [self._object(one) for one in wanted]
            layouts = [Layout(encode_oid(one.oid), one.syntax.value, one.arity) for one in found]
            columns = _Columns(
                tuple((one.name, layout) for one, layout in zip(found, layouts, strict=True)),
                self._rows.of(layouts),
            )
            if len(self._columns) >= _MAX_LAYOUTS:
                self._columns.clear()
                self._hints.clear()
            self._columns[wanted] = columns
        return columns

    def _scalars_of(self, wanted: Sequence[str | Object]) -> Mapping[bytes, Object]:
        key = tuple(wanted)
        scalars = self._scalars.get(key)
        if scalars is None:
            if len(self._scalars) >= _MAX_LAYOUTS:
                self._scalars.clear()
            scalars = self._scalars[key] = by_oid([self._object(one) for one in key])
        return scalars

    def _hint(self, place: _Place) -> _Hint | None:
        hint = self._hints.get(place)
        if hint is not None and hint.until <= asyncio.get_running_loop().time():
            del self._hints[place]
            return None
        return hint

    def _walk(self, agent: Agent, hint: _Hint | None, columns: _Columns) -> Walk:
        bulk = agent.version != "1"
        overhead = SECURE_OVERHEAD if agent.security else 0
        clock = asyncio.get_running_loop().time
        if hint is None:
            bulk = bulk and self._without_bulk.get((agent.address, agent.port), 0.0) <= clock()
            return Walk(
                columns.layouts, bulk=bulk, overhead=overhead, reader=columns.reader, clock=clock
            )
        return Walk(
            columns.layouts,
            bulk=bulk and hint.bulk,
            ceiling=hint.ceiling,
            rows=hint.rows,
            overhead=overhead,
            reader=columns.reader,
            clock=clock,
        )

    def _learn(self, place: _Place, walk: Walk, scalar_octets: int | None) -> None:
        """Remember an agent's behaviour for a day; an aborted walk teaches nothing."""
        if walk.failure is not None and walk.failure.kind is not FailureKind.AGENT_ERROR:
            return
        known = self._hints.get(place)
        if known is None and len(self._hints) >= _MAX_HINTS:
            self._hints.clear()
            self._without_bulk.clear()
        until = known.until if known else asyncio.get_running_loop().time() + _HINT_SECONDS
        if known is not None and known.scalar_octets is None:
            # The joint request did not work: do not try it again before tomorrow.
            scalar_octets = None
        hint = _Hint(walk.bulk, walk.ceiling, walk.rows, scalar_octets, until)
        if hint != known:
            self._hints[place] = hint
            if not walk.bulk:
                self._without_bulk.setdefault(place[:2], until)


def _together(one: Mapping[LeftOut, int], other: Mapping[LeftOut, int]) -> Mapping[LeftOut, int]:
    """Return the sums of two counts; in most polls both are empty."""
    return Counter(one) + Counter(other) if one and other else one or other
