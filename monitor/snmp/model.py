"""What one asks of an agent, and what one gets: plain values, no I/O.

Must not know: bytes on the wire, sockets, engines.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


class FailureKind(StrEnum):
    """Why a read did not get all it asked for; the names are those of an observation's reasons.

    `NOT_RUN` is ours: no slot became free before the deadline. `LIMIT` is a device that
    answers without an end. `AUTHENTICATION` is a device that says so itself.
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


@dataclass(frozen=True, slots=True)
class Agent:
    """An SNMP agent: literal address, UDP port, credential, and how long to wait for it.

    `timeout` is for each try in seconds, `retries` are further tries after the first.
    """

    address: str
    port: int
    version: Literal["1", "2c"]
    community: bytes = field(repr=False)
    timeout: float = 2.0
    retries: int = 1


@dataclass(frozen=True, slots=True)
class Request:
    """Names of objects in `monitor.snmp.oids`: scalars to get, table columns to walk."""

    scalars: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What was read; it is kept beside a failure as far as it came.

    A scalar's value is an int, the octets of a string, or the arcs of an OID. `columns` maps
    an object's name to ifIndex to value. What the device lacks is absent. `requests` counts
    requests (not their repetitions), `varbinds` the varbinds in the replies.
    """

    scalars: Mapping[str, int | bytes | tuple[int, ...]]
    columns: Mapping[str, Mapping[int, int | bytes]]
    failure: Failure | None = None
    requests: int = 0
    varbinds: int = 0
