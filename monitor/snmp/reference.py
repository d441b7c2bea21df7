"""The same interface with pysnmp: for devices that our codec cannot read, and as a test oracle.

It shares nothing with the codec and the walker, so tests can compare them. What pysnmp 7.1 lacks is
added here: OIDs must increase, every walk has caps, tries are timed by the event loop (pysnmp's own
time-outs follow the wall clock), one engine is kept per credential (engines leak), everything is
closed, and only replies of queried agents are decoded (`reply_gate`). What cannot be fixed from
outside: its request-ids are sequential.

Must not know: the codec, sockets, schools.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any, Self, cast

from pyasn1.error import PyAsn1Error
from pyasn1.type.univ import Integer, Null, ObjectIdentifier, OctetString
from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch.asyncio import (
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    Udp6TransportTarget,
    UdpTransportTarget,
    bulk_cmd,
    get_cmd,
    next_cmd,
)
from pysnmp.proto import errind

from monitor.snmp.client import socket_address
from monitor.snmp.model import Failure, FailureKind, LeftOut, Result
from monitor.snmp.oids import Syntax, objects
from monitor.snmp.reference_security import context_of, credential_of, is_about_credential
from monitor.snmp.reply_gate import ReplyGate
from monitor.snmp.walk import MAX_REQUESTS, MAX_ROWS, START_SIZE, ErrorStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType

    from monitor.snmp.model import Agent, Request, Security
    from monitor.snmp.oids import Object
    from monitor.snmp.reply_gate import Expected
    from monitor.snmp.scalars import ScalarValue

Arcs = tuple[int, ...]
_Varbind = tuple[Arcs, "ScalarValue | None", int]
"""OID, value, and the tag of the value on the wire."""

_MAX_READ_SECONDS = 20.0
_GIVE_UP_AFTER = 3


class PysnmpReader:
    """Reads through pysnmp; an async context manager that owns its engines."""

    def __init__(self) -> None:
        self._objects = objects()
        self._gate = ReplyGate()
        self._kinds = {
            False: self._gate.target(UdpTransportTarget),
            True: self._gate.target(Udp6TransportTarget),
        }
        self._engines: dict[tuple[str, bytes, Security | None], SnmpEngine] = {}
        self._targets: dict[tuple[str, int, float], UdpTransportTarget | Udp6TransportTarget] = {}

    async def __aenter__(self) -> Self:
        """Open nothing yet: each credential's engine is created on first use."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close every engine."""
        for engine in self._engines.values():
            engine.close_dispatcher()
        self._engines.clear()
        self._targets.clear()

    async def read(self, agent: Agent, request: Request, deadline: float) -> Result:
        """Return the agent's values; see `monitor.snmp.read.Reader`."""
        wanted = [self._object(one) for one in request.scalars]
        columns = [_Column(self._object(one)) for one in request.columns]
        deadline = min(deadline, asyncio.get_running_loop().time() + _MAX_READ_SECONDS)
        session = await self._session(agent, deadline)
        scalars: dict[str, ScalarValue] = {}
        failure: Failure | None = None
        try:
            if wanted:
                await _get(session, wanted, scalars)
            if columns:
                await _walk(session, columns)
        except _StopError as stop:
            failure = stop.failure
        failure = failure or next((c.failure for c in columns if c.failure), None)
        rows = {column.name: column.values for column in columns if column.values}
        found = cast("Mapping[str, Mapping[int, int | bytes]]", rows)  # as in the native reader
        odd = {column.name: column.odd for column in columns if column.odd}
        return Result(
            scalars,
            found,
            failure,
            session.requests,
            session.varbinds,
            cast("Mapping[str, Mapping[int, int]]", odd),
            left_out=sum((column.left_out for column in columns), Counter()),
        )

    def _object(self, wanted: str | Object) -> Object:
        return self._objects[wanted] if isinstance(wanted, str) else wanted

    async def _session(self, agent: Agent, deadline: float) -> _Session:
        _, address = socket_address(agent.address, agent.port)
        credential = (agent.version, agent.community, agent.security)
        engine = self._engines.get(credential)
        if engine is None:
            engine = self._engines[credential] = SnmpEngine()
        # The time-out only makes pysnmp forget an unanswered request.
        place = (address[0], agent.port, agent.timeout)
        target = self._targets.get(place)
        if target is None:
            kind = self._kinds[":" in address[0]]
            target = await kind.create(address, timeout=agent.timeout, retries=0)
            self._targets[place] = target
        return _Session(agent, deadline, engine, target, lambda: self._gate.expecting(address[:2]))


