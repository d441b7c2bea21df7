"""The parameters in the URL of a page.

Must not know: HTML, or where schools come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from monitor.status.model import Standing
from monitor.web.language import preferred
from monitor.web.order import Order

if TYPE_CHECKING:
    from aiohttp import web

    from monitor.status.model import SchoolSummary
    from monitor.words.text import Language

MAX_QUERY: Final = 100


@dataclass(frozen=True, slots=True)
class Wish:
    """The parameters of a page's URL, and its language."""

    language: Language
    search: str
    only: str
    order: Order = Order.TROUBLE

    @classmethod
    def of(cls, request: web.Request) -> Wish:
        """Return the wish of a request; unknown parameters are ignored."""
        query = request.query
        language = preferred(request.headers.get("Accept-Language", ""), query.get("lang", ""))
        only = query.get("state", "")
        return cls(
            language,
            query.get("q", "")[:MAX_QUERY],
            only if only in set(Standing) else "",
            Order.of(query.get("sort", "")),
        )

    def address(self, **changes: str) -> str:
        """Return the query of the same page with some parameters changed."""
        asked = {"lang": self.language, "q": self.search, "state": self.only, "sort": self.order}
        return "?" + urlencode({key: said for key, said in (asked | changes).items() if said})

    def takes(self, school: SchoolSummary) -> bool:
        """Return whether a school matches the parameters."""
        # A degraded school is online, too.
        if self.only and self.only not in {school.standing, school.state}:
            return False
        said = f"{school.name} {school.id} {school.number} {school.district} {school.type}"
        return all(part in said.casefold() for part in self.search.casefold().split())
