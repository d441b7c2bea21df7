"""What a socket error means: the network's fault, or ours."""

from __future__ import annotations

import errno
import os

import pytest

from monitor.observation import Outcome, Reason
from monitor.probes.stream.connect import failure


@pytest.mark.parametrize(
    ("number", "outcome", "reason"),
    [
        (errno.ECONNREFUSED, Outcome.FAILED, Reason.REFUSED),
        (errno.ECONNRESET, Outcome.FAILED, Reason.RESET),
        (errno.EPIPE, Outcome.FAILED, Reason.RESET),
        (errno.EHOSTUNREACH, Outcome.FAILED, Reason.UNREACHABLE),
        (errno.ENETUNREACH, Outcome.FAILED, Reason.UNREACHABLE),
        (errno.ETIMEDOUT, Outcome.FAILED, Reason.TIMEOUT),
        (errno.EMFILE, Outcome.UNKNOWN, Reason.NO_SOCKET),
        (errno.EADDRNOTAVAIL, Outcome.UNKNOWN, Reason.NO_SOCKET),
        (errno.EPERM, Outcome.UNKNOWN, Reason.NO_SOCKET),
    ],
)
def test_each_error_has_its_reason_and_names_the_place(
    number: int, outcome: Outcome, reason: Reason
) -> None:
    found = failure(OSError(number, os.strerror(number)), "192.0.2.1", 443)
    assert (found.outcome, found.reason) == (outcome, reason)
    assert "192.0.2.1 port 443" in found.sentence