class _StopError(Exception):
    """Ends the read with what was read so far."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.failure = Failure(kind, message)


class _AgentError(Exception):
    """The agent answered with an error-status; `index` counts from 1."""

    def __init__(self, status: int, index: int) -> None:
        super().__init__(f"error-status {status} at {index}")
        self.status = status
        self.index = index


class _Session:
    """One agent during one read: sends one request at a time, and counts."""

    def __init__(
        self,
        agent: Agent,
        deadline: float,
        engine: SnmpEngine,
        target: UdpTransportTarget | Udp6TransportTarget,
        expecting: Callable[[], AbstractContextManager[Expected]],
    ) -> None:
        self.agent = agent
        self._expecting = expecting
        self.requests = 0
        self.varbinds = 0
        self._deadline = deadline
        self._where = (
            engine,
            credential_of(agent),
            target,
            context_of(agent),
        )

    async def get(self, oids: Sequence[Arcs]) -> list[_Varbind]:
        """Send a GET for exactly these objects."""
        return await self._ask(oids, None)

    async def after(self, oids: Sequence[Arcs], repetitions: int) -> list[_Varbind]:
        """Request the successors of these objects; with 0 repetitions by GETNEXT."""
        return await self._ask(oids, repetitions)

    async def _ask(self, oids: Sequence[Arcs], repetitions: int | None) -> list[_Varbind]:
        if self.requests >= MAX_REQUESTS:
            raise _StopError(FailureKind.LIMIT, f"no end after {MAX_REQUESTS} requests")
        self.requests += 1
        loop = asyncio.get_running_loop()
        if loop.time() >= self._deadline:
            raise _StopError(FailureKind.LIMIT, "no end before the deadline")
        complaint = ""
        for _ in range(self.agent.retries + 1):
            left = self._deadline - loop.time()
            try:
                # pysnmp times by the wall clock: the loop's clock decides here.
                async with asyncio.timeout(min(self.agent.timeout, left)):
                    with self._expecting() as expected:
                        answer = await self._command(oids, repetitions)
            except TimeoutError:
                complaint = expected.complaint or complaint
                continue
            except (PySnmpError, PyAsn1Error) as error:
                raise _StopError(FailureKind.MALFORMED, f"pysnmp reports {error}") from error
            if answer is not None:
                self.varbinds += len(answer)
                return answer
        raise TimeoutError(f"no usable reply: {complaint}" if complaint else "no reply")

    async def _command(
        self, oids: Sequence[Arcs], repetitions: int | None
    ) -> list[_Varbind] | None:
        asked = [ObjectType(ObjectIdentity(oid)) for oid in oids]
        if repetitions is None:
            answer = await get_cmd(*self._where, *asked, lookupMib=False)
        elif repetitions:
            answer = await bulk_cmd(*self._where, 0, repetitions, *asked, lookupMib=False)
        else:
            answer = await next_cmd(*self._where, *asked, lookupMib=False)
        indication, status, index, varbinds = answer
        if indication == errind.requestTimedOut:
            return None
        if is_about_credential(indication):
            raise _StopError(FailureKind.AUTHENTICATION, f"pysnmp reports {indication}")
        if indication:
            raise _StopError(FailureKind.MALFORMED, f"pysnmp reports {indication}")
        if int(status):
            raise _AgentError(int(status), int(index))
        return [(tuple(name), _value(value), _tag(value)) for name, value in varbinds]


class _Column:
    """One column of a walk: its position and its rows."""

    def __init__(self, column: Object) -> None:
        self.name = column.name
        self.numeric = column.syntax is not Syntax.STRING
        self.oid = tuple(int(arc) for arc in column.oid.split("."))
        self.last = self.oid
        self._seen: set[Arcs] = set()
        self.arity = column.arity
        self.tag = column.syntax.value
        self.values: dict[int | Arcs, int | bytes] = {}
        self.odd: dict[int | Arcs, int] = {}
        self.left_out: Counter[LeftOut] = Counter()
        self.failure: Failure | None = None
        self.open = True
        self._is_repeated = False

    def take(self, varbind: _Varbind) -> None:
        """Take one varbind of a reply."""
        oid, value, tag = varbind
        if not self.open:
            return
        if value is None or oid[: len(self.oid)] != self.oid:
            if value is None or oid > self.oid:
                self.open = False
            else:
                self.fail(FailureKind.NOT_INCREASING, "the agent's OIDs do not increase")
        elif oid == self.oid or oid in self._seen:
            self._is_repeated = oid == self.last
            self.fail(FailureKind.NOT_INCREASING, "the agent's OIDs do not increase")
        elif len(self._seen) >= MAX_ROWS:
            self.fail(FailureKind.LIMIT, f"no end after {MAX_ROWS} rows")
        else:
            # Rows sorted as text may go back, but only to a row that is new; a loop repeats rows.
            self.last = oid
            self._seen.add(oid)
            if not self._fits(oid[len(self.oid) :]):
                self.left_out[LeftOut.INDEX] += 1
            elif not isinstance(value, tuple) and isinstance(value, int) == self.numeric:
                index = oid[-1] if self.arity == 1 else oid[len(self.oid) :]
                self.values[index] = value
                if self.numeric and tag != self.tag:
                    self.odd[index] = tag
            else:
                self.left_out[LeftOut.KIND] += 1

    def _fits(self, index: Arcs) -> bool:
        return len(index) == self.arity if self.arity else bool(index)

    def resume(self) -> bool:
        """Reopen the column if the reply repeats the requested OID; return whether it does."""
        is_repeated, self._is_repeated = self._is_repeated, False
        if is_repeated:
            self.open, self.failure = True, None
        return is_repeated

    def fail(self, kind: FailureKind, message: str) -> None:
        """End the column for a reason."""
        self.open = False
        self.failure = Failure(kind, f"{message}: {self.name}")


async def _get(session: _Session, wanted: Sequence[Object], found: dict[str, ScalarValue]) -> None:
    """Get the scalars and add their values to `found`, where they outlast a failure."""
    left = {tuple(int(arc) for arc in scalar.oid.split(".")): scalar for scalar in wanted}
    one_by_one = False
    while left:
        asked = [*left][: 1 if one_by_one else None]
        try:
            varbinds = [varbind[:2] for varbind in await session.get(asked)]
        except TimeoutError as silence:
            raise _StopError(FailureKind.TIMEOUT, str(silence)) from None
        except _AgentError as error:
            if error.status == ErrorStatus.NO_SUCH_NAME and 0 < error.index <= len(asked):
                del left[asked[error.index - 1]]
            elif len(asked) == 1:
                del left[asked[0]]
            else:
                one_by_one = True
            continue
        for oid, value in varbinds:
            scalar = left.get(oid)
            if scalar and value is not None and type(value) is _kind(scalar.syntax):
                found[scalar.name] = value
        for oid in asked:
            del left[oid]


async def _walk(session: _Session, columns: Sequence[_Column]) -> None:
    """Walk the columns side by side; each continues after its own last row."""
    bulk = session.agent.version != "1"
    bulk_worked = False
    answered = session.requests > 0
    size = START_SIZE
    silences = 0
    while asked := [column for column in columns if column.open][:size]:
        repetitions = max(1, size // len(asked)) if bulk else 0
        try:
            varbinds = await session.after([column.last for column in asked], repetitions)
        except TimeoutError as silence:
            silences += 1
            # An agent not heard yet may be dead, or silent to GETBULK alone: one GETNEXT tells.
            if not (answered or bulk) or silences > _GIVE_UP_AFTER:
                raise _StopError(FailureKind.TIMEOUT, str(silence)) from None
            bulk = bulk and answered and (bulk_worked or silences < _GIVE_UP_AFTER - 1)
            size = max(1, size // 2)
            continue
        except _AgentError as error:
            culprits = asked[error.index - 1 : error.index] if error.index > 0 else asked[:1]
            if error.status == ErrorStatus.NO_SUCH_NAME and culprits:
                culprits[0].open = False
            elif size > 1:
                size = min(size, len(asked) * max(1, repetitions)) // 2
            elif bulk and not bulk_worked:
                bulk, size = False, START_SIZE
            else:
                message = f"the agent reports error {error.status}"
                asked[0].fail(FailureKind.AGENT_ERROR, message)
            continue
        silences = 0
        answered = True
        bulk_worked = bulk_worked or bulk
        size = min(START_SIZE, size * 2)
        for place, varbind in enumerate(varbinds):
            asked[place % len(asked)].take(varbind)
        # Some agents answer a GETBULK with the requested OIDs, as if it were a GET.
        bulk = bulk and not _resumed(asked)
        if not varbinds:
            asked[0].fail(FailureKind.AGENT_ERROR, "the agent's replies are empty")


def _resumed(columns: Sequence[_Column]) -> bool:
    """Reopen the columns whose requested OID came again; return whether there are any."""
    return bool([column for column in columns if column.resume()])


def _kind(syntax: Syntax) -> type:
    return {Syntax.STRING: bytes, Syntax.OID: tuple}.get(syntax, int)


def _tag(value: Any) -> int:  # noqa: ANN401  # pysnmp has no types
    """Return the tag of a pysnmp value on the wire."""
    last = value.tagSet.superTags[-1]
    return int(last.tagClass | last.tagId)


def _value(value: Any) -> ScalarValue | None:  # noqa: ANN401  # pysnmp has no types
    """Return a pysnmp value as one of ours, None for the exceptions and NULL."""
    # In pysnmp the exceptions are NULLs, and in pyasn1 a NULL is an OCTET STRING.
    if isinstance(value, Null):
        return None
    if isinstance(value, Integer):
        return int(value)
    if isinstance(value, OctetString):
        return bytes(value)
    if isinstance(value, ObjectIdentifier):
        return tuple(value)
    return None
