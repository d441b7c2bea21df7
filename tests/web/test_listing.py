"""Lines of schools are cached until something in them changes."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from monitor.observation import State
from monitor.status.uptime import Uptime
from monitor.web.listing import Fragments
from tests.web import answers
from tests.web.test_app import Shown, client

if TYPE_CHECKING:
    from monitor.status.model import CityStatus, SchoolSummary


class Changing(Shown):
    """A city that a test can change."""

    def __init__(self) -> None:
        super().__init__()
        self.now = answers.NOW
        self.one = answers.summary()
        self.online = answers.uptime()

    def city(self) -> CityStatus:
        return answers.city(at=self.now, root_causes=())

    def schools(self) -> tuple[SchoolSummary, ...]:
        return (self.one,)

    async def uptime(self) -> dict[str, Uptime]:
        return {self.one.id: self.online}


async def test_a_change_is_on_the_next_page() -> None:
    view = Changing()
    async with client(view) as web:

        async def listed(query: str = "lang=en") -> str:
            async with web.get(f"/?{query}") as answer:
                whole = await answer.text()
            return whole[whole.index('class="groups"') :]

        first = await listed()
        assert await listed() == first
        assert "60 min" not in first
        view.one = view.one.model_copy(update={"state": State.DOWN})
        assert "60 min" in await listed()
        view.now += timedelta(minutes=7)
        assert "67 min" in await listed()
        view.online = Uptime(view.online.month, view.online.day)
        swapped = await listed()
        assert swapped.index("99.5 %") < swapped.index("89.6 %")
        view.one = view.one.model_copy(update={"name": "Schiller & <b>"})
        assert "Schiller &amp; &lt;b&gt;" in await listed()
        # The same school, sorted differently and in another language.
        assert '<span class="unseen"> down</span>' in await listed("sort=name&lang=en")
        assert '<span class="unseen"> Ausfall</span>' in await listed("sort=name&lang=de")


async def test_a_name_that_looks_like_a_placeholder_is_a_name() -> None:
    view = Changing()
    view.one = answers.summary(name="<!--0-->", type="<!--1-->", district="\u202ex")
    async with client(view) as web, web.get("/?q=%3C!--0--%3E") as answer:
        text = await answer.text()
    assert "&lt;!--0--&gt;" in text
    assert "<!--" not in text
    assert "\u202e" not in text


def noted(made: list[str], piece: str) -> str:
    made.append(piece)
    return piece


def test_a_fragment_is_rendered_again_only_if_its_content_differs() -> None:
    made: list[str] = []
    pieces = Fragments()
    for shown in ("one", "one", "two", "two", "one"):
        assert pieces.of("a place", shown, partial(noted, made, shown)) == shown
    assert made == ["one", "two", "one"]


def test_the_number_of_cached_fragments_is_bounded() -> None:
    pieces = Fragments(most=3)
    made: list[str] = []
    for place in "abcdabcd":
        pieces.of(place, "", partial(noted, made, place))
    # The fourth drops the three before it.
    assert made == list("abcdabcd")
