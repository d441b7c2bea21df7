"""The answering side of SNMPv3 in memory: an engine around a `ByteAgent`, with knobs to misbehave.

It shares the codec with the code under test, but none of the session's decisions; other tests show
against net-snmp and pysnmp that the bytes are SNMPv3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.snmp.ber import Tag
from monitor.snmp.encode import encode_pdu, encode_varbind
from monitor.snmp.message import PduType
from monitor.snmp.oid_octets import encode_oid
from monitor.snmp.secure_message import (
    AUTHENTICATED,
    ENCRYPTED,
    decode_scoped,
    decode_secure,
    encode_scoped,
    encode_secure,
)
from monitor.snmp.usm_crypto import Digest, Privacy
from monitor.snmp.usm_keys import KeyRing

if TYPE_CHECKING:
    from monitor.snmp.model import Security
    from monitor.snmp.secure_message import SecureMessage
    from tests.snmp.agent import ByteAgent

USM_STATS = "1.3.6.1.6.3.15.1.1"
LEVEL = AUTHENTICATED | ENCRYPTED
_RING = KeyRing()


@dataclass
class UsmAgent:
    """Answers for one user; `lies` replaces parts of a reply before it is signed.

    `lies` may have: engine_id, boots, time, user, flags, context, request_id, message_id, pdu_type.
    """

    agent: ByteAgent
    security: Security
    engine_id: bytes = b"\x80\x00\x1f\x88\x04schule"
    boots: int = 7
    time: int = 100_000
    tells_time: bool = True
    lies: dict[str, object] = field(default_factory=dict)
    report_always: str = ""
    asked: list[SecureMessage] = field(default_factory=list)

    def answer(self, data: bytes) -> bytes:
        """Return the reply to a message."""
        asked = decode_secure(data)
        self.asked.append(asked)
        if asked.engine_id != self.engine_id:
            return self.report(asked, f"{USM_STATS}.4.0")
        if self.report_always:
            return self.report(asked, self.report_always)
        digest, privacy = self.crypto()
        if digest is not None:
            end = asked.digest_at + len(asked.digest)
            zeroed = data[: asked.digest_at] + bytes(len(asked.digest)) + data[end:]
            if digest.of(zeroed) != asked.digest:
                return self.report(asked, f"{USM_STATS}.5.0")
            if asked.boots != self.boots or abs(asked.time - self.time) > 150:
                return self.report(asked, f"{USM_STATS}.2.0", AUTHENTICATED)
        content = asked.content
        if asked.flags & ENCRYPTED and privacy is not None:
            content = privacy.decrypt(content, asked.boots, asked.time, asked.salt)
        return self.respond(asked, content)

    def crypto(self) -> tuple[Digest | None, Privacy | None]:
        """Return digest and cipher of the user at this engine."""
        keys = _RING.keys(self.security, self.engine_id)
        auth, priv = self.security.auth, self.security.priv
        return (
            Digest(auth, keys.auth) if auth else None,
            Privacy(priv, keys.priv) if priv else None,
        )

    def respond(self, asked: SecureMessage, content: bytes) -> bytes:
        """Return the response to a decrypted request."""
        scoped = decode_scoped(content)
        head = scoped.head
        reply = self.agent.reply(PduType(head[2]), head[3], head[4], head[5], scoped.data, head[6])
        request_id = int(str(self.lies.get("request_id", head[3])))
        pdu_type = int(str(self.lies.get("pdu_type", PduType.RESPONSE)))
        pdu = encode_pdu(pdu_type, request_id, *reply)
        return self.seal(asked, pdu, asked.flags & LEVEL)

    def report(self, asked: SecureMessage, oid: str, level: int = 0) -> bytes:
        """Return a report with an incremented counter."""
        varbind = encode_varbind(encode_oid(oid), Tag.COUNTER32, 1)
        return self.seal(asked, encode_pdu(PduType.REPORT, 0, 0, 0, varbind), level)

    def seal(self, asked: SecureMessage, pdu: bytes, level: int) -> bytes:
        """Return a message of this engine, signed and encrypted as the level says."""
        lies = self.lies if level else {}
        level = int(str(lies.get("flags", level)))
        engine_id = lies.get("engine_id", self.engine_id)
        told = (self.boots, self.time) if level or self.tells_time else (0, 0)
        boots, time = int(str(lies.get("boots", told[0]))), int(str(lies.get("time", told[1])))
        user = lies.get("user", self.security.user if asked.engine_id else b"")
        context = lies.get("context", self.security.context)
        message_id = int(str(lies.get("message_id", asked.message_id)))
        assert isinstance(engine_id, bytes)
        assert isinstance(user, bytes)
        assert isinstance(context, bytes)
        content = encode_scoped(engine_id, context, pdu)
        digest, privacy = self.crypto()
        salt = b""
        if level & ENCRYPTED:
            assert privacy is not None
            salt = privacy.salt(boots, len(self.asked))
            content = privacy.encrypt(content, boots, time, salt)
        zeros = bytes(digest.size) if digest is not None and level & AUTHENTICATED else b""
        whole, at = encode_secure(
            message_id, level, engine_id, boots, time, user, zeros, salt, content
        )
        if not zeros:
            return whole
        assert digest is not None
        return whole[:at] + digest.of(whole) + whole[at + len(zeros) :]
