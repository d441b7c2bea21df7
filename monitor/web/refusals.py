"""Why connections and requests are rejected, and how often.

Must not know: who decides it.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum


class Refusal(StrEnum):
    """Why a connection was closed, or a request refused."""

    NO_ROOM = "too_many_connections"
    NO_DESCRIPTOR = "no_file_descriptor"
    HANDSHAKE = "tls_handshake"
    SLOW = "slow_request"
    UNREAD = "unread_answer"
    MALFORMED = "malformed_request"
    HOST = "host_name"
    CERTIFICATE = "certificate"
    LOGIN = "wrong_login"
    TOO_MANY_LOGINS = "too_many_logins"
    BUSY = "too_many_readers"


def no_refusals() -> Counter[str]:
    """Return a counter with all refusals at zero."""
    return Counter(dict.fromkeys(Refusal, 0))
