"""Starts real SNMP agents on ephemeral loopback ports, and queries them with net-snmp's tools."""

from __future__ import annotations

import bz2
import contextlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import snmpsim_data

from monitor.snmp.model import AuthProtocol, PrivProtocol, Security
from tests.ports import free_port
from tools.processes import running

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Varbinds = dict[str, int | bytes]

_PATIENCE_SECONDS = 60.0

_LINE = re.compile(r"^\.([0-9.]+) = (.*(?:\n(?!\.).*)*)$", re.MULTILINE)


ENGINE = "bochum-schule"
AUTH_PASSWORD, PRIV_PASSWORD = b"geheim-genug", b"noch-geheimer"
_AUTH = {"md5": "MD5", "sha1": "SHA"} | {
    f"sha{bits}": f"SHA-{bits}" for bits in (224, 256, 384, 512)
}
_PRIV = {
    "des": "DES",
    "aes128": "AES",
    "aes192": "AES-192",
    "aes256": "AES-256",
    "aes192c": "AES-192-C",
    "aes256c": "AES-256-C",
}


def v3_user(auth: str = "", priv: str = "", **others: bytes) -> Security:
    """Return the user of the real agent that has these protocols."""
    return Security(
        "-".join(["user", *filter(None, (auth, priv))]).encode(),
        AuthProtocol(auth) if auth else None,
        AUTH_PASSWORD if auth else b"",
        PrivProtocol(priv) if priv else None,
        PRIV_PASSWORD if priv else b"",
        **others,
    )


def _users() -> str:
    """Return a user for each pair of protocols, in the agent's configuration language."""
    lines = ["createUser user", "rouser user noauth"]
    for auth, their_auth in _AUTH.items():
        secret = f'{their_auth} "{AUTH_PASSWORD.decode()}"'
        lines += [f"createUser user-{auth} {secret}", f"rouser user-{auth} auth"]
        for priv, their_priv in _PRIV.items():
            user = f"user-{auth}-{priv}"
            lines += [
                f'createUser {user} {secret} {their_priv} "{PRIV_PASSWORD.decode()}"',
                f"rouser {user} priv",
            ]
    return "\n".join(lines) + "\n"


@contextlib.contextmanager
def snmpd(folder: Path, port: int = 0, extra: str = "") -> Iterator[int]:
    """Run net-snmp's agent on 127.0.0.1 and ::1, with the community `public` and users.

    `extra` are further lines of its configuration.
    A second run in the same folder is the same engine, booted once more.
    """
    port = port or free_port()
    configuration = folder / "snmpd.conf"
    configuration.write_text(
        f"agentaddress udp:127.0.0.1:{port},udp6:[::1]:{port}\n"
        "rocommunity public 127.0.0.1\n"
        "rocommunity6 public ::1\n"
        'sysName schule <1> "a"\n'
        f"engineID {ENGINE}\n{extra}\n" + _users()
    )
    command = ["snmpd", "-f", "-Lf", str(folder / "log"), "-C", "-c", str(configuration)]
    environment = {"SNMP_PERSISTENT_DIR": str(folder / "state"), "MIBS": ""}
    pid = ("-p", str(folder / "pid"))
    with running(*command, *pid, stderr=subprocess.DEVNULL, environment=environment):
        _await(port, "public")
        yield port


_NETWORK = Path(snmpsim_data.__file__).parent / "data" / "network"
# What we read from a device, and what follows each: a walk must see where it ends.
_READ = re.compile(
    rb"^1\.3\.6\.1\.2\.1\.(?:1|2|3|17\.2|17\.3|31\.1\.1|31\.1\.2|47\.1\.1\.1|47\.1\.2|99|105)\."
)


def recordings() -> list[str]:
    """Return the names of all switches and routers recorded in snmpsim-data."""
    found = [*_NETWORK.glob("switch/*.snmprec.bz2"), *_NETWORK.glob("router/*.snmprec.bz2")]
    return sorted(path.name.removesuffix(".snmprec.bz2") for path in found)


