"""An empty Debian, booted: systemd as process 1, in its own network with only loopback.

Made by debootstrap and systemd-nspawn, from Debian's mirror as this machine is set up to reach it.

Must not know: what is installed in it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.processes import running

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = ("debootstrap", "systemd-nspawn", "nsenter")
PATIENCE_SECONDS = 600.0
_BASE = "systemd,systemd-sysv,dbus,ca-certificates,iproute2,procps"
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "TERM": "dumb",
    "LOGNAME": "root",
    "COLUMNS": "200",
    "DEBIAN_FRONTEND": "noninteractive",
}


def what_is_missing() -> str:
    """Return why no Debian can be booted here; empty if one can."""
    if os.geteuid() != 0:
        return "needs root"
    missing = [one for one in PROGRAMS if shutil.which(one) is None]
    return f"needs {', '.join(missing)}" if missing else ""


@dataclass(frozen=True)
class Done:
    """How a command ended: its code, and what it printed, errors included."""

    code: int
    said: str


@dataclass(frozen=True)
class Image:
    """The files of a Debian that is not running."""

    root: Path

    def chroot(self, *command: str) -> None:
        """Run a command in it with this machine's network; for apt alone."""
        shutil.copyfile("/etc/resolv.conf", self.root / "etc/resolv.conf")
        words = ["chroot", str(self.root), *command]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, timeout=1800, env=_ENVIRONMENT)

    @contextlib.contextmanager
    def booted(self, shared: Path) -> Iterator[Machine]:
        """Boot it for the length of the block; it sees the folder `shared` as /clone/build."""
        (self.root / "etc/resolv.conf").write_text("")
        command = (
            *("systemd-nspawn", "--quiet", f"--directory={self.root}", "--boot"),
            *("--register=no", "--keep-unit", "--private-network", f"--bind={shared}:/clone/build"),
            # For IPAddressDeny=, which the kernel enforces with BPF, and for reading the clock
            # state, which needs a capability to set.
            *("--system-call-filter=bpf adjtimex clock_adjtime", "--capability=CAP_BPF"),
        )
        # Whatever the machine itself has: Debian 13 no longer starts without it.
        unified = {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
        console = self.root.with_suffix(".console")
        with (
            console.open("wb") as log,
            running(*command, stdout=log, stderr=log, environment=unified) as nspawn,
        ):
            yield Machine(_up(nspawn.pid, console))


@dataclass(frozen=True)
class Machine:
    """A booted Debian; `leader` is its process 1, by the number that it has here."""

    leader: int

    def run(self, command: str, stdin: str = "") -> Done:
        """Run a shell line as root in it, in the folder /clone."""
        words = ["nsenter", f"--target={self.leader}", "--all", "--wdns=/clone", "sh", "-c"]
        done = subprocess.run(
            [*words, command],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=1800,
            check=False,
            env=_ENVIRONMENT,
        )
        return Done(done.returncode, done.stdout)

    def must(self, command: str, stdin: str = "") -> str:
        """Run a line that must succeed; return its output."""
        done = self.run(command, stdin)
        assert done.code == 0, f"{command}\n{done.said}"
        return done.said

    def until(self, command: str, wanted: str) -> str:
        """Repeat a line until it prints the wanted text; return its output."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while wanted not in (said := self.run(command).said):
            assert time.monotonic() < ends, f"{command}: no {wanted!r} in\n{said}"
            time.sleep(1)
        return said


def debootstrap(release: str, root: Path) -> Image:
    """Return an empty Debian of a release."""
    command = ["debootstrap", "--variant=minbase", f"--include={_BASE}", release, str(root)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=3600)
    (root / "clone/build").mkdir(parents=True)
    return Image(root)


def _up(nspawn: int, console: Path) -> int:
    """Return the leader once its systemd has started everything."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < ends:
        children = Path(f"/proc/{nspawn}/task/{nspawn}/children").read_text().split()
        for leader in map(int, children):
            words = ["nsenter", f"--target={leader}", "--all", "systemctl", "is-system-running"]
            said = subprocess.run(
                words, capture_output=True, text=True, timeout=60, check=False, env=_ENVIRONMENT
            ).stdout
            if said.strip() in {"running", "degraded"}:
                return leader
        time.sleep(0.5)
    raise AssertionError(f"it does not boot:\n{console.read_text(errors='replace')[-3000:]}")
