"""The lines and the map's marks of schools: rendered once, and reused from page to page.

A school's line is rendered again only when its data have changed. Each piece is sanitised once
(`monitor.words.plain`), not again with the page around it.

Must not know: how a school's state is derived, or HTTP.
"""

from __future__ import annotations

import re
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from monitor.status.model import Standing
from monitor.web.order import Order
from monitor.web.wording import lasting
from monitor.words.plain import plain_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping
    from datetime import datetime

    from jinja2.environment import TemplateModule

    from monitor.status.uptime import Uptime
    from monitor.web.order import Group
    from monitor.web.picture import Plan
    from monitor.web.wish import Wish

MOST_PIECES: Final = 16_384
"""Limit of kept pieces, about a kilobyte each; then all are dropped and made again."""

_IN_TROUBLE: Final = frozenset({Standing.DOWN, Standing.DEGRADED})
# All values are escaped, so that no value looks like this.
_PLACE: Final = re.compile(r"<!--(\d+)-->")


class Fragments:
    """The last piece for each place, with the data that it shows."""

    def __init__(self, most: int = MOST_PIECES) -> None:
        self._most = most
        self._kept: dict[Hashable, tuple[object, str]] = {}

    def of(self, place: Hashable, shown: object, make: Callable[[], str]) -> str:
        """Return the piece for a place; it is made again if its data differ from the last time."""
        kept = self._kept.get(place)
        if kept is not None and kept[0] == shown:
            return kept[1]
        if len(self._kept) >= self._most:
            self._kept.clear()
        piece = plain_lines(make())
        self._kept[place] = shown, piece
        return piece


class Listing:
    """The schools of one page; `templates` returns the templates of the pieces.

    `is_common` says that one maintenance window of all schools is announced above the list.
    """

    def __init__(
        self,
        fragments: Fragments,
        wish: Wish,
        templates: Callable[[], TemplateModule],
        *,
        is_common: bool,
    ) -> None:
        self._fragments = fragments
        self._wish = wish
        self._is_common = is_common
        self._make_templates = templates
        self._pieces: list[str] = []

    @cached_property
    def _templates(self) -> TemplateModule:
        return self._make_templates()

    def rows(self, group: Group, uptime: Mapping[str, Uptime], now: datetime) -> Markup:
        """Return placeholders for the lines of a group's schools."""
        language, is_since = self._wish.language, self._wish.order is Order.SINCE
        how = (group.standing is not None, self._is_common)
        pieces = []
        for school in group.schools:
            says = is_since or school.standing in _IN_TROUBLE
            since = school.degraded_since or school.since
            shown = (school, uptime.get(school.id), lasting(language, since, now) if says else "")
            make = partial(self._made, "row", *how, *shown)
            place = ("row", language, *how, school.id)
            pieces.append(self._fragments.of(place, shown, make))
        return self._place(pieces)

    def spots(self, plan: Plan) -> Markup:
        """Return placeholders for the marks of a map."""
        language = self._wish.language
        return self._place(
            self._fragments.of(("spot", language, spot.id), spot, partial(self._made, "spot", spot))
            for spot in plan.spots
        )

    def filled(self, page: str) -> str:
        """Return a page with the pieces in place of the placeholders."""
        return _PLACE.sub(lambda found: self._pieces[int(found[1])], page)

    def _made(self, macro: str, *shown: object) -> str:
        return str(getattr(self._templates, macro)(*shown))

    def _place(self, pieces: Iterable[str]) -> Markup:
        self._pieces.append("\n".join(pieces))
        return Markup(f"<!--{len(self._pieces) - 1}-->")  # noqa: S704  # a number alone
