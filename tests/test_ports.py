from __future__ import annotations

import secrets
import socket
from pathlib import Path

import pytest

from tests.ports import free_port


def test_no_port_is_in_the_ephemeral_range() -> None:
    begin = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text("ascii").split()[0])
    assert all(15_000 <= free_port() < max(begin, 32_768) for _ in range(50))


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_port_in_use_is_not_returned(
    monkeypatch: pytest.MonkeyPatch, family: socket.AddressFamily, kind: socket.SocketKind
) -> None:
    taken, free = free_port(), free_port()
    with socket.socket(family, kind) as one:
        one.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", taken))
        offered = iter([taken - 15_000, free - 15_000])
        monkeypatch.setattr(secrets, "randbelow", lambda _: next(offered))
        assert free_port() == free
