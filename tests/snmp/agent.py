"""An SNMP agent in memory that speaks bytes, with the habits of real ones."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from monitor.snmp.ber import Tag
from monitor.snmp.decode import decode_head, decode_message, decode_varbinds
from monitor.snmp.encode import encode_message, encode_pdu, encode_varbind, wrap_pdu
from monitor.snmp.layout import Layout
from monitor.snmp.message import Message, PduType, Varbind
from monitor.snmp.model import Failure, FailureKind
from monitor.snmp.oid_octets import decode_oid, encode_oid
from monitor.snmp.oids import objects
from monitor.snmp.walk import Walk

if TYPE_CHECKING:
    from monitor.snmp.client import Question
    from monitor.snmp.message import Head

Objects = dict[str, tuple[Tag, int | bytes]]

IN_OCTETS = "1.3.6.1.2.1.2.2.1.10"
OUT_OCTETS = "1.3.6.1.2.1.2.2.1.16"
HC_IN_OCTETS = "1.3.6.1.2.1.31.1.1.1.6"
IF_NAME = "1.3.6.1.2.1.31.1.1.1.1"


def interfaces(rows: range | list[int]) -> Objects:
    """Return a system group and four columns of interface tables."""
    found: Objects = {
        "1.3.6.1.2.1.1.1.0": (Tag.OCTET_STRING, b"a switch"),
        "1.3.6.1.2.1.1.2.0": (Tag.OBJECT_IDENTIFIER, encode_oid("1.3.6.1.4.1.9.1.1")),
        "1.3.6.1.2.1.1.3.0": (Tag.TIMETICKS, 4_000_000_000),
        "1.3.6.1.2.1.1.5.0": (Tag.OCTET_STRING, b"sw1"),
    }
    for row in rows:
        found[f"{IN_OCTETS}.{row}"] = (Tag.COUNTER32, row * 1000)
        found[f"{OUT_OCTETS}.{row}"] = (Tag.COUNTER32, 2**32 - row)
        found[f"{HC_IN_OCTETS}.{row}"] = (Tag.COUNTER64, 2**64 - row)
        found[f"{IF_NAME}.{row}"] = (Tag.OCTET_STRING, b"Gi0/%d" % row)
    return found


@dataclass
class ByteAgent:
    """Answers requests from `objects`; `asked` keeps every request received.

    `max_varbinds` cuts GETBULK replies short, `too_big_above` refuses replies of more varbinds,
    `broken` columns answer genErr, `bulk=False` answers genErr to GETBULK,
    `only_repeats` treats everything in a GETBULK as a repeater, as some agents do.
    """

    objects: Objects
    max_varbinds: int = 1000
    too_big_above: int = 1000
    broken: str = ""
    bulk: bool = True
    only_repeats: bool = False
    asked: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sorted = sorted(
            (decode_oid(encode_oid(oid)), encode_oid(oid), *value)
            for oid, value in self.objects.items()
        )
        self._oids = [entry[0] for entry in self._sorted]

    def answer(self, data: bytes) -> bytes:
        """Return the reply to a request."""
        request = decode_message(data)
        self.asked.append(request)
        status, index, varbinds = self._answer(request)
        return encode_message(
            Message(
                request.version,
                request.community,
                PduType.RESPONSE,
                request.request_id,
                status,
                index,
                tuple(varbinds),
            )
        )

    def reply(  # the fields of a PDU, in their order
        self, pdu_type: PduType, request_id: int, first: int, second: int, data: bytes, at: int
    ) -> tuple[int, int, bytes]:
        """Return status, index and encoded varbinds that answer a PDU without a message."""
        request = Message(1, b"", pdu_type, request_id, first, second, decode_varbinds(data, at))
        self.asked.append(request)
        status, index, varbinds = self._answer(request)
        return status, index, b"".join([encode_varbind(*varbind) for varbind in varbinds])

    def _answer(self, request: Message) -> tuple[int, int, list[Varbind]]:
        if request.pdu_type == PduType.GET_BULK:
            if not self.bulk:
                return 5, 0, list(request.varbinds)
            once, repetitions = request.error_status, request.error_index
        else:
            once, repetitions = 0, 1
        if self.only_repeats:
            once = 0
        asked = [oid for oid, _, _ in request.varbinds]
        found = [varbind for oid in asked[:once] if (varbind := self._find(oid, request))]
        following = asked[once:]
        for _ in range(repetitions):
            for place, oid in enumerate(following):
                varbind = self._find(oid, request)
                if varbind is None:
                    return 2, place + 1, list(request.varbinds)
                if self.broken and varbind[0].startswith(encode_oid(self.broken)):
                    return 5, place + 1, list(request.varbinds)
                found.append(varbind)
                following[place] = varbind[0]
        if len(found) > self.too_big_above:
            return 1, 0, []
        return 0, 0, found[: self.max_varbinds]

    def _tag(self, place: int) -> Tag | None:
        return self._sorted[place][2] if 0 <= place < len(self._sorted) else None

    def _find(self, oid: bytes, request: Message) -> Varbind | None:
        place = bisect_right(self._oids, decode_oid(oid))
        missing = Tag.END_OF_MIB_VIEW
        if request.pdu_type == PduType.GET:
            missing = Tag.NO_SUCH_INSTANCE
            place -= 1
            if place >= 0 and self._oids[place] != decode_oid(oid):
                place = len(self._sorted)
        # SNMPv1 has no Counter64: its agents pass over them (RFC 3584 §4.2.2.1).
        while request.version == 0 and self._tag(place) == Tag.COUNTER64:
            place += 1
        if 0 <= place < len(self._sorted):
            _, found, tag, value = self._sorted[place]
            return found, tag, value
        return None if request.version == 0 else (oid, missing, None)


class Talking(Protocol):
    """The protocol side of a conversation, without time-outs."""

    def question(self) -> Question | None:
        """Return the next request, None when there is nothing more to ask."""

    def answer(self, head: Head, data: bytes) -> None:
        """Take the reply to the last question."""


def lead(conversation: Talking, agent: ByteAgent, version: int = 1) -> None:
    """Run a conversation with an agent until it has no further request."""
    while question := conversation.question():
        pdu_type, status, index, varbinds = question
        request = encode_pdu(pdu_type, 77, status, index, varbinds)
        reply = agent.answer(wrap_pdu(version, b"public", request))
        conversation.answer(decode_head(reply), reply)


def columns(*names: str) -> list[tuple[str, Layout]]:
    """Return the layouts of columns by name."""
    known = objects()
    return [(name, Layout(encode_oid(known[name].oid), known[name].syntax.value)) for name in names]


def walked(agent: ByteAgent, *names: str, bulk: bool = True, version: int = 1) -> Walk:
    """Return a finished walk over a responsive agent."""
    walk = Walk(columns(*names), bulk=bulk, answered=True)
    lead(walk, agent, version)
    return walk


TIMEOUT = Failure(FailureKind.TIMEOUT, "no reply")
