"""A client that scrapes /metrics in a process of its own, so that its work is not counted.

Run as `python -m bench.scraper PORT`: each line on standard input is an Accept-Encoding, and
answered by one line of JSON. It ends when its standard input does.

Must not know: what is behind the port.
"""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.processes import running_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_OWN = "monitor_"


@dataclass(frozen=True, slots=True)
class Scraped:
    """One exposition: bytes on the wire, samples, and the daemon's own series by their text."""

    size: int
    samples: int
    own: dict[str, float]


class Scraper:
    """Scrapes when told to; made by `scraper`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def scrape(self, encoding: str = "gzip") -> Scraped:
        """Return the contents of a whole exposition.

        Raises:
            RuntimeError: if there is none.
        """
        asked, answers = self._process.stdin, self._process.stdout
        if asked is None or answers is None:
            raise RuntimeError("the scraper was started without pipes")
        asked.write(f"{encoding}\n".encode())
        line = await answers.readline()
        if not line:
            raise RuntimeError("the scraper got no exposition")
        return Scraped(**json.loads(line))


@asynccontextmanager
async def scraper(port: int) -> AsyncIterator[Scraper]:
    """Start the client for a port on loopback, and end it."""
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "bench.scraper", str(port))
    async with running_async(*command, stdin=pipe, stdout=pipe) as process:
        yield Scraper(process)


def main() -> None:
    """Scrape once per line of standard input."""
    port = int(sys.argv[1])
    for line in sys.stdin:
        print(json.dumps(_scrape(port, line.strip())), flush=True)


def _scrape(port: int, encoding: str) -> dict[str, object]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/metrics", headers={"Accept-Encoding": encoding})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise RuntimeError(f"/metrics answered {answer.status}")
    text = gzip.decompress(body) if answer.getheader("Content-Encoding") == "gzip" else body
    samples = [line for line in text.decode().splitlines() if not line.startswith("#")]
    own = (line.rpartition(" ") for line in samples if line.startswith(_OWN))
    return {
        "size": len(body),
        "samples": len(samples),
        "own": {name: float(value) for name, _, value in own},
    }


if __name__ == "__main__":
    main()
