"""Our credentials as pysnmp objects, for `reference` and `traps`.

Must not know: engines, reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    UsmUserData,
    usmAesBlumenthalCfb192Protocol,
    usmAesBlumenthalCfb256Protocol,
    usmAesCfb128Protocol,
    usmAesCfb192Protocol,
    usmAesCfb256Protocol,
    usmDESPrivProtocol,
    usmHMAC128SHA224AuthProtocol,
    usmHMAC192SHA256AuthProtocol,
    usmHMAC256SHA384AuthProtocol,
    usmHMAC384SHA512AuthProtocol,
    usmHMACMD5AuthProtocol,
    usmHMACSHAAuthProtocol,
    usmNoAuthProtocol,
    usmNoPrivProtocol,
)
from pysnmp.proto import errind

from monitor.snmp.model import AuthProtocol, PrivProtocol

if TYPE_CHECKING:
    from monitor.snmp.model import Agent

_MODELS = {"1": 0, "2c": 1}
AUTH = {
    None: usmNoAuthProtocol,
    AuthProtocol.MD5: usmHMACMD5AuthProtocol,
    AuthProtocol.SHA1: usmHMACSHAAuthProtocol,
    AuthProtocol.SHA224: usmHMAC128SHA224AuthProtocol,
    AuthProtocol.SHA256: usmHMAC192SHA256AuthProtocol,
    AuthProtocol.SHA384: usmHMAC256SHA384AuthProtocol,
    AuthProtocol.SHA512: usmHMAC384SHA512AuthProtocol,
}
PRIV = {
    None: usmNoPrivProtocol,
    PrivProtocol.DES: usmDESPrivProtocol,
    PrivProtocol.AES128: usmAesCfb128Protocol,
    PrivProtocol.AES192: usmAesBlumenthalCfb192Protocol,
    PrivProtocol.AES256: usmAesBlumenthalCfb256Protocol,
    PrivProtocol.AES192C: usmAesCfb192Protocol,
    PrivProtocol.AES256C: usmAesCfb256Protocol,
}
_ABOUT_CREDENTIAL = (
    errind.authenticationFailure,
    errind.authenticationError,
    errind.decryptionError,
    errind.notInTimeWindow,
    errind.unknownUserName,
    errind.unsupportedSecurityLevel,
    errind.wrongDigest,
)


def credential_of(agent: Agent) -> CommunityData | UsmUserData:
    """Return pysnmp's object for the agent's credential."""
    security = agent.security
    if security is None:
        return CommunityData(agent.community.decode("latin-1"), mpModel=_MODELS[agent.version])
    return UsmUserData(
        security.user.decode(),
        authKey=security.auth_password or None,
        privKey=security.priv_password or None,
        authProtocol=AUTH[security.auth],
        privProtocol=PRIV[security.priv],
    )


def context_of(agent: Agent) -> ContextData:
    """Return pysnmp's object for the agent's context."""
    return ContextData(contextName=agent.security.context if agent.security else b"")


def is_about_credential(indication: object) -> bool:
    """Return whether pysnmp's error means that agent or manager refused the other's credential."""
    return any(indication == one for one in _ABOUT_CREDENTIAL)
