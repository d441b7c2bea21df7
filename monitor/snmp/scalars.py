"""Reads scalars: the next request, and how to process its reply; the sibling of `walk`.

All of them go into one GET. If an agent cannot answer it, each is requested separately; SNMPv1
rejects a whole GET for one missing object, which is then left out.

Must not know: sockets, time, or what a scalar means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.snmp.ber import SEQUENCE, CodecError, Tag
from monitor.snmp.decode import (
    EXCEPTIONS,
    UnreadableError,
    decode_as,
    named_contents,
    split_varbind,
    tags_for,
)
from monitor.snmp.message import PduType
from monitor.snmp.model import Failure, FailureKind, LeftOut
from monitor.snmp.oid_octets import decode_oid, encode_oid, read_oid
from monitor.snmp.oids import Syntax
from monitor.snmp.walk import ErrorStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.snmp.client import Question
    from monitor.snmp.message import Head
    from monitor.snmp.oids import Object

ScalarValue = int | bytes | tuple[int, ...]

_TAGS = {syntax: tags_for(syntax.value) for syntax in Syntax}


def by_oid(wanted: Sequence[Object]) -> Mapping[bytes, Object]:
    """Return the scalars by their encoded OIDs, as `Get` takes them."""
    return {encode_oid(scalar.oid): scalar for scalar in wanted}


class Get:
    """One conversation with one agent that gets some scalars, by their encoded OIDs."""

    def __init__(self, wanted: Mapping[bytes, Object]) -> None:
        self.values: dict[str, ScalarValue] = {}
        self.failure: Failure | None = None
        self.left_out: dict[LeftOut, int] = {}
        self.answered = False
        self.requests = 0
        self.varbinds = 0
        self._wanted = wanted
        self._left = dict(wanted)
        self._asked: list[bytes] = []
        self._one_by_one = False

    def question(self) -> Question | None:
        """Return the next request, None when there is nothing more to ask."""
        if not self._left:
            return None
        self.requests += 1
        self._asked = [*self._left][: 1 if self._one_by_one else None]
        varbinds = b"".join([_ask(oid) for oid in self._asked])
        return PduType.GET, 0, 0, varbinds

    @property
    def can_be_next(self) -> bool:
        """Return whether there are scalars and a GETNEXT of each one's object returns it."""
        return bool(self._left) and all(map(_is_only_instance, self._left))

    def ask_next(self) -> tuple[bytes, int]:
        """Return the varbinds that request the successor of each scalar's object, and how many."""
        self._asked = [*self._left]
        return b"".join([_ask(oid[:-1]) for oid in self._asked]), len(self._asked)

    def take_next(self, data: bytes, position: int) -> int:
        """Process the varbinds that answer `ask_next`, from `position` on.

        Returns:
            The position after the last of them.

        Raises:
            CodecError: if some are missing, or the name of one cannot be decoded.
        """
        found: dict[bytes, tuple[int, bytes]] = {}
        for asked in self._asked:
            oid, tag, value_at, position = split_varbind(data, position)
            if oid == asked or read_oid(oid) == asked:
                found[asked] = tag, data[value_at:position]
        for oid, content in found.items():
            self._keep(self._left[oid], *content)
        self.varbinds += len(self._asked)
        self.answered = True
        self._left.clear()
        return position

    def forget(self) -> None:
        """Restart, and discard what was read."""
        self._left = dict(self._wanted)
        self.values.clear()
        self.left_out.clear()
        self.answered = False
        self.varbinds = 0

    def answer(self, head: Head, data: bytes) -> None:
        """Process the reply to the last question: its decoded head and its octets."""
        self.answered = True
        if head[4]:
            self._take_error(head[4], head[5])
            return
        try:
            for oid, tag, content in named_contents(data, head[6], self.left_out):
                self.varbinds += 1
                scalar = self._left.get(oid)
                if scalar is not None:
                    self._keep(scalar, tag, content)
        except CodecError as error:
            self._take_malformed(f"a malformed reply: {error}")
            return
        for oid in self._asked:
            self._left.pop(oid, None)

    def unanswered(self, failure: Failure) -> None:
        """End the conversation: an agent that is silent here will not answer further requests."""
        self.give_up(failure)

    def give_up(self, failure: Failure) -> None:
        """End the conversation for a reason; what was read is kept."""
        self._left.clear()
        self.failure = self.failure or failure

    def _take_error(self, status: int, index: int) -> None:
        asked = self._asked
        culprit = asked[index - 1] if 0 < index <= len(asked) else None
        if status == ErrorStatus.AUTHORIZATION_ERROR:
            self.give_up(Failure(FailureKind.AUTHENTICATION, "the agent refuses our credential"))
        elif status == ErrorStatus.NO_SUCH_NAME and culprit is not None:
            del self._left[culprit]
        elif len(asked) > 1:
            self._one_by_one = True
        else:
            scalar = self._left.pop(asked[0])
            if status != ErrorStatus.NO_SUCH_NAME and self.failure is None:
                message = f"{scalar.name}: the agent reports error {status}"
                self.failure = Failure(FailureKind.AGENT_ERROR, message)

    def _take_malformed(self, message: str) -> None:
        """Request each scalar separately, so that a malformed one costs only itself."""
        if len(self._asked) > 1:
            self._one_by_one = True
        else:
            scalar = self._left.pop(self._asked[0])
            failure = Failure(FailureKind.MALFORMED, f"{scalar.name}: {message}")
            self.failure = self.failure or failure

    def _keep(self, scalar: Object, tag: int, content: bytes) -> None:
        if tag in EXCEPTIONS:
            return
        try:
            value = decode_as(_TAGS[scalar.syntax], tag, content)
        except UnreadableError as error:
            self.left_out[error.reason] = self.left_out.get(error.reason, 0) + 1
            return
        if scalar.syntax is Syntax.OID and isinstance(value, bytes):
            self.values[scalar.name] = decode_oid(value)
        else:
            self.values[scalar.name] = value


def _is_only_instance(oid: bytes) -> bool:
    """Return whether an OID ends with the arc 0, as a scalar's instance does (RFC 2578 §7)."""
    return oid[-1] == 0 and oid[-2] < 0x80  # noqa: PLR2004  # the high bit: the arc goes on


def _ask(oid: bytes) -> bytes:
    # Scalars' OIDs are short: both lengths have one octet.
    return bytes((SEQUENCE, len(oid) + 4, Tag.OBJECT_IDENTIFIER, len(oid))) + oid + b"\x05\x00"