@contextlib.contextmanager
def recorded(folder: Path, *names: str, also: Sequence[str] = ()) -> Iterator[int]:
    """Replay recordings of snmpsim-data; a recording's name is its community.

    Only the parts that are read are replayed, including those below the OIDs of `also`: some
    recordings have millions of lines.
    """
    more = tuple(f"{oid}.".encode() for oid in also)
    data = folder / "data"
    data.mkdir()
    for name in names:
        path = next(_NETWORK.glob(f"*/{name}.snmprec.bz2"))
        with bz2.open(path) as lines, (data / f"{name}.snmprec").open("wb") as kept:
            kept.writelines(line for line in lines if _READ.match(line) or line.startswith(more))
    with played(folder, data, names[0]) as port:
        yield port


@contextlib.contextmanager
def played(folder: Path, data: Path, name: str) -> Iterator[int]:
    """Replay the recordings in `data`, including one of that name."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "snmpsim.commands.responder",
        f"--data-dir={data}",
        f"--cache-dir={folder / 'cache'}",
        f"--agent-udpv4-endpoint=127.0.0.1:{port}",
        "--logging-method=null",
    ]
    if os.geteuid() == 0:
        # As root it insists on a user name; these are its own files anyway.
        command += ["--process-user=root", "--process-group=root"]
    with running(*command, stderr=subprocess.DEVNULL):
        _await(port, name)
        yield port


def _await(port: int, community: str) -> None:
    ends = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < ends:
        asked = _ask("snmpget", "2c", community, f"127.0.0.1:{port}", "1.3.6.1.2.1.1.3.0", "-r0")
        if asked.returncode == 0:
            return
        time.sleep(0.05)
    raise AssertionError(f"no agent answers on port {port}: {asked.stderr}")


def net_snmp_walk(version: str, community: str, place: str, oid: str) -> Varbinds:
    """Return what net-snmp reads below an OID: the dotted OIDs and their values."""
    tool = "snmpwalk" if version == "1" else "snmpbulkwalk"
    options = [] if version == "1" else ["-Cr25"]
    asked = _ask(tool, version, community, place, oid, "-t5", *options)
    assert asked.returncode in {0, 2}, asked.stderr
    # The tool answers an empty subtree with a GET of the subtree itself, which finds nothing.
    lines = [found for found in _LINE.finditer(asked.stdout) if not found[2].startswith("No ")]
    return {found[1]: _value(found[2]) for found in lines}


def net_snmp_v3_walk(security: Security, port: int, oid: str) -> Varbinds:
    """Return what net-snmp reads below an OID as an SNMPv3 user, without values of other types."""
    level = "authPriv" if security.priv else "authNoPriv" if security.auth else "noAuthNoPriv"
    arguments = ["-v3", "-u", security.user.decode(), "-l", level]
    if security.auth:
        arguments += ["-a", _AUTH[security.auth], "-A", security.auth_password.decode()]
    if security.priv:
        arguments += ["-x", _PRIV[security.priv], "-X", security.priv_password.decode()]
    asked = subprocess.run(
        ["snmpbulkwalk", *arguments, "-m", "", "-On", "-Ox", "-t5", f"127.0.0.1:{port}", oid],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = _LINE.finditer(asked.stdout)
    return {found[1]: _value(found[2]) for found in lines if not found[2].startswith("OID: ")}


def _ask(  # the tool's own arguments
    tool: str, version: str, community: str, place: str, oid: str, *options: str
) -> subprocess.CompletedProcess[str]:
    arguments = [f"-v{version}", "-c", community, "-m", "", "-On", "-Ox", *options, place, oid]
    return subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)


def _value(text: str) -> int | bytes:
    if text.strip() == '""':
        return b""
    kind, _, rest = text.partition(": ")
    if kind == "Hex-STRING":
        return bytes.fromhex(rest)
    if kind == "Timeticks":
        return int(rest[1 : rest.index(")")])
    assert kind in {"INTEGER", "Counter32", "Counter64", "Gauge32"}, text
    return int(rest)
