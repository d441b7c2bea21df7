"""Walks several table columns at once: the next request, and how to process its reply.

A walk is a conversation without a network: `question` returns what to send, and `answer` or
`unanswered` processes the result. Every column continues from its own last row, so gaps and missing
columns do not affect the others. Sizes adapt to what the agent can answer; limits and strictly
increasing indexes guarantee that every conversation ends.

Must not know: sockets, or what a column means.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from monitor.snmp.ber import CodecError
from monitor.snmp.columns import Group
from monitor.snmp.decode import EXCEPTIONS, split_varbind
from monitor.snmp.message import PduType
from monitor.snmp.model import Failure, FailureKind
from monitor.snmp.notes import End, Notes
from monitor.snmp.oid_octets import read_oid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from monitor.snmp.client import Question
    from monitor.snmp.layout import Index, Layout, Value
    from monitor.snmp.message import Head
    from monitor.snmp.rows import RowReader

MAX_ROWS = 2_000
MAX_REQUESTS = 300
MAX_BYTES = 2 * 1024 * 1024

START_SIZE = 60
MAX_SIZE = 80
# A reply of this size fits an Ethernet frame, with room for growing counters.
_REPLY_BYTES = 1400
_MAX_SILENCES = 3
# Columns named in a failure; a device can have more than fit a line.
_NAMED = 3
_SILENCES_BEFORE_GET_NEXT = 2


class ErrorStatus(IntEnum):
    """The error-status values that are handled specially (RFC 3416 §3)."""

    TOO_BIG = 1
    NO_SUCH_NAME = 2
    NO_ACCESS = 6
    AUTHORIZATION_ERROR = 16


_COLUMN_ERRORS = frozenset({ErrorStatus.NO_ACCESS, ErrorStatus.AUTHORIZATION_ERROR})
_END_FAILURES = {
    End.NOT_INCREASING: (FailureKind.NOT_INCREASING, "the agent's OIDs do not increase"),
}


class _Column:
    __slots__ = ("expected", "last", "layout", "name", "odd", "values")

    def __init__(self, name: str, layout: Layout, expected: int) -> None:
        self.name = name
        self.expected = expected
        self.layout = layout
        self.last = layout.first
        self.values: dict[Index, Value] = {}
        self.odd: dict[Index, int] = {}


class Walk:
    """One conversation with one agent that walks some columns.

    `bulk` says whether GETBULK is used, `size` how many varbinds a request asks for. A later
    walk of the same agent may start with what this one learned: `bulk`, `ceiling` (how many
    varbinds the agent has proved to answer) and `rows` of each column (so that the last request
    does not ask far beyond the table's end; a wrong number costs a request, never a row).
    `overhead` is how many octets of a datagram do not belong to its PDU.
    `reader` decodes whole rows while all columns are requested. `answered` says whether the agent
    is known to answer: if not, a first time-out leads to one GETNEXT, whose time-out ends the walk.
    `clock` gives the times in `arrivals`.
    """

    def __init__(  # noqa: PLR0913  # what an earlier walk learned
        self,
        columns: Sequence[tuple[str, Layout]],
        *,
        bulk: bool,
        ceiling: int = MAX_SIZE,
        rows: Sequence[int] = (),
        answered: bool = False,
        overhead: int = 0,
        reader: RowReader | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.notes = Notes()
        self._arrivals: list[tuple[float, Index]] = []
        self._clock = clock
        self.bulk = bulk
        self._reply_bytes = _REPLY_BYTES - overhead
        self.ceiling = ceiling
        self._expected_rows = max(rows, default=MAX_ROWS)
        self.size = min(START_SIZE, ceiling)
        self.requests = 0
        self.varbinds = 0
        self._columns = [
            _Column(name, layout, expected)
            for (name, layout), expected in zip(
                columns, rows or [MAX_ROWS] * len(columns), strict=True
            )
        ]
        self._open = list(self._columns)
        self._aside: list[_Column] = []
        self._asked: list[_Column] = []
        self._reader = reader
        self._group = Group((), (), (), notes=self.notes)
        self._failures: dict[FailureKind, tuple[str, list[str]]] = {}
        self._wanted = 0
        self._bytes = 0
        self.answered = answered
        self._silences = 0
        self._bulk_worked = False

    @property
    def columns(self) -> dict[str, dict[Index, Value]]:
        """Return the columns that have rows, by name."""
        self._group.settle()
        return {column.name: column.values for column in self._columns if column.values}

    @property
    def arrivals(self) -> list[tuple[float, Index]]:
        """Return when replies came, and the row that each reached; empty if rows are unordered."""
        return [] if self.notes.is_unordered else self._arrivals

    @property
    def odd_types(self) -> dict[str, dict[Index, int]]:
        """Return the tags of the numbers that came with another type than their column's."""
        return {column.name: column.odd for column in self._columns if column.odd}

    @property
    def rows(self) -> tuple[int, ...]:
        """Return how many rows each column has."""
        self._group.settle()
        return tuple([len(column.values) for column in self._columns])

    @property
    def failure(self) -> Failure | None:
        """Return why the walk is incomplete (the first kind that occurred), None if it is not."""
        for kind, (message, names) in self._failures.items():
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            return Failure(kind, f"{message}: {', '.join(list(names)[:_NAMED])}{more}")
        return None

    def set_aside(self) -> list[bytes]:
        """Leave the columns without expected rows out of the questions, but always keep one.

        Returns:
            The varbinds that request the first row of each, for `take_aside`.
        """
        empty = [column for column in self._columns if not column.expected]
        self._aside = empty[len(empty) == len(self._columns) :]
        if self._aside:
            self._open = [column for column in self._open if column not in self._aside]
        return [column.layout.ask(column.last) for column in self._aside]

    def take_aside(self, data: bytes, position: int) -> int:
        """Process the varbinds that answer `set_aside`, and walk the columns that have rows.

        Returns:
            The position after the last of them.

        Raises:
            CodecError: if some are missing or in another place.
        """
        for column in self._aside:
            octets, tag, _, position = split_varbind(data, position)
            if tag in EXCEPTIONS:
                continue
            oid = read_oid(octets)
            if oid.startswith(column.layout.oid):
                self._open.append(column)
            elif not column.layout.precedes(oid):
                raise CodecError("the agent's OIDs do not increase")
        return position

    def question(self, taken: int = 0) -> Question | None:
        """Return the next request, None when there is nothing more to ask.

        `taken` octets of the reply are reserved for the scalars.
        """
        if not self._open:
            return None
        if self.requests >= MAX_REQUESTS:
            self.give_up(Failure(FailureKind.LIMIT, f"no end after {MAX_REQUESTS} requests"))
            return None
        if self._bytes > MAX_BYTES:
            self.give_up(Failure(FailureKind.LIMIT, f"no end after {MAX_BYTES} octets"))
            return None
        self.requests += 1
        size = self.size * max(0, self._reply_bytes - taken) // self._reply_bytes
        asked = self._open[: max(1, size)]
        if asked != self._asked:
            self._regroup(asked)
        varbinds = self._group.ask()
        self._wanted = len(asked)
        if self.bulk:
            repetitions = max(1, size // len(asked))
            # One more than the expected rows shows that there are no others.
            left = self._expected_rows - self._group.rows_of_first + 1
            if 0 < left < repetitions:
                repetitions = left
            self._wanted *= repetitions
            return PduType.GET_BULK, 0, repetitions, varbinds
        return PduType.GET_NEXT, 0, 0, varbinds

    def answer(self, head: Head, data: bytes, taken: int = 0) -> None:
        """Process the reply to the last question: its decoded head and its octets.

        `taken` of these belong to what the request reads once (its non-repeaters). Agents that get
        this wrong mix varbinds of other columns with the rows, so that a column may seem to end
        early: one that had more rows is requested again.
        """
        self.answered = True
        self._silences = 0
        self._bytes += len(data)
        if head[4]:
            self._take_error(head[4], head[5])
            return
        group = self._group
        try:
            varbinds = group.take(data, head[6])
        except CodecError as error:
            self._close_ended()
            self.ceiling = self._smaller()
            self._shrink(FailureKind.MALFORMED, f"a malformed reply: {error}")
            return
        self.varbinds += varbinds
        if self._clock is not None and group.last:
            self._arrivals.append((self._clock(), group.last[0]))
        if not varbinds:
            self._shrink(FailureKind.AGENT_ERROR, "the agent's replies are empty")
            return
        self._bulk_worked = self._bulk_worked or self.bulk
        has_too_many = self.varbinds > MAX_ROWS < group.rows
        if has_too_many or group.ends.count(None) < len(group.ends):
            self._close_ended(is_doubtful=taken > 0)
        self._take_turns(varbinds)
        self._resize(varbinds, len(data) - taken)

    def unanswered(self, failure: Failure) -> None:
        """Note that the last question got no usable reply, and why."""
        self._silences += 1
        # An agent not heard yet may be dead, or silent to GETBULK alone: one GETNEXT tells.
        is_dead = not (self.answered or self.bulk)
        may_be_bulk = self.bulk and not self._bulk_worked
        if is_dead or failure.kind is FailureKind.UNREACHABLE or self._silences > _MAX_SILENCES:
            self.give_up(failure)
        elif may_be_bulk and self._silences >= (_SILENCES_BEFORE_GET_NEXT if self.answered else 1):
            self.bulk = False
        elif self.size > 1:
            self.size = self.ceiling = self._smaller()
        else:
            self.give_up(failure)

    def give_up(self, failure: Failure) -> None:
        """End the walk for a reason; what was read is kept."""
        self._close(self._open, failure.kind, failure.message)

    def _take_error(self, status: int, index: int) -> None:
        culprit = self._asked[index - 1 : index] if index > 0 else []
        if not culprit and len(self._asked) == 1:
            culprit = self._asked
        if status == ErrorStatus.NO_SUCH_NAME and culprit:
            # SNMPv1 reports the end of the MIB this way (RFC 1157 §4.1.3).
            self._close(culprit, None, "")
        elif status in _COLUMN_ERRORS and culprit:
            self._close(culprit, FailureKind.AGENT_ERROR, f"the agent reports error {status}")
        else:
            if status == ErrorStatus.TOO_BIG and self.size > 1:
                self.ceiling = self._smaller()
            self._shrink(FailureKind.AGENT_ERROR, f"the agent reports error {status}")

    def _shrink(self, kind: FailureKind, message: str) -> None:
        """Ask for less; if even one varbind is too much, close its column and go on with others."""
        if self.size > 1:
            self.size = self._smaller()
        elif self.bulk and not self._bulk_worked:
            self.bulk = False
            self.size = min(START_SIZE, self.ceiling)
        else:
            self._close(self._asked, kind, message)

    def _smaller(self) -> int:
        return max(1, min(self.size, self._wanted) // 2)

    def _resize(self, varbinds: int, octets: int) -> None:
        fitting = max(1, varbinds * self._reply_bytes // octets)
        self.size = min(self.size * 2, fitting, self.ceiling, MAX_SIZE)

    def _regroup(self, asked: list[_Column]) -> None:
        self._group.settle()
        for column, last in zip(self._asked, self._group.last, strict=True):
            column.last = last
        self._asked = asked
        self._group = Group(
            [column.layout for column in asked],
            [column.values for column in asked],
            [column.last for column in asked],
            self._reader if len(asked) == len(self._columns) else None,
            [column.odd for column in asked],
            self.notes,
        )

    def _close_ended(self, *, is_doubtful: bool = False) -> None:
        self._group.settle()
        if self.bulk and not is_doubtful and self._group.resume():
            # Some agents answer a GETBULK with the requested OIDs, as if it were a GET.
            self.bulk = False
            self.size = min(START_SIZE, self.ceiling)
        finished: list[_Column] = []
        for place, (column, end) in enumerate(zip(self._asked, self._group.ends, strict=True)):
            if end is End.FINISHED:
                if is_doubtful and len(column.values) < column.expected:
                    self._group.reopen(place)
                else:
                    finished.append(column)
            elif end is not None:
                self._close([column], *_END_FAILURES[end])
            elif len(column.values) > MAX_ROWS:
                self._close([column], FailureKind.LIMIT, f"no end after {MAX_ROWS} rows")
        self._close(finished, None, "")

    def _take_turns(self, varbinds: int) -> None:
        """Put columns that did not fit the last reply first, and the requested ones last."""
        asked = self._asked
        if len(self._open) > len(asked) or varbinds < len(asked):
            behind = set(asked[:varbinds])
            turn = [column for column in self._open if column not in behind]
            self._open = turn + [column for column in self._open if column in behind]

    def _close(self, columns: Sequence[_Column], kind: FailureKind | None, message: str) -> None:
        if kind is not None and columns:
            _, names = self._failures.setdefault(kind, (message, []))
            names += [column.name for column in columns]
        closed = set(columns)
        self._open = [column for column in self._open if column not in closed]
