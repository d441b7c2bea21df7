"""Reads subtrees of an agent's MIB as they are: every varbind with the type that it came with.

A sibling of `walk`, for a recording of a device that somebody will look into: nothing is
thrown away for having an unexpected type, and the subtrees are read one after the other. Caps
and strictly increasing OIDs end every dump.

Must not know: sockets, time, which objects are worth reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from monitor.snmp.codec import (
    CodecError,
    PduType,
    Tag,
    decode_oid,
    decode_varbinds,
    encode_oid,
    encode_varbind,
)
from monitor.snmp.model import Failure, FailureKind
from monitor.snmp.walk import ErrorStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.snmp.client import Question
    from monitor.snmp.codec import Head

MAX_VARBINDS = 50_000
_REPETITIONS = 20
_END = frozenset({Tag.NO_SUCH_OBJECT, Tag.NO_SUCH_INSTANCE, Tag.END_OF_MIB_VIEW})


class Recorded(NamedTuple):
    """One varbind: the arcs of its OID, its type on the wire, its value as the codec has it."""

    arcs: tuple[int, ...]
    tag: int
    value: int | bytes | None


class Dump:
    """One conversation with one agent about some subtrees, in the order of the MIB.

    `varbinds` are what was read so far, `failures` why a subtree was not read to its end.
    """

    def __init__(self, subtrees: Sequence[str], *, bulk: bool) -> None:
        self.varbinds: list[Recorded] = []
        self.failures: list[Failure] = []
        # Taken from the end.
        roots = sorted({tuple(map(int, oid.split("."))) for oid in subtrees}, reverse=True)
        self._left = [
            root
            for root in roots
            if not any(root != other and root[: len(other)] == other for other in roots)
        ]
        self._last = self._left[-1] if self._left else ()
        self._repetitions = _REPETITIONS if bulk else 0

    def question(self) -> Question | None:
        """Return the next request, None when there is nothing more to ask."""
        if not self._left:
            return None
        if len(self.varbinds) > MAX_VARBINDS:
            self.give_up(Failure(FailureKind.LIMIT, f"no end after {MAX_VARBINDS} variables"))
            return None
        asked = encode_varbind(encode_oid(self._last), Tag.NULL, None)
        if self._repetitions:
            return PduType.GET_BULK, 0, self._repetitions, asked
        return PduType.GET_NEXT, 0, 0, asked

    def again(self) -> Question | None:
        """Return None: what was lost is asked again as it was."""

    def answer(self, head: Head, data: bytes) -> None:
        """Take the reply to the last question: its decoded head and its octets."""
        if head[4]:
            self._take_error(head[4])
            return
        try:
            varbinds = decode_varbinds(data, head[6])
        except CodecError as error:
            self._next(Failure(FailureKind.MALFORMED, f"a malformed reply: {error}"))
            return
        if not varbinds:
            self._next(Failure(FailureKind.AGENT_ERROR, "an empty reply"))
            return
        root = self._left[-1]
        for oid, tag, value in varbinds:
            arcs = decode_oid(oid)
            if tag in _END or arcs[: len(root)] != root:
                self._next()
                return
            if arcs <= self._last:
                self._next(Failure(FailureKind.NOT_INCREASING, "the agent's OIDs do not increase"))
                return
            self.varbinds.append(Recorded(arcs, tag, value))
            self._last = arcs

    def unanswered(self, failure: Failure) -> None:
        """Take note that the last question got no usable reply: ask for less, or go on."""
        if self._repetitions and self.varbinds:
            self._repetitions //= 2
        elif self._repetitions:
            self._repetitions = 0
        elif self.varbinds:
            self._next(failure)
        else:
            self.give_up(failure)

    def give_up(self, failure: Failure) -> None:
        """End the dump for a reason; what was read is kept."""
        self._left.clear()
        self.failures.append(failure)

    def _take_error(self, status: int) -> None:
        if status == ErrorStatus.NO_SUCH_NAME:
            # SNMPv1 says so at the end of the MIB (RFC 1157 §4.1.3).
            self._next()
        elif self._repetitions:
            self._repetitions //= 2
        else:
            self._next(Failure(FailureKind.AGENT_ERROR, f"the agent says error {status}"))

    def _next(self, failure: Failure | None = None) -> None:
        root = ".".join(map(str, self._left.pop()))
        if failure is not None:
            self.failures.append(Failure(failure.kind, f"{failure.message}: {root}"))
        if self._left:
            self._last = self._left[-1]
