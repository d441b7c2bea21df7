"""Reads subtrees of an agent's MIB unchanged: every varbind with the type that was sent.

A sibling of `walk`, for recording a device for analysis: varbinds of unexpected types are kept, and
the subtrees are read one after the other. Limits and strictly increasing OIDs guarantee that every
dump ends.

Must not know: sockets, time, or which objects are worth reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from monitor.snmp.ber import CodecError, Tag
from monitor.snmp.decode import EXCEPTIONS, UnreadableError, decode_value, named_contents
from monitor.snmp.encode import encode_varbind
from monitor.snmp.message import PduType
from monitor.snmp.model import Failure, FailureKind, LeftOut
from monitor.snmp.notes import End
from monitor.snmp.oid_octets import decode_oid, encode_oid
from monitor.snmp.walk import ErrorStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.snmp.client import Question
    from monitor.snmp.message import Head

MAX_VARBINDS = 50_000
_REPETITIONS = 20


class Recorded(NamedTuple):
    """One varbind: the arcs of its OID, its type on the wire, its value as the codec returns it."""

    arcs: tuple[int, ...]
    tag: int
    value: int | bytes | None


class Dump:
    """One conversation with one agent that walks some subtrees, in the order of the MIB.

    `varbinds` are those read so far, `failures` says why a subtree is incomplete, `left_out`
    counts the values that could not be decoded, by reason.
    """

    def __init__(self, subtrees: Sequence[str], *, bulk: bool) -> None:
        self.varbinds: list[Recorded] = []
        self.failures: list[Failure] = []
        self.left_out: dict[LeftOut, int] = {}
        self._seen: set[tuple[int, ...]] = set()
        # Used as a stack, from the end.
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
        if len(self._seen) > MAX_VARBINDS:
            self.give_up(Failure(FailureKind.LIMIT, f"no end after {MAX_VARBINDS} variables"))
            return None
        asked = encode_varbind(encode_oid(self._last), Tag.NULL, None)
        if self._repetitions:
            return PduType.GET_BULK, 0, self._repetitions, asked
        return PduType.GET_NEXT, 0, 0, asked

    def again(self) -> Question | None:
        """Return None: a lost request is repeated unchanged."""

    def answer(self, head: Head, data: bytes) -> None:
        """Process the reply to the last question: its decoded head and its octets."""
        if head[4]:
            self._take_error(head[4])
            return
        before = self._last
        try:
            for oid, tag, content in named_contents(data, head[6], self.left_out):
                ended = self._take(decode_oid(oid), tag, content)
                if ended is not None:
                    self._end_at(ended)
                    return
        except CodecError as error:
            if not self._ask_less():
                self._next(Failure(FailureKind.MALFORMED, f"a malformed reply: {error}"))
            return
        if self._last == before:
            self._next(Failure(FailureKind.AGENT_ERROR, "a reply without varbinds"))

    def _take(self, arcs: tuple[int, ...], tag: int, content: bytes) -> End | None:
        """Take one varbind; return why the subtree ends here, None if it does not."""
        root = self._left[-1]
        if tag in EXCEPTIONS:
            return End.FINISHED
        if arcs[: len(root)] != root:
            return End.FINISHED if arcs > root else End.NOT_INCREASING
        # Rows sorted as text may go back, but only to a row that is new; a loop repeats rows.
        if arcs == self._last or arcs in self._seen:
            return End.NOT_INCREASING
        self._last = arcs
        self._seen.add(arcs)
        try:
            self.varbinds.append(Recorded(arcs, tag, decode_value(tag, content)))
        except UnreadableError as error:
            self.left_out[error.reason] = self.left_out.get(error.reason, 0) + 1
        return None

    def _end_at(self, end: End) -> None:
        if end is End.FINISHED:
            self._next()
        elif self._repetitions:
            # Some agents answer a GETBULK with the requested OIDs, as if it were a GET.
            self._repetitions = 0
        else:
            self._next(Failure(FailureKind.NOT_INCREASING, "the agent's OIDs do not increase"))

    def unanswered(self, failure: Failure) -> None:
        """Note that the last question got no usable reply: ask for less, or go on."""
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
            # SNMPv1 reports the end of the MIB this way (RFC 1157 §4.1.3).
            self._next()
        elif not self._ask_less():
            self._next(Failure(FailureKind.AGENT_ERROR, f"the agent reports error {status}"))

    def _ask_less(self) -> bool:
        """Halve the size of the requests if possible; return whether it was."""
        could = bool(self._repetitions)
        self._repetitions //= 2
        return could

    def _next(self, failure: Failure | None = None) -> None:
        root = ".".join(map(str, self._left.pop()))
        if failure is not None:
            self.failures.append(Failure(failure.kind, f"{failure.message}: {root}"))
        if self._left:
            self._last = self._left[-1]
