"""Devices with outdated TLS: checked if a setting allows it, and reported as insecure."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from monitor.cli.insecure import insecure_settings
from monitor.config import load_text
from monitor.inventory.checks import HttpOptions
from monitor.observation import HttpReading, Outcome, Reason
from tests.config.test_corpus import CORPUS
from tests.ports import free_port
from tests.probes.support import probe, stream_server
from tools.processes import running_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.integration

# librenms#19847: uninterruptible power supplies and power distribution units.
DEVICES = {
    "TLS 1.0": (2048, ("-tls1", "-cipher", "ALL:@SECLEVEL=0")),
    "RSA key exchange": (2048, ("-tls1_2", "-cipher", "AES128-SHA:@SECLEVEL=0")),
    "a short Diffie-Hellman key": (
        2048,
        ("-tls1_2", "-cipher", "DHE-RSA-AES128-SHA:@SECLEVEL=0", "-dhparam", "dh.pem"),
    ),
    "a short RSA key": (1024, ("-tls1_2", "-cipher", "AES128-SHA:@SECLEVEL=0")),
}


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(("openssl", *words), cwd=folder, check=True, capture_output=True, timeout=120)


@asynccontextmanager
async def device(folder: Path, name: str) -> AsyncIterator[int]:
    """Run a web server with the TLS of a device; its port is yielded."""
    bits, words = DEVICES[name]
    subject = ("-subj", "/CN=ups", "-days", "30", "-keyout", "key.pem", "-out", "own.pem")
    openssl(folder, "req", "-x509", "-newkey", f"rsa:{bits}", "-nodes", *subject)
    if "dh.pem" in words:
        openssl(folder, "dhparam", "-dsaparam", "-out", "dh.pem", "1024")
    port = free_port()
    command = ("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-www", "-quiet")
    keys = ("-cert", "own.pem", "-key", "key.pem")
    async with running_async(*command, *keys, *words, cwd=folder):
        async with asyncio.timeout(60):
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    break
        yield port


@pytest.mark.parametrize("name", DEVICES)
async def test_old_tls_is_refused_unless_a_setting_accepts_it(name: str, tmp_path: Path) -> None:
    async with device(tmp_path, name) as port:
        url = f"https://127.0.0.1:{port}/"
        refused = await probe(HttpOptions(url, verify=False), seconds=60)
        found = await probe(HttpOptions(url, verify=False, old_tls=True), seconds=60)
    if name != "a short RSA key":
        assert (refused.outcome, refused.reason) == (Outcome.FAILED, Reason.TLS)
    assert found.outcome is Outcome.OK, found.detail
    assert isinstance(found.values, HttpReading)
    version = "TLS 1.0" if name == "TLS 1.0" else "TLS 1.2"
    assert found.values.tls_version == version
    assert found.detail == f"insecure: {version} with broken parameters that old_tls allows"


async def test_a_page_without_tls_is_not_reported_as_old_tls() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with stream_server(answer) as port:
        found = await probe(HttpOptions(f"http://127.0.0.1:{port}/", old_tls=True), seconds=60)
    assert (found.outcome, found.detail) == (Outcome.OK, "")


def test_check_and_doctor_name_the_checks_that_accept_it() -> None:
    strict = (CORPUS / "good" / "reference-by-name.yaml").read_bytes()
    lenient = strict.replace(b"kind: http,", b"kind: http, old_tls: true,")
    for text, said in ((strict, []), (lenient, ["1 check accepts old TLS (reference-1/web)"])):
        seen = [seen for seen, _ in insecure_settings(load_text(text, "schools.yaml"))]
        assert [one for one in seen if "TLS" in one] == said
