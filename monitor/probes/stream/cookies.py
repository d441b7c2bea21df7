"""Cookies within one run of a check: a redirect may set one that the next request must return.

Must not know: sockets, how a redirect is followed, or other runs.

Source: RFC 6265 §5.1.3 (domains), §5.1.4 (paths), §5.2 (attributes), §5.4 (what is sent).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from monitor.probes.stream.url import Place

_MOST = 50
_LONGEST = 4096
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SECONDS = re.compile(r"-?[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class _Cookie:
    name: str
    value: str
    domain: str
    path: str
    is_for_host_only: bool
    is_secure: bool

    def goes_to(self, place: Place, path: str) -> bool:
        """Return whether a request to a place carries it."""
        if self.is_secure and place.scheme != "https":
            return False
        if place.host != self.domain and (
            self.is_for_host_only or not _is_within(place.host, self.domain)
        ):
            return False
        return path == self.path or path.startswith(self.path.removesuffix("/") + "/")


class Cookies:
    """The cookies that servers have set during one run, at most 50 of 4 KiB each."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], _Cookie] = {}

    def take(self, fields: Iterable[str], place: Place, now: datetime) -> None:
        """Store the values of the Set-Cookie fields in a response from a place."""
        for field in fields:
            # Source: RFC 6265bis §5.7, step 1. It would also be part of our next request.
            if _CONTROL.search(field):
                continue
            pair, *attributes = field.split(";")
            name, equals, value = (part.strip() for part in pair.partition("="))
            if not equals or not name or len(pair) > _LONGEST:
                continue
            said = {
                key.strip().lower(): text.strip()
                for key, _, text in (attribute.partition("=") for attribute in attributes)
            }
            domain = said.get("domain", "").lower().lstrip(".")
            if domain and not ("." in domain and _is_within(place.host, domain)):
                continue
            path = said.get("path", "")
            path = path if path.startswith("/") else _directory(place)
            key = name, domain or place.host, path
            self._kept.pop(key, None)
            if not _is_over(said, now) and len(self._kept) < _MOST:
                is_secure = "secure" in said
                self._kept[key] = _Cookie(name, value, key[1], path, not domain, is_secure)

    def value(self, place: Place) -> str:
        """Return the value of the Cookie field for a request to a place, empty if there is none."""
        path = place.target.partition("?")[0]
        fitting = [one for one in self._kept.values() if one.goes_to(place, path)]
        fitting.sort(key=lambda one: -len(one.path))
        return "; ".join(f"{one.name}={one.value}" for one in fitting)


def _is_within(host: str, domain: str) -> bool:
    is_address = ":" in host or host.replace(".", "").isdigit()
    return host == domain or (host.endswith(f".{domain}") and not is_address)


def _directory(place: Place) -> str:
    path = place.target.partition("?")[0].rpartition("/")[0]
    return path or "/"


def _is_over(said: dict[str, str], now: datetime) -> bool:
    """Return whether a cookie is set only to be deleted; Max-Age takes precedence over Expires."""
    age = said.get("max-age", "")
    if _SECONDS.fullmatch(age):
        return int(age) <= 0
    try:
        until = parsedate_to_datetime(said["expires"])
    except (KeyError, ValueError, OverflowError):  # an hour or a zone may have any number of digits
        return False
    return until.tzinfo is not None and until <= now
