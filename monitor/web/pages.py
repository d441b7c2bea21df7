"""The status pages: HTML for people, from the same data as the API's.

They are complete without JavaScript; with it they refresh themselves. Nothing is loaded from other
servers, and every value from a device or a file is escaped.

Must not know: how the daemon is built, or what a value means.
"""

from __future__ import annotations

from importlib import resources
from operator import itemgetter
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from monitor.observation import State
from monitor.status.uptime import bar_of
from monitor.web.listing import Fragments, Listing
from monitor.web.order import Order, alike, common_window, groups, stages_of
from monitor.web.picture import Chart, chart, spots
from monitor.web.wish import Wish
from monitor.web.wording import wording
from monitor.words.pages import word
from monitor.words.plain import plain_lines
from monitor.words.text import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from monitor.status.model import CheckStatus, CityStatus, SchoolStatus, SiteStatus
    from monitor.status.uptime import Bar
    from monitor.status.view import View

POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_STATIC: Final = {
    "status.css": "text/css",
    "status.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_ICON: Final = "icon.svg"


class Pages:
    """Renders the pages of a view; times are in the city's time zone."""

    def __init__(self, view: View, timezone: Callable[[], str]) -> None:
        self._view = view
        self._timezone = timezone
        self._fragments = Fragments()
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
        city, zone = self._view.city(), ZoneInfo(self._timezone())
        shared = wording(wish, request.rel_url.raw_path, zone, city.at)
        pieces = self._templates.get_template("listing.html")
        window = common_window(everybody)
        listed = Listing(
            self._fragments,
            wish,
            lambda: pieces.make_module(shared),
            is_common=window is not None,
        )
        plan = spots(found)
        text = self._templates.get_template("city.html").render(
            **shared,
            city=city,
            config_rejected_since=self._view.config_rejected_since(),
            rejected_since=self._view.web_config_rejected_since(),
            ledger_is_written=self._view.ledger_is_written(),
            # A city without a name of its own is called by one of these.
            titles=[word(one, "title") for one in LANGUAGES],
            degraded=alike(city.degraded),
            groups=groups(found, uptime, wish.order),
            rows=lambda group: listed.rows(group, uptime, city.at),
            known={school.id: school for school in everybody},
            common_window=window,
            planned_down=sum(
                school.in_maintenance and school.state is State.DOWN for school in everybody
            ),
            is_any_verified=any(school.stage.value == "verified" for school in everybody),
            is_any_recorded=any(one.month.ratio is not None for one in uptime.values()),
            orders=tuple(Order),
            is_measured=any(school.stage.value != "unknown" for school in everybody),
            stages=stages_of(everybody),
            days_left=_days_left(city, zone),
            plan=plan,
            spots=listed.spots(plan),
        )
        return self._answer(listed.filled(plain_lines(text)), wish, 200)

    async def school(self, request: web.Request) -> web.Response:
        """Return the page of one school, or one that says that there is none."""
        wish = Wish.of(request)
        school = await self._view.school(request.match_info["school"])
        if school is None:
            other = self._view.other_shard(request.match_info["school"])
            said = "school_elsewhere" if other else "no_school"
            return self._page(request, wish, "missing.html", status=404, said=said, shard=other)
        uptime = await self._view.uptime()
        return self._page(
            request,
            wish,
            "school.html",
            school=school,
            uptime=uptime.get(school.id),
            charts=_charts(school),
            strip=_strip,
            by_line=_by_line,
            equipment={(site.id, it.device): it for site in school.sites for it in site.equipment},
        )

    def missing(self, request: web.Request) -> web.Response:
        """Return the page for an address that does not exist."""
        return self._page(request, Wish.of(request), "missing.html", status=404, said="no_page")

    def unavailable(self, request: web.Request, said: str) -> web.Response:
        """Return the page that says why there is none now; `said` is the key of the sentence."""
        return self._page(request, Wish.of(request), "missing.html", status=503, said=said)

    def _page(
        self,
        request: web.Request,
        wish: Wish,
        template: str,
        status: int = 200,
        **values: object,
    ) -> web.Response:
        shared = wording(wish, request.rel_url.raw_path, ZoneInfo(self._timezone()))
        text = self._templates.get_template(template).render(**shared, **values)
        return self._answer(plain_lines(text), wish, status)

    def _answer(self, text: str, wish: Wish, status: int) -> web.Response:
        headers = {
            "Content-Security-Policy": POLICY,
            "Cache-Control": "no-store",
            "Content-Language": wish.language,
            "Vary": "Accept-Language",
        }
        return web.Response(text=text, status=status, content_type="text/html", headers=headers)


def page_routes(pages: Pages) -> list[web.RouteDef]:
    """Return the routes of the pages, and of their style sheet, script and icon."""
    return [
        web.get("/", pages.city),
        web.get("/schools/{school}", pages.school),
        *(web.get(f"/static/{name}", _static(name, kind)) for name, kind in _STATIC.items()),
        # Browsers request it on their own for responses that are not pages, such as the metrics.
        web.get("/favicon.ico", _static(_ICON, _STATIC[_ICON])),
    ]


def _static(name: str, kind: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    content = resources.files("monitor.web").joinpath("static", name).read_bytes()

    async def send(_: web.Request) -> web.Response:
        headers = {"Cache-Control": "max-age=300"}
        return web.Response(body=content, content_type=kind, charset="utf-8", headers=headers)

    return send


def _days_left(city: CityStatus, zone: ZoneInfo) -> int | None:
    """Return the days until the goal is due, negative after that day."""
    return None if city.goal is None else (city.goal.target - city.at.astimezone(zone).date()).days


def _strip(check: CheckStatus) -> Bar | None:
    """Return a check's last day by the hour, None before its first run."""
    return bar_of(check.ok_by_hour, check.failed_by_hour, 1) if check.ok_by_hour else None


def _by_line(site: SiteStatus) -> list[tuple[CheckStatus, bool]]:
    """Return a site's checks, and whether each is behind the line that is down; these are last.

    So are all of the router's but the pings, by which the line is known to be down.
    """
    behind = {one.device for one in site.switches if one.cause.value == "behind_uplink"}

    def is_behind(check: CheckStatus) -> bool:
        is_of_line = check.device == site.uplink.device and check.kind.value != "icmp"
        return check.device in behind or (is_of_line and site.uplink.state is State.DOWN)

    return sorted(((one, is_behind(one)) for one in site.checks), key=itemgetter(1))


def _charts(school: SchoolStatus) -> dict[str, Chart | None]:
    return {site.id: chart(site.last_day) for site in school.sites}
