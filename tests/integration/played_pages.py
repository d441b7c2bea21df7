"""Recorded pages of a run in virtual time, served to a real Prometheus one after another.

So a test can query Prometheus about most of an hour that took seconds, however busy the machine.

Must not know: the contents of a page, or what any test expects.
"""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import re
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from monitor.web.discovery import target_groups
from tests.integration.prometheus import prometheus_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from tests.integration.prometheus import Prometheus

_STAMPED = re.compile(r"} \S+ \d{13}$")


def stamped(page: str, instant: datetime) -> str:
    """Return a page whose samples all have a time stamp: that of the scrape if no other.

    That is how Prometheus would have stored them at the time.
    """
    end = f" {round(instant.timestamp() * 1000)}"
    lines = (
        line if line.startswith("#") or _STAMPED.search(line) else line + end
        for line in page.splitlines()
    )
    return "".join(f"{line}\n" for line in lines)


class Pages:
    """Serves the recorded pages as the daemon would have, one at each scrape."""

    def __init__(self, pages: Mapping[str, list[bytes]]) -> None:
        self.schools = tuple(pages)
        self._left = {school: iter(found) for school, found in pages.items()}
        self._done: set[str] = set()
        self._served: dict[str, tuple[int, float]] = dict.fromkeys(pages, (0, 0.0))
        self._lock = threading.Lock()
        self.ended = threading.Event()

    def of(self, school: str) -> bytes | None:
        """Return a school's next page, None when all are served or no daemon ran then."""
        with self._lock:
            page = next(self._left[school], None)
            if page is None:
                self._done.add(school)
            elif page:
                self._served[school] = self._served[school][0] + 1, time.time()
            if len(self._done) == len(self._left):
                self.ended.set()
            return page or None

    def arrived(self, prometheus: Prometheus) -> bool:
        """Return whether Prometheus has taken every page: it abandons scrapes on a busy machine."""
        with self._lock:
            served = dict(self._served)
        taken = {
            one: [*prometheus.ask(f'sum_over_time(up{{instance="{one}"}}[1h] @ {at})').values()]
            for one, (_, at) in served.items()
        }
        return taken == {one: [count] for one, (count, _) in served.items()}


@contextlib.contextmanager
def served(pages: Pages) -> Iterator[str]:
    """Serve pages and the list of schools on loopback; yield the address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            kind, body = "text/plain; version=0.0.4; charset=utf-8", b""
            found: bytes | None = b""
            if asked.path == "/sd/prometheus":
                kind = "application/json"
                found = json.dumps(target_groups(self.headers["Host"], pages.schools)).encode()
            elif school := parse_qs(asked.query).get("school"):
                found = pages.of(school[0])
            body = found or b""
            # An abandoned scrape: the next page has most of the same content.
            with contextlib.suppress(ConnectionError):
                self.send_response(503 if found is None else 200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def replayed(pages: Mapping[str, list[bytes]], folder: Path) -> Iterator[Prometheus]:
    """Run a Prometheus that has scraped every page; yield it once they have all been served."""
    # A scrape that takes longer than the interval is abandoned: then try longer intervals.
    for number in range(4):
        place = folder / str(number)
        (place / "rules").mkdir(parents=True)
        left, pause = Pages(pages), f"{250 * 4**number}ms"
        with served(left) as daemon, prometheus_of(daemon, place, scrape_interval=pause) as found:
            assert left.ended.wait(60 * 4 ** (number + 1)), "Prometheus did not scrape all pages"
            time.sleep(1)
            if left.arrived(found):
                yield found
                return
    raise AssertionError("Prometheus abandoned scrapes of an existing page")


def graph(
    prometheus: Prometheus, expr: str, start: float, end: float, step: float
) -> list[dict[str, Any]]:
    """Return the series of a graph of an expression, each with its labels and values."""
    question = {"query": expr, "start": start, "end": end, "step": step}
    connection = http.client.HTTPConnection(prometheus.address, timeout=60)
    with closing(connection):
        connection.request("GET", f"/api/v1/query_range?{urlencode(question)}")
        answer = json.load(connection.getresponse())
    assert answer["status"] == "success", answer
    found: list[dict[str, Any]] = answer["data"]["result"]
    return found
