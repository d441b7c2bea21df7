"""The clock checks of `schulnetz doctor`: synchronised, and equal to Prometheus' clock.

Must not know: the configuration.
"""

from __future__ import annotations

import ctypes
import http.client
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

_QUERY: Final = "/api/v1/query?query=time()"
_ANSWER_LIMIT: Final = 4096
TIMEOUT_SECONDS: Final = 5.0
_UNSYNCHRONISED: Final = 0x40  # STA_UNSYNC of <sys/timex.h>
_MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class KernelClock:
    """The kernel's view of its clock: whether it is synchronised, and its maximum error."""

    is_synchronised: bool
    most_seconds_off: float


class PrometheusClockError(Exception):
    """Prometheus did not return its time; the message says why."""


class _Timex(ctypes.Structure):
    """The head of `struct timex` (adjtimex(2)), with room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 512),
    )


def kernel_clock() -> KernelClock | None:
    """Return the kernel's clock status, None if it is not accessible (in a container)."""
    asked = _Timex()  # modes 0: read only
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(asked))
    except AttributeError:
        return None
    if state < 0:
        return None
    return KernelClock(not asked.status & _UNSYNCHRONISED, asked.maxerror / _MICROSECONDS)


def seconds_ahead(url: str, now: Callable[[], datetime]) -> float:
    """Return how many seconds the clock of the Prometheus at `url` is ahead of ours.

    The error is at most half the response time.

    Raises:
        PrometheusClockError: if there is no response, or it is not from Prometheus.
    """
    before = now().timestamp()
    try:
        theirs = float(_document(_answer(url))["data"]["result"][1])
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError) as e:
        raise PrometheusClockError(f"no time from {url}: {str(e) or type(e).__name__}") from e
    return theirs - (before + now().timestamp()) / 2


def _document(answer: bytes) -> Any:  # noqa: ANN401  # whatever the other side sends
    try:
        return json.loads(answer)
    except RecursionError:
        raise ValueError("the answer is nested too deeply") from None


def _answer(url: str) -> bytes:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("an address is like http://127.0.0.1:9090")
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", parts.path.rstrip("/") + _QUERY)
        answer = connection.getresponse()
        if answer.status != http.HTTPStatus.OK:
            raise ValueError(f"status {answer.status}")
        return answer.read(_ANSWER_LIMIT)
    finally:
        connection.close()
