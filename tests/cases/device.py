"""An agent that is a dictionary of OID to value, with the mistakes of a real device.

Values are octets with tag and length, so that any value is possible. The rows come in the order of
the dictionary. Must not know: how the product reads them.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.clock import SystemClock
from monitor.config.secrets import Secret
from monitor.inventory.checks import (
    Check,
    Engine,
    HardwareOptions,
    InterfacesOptions,
    SnmpAccess,
)
from monitor.probes import hardware, interfaces
from monitor.probes.context import ProbeContext
from monitor.probes.snmp_transport import SnmpReaders
from monitor.snmp.ber import Tag, encode_integer, encode_tlv
from monitor.snmp.client import SnmpClient
from monitor.snmp.decode import decode_message
from monitor.snmp.message import PduType
from monitor.snmp.oid_octets import decode_oid, encode_oid
from monitor.snmp.oids import objects
from monitor.snmp.read import NativeReader, Request, Result
from tests import build
from tests.probes.support import THREADS, NoTransport
from tests.snmp.hostile import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from monitor.observation import Observation
    from monitor.snmp.message import Message
    from monitor.snmp.model import Agent

    Tlv = Callable[[int, bytes], bytes]

HOST = "127.0.0.1"
END_OF_MIB = (2, 39, 1)
KNOWN = objects()


def text(value: str) -> bytes:
    """Return an OCTET STRING."""
    return encode_tlv(Tag.OCTET_STRING, value.encode())


def number(value: int, tag: Tag = Tag.COUNTER32) -> bytes:
    """Return a number below 2**31."""
    return bytes((tag,)) + encode_integer(value)[1:]


def rows(name: str, values: dict[int, bytes]) -> dict[str, bytes]:
    """Return the rows of a column by OID, in order."""
    return {f"{KNOWN[name].oid}.{row}": value for row, value in values.items()}


def switch(indexes: range | list[int] = range(1, 13)) -> dict[str, bytes]:
    """Return the answers of a small healthy switch."""
    return {
        KNOWN["sysDescr"].oid: text("a switch"),
        KNOWN["sysObjectID"].oid: encode_tlv(Tag.OBJECT_IDENTIFIER, encode_oid("1.3.6.1.4.1.9.1")),
        KNOWN["sysUpTime"].oid: number(100_000, Tag.TIMETICKS),
        KNOWN["sysName"].oid: text("sw1"),
        **rows("ifDescr", {row: text(f"port {row}") for row in indexes}),
        **rows("ifType", dict.fromkeys(indexes, number(6, Tag.INTEGER))),
        **rows("ifAdminStatus", dict.fromkeys(indexes, number(1, Tag.INTEGER))),
        **rows("ifOperStatus", dict.fromkeys(indexes, number(1, Tag.INTEGER))),
        **rows("ifInErrors", {row: number(row) for row in indexes}),
        **rows("ifName", {row: text(f"Gi{row}") for row in indexes}),
        **rows("ifHCInOctets", {row: number(row * 1000, Tag.COUNTER64) for row in indexes}),
        **rows("ifHCOutOctets", {row: number(row * 2000, Tag.COUNTER64) for row in indexes}),
        **rows("ifHighSpeed", dict.fromkeys(indexes, number(1000, Tag.GAUGE32))),
    }


@dataclass
class Device:
    """Answers from `objects`; `asked` keeps the PDU types received.

    `tlv` encodes every tag, length and content, `pad` changes the encoding of OIDs, `behind` is
    appended to every message, `repeats` answers the first GETBULK with the request itself.
    """

    objects: dict[str, bytes]
    tlv: Tlv = encode_tlv
    pad: Callable[[bytes], bytes] = bytes
    behind: bytes = b""
    repeats: bool = False
    asked: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._values = {decode_oid(encode_oid(oid)): tlv for oid, tlv in self.objects.items()}
        self._order = list(self._values)

    def answer(self, data: bytes) -> list[bytes]:
        """Return the reply to a request."""
        request = decode_message(data)
        self.asked.append(request.pdu_type)
        found = b"".join(self.tlv(0x30, one) for one in self._found(request))
        body = (
            self.tlv(2, encode_integer(request.request_id)[2:])
            + self.tlv(2, b"\0")
            + self.tlv(2, b"\0")
            + self.tlv(0x30, found)
        )
        version = self.tlv(2, bytes((request.version,)))
        message = version + self.tlv(4, request.community) + self.tlv(PduType.RESPONSE, body)
        return [self.tlv(0x30, message) + self.behind]

    def _found(self, request: Message) -> list[bytes]:
        asked = [decode_oid(oid) for oid, _, _ in request.varbinds]
        if request.pdu_type == PduType.GET:
            return [self._varbind(oid) for oid in asked]
        is_bulk = request.pdu_type == PduType.GET_BULK
        once, times = (request.error_status, request.error_index) if is_bulk else (0, 1)
        found = [self._varbind(self._next(oid)) for oid in asked[:once]]
        places = asked[once:]
        for turn in range(times):
            is_again = is_bulk and self.repeats and not turn
            places = [
                oid if is_again and oid in self._values else self._next(oid) for oid in places
            ]
            found += [self._varbind(oid) for oid in places]
        return found

    def _next(self, oid: tuple[int, ...]) -> tuple[int, ...]:
        if oid in self._values:
            place = self._order.index(oid) + 1
        else:
            later = (at for at, known in enumerate(self._order) if known > oid)
            place = next(later, len(self._order))
        return self._order[place] if place < len(self._order) else END_OF_MIB

    def _varbind(self, oid: tuple[int, ...]) -> bytes:
        missing = bytes((Tag.END_OF_MIB_VIEW if oid == END_OF_MIB else Tag.NO_SUCH_INSTANCE, 0))
        return self.tlv(6, self.pad(encode_oid(oid))) + self._values.get(oid, missing)


@dataclass(frozen=True)
class Asked:
    """What the reader and the checks find on a device."""

    readers: SnmpReaders
    agent: Agent
    engine: Engine

    async def read(self, *columns: str, scalars: tuple[str, ...] = ()) -> Result:
        """Return the scalars and columns read."""
        return await self.readers.read(
            HOST, self._access(), Request(scalars, columns), self._context().deadline
        )

    async def interfaces(self) -> Observation:
        """Return what the check of the interfaces finds."""
        options = InterfacesOptions(self._access())
        return await interfaces.run(self._check(options), self._context())

    async def hardware(self) -> Observation:
        """Return what the check of the hardware finds."""
        options = HardwareOptions(self._access())
        return await hardware.run(self._check(options), self._context())

    def _access(self) -> SnmpAccess:
        return SnmpAccess("2c", "c", port=self.agent.port, timeout=2.0, engine=self.engine)

    def _check(self, options: InterfacesOptions | HardwareOptions) -> Check:
        return build.check(options, "sw1", HOST, timeout=60.0)

    def _context(self) -> ProbeContext:
        clock = SystemClock()
        return ProbeContext(clock, clock.monotonic() + 60, NoTransport(), self.readers, THREADS)


@contextlib.asynccontextmanager
async def asking(device: Device, *, forged: bool = False) -> AsyncIterator[Asked]:
    """Serve a device on loopback and yield a way to query it."""
    async with SnmpClient() as client, serving(device.answer, forged=forged) as agent:
        readers = SnmpReaders({Engine.NATIVE: NativeReader(client)}, {"c": Secret("public")})
        yield Asked(readers, agent, Engine.NATIVE)
