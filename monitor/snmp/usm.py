"""The user-based security model, manager side (RFC 3414): one session per agent and user.

The engine is discovered, its clock is tracked and never runs backwards, and a message is accepted
only if it comes from the right engine, for the right user and level, within the time window, in
answer to the outstanding request. Everything else is rejected with a reason. An agent's report
about our own messages becomes a failure with a sentence, or another attempt.

Must not know: sockets, tries, deadlines, or what a reply means.
"""

from __future__ import annotations

import hmac
import itertools
import secrets
from collections import OrderedDict
from typing import TYPE_CHECKING

from monitor.snmp.ber import CodecError
from monitor.snmp.encode import encode_pdu
from monitor.snmp.message import PduType
from monitor.snmp.model import Failure, FailureKind
from monitor.snmp.secure_message import (
    AUTHENTICATED,
    ENCRYPTED,
    REPORTABLE,
    decode_scoped,
    encode_scoped,
    encode_secure,
)
from monitor.snmp.usm_clock import EngineClock
from monitor.snmp.usm_crypto import CryptoError, Digest, Privacy
from monitor.snmp.usm_keys import KeyRing
from monitor.snmp.usm_reports import UNKNOWN_ENGINE, UNTIMELY, report_of, sentence_about

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.snmp.message import Head
    from monitor.snmp.model import Agent, Security
    from monitor.snmp.secure_message import Scoped, SecureMessage

REFUSALS = (
    "wrong_engine",
    "wrong_user",
    "wrong_level",
    "wrong_digest",
    "wrong_context",
    "not_in_time_window",
    "not_decrypted",
)
_LEVEL = AUTHENTICATED | ENCRYPTED
_LEVEL_NAMES = {0: "noAuthNoPriv", AUTHENTICATED: "authNoPriv", _LEVEL: "authPriv"}
_MIN_ENGINE_BYTES = 5
_MAX_CLOCKS = 4
_MAX_SESSIONS = 10_000


class RefusedError(Exception):
    """A message is not the expected reply; `reason` is one of `REFUSALS`, or malformed.

    `failure` is reported if no better message comes.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        kind = FailureKind.MALFORMED if reason == "malformed" else FailureKind.AUTHENTICATION
        self.failure = Failure(kind, message)


class DeniedError(Exception):
    """The agent refuses to answer us, or its answer cannot be trusted; retrying is pointless."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class _Engine:
    """An agent's engine: its id, its clock, and our user's localised keys."""

    __slots__ = ("clock", "digest", "id", "privacy")

    def __init__(
        self, engine_id: bytes, clock: EngineClock, security: Security, ring: KeyRing
    ) -> None:
        self.id = engine_id
        self.clock = clock
        keys = ring.keys(security, engine_id)
        self.digest = Digest(security.auth, keys.auth) if security.auth else None
        self.privacy = Privacy(security.priv, keys.priv) if security.priv else None


