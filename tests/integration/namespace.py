"""A private network namespace with a line on which a responder answers.

Sockets opened inside `entered()` stay in the namespace, so a test can open its sockets there and
continue with its own event loop outside.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.guardian import NAMESPACES, namespace_of_mine
from tools.processes import running

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLONE_NEWNET = 0x40000000
_SERIAL = itertools.count(1)
_ROOT = Path(__file__).resolve().parents[2]

DEVICE = "line0"
LOCAL_4, ROUTER_4 = "10.77.255.1", "10.77.255.254"
LOCAL_6, ROUTER_6 = "fd77::ffff:1", "fd77::ffff:fffe"


@dataclass(frozen=True, slots=True)
class Namespace:
    """A named network namespace; its loopback is up."""

    name: str

    def command(self, *arguments: str) -> list[str]:
        """Return the command line that runs a program inside."""
        return ["ip", "netns", "exec", self.name, *arguments]

    def run(self, *arguments: str) -> str:
        """Run a program inside to its end; return its output."""
        done = subprocess.run(self.command(*arguments), check=True, capture_output=True, text=True)
        return done.stdout

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Make the calling thread open its sockets inside, for the length of the block."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(NAMESPACES / self.name, os.O_RDONLY)
        try:
            _set_namespace(there)
            try:
                yield
            finally:
                _set_namespace(home)
        finally:
            os.close(there)
            os.close(home)

    def allow_datagram_ping(self, *, allowed: bool) -> None:
        """Allow or forbid unprivileged ping sockets inside."""
        with self.entered():
            knob = Path("/proc/sys/net/ipv4/ping_group_range")
            knob.write_text("0 2147483647" if allowed else "1 0", encoding="ascii")


@contextmanager
def namespace(purpose: str) -> Iterator[Namespace]:
    """Make a namespace, and remove it at the end of the block."""
    # Two of the same purpose may be open at once: the fastest line of a slow machine and another
    # test's line.
    made = Namespace(namespace_of_mine(f"{purpose}-{next(_SERIAL)}"))
    subprocess.run(["ip", "netns", "add", made.name], check=True)
    try:
        made.run("ip", "link", "set", "lo", "up")
        yield made
    finally:
        subprocess.run(["ip", "netns", "delete", made.name], check=True)


@contextmanager
def answered_line(inside: Namespace) -> Iterator[None]:
    """Run the responder inside and route its networks to it: 10.77.0.0/16 and fd77::/64."""
    argv = inside.command(sys.executable, "-m", "tests.integration.responder", DEVICE)
    with running(*argv, stdout=subprocess.PIPE, cwd=_ROOT) as responder:
        assert responder.stdout is not None
        assert responder.stdout.readline() == "ready\n"
        for arguments in (
            ("link", "set", DEVICE, "up", "txqueuelen", "10000"),
            ("addr", "add", f"{LOCAL_4}/16", "dev", DEVICE),
            ("-6", "addr", "add", f"{LOCAL_6}/64", "dev", DEVICE, "nodad"),
        ):
            inside.run("ip", *arguments)
        yield


def _set_namespace(descriptor: int) -> None:
    # os.setns came with Python 3.12.
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
