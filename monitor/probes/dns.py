"""DNS: one query to one server; the reply is checked by rcode and answers.

The query has a random id and leaves from a random port of a connected socket, so the kernel drops
datagrams from other sources; datagrams of the server that are not a reply to this query are dropped
here and counted. After a truncated reply the query is repeated over TCP (RFC 7766 §5).

Must not know: who runs the check, or what a failure means for a school.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import ExitStack
from typing import TYPE_CHECKING

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.ANY.SOA import SOA

from monitor.inventory.checks import DnsOptions
from monitor.observation import DnsReading, Outcome, Reason
from monitor.probes.attempt import Attempt, ProbeError, observe, printable
from monitor.probes.stream.connect import connect, failure, locate, place
from monitor.probes.turns import Turns

if TYPE_CHECKING:
    from monitor.inventory.checks import Check
    from monitor.observation import Observation
    from monitor.probes.context import ProbeContext
    from monitor.probes.resolve import Resolved
    from monitor.probes.stream.connect import Connection

# Without EDNS a server sends at most 512 octets; a larger datagram is an attack or a fault.
_DATAGRAM_LIMIT = 4096
_STREAM_LIMIT = 16 * 1024
_HEADER = struct.Struct("!6H")
_ANSWERS_LIMIT = 64
# Decoding a record takes up to 0.1 ms; a full reply of records would block the event loop.
_RECORDS_LIMIT = 256
_SHORTEST_RECORD = 5  # a question about the root; a header may announce records that are missing
_STRAY_LIMIT = 1000


async def run(check: Check, context: ProbeContext) -> Observation:
    """Query the server once for the records of a name.

    Returns:
        An observation with a `DnsReading`. Any rcode but NOERROR fails; with `expected`
        values, the answers must be exactly those, in any order.

    Raises:
        TypeError: if the check is not a DNS check.
    """
    options = check.options
    if not isinstance(options, DnsOptions):
        raise TypeError(f"{check.id} is not a DNS check")
    lookup = _Lookup(options, context)
    return await observe(check, context, lookup.attempt, lookup.work(), lookup.reading)


class _Lookup:
    """The query of one run, and what its reply contains."""

    def __init__(self, options: DnsOptions, context: ProbeContext) -> None:
        self.attempt = Attempt(context.clock)
        self._options = options
        self._context = context
        self._turns = Turns(context.clock, context.deadline)
        self._resolved: Resolved | None = None
        self._reply: dns.message.Message | None = None
        self._counts = (0, 0, 0)
        self._answers: tuple[dns.rdata.Rdata, ...] = ()
        self._transport = "udp"
        self._dropped = 0

    async def work(self) -> None:
        """Run the whole check; returning without an error means success."""
        options = self._options
        try:
            query = dns.message.make_query(options.name, options.record)
            kind = query.question[0].rdtype
            expected = {_record(kind, text) for text in options.expected}
        except (dns.exception.DNSException, ValueError) as error:
            said = f"the check cannot be run: {error}"
            raise ProbeError(Reason.NOT_RUN, said, Outcome.UNKNOWN) from error
        resolved = await locate(options.server, self._context, self.attempt)
        self._resolved = resolved
        self.attempt.place = place(resolved.address, options.port)
        reply = await self._over_udp(resolved, query)
        if reply.flags & dns.flags.TC:
            reply = await self._over_tcp(resolved, query)
        self.attempt.stop()
        self._keep(reply, kind)
        self._judge(reply, expected)

    def reading(self) -> DnsReading:
        """Return what is known so far."""
        reply, attempt = self._reply, self.attempt
        answers, authority, additional = self._counts
        serials = [record.serial for record in self._answers if isinstance(record, SOA)]
        return DnsReading(
            address=self._resolved.address if self._resolved else "",
            ip_version=self._resolved.ip_version if self._resolved else None,
            resolve_seconds=attempt.of("resolve"),
            connect_seconds=attempt.of("connect"),
            request_seconds=attempt.of("request"),
            transport=self._transport,
            rcode=dns.rcode.to_text(reply.rcode()) if reply else None,
            flags=tuple(dns.flags.to_text(reply.flags).split()) if reply else (),
            answers=tuple(_text(record) for record in self._answers[:_ANSWERS_LIMIT]),
            answer_count=answers,
            authority_count=authority,
            additional_count=additional,
            serial=serials[0] if serials else None,
            dropped=self._dropped,
        )

    async def _over_udp(
        self, resolved: Resolved, query: dns.message.Message
    ) -> dns.message.Message:
        loop = asyncio.get_running_loop()
        port = self._options.port
        self.attempt.begin("connect")
        with ExitStack() as stack:
            try:
                endpoint = stack.enter_context(_datagram_socket(resolved))
                await loop.sock_connect(endpoint, (resolved.address, port))
                self.attempt.begin("request")
                await loop.sock_sendall(endpoint, query.to_wire())
            except OSError as error:
                raise failure(error, resolved.address, port) from error
            while True:
                try:
                    data = await loop.sock_recv(endpoint, _DATAGRAM_LIMIT + 1)
                except OSError as error:
                    raise failure(error, resolved.address, port) from error
                reply = self._accept(query, data, _DATAGRAM_LIMIT)
                if reply is not None:
                    return reply
                if self._dropped > _STRAY_LIMIT:
                    said = f"{self.attempt.place} sent more than {_STRAY_LIMIT} other replies"
                    raise ProbeError(Reason.LIMIT, said)
                await self._turns.next()

    async def _over_tcp(
        self, resolved: Resolved, query: dns.message.Message
    ) -> dns.message.Message:
        self._transport = "tcp"
        self.attempt.begin("connect")
        version, port = resolved.ip_version, self._options.port
        with await connect(resolved.address, version, port, self._turns) as connection:
            self.attempt.begin("request")
            await connection.send(query.to_wire(prepend_length=True))
            data = await self._read_stream(connection)
        reply = self._accept(query, data, _STREAM_LIMIT)
        if reply is None:
            raise ProbeError(Reason.MALFORMED, f"{self.attempt.place} answers another question")
        return reply

    async def _read_stream(self, connection: Connection) -> bytes:
        """Return one message without its length field. Source: RFC 1035 §4.2.2."""
        data = b""
        wanted = 2
        while len(data) < wanted:
            received = await connection.receive()
            if not received:
                raise ProbeError(Reason.MALFORMED, f"{self.attempt.place} closed before its reply")
            data += received
            if len(data) >= 2:  # noqa: PLR2004  # the length's own octets
                wanted = 2 + int.from_bytes(data[:2], "big")
            if wanted > 2 + _STREAM_LIMIT:
                raise ProbeError(Reason.LIMIT, f"the reply of {self.attempt.place} is over 16 KiB")
        return data[2:wanted]

    def _accept(
        self, query: dns.message.Message, data: bytes, limit: int
    ) -> dns.message.Message | None:
        """Return the reply if the octets are the reply to this query, else None (counted)."""
        if len(data) < _HEADER.size or int.from_bytes(data[:2], "big") != query.id:
            self._dropped += 1
            return None
        if len(data) > limit:
            raise ProbeError(
                Reason.LIMIT, f"the reply of {self.attempt.place} is over {limit} bytes"
            )
        # The counts in the header: dnspython merges equal records and separates OPT.
        _, _, questions, *counts = _HEADER.unpack_from(data)
        announced = questions + sum(counts)
        if min(announced, len(data) // _SHORTEST_RECORD) > _RECORDS_LIMIT:
            said = f"the reply of {self.attempt.place} has more than {_RECORDS_LIMIT} records"
            raise ProbeError(Reason.LIMIT, said)
        try:
            reply = dns.message.from_wire(data, ignore_trailing=True)
        except (dns.exception.DNSException, ValueError) as error:
            said = f"the reply of {self.attempt.place} is malformed: {printable(str(error))}"
            raise ProbeError(Reason.MALFORMED, said) from error
        if not query.is_response(reply):
            self._dropped += 1
            return None
        self._reply = reply
        self._counts = (counts[0], counts[1], counts[2])
        return reply

    def _keep(self, reply: dns.message.Message, kind: dns.rdatatype.RdataType) -> None:
        """Keep the answers of the requested type; the CNAMEs on the way to them do not count."""
        self._answers = tuple(
            record for rrset in reply.answer if rrset.rdtype == kind for record in rrset
        )

    def _judge(self, reply: dns.message.Message, expected: set[dns.rdata.Rdata]) -> None:
        name, kind = self._options.name, self._options.record
        rcode = reply.rcode()
        if rcode != dns.rcode.NOERROR:
            said = f"{self.attempt.place} answers {dns.rcode.to_text(rcode)} for {name} {kind}"
            raise ProbeError(Reason.RCODE, said)
        if expected and set(self._answers) != expected:
            found = ", ".join(_text(record) for record in self._answers) or "nothing"
            wanted = ", ".join(self._options.expected)
            said = f"{name} {kind} is {printable(found)}, expected {wanted}"
            raise ProbeError(Reason.ANSWER, said)


def _datagram_socket(resolved: Resolved) -> socket.socket:
    family = socket.AF_INET6 if resolved.ip_version == 6 else socket.AF_INET  # noqa: PLR2004  # IPv6
    endpoint = socket.socket(family, socket.SOCK_DGRAM)
    endpoint.settimeout(0)
    return endpoint


def _record(kind: dns.rdatatype.RdataType, text: str) -> dns.rdata.Rdata:
    """Return a record written as in a zone file; all names are absolute."""
    return dns.rdata.from_text(
        dns.rdataclass.IN, kind, text, origin=dns.name.root, relativize=False
    )


def _text(record: dns.rdata.Rdata) -> str:
    return printable(record.to_text())