class UsmSession:
    """What is known about one agent's engine for one user; seals requests and opens replies."""

    def __init__(self, security: Security, ring: KeyRing, counter: Iterator[int]) -> None:
        self._security = security
        self._ring = ring
        self._counter = counter
        self._level = (AUTHENTICATED if security.auth else 0) | (ENCRYPTED if security.priv else 0)
        self._clocks: OrderedDict[bytes, EngineClock] = OrderedDict()
        self._engine: _Engine | None = None
        self._has_answered = False
        if security.engine_id:
            self._turn_to(security.engine_id)

    @property
    def engine_id(self) -> bytes:
        """Return the engine ID of the agent, empty until it is discovered."""
        return self._engine.id if self._engine else b""

    def seal(self, message_id: int, pdu: bytes, now: float) -> bytes:
        """Return the message around a request; a discovery message if the engine is unknown.

        `now` is an instant of a monotonic clock in seconds, here and below.
        """
        engine = self._engine
        if engine is None:
            # RFC 3414 §4: no user, no level, no varbinds.
            probe = encode_scoped(b"", b"", encode_pdu(PduType.GET, message_id, 0, 0, b""))
            return encode_secure(message_id, REPORTABLE, b"", 0, 0, b"", b"", b"", probe)[0]
        security = self._security
        content = encode_scoped(engine.id, security.context, pdu)
        boots, time = engine.clock.at(now) if engine.digest else (0, 0)
        salt = b""
        if engine.privacy is not None:
            salt = engine.privacy.salt(boots, next(self._counter))
            content = engine.privacy.encrypt(content, boots, time, salt)
        zeros = bytes(engine.digest.size) if engine.digest else b""
        flags = self._level | REPORTABLE
        whole, digest_at = encode_secure(
            message_id, flags, engine.id, boots, time, security.user, zeros, salt, content
        )
        if engine.digest is None:
            return whole
        return whole[:digest_at] + engine.digest.of(whole) + whole[digest_at + len(zeros) :]

    def open(
        self, message: SecureMessage, request_id: int, now: float
    ) -> tuple[Head, bytes] | None:
        """Return the reply to a request: its head, and the octets that end with its varbinds.

        None means that the message updated our state, and the request should be sealed again.

        Raises:
            RefusedError: if the message is not the reply; the reply may still come.
            DeniedError: if there will be no reply.
        """
        if not message.flags & AUTHENTICATED:
            scoped = _scoped(message.content, "malformed")
            if scoped.head[2] == PduType.REPORT:
                self._take_report(message, scoped, now)
                return None
        engine = self._checked(message)
        if message.flags & AUTHENTICATED:
            self._check_digest(message, engine)
        scoped = self._opened(message, engine)
        if scoped.head[2] == PduType.REPORT:
            self._take_report(message, scoped, now)
            return None
        if message.flags & AUTHENTICATED and not engine.clock.follow(
            message.boots, message.time, now
        ):
            raise RefusedError("not_in_time_window", engine.clock.complaint)
        if scoped.context != self._security.context:
            raise RefusedError("wrong_context", "a reply with another context")
        if scoped.head[3] != request_id or scoped.head[2] != PduType.RESPONSE:
            raise RefusedError("malformed", "a message that is not a response to our request")
        self._has_answered = True
        return scoped.head, scoped.data

    def silence(self, failure: Failure, *, has_met: bool) -> Failure:
        """Return the failure when no try was answered, and forget the engine until rediscovery.

        `has_met` says that the agent has just reported its engine ID, so it is reachable. Agents
        report a wrong digest, but stay silent about a message that they cannot decrypt.
        """
        is_mute = has_met and not self._has_answered and failure.kind is FailureKind.TIMEOUT
        if not self._security.engine_id:
            self._engine = None
        if is_mute and (self._security.priv or self._security.context):
            culprits = ["privacy password", "privacy protocol"] if self._security.priv else []
            culprits += ["context"] if self._security.context else []
            text = (
                f"the agent is reachable, but ignores our requests: wrong {' or '.join(culprits)}"
            )
            return Failure(FailureKind.AUTHENTICATION, text)
        return failure

    def _checked(self, message: SecureMessage) -> _Engine:
        """Return the engine, if the message comes from it, for our user, and at our level."""
        engine = self._engine
        if engine is None or message.engine_id != engine.id:
            raise RefusedError("wrong_engine", "a message from another engine")
        if message.user != self._security.user:
            raise RefusedError("wrong_user", "a message for another user")
        level = message.flags & _LEVEL
        # A report about privacy may come unencrypted (RFC 3412 §7.1).
        if level != self._level and not (level == AUTHENTICATED and engine.privacy is not None):
            raise RefusedError("wrong_level", f"a message at the level {_LEVEL_NAMES[level]}")
        return engine

    def _check_digest(self, message: SecureMessage, engine: _Engine) -> None:
        digest = engine.digest
        assert digest is not None  # noqa: S101  # the level was checked
        start, end = message.digest_at, message.digest_at + len(message.digest)
        unsigned = message.data[:start] + bytes(len(message.digest)) + message.data[end:]
        if not hmac.compare_digest(message.digest, digest.of(unsigned)):
            raise RefusedError("wrong_digest", "a message whose digest is wrong")

    def _opened(self, message: SecureMessage, engine: _Engine) -> Scoped:
        if not message.flags & ENCRYPTED:
            scoped = _scoped(message.content, "malformed")
            if self._level & ENCRYPTED and scoped.head[2] != PduType.REPORT:
                raise RefusedError("wrong_level", "a message at the level authNoPriv")
            return scoped
        assert engine.privacy is not None  # noqa: S101  # the level was checked
        try:
            content = engine.privacy.decrypt(
                message.content, message.boots, message.time, message.salt
            )
        except CryptoError as error:
            raise RefusedError("not_decrypted", f"an unreadable message: {error}") from None
        return _scoped(content, "not_decrypted")

    def _take_report(self, message: SecureMessage, scoped: Scoped, now: float) -> None:
        """Learn from a report, or end the conversation."""
        report = report_of(scoped)
        is_authentic = bool(message.flags & AUTHENTICATED)
        if report == UNKNOWN_ENGINE:
            self._meet(message, now)
            return
        if self._engine is not None and message.engine_id != self._engine.id:
            raise RefusedError("wrong_engine", "a report from another engine")
        if report != UNTIMELY:
            level = _LEVEL_NAMES[self._level]
            raise DeniedError(sentence_about(report, self._security, level))
        # Anyone can forge a report; the clock follows only authenticated ones.
        if not is_authentic or self._engine is None:
            raise RefusedError("wrong_level", "an unauthenticated report about time")
        clock = self._engine.clock
        if not clock.follow(message.boots, message.time, now):
            complaint = clock.complaint
            # The engine lost its state, or this is a replay: reported once, then rediscovered.
            self._clocks.pop(self._engine.id, None)
            self._engine = None
            if self._security.engine_id:
                self._turn_to(self._security.engine_id)
            raise DeniedError(Failure(FailureKind.AUTHENTICATION, f"the agent sent {complaint}"))

    def _meet(self, message: SecureMessage, now: float) -> None:
        """Adopt the engine that answers at the address."""
        engine_id = message.engine_id
        if len(engine_id) < _MIN_ENGINE_BYTES:
            raise RefusedError("malformed", "a report without the agent's engine ID")
        expected = self._security.engine_id
        if expected and engine_id != expected:
            text = f"the agent's engine ID is {engine_id.hex()}, not {expected.hex()}"
            raise DeniedError(Failure(FailureKind.AUTHENTICATION, text))
        if engine_id != self.engine_id:
            self._turn_to(engine_id)
        assert self._engine is not None  # noqa: S101  # turned to
        self._engine.clock.guess(message.boots, message.time, now)

    def _turn_to(self, engine_id: bytes) -> None:
        clock = self._clocks.get(engine_id)
        if clock is None:
            clock = self._clocks[engine_id] = EngineClock()
            if len(self._clocks) > _MAX_CLOCKS:
                self._clocks.popitem(last=False)
        self._engine = _Engine(engine_id, clock, self._security, self._ring)
        self._has_answered = False


class UsmSessions:
    """The sessions with all agents, their keys, and the counter from which salts are made."""

    def __init__(self) -> None:
        self._ring = KeyRing()
        # Random at the start, so that a restart does not reuse salts (RFC 3826 §3.1.2.1).
        self._counter = itertools.count(secrets.randbits(63))
        self._sessions: OrderedDict[tuple[str, int, Security], UsmSession] = OrderedDict()

    def of(self, agent: Agent) -> UsmSession | None:
        """Return the session with an agent, None if its version has none."""
        if agent.security is None:
            return None
        name = (agent.address, agent.port, agent.security)
        found = self._sessions.get(name)
        if found is None:
            found = UsmSession(agent.security, self._ring, self._counter)
            self._sessions[name] = found
            if len(self._sessions) > _MAX_SESSIONS:
                self._sessions.popitem(last=False)
        return found


def _scoped(content: bytes, reason: str) -> Scoped:
    try:
        return decode_scoped(content)
    except CodecError as error:
        if reason == "not_decrypted":
            words = "a message that cannot be decrypted: different privacy password or protocol"
            raise RefusedError(reason, words) from None
        raise RefusedError(reason, f"a malformed reply: {error}") from None
