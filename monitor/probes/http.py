"""HTTP(S): one GET without a client library, timed by phase; redirects are followed.

Client libraries merge the times of TCP and TLS, or of the head and the body.

Must not know: who runs the check, or what a failure means for a school.
"""

from __future__ import annotations

import re
import ssl
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from monitor.inventory.checks import HttpOptions
from monitor.observation import HttpReading, Outcome, Reason
from monitor.probes.attempt import Attempt, ProbeError, observe, printable
from monitor.probes.stream.certificate import client_context, read_chain, refusal, tls_version
from monitor.probes.stream.charset import text_of
from monitor.probes.stream.connect import connect, failure, locate, place
from monitor.probes.stream.cookies import Cookies
from monitor.probes.stream.http1 import Body, HeadReader, ResponseError, request
from monitor.probes.stream.redirect_target import refusal as refusal_of_target
from monitor.probes.stream.url import parse_url, redirected
from monitor.probes.turns import Turns

if TYPE_CHECKING:
    from monitor.inventory.checks import Check
    from monitor.observation import CertificateChain, Observation
    from monitor.probes.context import ProbeContext
    from monitor.probes.resolve import Resolved
    from monitor.probes.stream.connect import Connection
    from monitor.probes.stream.http1 import Head
    from monitor.probes.stream.url import Place

_REDIRECTS = {301, 302, 303, 307, 308}


async def run(check: Check, context: ProbeContext) -> Observation:
    """Request the URL once, follow redirects, and compare the response with the expected one.

    Returns:
        An observation with an `HttpReading`; it has the expiry of a rejected certificate, too.

    Raises:
        TypeError: if the check is not an HTTP check.
    """
    options = check.options
    if not isinstance(options, HttpOptions):
        raise TypeError(f"{check.id} is not an HTTP check")
    exchange = _Exchange(options, context)
    found = await observe(check, context, exchange.attempt, exchange.work(), exchange.reading)
    if options.old_tls and found.outcome is Outcome.OK:
        return replace(found, detail=exchange.insecurity)
    return found


