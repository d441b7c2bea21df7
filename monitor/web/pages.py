"""The status pages: HTML for people, from the same answers that the API gives.

They are complete without JavaScript; with it they refresh themselves. Nothing is loaded from other
servers, and every value from a device or a file is escaped.

Must not know: how the daemon is built, or what a value means.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from monitor.observation import Outcome
from monitor.status.model import Standing
from monitor.web.language import preferred
from monitor.web.order import Order, groups
from monitor.web.picture import Chart, chart, spots
from monitor.words.pages import word
from monitor.words.plain import plain_lines
from monitor.words.rate import rate
from monitor.words.terms import CAUSES, CHECKS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import date, datetime

    from monitor.status.model import CityStatus, SchoolStatus, SchoolSummary
    from monitor.status.view import View
    from monitor.words.text import Language

POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
MAX_QUERY: Final = 100
_STATIC: Final = {
    "status.css": "text/css",
    "status.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_ICON: Final = "icon.svg"
_SYMBOLS: Final = {
    Standing.UP: "●",
    Standing.DEGRADED: "▲",
    Standing.DOWN: "✕",
    Standing.UNKNOWN: "?",
}
_OUTCOMES: Final = {
    Outcome.OK: Standing.UP,
    Outcome.FAILED: Standing.DOWN,
    Outcome.UNKNOWN: Standing.UNKNOWN,
}
"""By which sign and colour a check's outcome is shown."""
_MINUTES: Final = {"days": 1440, "hours": 60, "minutes": 1}


@dataclass(frozen=True, slots=True)
class Wish:
    """What the address asks for, and in which language it is answered."""

    language: Language
    search: str
    only: str
    order: Order = Order.TROUBLE

    @classmethod
    def of(cls, request: web.Request) -> Wish:
        """Return the wish of a request; what is not understood is left out."""
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
        """Return the query of the same page with some of what it asks for changed."""
        asked = {"lang": self.language, "q": self.search, "state": self.only, "sort": self.order}
        return "?" + urlencode({key: said for key, said in (asked | changes).items() if said})

    def takes(self, school: SchoolSummary) -> bool:
        """Return whether a school is among those that are asked for."""
        if self.only and school.standing != self.only:
            return False
        said = f"{school.name} {school.id} {school.number} {school.district} {school.type}"
        return all(part in said.casefold() for part in self.search.casefold().split())


class Pages:
    """Renders the pages of a view; times are those of the city."""

    def __init__(self, view: View, timezone: Callable[[], str]) -> None:
        self._view = view
        self._timezone = timezone
        self._templates = Environment(
            autoescape=True,
            loader=PackageLoader("monitor.web"),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    async def city(self, request: web.Request) -> web.Response:
        """Return the page of all schools."""
        wish = Wish.of(request)
        uptime = await self._view.uptime()
        everybody = self._view.schools()
        found = [school for school in everybody if wish.takes(school)]
        names = {school.id: school.name for school in everybody}
        city = self._view.city()
        return self._page(
            request,
            wish,
            "city.html",
            city=city,
            groups=groups(found, uptime, wish.order),
            uptime=uptime,
            names=names,
            orders=tuple(Order),
            is_measured=any(school.stage.value != "unknown" for school in everybody),
            days_left=_days_left(city, ZoneInfo(self._timezone())),
            plan=spots(found),
        )

    async def school(self, request: web.Request) -> web.Response:
        """Return the page of one school, or one that says that there is none."""
        wish = Wish.of(request)
        school = await self._view.school(request.match_info["school"])
        if school is None:
            return self._page(request, wish, "missing.html", status=404, said="no_school")
        uptime = await self._view.uptime()
        return self._page(
            request,
            wish,
            "school.html",
            school=school,
            uptime=uptime.get(school.id),
            charts=_charts(school),
            equipment={(site.id, it.device): it for site in school.sites for it in site.equipment},
        )

    def missing(self, request: web.Request) -> web.Response:
        """Return the page for an address that does not exist."""
        return self._page(request, Wish.of(request), "missing.html", status=404, said="no_page")

    def _page(
        self, request: web.Request, wish: Wish, template: str, status: int = 200, **values: object
    ) -> web.Response:
        language = wish.language
        zone = ZoneInfo(self._timezone())

        def say(key: str, **filled: object) -> str:
            return word(language, key, **filled)

        def when(instant: datetime) -> str:
            shape = "%d.%m.%Y %H:%M" if language == "de" else "%Y-%m-%d %H:%M"
            return f"{instant.astimezone(zone):{shape}}"

        def clock(instant: datetime) -> str:
            return f"{instant.astimezone(zone):%H:%M:%S}"

        def lasting(since: datetime, now: datetime) -> str:
            minutes = max(0, int((now - since).total_seconds()) // 60)
            for key, size in (("days", 2880), ("hours", 120), ("minutes", 0)):
                if minutes >= size:
                    return say(f"lasting.{key}", count=minutes // _MINUTES[key])
            raise AssertionError("the last size is nought")

        def day(it: date) -> str:
            return f"{it:%d.%m.%Y}" if language == "de" else it.isoformat()

        def named(check: str) -> str:
            return word(language, f"checks.{check}") if check in CHECKS else check

        text = self._templates.get_template(template).render(
            say=say,
            named=named,
            causes=CAUSES,
            when=when,
            clock=clock,
            day=day,
            rate=lambda bps: rate(bps, language),
            number=lambda value, digits=1: _number(language, value, digits),
            percent=lambda ratio: _percent(language, ratio),
            lasting=lasting,
            symbol=_SYMBOLS,
            outcome=_OUTCOMES,
            wish=wish,
            root=_root(request.rel_url.raw_path),
            standings=tuple(Standing),
            **values,
        )
        headers = {
            "Content-Security-Policy": POLICY,
            "Cache-Control": "no-store",
            "Content-Language": language,
            "Vary": "Accept-Language",
        }
        return web.Response(
            text=plain_lines(text), status=status, content_type="text/html", headers=headers
        )


def page_routes(pages: Pages) -> list[web.RouteDef]:
    """Return the routes of the pages, and of the style, script and icon that they load."""
    return [
        web.get("/", pages.city),
        web.get("/schools/{school}", pages.school),
        *(web.get(f"/static/{name}", _static(name, kind)) for name, kind in _STATIC.items()),
        # A browser asks for it by itself beside what is no page, such as the metrics.
        web.get("/favicon.ico", _static(_ICON, _STATIC[_ICON])),
    ]


def _root(path: str) -> str:
    """Return the relative way from a page to `/`, which holds behind any prefix of a proxy."""
    return "../" * (path.count("/") - 1) or "./"


def _static(name: str, kind: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    content = resources.files("monitor.web").joinpath("static", name).read_bytes()

    async def send(_: web.Request) -> web.Response:
        headers = {"Cache-Control": "max-age=300"}
        return web.Response(body=content, content_type=kind, charset="utf-8", headers=headers)

    return send


def _days_left(city: CityStatus, zone: ZoneInfo) -> int | None:
    """Return for how many days the goal is not due yet, negative after that day."""
    return None if city.goal is None else (city.goal.target - city.at.astimezone(zone).date()).days


def _charts(school: SchoolStatus) -> dict[str, Chart | None]:
    return {site.id: chart(site.last_day) for site in school.sites}


def _number(language: Language, value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text.replace(".", ",") if language == "de" else text


def _percent(language: Language, ratio: float) -> str:
    """Return a share in per cent that is 100 only if nothing is missing of it."""
    shown = math.floor(ratio * 1000) / 10
    return "100" if ratio >= 1 else _number(language, shown, 1)
