"""A port for a server that binds it later, in another process.

Between the check and the bind, any socket without a fixed port may take an ephemeral one: clients,
servers of other tests. So the port comes from below that range, at random because tests run in
parallel.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
from pathlib import Path

_FIRST = 15_000
# Source: ip(7), ip_local_port_range.
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_USUAL_BEGIN = 32_768
_KINDS = (socket.SOCK_STREAM, socket.SOCK_DGRAM)


def free_port() -> int:
    """Return a port below the ephemeral range that is free for TCP and UDP on all addresses."""
    while True:
        port = _FIRST + secrets.randbelow(_first_given() - _FIRST)
        if _is_free(port):
            return port


def _first_given() -> int:
    with contextlib.suppress(OSError):
        begin = int(_RANGE.read_text(encoding="ascii").split()[0])
        if begin > _FIRST:
            return begin
    return _USUAL_BEGIN


def _is_free(port: int) -> bool:
    with contextlib.ExitStack() as stack:
        for kind in _KINDS:
            four = stack.enter_context(socket.socket(socket.AF_INET, kind))
            try:
                four.bind(("", port))
            except OSError:
                return False
            if not socket.has_ipv6:
                continue
            six = stack.enter_context(socket.socket(socket.AF_INET6, kind))
            six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                six.bind(("::", port))
            except OSError:
                return False
    return True
