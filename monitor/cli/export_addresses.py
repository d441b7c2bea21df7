"""The addresses in exported files, and how they are filled in.

Must not know: which files there are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import click

SHIPPED_MONITOR: Final = "127.0.0.1:9822"
SHIPPED_GRAFANA: Final = "http://127.0.0.1:3000"
SHIPPED_PROMETHEUS: Final = "http://127.0.0.1:9090"
SHIPPED_RUNBOOKS: Final = "https://runbooks.example.org/docs/runbooks"
# As `{{ $externalLabels.pages }}` is written in the rules.
_EXTERNAL: Final = re.compile(r"\{\{ \$externalLabels\.(\w+) \}\}")
_BOARD_LINK: Final = re.compile(r"^ +dashboard: .*\n", re.MULTILINE)


class HttpAddress(click.ParamType[str]):
    """An address that starts with http:// or https://; without a trailing slash."""

    name = "url"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check the address."""
        if not _is_address(value):
            self.fail(f"{value!r} is not an address such as {SHIPPED_GRAFANA}", param, ctx)
        return value.rstrip("/")


class MonitorAddress(HttpAddress):
    """The daemon's address: `HOST:PORT`, or a URL with its scheme."""

    name = "host:port"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the address with its scheme, http if none is given."""
        try:
            found = urlsplit(value if "://" in value else f"http://{value}")
        except ValueError:  # brackets without an IPv6 address
            self.fail(f"{value!r} is not HOST:PORT, such as {SHIPPED_MONITOR}", param, ctx)
        if not _is_address(found.geturl()) or found.path.strip("/") or not _port(found.netloc):
            self.fail(f"{value!r} is not HOST:PORT, such as {SHIPPED_MONITOR}", param, ctx)
        return f"{found.scheme}://{found.netloc}"


def _is_address(text: str) -> bool:
    """Return whether a text is an address that is safe in YAML and in a link."""
    return re.fullmatch(r"https?://[\w.\[\]:%~/-]+", text, re.ASCII) is not None


def _is_here(url: str) -> bool:
    """Return whether an address is loopback, which is another machine for each reader."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _port(place: str) -> str:
    return place.rpartition(":")[2] if re.fullmatch(r".+:\d{1,5}", place) else ""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of the parts for people and Prometheus; without trailing slashes.

    `pages` is where people open the status pages, empty if that is `monitor`; `grafana` is empty if
    there is none.
    """

    monitor: str = f"http://{SHIPPED_MONITOR}"
    grafana: str = SHIPPED_GRAFANA
    runbooks: str = SHIPPED_RUNBOOKS
    language: str = "de"
    pages: str = ""

    @property
    def place(self) -> str:
        """Return the daemon's host and port."""
        return self.monitor.partition("://")[2]

    @property
    def scheme(self) -> str:
        """Return http or https."""
        return self.monitor.partition("://")[0]

    def not_for_others(self) -> list[str]:
        """Return a sentence for each kind of link that works on no other machine than this."""
        found, here = [], "lead to the reader's own machine: name yours with"
        if _is_here(self.pages or self.monitor):
            found.append(f"the links to status pages {here} --pages")
        if self.grafana and _is_here(self.grafana):
            found.append(f"the links to boards {here} --grafana, or leave them out by --no-grafana")
        if self.runbooks == SHIPPED_RUNBOOKS:
            found.append("the links to runbooks lead to an example: name yours with --runbooks")
        return found

    def fill_rules(self, text: str) -> str:
        """Return rules whose links need no external labels of Prometheus.

        Without Grafana no alert has a link to a board.

        Raises:
            KeyError: if a rule uses a label that is not an address.
        """
        values = {
            "pages": self.pages or self.monitor,
            "grafana": self.grafana,
            "runbooks": self.runbooks,
            "language": self.language,
        }
        if not self.grafana:
            text = _BOARD_LINK.sub("", text)
        return _EXTERNAL.sub(lambda found: values[found[1]], text)
