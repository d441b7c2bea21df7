"""The bench's agent behind SNMPv3: one user, SHA and AES-128, and the same answers.

Run as `python -m bench.secure_agent [INTERFACES]`, as `bench.fast_agent`.

Must not know: which bench uses it.
"""

from __future__ import annotations

import sys
import time

from bench.fast_agent import INTERFACES, Agent, serve
from monitor.snmp.ber import Tag
from monitor.snmp.decode import decode_head
from monitor.snmp.encode import encode_pdu, encode_varbind
from monitor.snmp.encode import wrap_pdu as in_community
from monitor.snmp.message import PduType
from monitor.snmp.model import AuthProtocol, PrivProtocol, Security
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

USER = Security(
    b"bench", AuthProtocol.SHA1, b"for-the-bench", PrivProtocol.AES128, b"for-the-bench-too"
)
_ENGINE = b"\x80\x00\x1f\x88\x04bench"
_BOOTS = 1
_UNKNOWN_ENGINES = "1.3.6.1.6.3.15.1.1.4.0"


class SecureAgent:
    """Answers one user as the plain agent does; a client without the engine ID gets it."""

    def __init__(self, interfaces: int) -> None:
        keys = KeyRing().keys(USER, _ENGINE)
        self._agent = Agent(interfaces)
        self._digest = Digest(AuthProtocol.SHA1, keys.auth)
        self._privacy = Privacy(PrivProtocol.AES128, keys.priv)
        self._count = 0

    def answer(self, data: bytes) -> bytes:
        """Return the reply to a message."""
        asked = decode_secure(data)
        seconds = int(time.monotonic())
        if asked.engine_id != _ENGINE:
            varbind = encode_varbind(encode_oid(_UNKNOWN_ENGINES), Tag.COUNTER32, 1)
            report = encode_pdu(PduType.REPORT, 0, 0, 0, varbind)
            content = encode_scoped(_ENGINE, b"", report)
            return encode_secure(
                asked.message_id, 0, _ENGINE, _BOOTS, seconds, b"", b"", b"", content
            )[0]
        plain = self._privacy.decrypt(asked.content, asked.boots, asked.time, asked.salt)
        content = encode_scoped(_ENGINE, b"", self._response(plain))
        self._count += 1
        salt = self._privacy.salt(_BOOTS, self._count)
        encrypted = self._privacy.encrypt(content, _BOOTS, seconds, salt)
        flags = AUTHENTICATED | ENCRYPTED
        zeros = bytes(self._digest.size)
        whole, at = encode_secure(
            asked.message_id, flags, _ENGINE, _BOOTS, seconds, USER.user, zeros, salt, encrypted
        )
        return whole[:at] + self._digest.of(whole) + whole[at + len(zeros) :]

    def _response(self, plain: bytes) -> bytes:
        asked = decode_scoped(plain)
        request = encode_pdu(*asked.head[2:6], asked.data[asked.head[6] :])
        reply = self._agent.answer(in_community(1, b"", request))
        head = decode_head(reply)
        return encode_pdu(*head[2:6], reply[head[6] :])


if __name__ == "__main__":
    serve(SecureAgent(int(sys.argv[1]) if len(sys.argv) > 1 else INTERFACES).answer)