class _Exchange:
    """The requests and responses of one run, and what they have shown so far."""

    def __init__(self, options: HttpOptions, context: ProbeContext) -> None:
        self.attempt = Attempt(context.clock)
        self._options = options
        self._context = context
        self._turns = Turns(context.clock, context.deadline)
        self._first: Place | None = None
        self._resolved: Resolved | None = None
        self._asked = ""
        self._lookup_seconds = 0.0
        self._redirects = 0
        self._cookies = Cookies()
        self._head: Head | None = None
        self._content_length: int | None = None
        self._body: Body | None = None
        self._is_body_expected: bool | None = None
        self._tls_version: str | None = None
        self._certificate: CertificateChain | None = None

    async def work(self) -> None:
        """Run the whole check; returning without an error means success."""
        options = self._options
        try:
            goal = parse_url(options.url)
            pattern = None if options.body is None else re.compile(options.body)
        except (ValueError, re.error) as error:
            raise ProbeError(
                Reason.NOT_RUN, f"the check cannot be run: {error}", Outcome.UNKNOWN
            ) from error
        self._first = goal
        onward: Place | None = goal
        while onward is not None:
            onward = await self._ask(onward)
        self.attempt.stop()
        self._judge(pattern)

    @property
    def insecurity(self) -> str:
        """Return what is insecure about the last connection if `old_tls` allowed it, else empty."""
        if self._tls_version is None:
            return ""
        return f"insecure: {self._tls_version} with broken parameters that old_tls allows"

    def reading(self) -> HttpReading:
        """Return what is known so far."""
        head, body, attempt = self._head, self._body, self.attempt
        return HttpReading(
            address=self._resolved.address if self._resolved else "",
            ip_version=self._resolved.ip_version if self._resolved else None,
            lookup_seconds=self._lookup_seconds if self._resolved else attempt.of("resolve"),
            resolve_seconds=attempt.of("resolve"),
            connect_seconds=attempt.of("connect"),
            tls_seconds=attempt.of("tls"),
            processing_seconds=attempt.of("processing"),
            transfer_seconds=attempt.of("transfer"),
            redirects=self._redirects,
            status=head.status if head else None,
            version=head.version if head else None,
            content_length=self._content_length,
            body_bytes=len(body.content) if body else 0,
            is_cut=body.is_cut if body else False,
            is_body_expected=self._is_body_expected,
            last_modified=_instant(head.get("last-modified")) if head else None,
            tls_version=self._tls_version,
            certificate=self._certificate,
        )

    async def _ask(self, goal: Place) -> Place | None:
        """Make one request; return the target of its redirect, None if it is the last."""
        self._tls_version = self._certificate = None
        self._head = self._body = self._content_length = None
        trust: ssl.SSLContext | None = None
        if goal.scheme == "https":
            trust = await self._context.threads.chores.run(
                partial(
                    client_context,
                    self._options.ca_file,
                    verify=self._options.verify,
                    old_tls=self._options.old_tls,
                )
            )
        resolved = await self._locate(goal)
        self.attempt.place = place(resolved.address, goal.port)
        self.attempt.begin("connect")
        address, version = resolved.address, resolved.ip_version
        with await connect(address, version, goal.port, self._turns) as connection:
            try:
                if trust is not None:
                    await self._secure(connection, trust, goal.host)
                return await self._exchange(connection, goal)
            except ssl.SSLError as error:
                raise refusal(error, goal.host) from error
            except ResponseError as error:
                said = f"invalid HTTP response from {self.attempt.place}: {error}"
                raise ProbeError(Reason.MALFORMED, said) from error

    async def _locate(self, goal: Place) -> Resolved:
        first, options = self._first, self._options
        is_first = first is not None and (goal.host, goal.port) == (first.host, first.port)
        host = options.address if is_first and options.address else goal.host
        resolved = await locate(host, self._context, self.attempt)
        if self._resolved is None:
            self._lookup_seconds = resolved.seconds
            self._asked = resolved.address
        else:
            self._judge_redirect(resolved.address, goal.port)
        self._resolved = resolved
        return resolved

    def _judge_redirect(self, address: str, port: int) -> None:
        """Raise if a redirect leads to an address to which devices must not send us."""
        try:
            why = refusal_of_target(address, self._asked, self._options.network)
        except OSError as error:
            raise failure(error, address, port) from error
        if why:
            raise ProbeError(Reason.REDIRECTS, f"a redirect leads to {address}: {why}")

    async def _secure(self, connection: Connection, trust: ssl.SSLContext, host: str) -> None:
        """Do the TLS handshake and read the certificates, even if they are rejected."""
        self.attempt.begin("tls")
        try:
            session = await connection.start_tls(trust, host)
        except ssl.SSLCertVerificationError as error:
            self.attempt.stop()
            self.attempt.found = refusal(error, host)
            connection.close()
            await self._read_refused(connection, host)
            raise
        self._tls_version = tls_version(session)
        self._certificate = read_chain(session, verified=self._options.verify)

    async def _read_refused(self, refused: Connection, host: str) -> None:
        """Read the certificates in a second handshake, which rejects nothing."""
        version = 6 if ":" in refused.address else 4
        try:
            with await connect(refused.address, version, refused.port, self._turns) as connection:
                lenient = client_context(None, verify=False, old_tls=self._options.old_tls)
                session = await connection.start_tls(lenient, host)
                self._tls_version = tls_version(session)
                self._certificate = read_chain(session, verified=False)
        except (ProbeError, ssl.SSLError):
            # The rejection is certain; only its details are lost.
            return

    async def _exchange(self, connection: Connection, goal: Place) -> Place | None:
        """Send the request and read the response."""
        self.attempt.begin("processing")
        cookies = self._cookies.value(goal)
        await connection.send(request(goal.target, goal.authority, cookies))
        reader = HeadReader()
        while reader.head is None:
            received = await connection.receive()
            if received and self.attempt.phase == "processing":
                self.attempt.begin("transfer")
            reader.feed(received)
        self._head = head = reader.head
        is_chunked = head.framing == "chunked"
        self._content_length = None if is_chunked else head.content_length
        self._cookies.take(head.each("set-cookie"), goal, self._context.clock.now())
        location = head.get("location")
        wanted = head.status in self._options.status
        if head.status in _REDIRECTS and location is not None and not wanted:
            return self._follow(goal, location)
        self._body = Body(head, reader.room)
        self._body.feed(reader.rest)
        while not self._body.is_complete:
            received = await connection.receive()
            if not received:
                break
            self._body.feed(received)
        self._body.end()
        return None

    def _follow(self, goal: Place, location: str) -> Place:
        if self._redirects >= self._options.redirects:
            said = f"more than {self._options.redirects} redirects"
            raise ProbeError(Reason.REDIRECTS, said)
        try:
            onward = redirected(goal, location)
        except ValueError as error:
            said = f"a redirect leads nowhere: {printable(str(error))}"
            raise ProbeError(Reason.REDIRECTS, said) from error
        self._redirects += 1
        return onward

    def _judge(self, pattern: re.Pattern[str] | None) -> None:
        """Compare the last response with the expected one."""
        head, body = self._head, self._body
        if head is None or body is None:
            raise ProbeError(Reason.MALFORMED, "no response was read")
        if head.status not in self._options.status:
            wanted = " or ".join(str(code) for code in self._options.status)
            raise ProbeError(Reason.STATUS, f"the answer is {head.status}, not {wanted}")
        if pattern is None:
            return
        text = text_of(body.content, head.get("content-type"), is_cut=body.is_cut)
        self._is_body_expected = pattern.search(text) is not None
        if not self._is_body_expected:
            extent = "first 1 MiB of the body" if body.is_cut else "body"
            said = f"the {extent} does not match the expected expression"
            raise ProbeError(Reason.BODY, said)


def _instant(text: str | None) -> datetime | None:
    """Return the date in a header field as an instant, None if invalid. Source: RFC 9110 §5.6.7."""
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    except ValueError:
        return None
