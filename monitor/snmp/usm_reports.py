"""Agents' reports about rejected messages, as sentences for the person who has to fix it.

Must not know: sessions, or how a report is handled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.snmp.ber import CodecError
from monitor.snmp.decode import decode_varbind
from monitor.snmp.model import Failure, FailureKind
from monitor.snmp.oid_octets import encode_oid

if TYPE_CHECKING:
    from monitor.snmp.model import Security
    from monitor.snmp.secure_message import Scoped

UNSUPPORTED_LEVEL = "usmStatsUnsupportedSecLevels"
UNTIMELY = "usmStatsNotInTimeWindows"
UNKNOWN_USER = "usmStatsUnknownUserNames"
UNKNOWN_ENGINE = "usmStatsUnknownEngineIDs"
WRONG_DIGEST = "usmStatsWrongDigests"
NOT_DECRYPTED = "usmStatsDecryptionErrors"

_USM = "1.3.6.1.6.3.15.1.1"
_MPD = "1.3.6.1.6.3.11.2.1"
_TARGET = "1.3.6.1.6.3.12.1"
# SNMP-USER-BASED-SM-MIB, SNMP-MPD-MIB, SNMP-TARGET-MIB.
_NAMES = {
    encode_oid(oid): name
    for oid, name in (
        (f"{_USM}.1.0", UNSUPPORTED_LEVEL),
        (f"{_USM}.2.0", UNTIMELY),
        (f"{_USM}.3.0", UNKNOWN_USER),
        (f"{_USM}.4.0", UNKNOWN_ENGINE),
        (f"{_USM}.5.0", WRONG_DIGEST),
        (f"{_USM}.6.0", NOT_DECRYPTED),
        (f"{_MPD}.1.0", "snmpUnknownSecurityModels"),
        (f"{_MPD}.2.0", "snmpInvalidMsgs"),
        (f"{_MPD}.3.0", "snmpUnknownPDUHandlers"),
        (f"{_TARGET}.4.0", "snmpUnavailableContexts"),
        (f"{_TARGET}.5.0", "snmpUnknownContexts"),
    )
}


def report_of(scoped: Scoped) -> str:
    """Return the name of the counter that a report carries, empty if it is unknown."""
    try:
        (oid, _, _), _ = decode_varbind(scoped.data, scoped.head[6])
    except CodecError:
        return ""
    return _NAMES.get(oid, "")


def sentence_about(report: str, security: Security, level: str) -> Failure:
    """Return the failure that a report about one of our messages means."""
    user = security.user.decode("utf-8", "replace")
    sentences = {
        UNKNOWN_USER: f"the agent does not know user {user!r}",
        WRONG_DIGEST: f"the agent refuses the digest of user {user!r}: "
        "wrong authentication password or protocol",
        NOT_DECRYPTED: f"the agent cannot decrypt what user {user!r} sends: "
        "wrong privacy password or protocol",
        UNSUPPORTED_LEVEL: f"the agent does not allow user {user!r} the level {level}",
    }
    if report in sentences:
        return Failure(FailureKind.AUTHENTICATION, sentences[report])
    if report.endswith("Contexts"):
        context = security.context.decode("utf-8", "replace")
        return Failure(FailureKind.AGENT_ERROR, f"the agent has no context {context!r}")
    return Failure(FailureKind.AGENT_ERROR, f"the agent reports {report or 'an unknown problem'}")
