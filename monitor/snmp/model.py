"""Requests to an agent and their results: plain values, no I/O.

Must not know: bytes on the wire, sockets, engines.
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

    The OID of the value or the row's index cannot be read, a number has no octets or too many,
    an OID is none, the type is none of SNMP's or another than the object's.
    """

    NAME = "bad_name"
    INDEX = "bad_index"
    EMPTY = "empty_number"
    NUMBER = "bad_number"
    OID = "bad_oid"
    TYPE = "unknown_type"
    KIND = "wrong_type"


def left_out_in_words(left_out: Mapping[LeftOut, int]) -> str:
    """Return how many values of which kind could not be read, as a person reads it; empty for 0."""
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
    """Why a read is not complete: the kind, and one sentence for a person."""

    kind: FailureKind
    message: str


class AuthProtocol(StrEnum):
    """How a message is proved to be authentic (RFC 3414 §6 and §7, RFC 7860)."""

    MD5 = "md5"
    SHA1 = "sha1"
    SHA224 = "sha224"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"


class PrivProtocol(StrEnum):
    """How a message is encrypted (RFC 3414 §8, RFC 3826).

    No standard says how keys of 192 and 256 bits are made from shorter hashes: `AES192` and
    `AES256` do it after Blumenthal, as net-snmp does, the two with a C after Reeder, as Cisco.
    """

    DES = "des"
    AES128 = "aes128"
    AES192 = "aes192"
    AES256 = "aes256"
    AES192C = "aes192c"
    AES256C = "aes256c"


MIN_PASSWORD_BYTES = 8
"""RFC 3414 §11.2 wants no shorter password."""


@dataclass(frozen=True, slots=True)
class Security:
    """An SNMPv3 user: name, protocols with their passwords, and the context that is read.

    The protocols decide the level: none is noAuthNoPriv, `auth` alone is authNoPriv, both are
    authPriv. `engine_id` is asked of the agent if it is empty.

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
        """Refuse what no agent can understand."""
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
    """An SNMP agent: literal address, UDP port, credential, and how long to wait for it.

    The credential is `security` for version 3, else `community`. `timeout` is for each try in
    seconds, `retries` are further tries after the first.

    Raises:
        ValueError: if the credential is not one of the version.
    """

    address: str
    port: int
    version: Literal["1", "2c", "3"]
    community: bytes = field(repr=False)
    timeout: float = 2.0
    retries: int = 1
    security: Security | None = None

    def __post_init__(self) -> None:
        """Refuse a credential of another version."""
        if (self.version == "3") != (self.security is not None):
            raise ValueError("version 3, and only version 3, has a user")


@dataclass(frozen=True, slots=True)
class Request:
    """What to get and which table columns to walk: names in `monitor.snmp.oids`, or objects."""

    scalars: tuple[str | Object, ...]
    columns: tuple[str | Object, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What was read; it is kept beside a failure as far as it came.

    A scalar's value is an int, the octets of a string, or the arcs of an OID. `columns` maps
    an object's name to a row's index to value: an int where the object says that its rows have
    one arc, as those of `oids` have, else the tuple of the arcs. What the device lacks is
    absent. `requests` counts requests (not their repetitions), `varbinds` the varbinds in the
    replies. `odd_types` maps a column's name to a row's index to the tag of a number that came
    with another type than the object's. `arrivals` has, for each reply to the walk, when it came
    (monotonic, in seconds) and the index up to which the rows had come by then; it is empty
    where the engine does not tell. `left_out` counts by reason the values that came and could not
    be read; their rows are in the other columns.
    """

    scalars: Mapping[str, int | bytes | tuple[int, ...]]
    columns: Mapping[str, Mapping[int, int | bytes]]
    failure: Failure | None = None
    requests: int = 0
    varbinds: int = 0
    odd_types: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    arrivals: Sequence[tuple[float, int]] = ()
    left_out: Mapping[LeftOut, int] = field(default_factory=dict)
