"""A sender that floods the trap port as fast as it can, in a process of its own.

Usage: python -m tests.attack.traps KIND SECONDS ADDRESS PORT

It sends from ADDRESS to PORT at 127.0.0.1 until the time is up or its standard input ends.

Must not know: how the victim reacts.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.snmp.ber import Tag
from monitor.snmp.encode import encode_pdu, encode_varbind, wrap_pdu
from monitor.snmp.message import PduType
from monitor.snmp.oid_octets import encode_oid
from monitor.snmp.secure_message import AUTHENTICATED, ENCRYPTED, encode_secure
from tools.processes import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COMMUNITY, USER = b"public", b"monitor"
_VERSION_2C = 1
_UPTIME, _TRAP_OID = "1.3.6.1.2.1.1.3.0", "1.3.6.1.6.3.1.1.4.1.0"
_COLD_START = "1.3.6.1.6.3.1.1.5.1"
_ROOT = Path(__file__).resolve().parents[2]


def cold_start(community: bytes = COMMUNITY) -> bytes:
    """Return a trap of version 2c, coldStart. Source: RFC 3416 §4.2.6, RFC 3418 §2."""
    uptime = encode_varbind(encode_oid(_UPTIME), Tag.TIMETICKS, 4711)
    kind = encode_varbind(encode_oid(_TRAP_OID), Tag.OBJECT_IDENTIFIER, encode_oid(_COLD_START))
    return wrap_pdu(_VERSION_2C, community, encode_pdu(PduType.TRAP, 1, 0, 0, uptime + kind))


def _of_an_unknown_engine(dice: random.Random) -> bytes:
    """Return a version 3 message from its own engine, signed without the right key."""
    engine, digest, salt = dice.randbytes(12), dice.randbytes(24), dice.randbytes(8)
    flags, content = AUTHENTICATED | ENCRYPTED, dice.randbytes(90)
    return encode_secure(1, flags, engine, 1, 100, USER, digest, salt, content)[0]


FLOODS: dict[str, Callable[[random.Random], bytes]] = {
    "valid": lambda _: cold_start(),
    "wrong-community": lambda _: cold_start(b"falsch"),
    "garbage": lambda dice: dice.randbytes(120),
    "unknown-engines": _of_an_unknown_engine,
}
"""What is sent again and again."""


@contextlib.contextmanager
def flooding(kind: str, seconds: float, address: str, port: int) -> Iterator[None]:
    """Flood a port at 127.0.0.1 from an address, for the length of the block at most."""
    pipe = subprocess.PIPE
    argv = (sys.executable, "-m", "tests.attack.traps", kind, str(seconds), address, str(port))
    with running(*argv, stdin=pipe, stdout=pipe, cwd=_ROOT, ends_by=signal.SIGKILL) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "flooding\n"
        yield


def _flood(kind: str, seconds: float, own: socket.socket, victim: tuple[str, int]) -> None:
    dice = random.Random(0)
    # Built in advance, so that it is sent as fast as the kernel takes it.
    datagrams = [FLOODS[kind](dice) for _ in range(1000)]
    ends = time.monotonic() + seconds
    print("flooding", flush=True)  # noqa: T201  # what the parent waits for
    while time.monotonic() < ends:
        for datagram in datagrams:
            with contextlib.suppress(OSError):
                own.sendto(datagram, victim)


def main(kind: str, seconds: float, address: str, port: int) -> None:
    """Flood until the time is up or standard input ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind((address, 0))
        arguments = (kind, seconds, own, ("127.0.0.1", port))
        threading.Thread(target=_flood, args=arguments, daemon=True).start()
        sys.stdin.read()
        os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
