"""Requests to an agent and their results: plain values, no I/O.

Must not know: bytes on the wire, sockets, or engines.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from monitor.words.plural import count_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.snmp.oids import Object


class LeftOut(StrEnum):
    """Why one value of a reply is left out; the names are those of the metric's reasons.

    The OID of the value or the index of the row cannot be decoded, a number has no octets or too
    many, an OID is invalid, the type is not one of SNMP's, or not the object's.
    """

    NAME = "bad_name"
    INDEX = "bad_index"
    EMPTY = "empty_number"
    NUMBER = "bad_number"
    OID = "bad_oid"
    TYPE = "unknown_type"
    KIND = "wrong_type"


def left_out_in_words(left_out: Mapping[LeftOut, int]) -> str:
    """Return how many values could not be decoded, with the reasons, as text; empty for none."""
    total = sum(left_out.values())
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(left_out.items()) if count)
    return f"{count_of(total, 'value')} that cannot be read ({reasons})" if total else ""


class FailureKind(StrEnum):
    """Why a read is incomplete; the names are those of an observation's reasons.

    `NOT_RUN` is caused by the monitor: no slot became free before the deadline. `LIMIT` means that
    the device's answers do not end. `AUTHENTICATION` is reported by the device itself.
    """

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    AUTHENTICATION = "authentication"
    MALFORMED = "malformed"
    NOT_INCREASING = "not_increasing"
    LIMIT = "limit"
    AGENT_ERROR = "agent_error"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a read is incomplete: the kind, and one sentence for a person."""

    kind: FailureKind
    message: str


class AuthProtocol(StrEnum):
    """How a message is authenticated (RFC 3414 §6 and §7, RFC 7860)."""

    MD5 = "md5"
    SHA1 = "sha1"
    SHA224 = "sha224"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"


class PrivProtocol(StrEnum):
    """How a message is encrypted (RFC 3414 §8, RFC 3826).

    No standard defines how keys of 192 and 256 bits are derived from shorter hashes: `AES192`
    and `AES256` follow Blumenthal, as net-snmp does; the two with a C follow Reeder, as Cisco does.
    """

    DES = "des"
    AES128 = "aes128"
    AES192 = "aes192"
    AES256 = "aes256"
    AES192C = "aes192c"
    AES256C = "aes256c"


MIN_PASSWORD_BYTES = 8
"""The shortest password that RFC 3414 §11.2 allows."""


@dataclass(frozen=True, slots=True)
class Security:
    """An SNMPv3 user: name, protocols with their passwords, and the context that is read.

    The protocols determine the level: none is noAuthNoPriv, `auth` alone is authNoPriv, both are
    authPriv. An empty `engine_id` is discovered.

    Raises:
        ValueError: if the level does not exist, or a name or password has an impossible length.
    """

    user: bytes
    auth: AuthProtocol | None = None
    auth_password: bytes = field(default=b"", repr=False)
    priv: PrivProtocol | None = None
    priv_password: bytes = field(default=b"", repr=False)
    context: bytes = b""
    engine_id: bytes = b""

    def __post_init__(self) -> None:
        """Reject values that no agent accepts."""
        if not 1 <= len(self.user) <= 32 or len(self.context) > 32:  # noqa: PLR2004  # RFC 3414 §2.4
            raise ValueError("a user's name has 1 to 32 octets, a context's at most 32")
        if self.engine_id and not 5 <= len(self.engine_id) <= 32:  # noqa: PLR2004  # RFC 3411 §5
            raise ValueError("an engine ID has 5 to 32 octets")
        if self.priv and not self.auth:
            raise ValueError("privacy needs authentication")
        for protocol, password in (
            (self.auth, self.auth_password),
            (self.priv, self.priv_password),
        ):
            if protocol and len(password) < MIN_PASSWORD_BYTES:
                raise ValueError(f"a password has at least {MIN_PASSWORD_BYTES} octets")


@dataclass(frozen=True, slots=True)
class Agent:
    """An SNMP agent: literal address, UDP port, credential, and how long to wait for a reply.

    The credential is `security` for version 3, else `community`. `timeout` is in seconds for each
    try, `retries` are further tries after the first.

    Raises:
        ValueError: if the credential does not belong to the version.
    """

    address: str
    port: int
    version: Literal["1", "2c", "3"]
    community: bytes = field(repr=False)
    timeout: float = 2.0
    retries: int = 1
    security: Security | None = None

    def __post_init__(self) -> None:
        """Reject a credential of another version."""
        if (self.version == "3") != (self.security is not None):
            raise ValueError("version 3, and only version 3, has a user")


@dataclass(frozen=True, slots=True)
class Request:
    """What to get and which table columns to walk: names in `monitor.snmp.oids`, or objects."""

    scalars: tuple[str | Object, ...]
    columns: tuple[str | Object, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What was read; on a failure, as far as it came.

    A scalar's value is an int, the octets of a string, or the arcs of an OID. `columns` maps
    an object's name to its rows, index to value: the index is an int for objects whose arity is
    one arc, as in `oids`, else the tuple of the arcs. Objects that the device lacks are absent.
    `requests` counts requests (without retransmissions), `varbinds` the varbinds in the replies.
    `odd_types` maps a column's name and a row's index to the tag of a number that came with
    another type than the object's. `arrivals` has, for each reply to the walk, its arrival
    (monotonic, in seconds) and the last index that had come by then; it is empty if the reader
    does not record arrivals. `left_out` counts the values that could not be decoded, by reason;
    the other columns keep their values of these rows.
    """

    scalars: Mapping[str, int | bytes | tuple[int, ...]]
    columns: Mapping[str, Mapping[int, int | bytes]]
    failure: Failure | None = None
    requests: int = 0
    varbinds: int = 0
    odd_types: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    arrivals: Sequence[tuple[float, int]] = ()
    left_out: Mapping[LeftOut, int] = field(default_factory=dict)
