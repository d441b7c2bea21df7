"""The status pages: complete without a script, in both languages, no text treated as markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.observation import Reason, State
from monitor.verdict import Cause, Trouble
from monitor.web.language import preferred
from monitor.web.wording import percent
from tests.web import answers
from tests.web.showing import (
    Hostile,
    Ill,
    page,
    words_of,
)
from tests.web.test_app import Shown, client

if TYPE_CHECKING:
    from monitor.status.model import CityStatus, SchoolStatus


async def test_times_are_in_the_zone_of_the_city() -> None:
    assert "07.03.2022 11:00" in await page("/")
    assert "2022-03-07 11:00" in await page("/", "en")


@pytest.mark.parametrize("path", ["/", "/schools/goethe"])
async def test_hostile_names_stay_text(path: str) -> None:
    text = await page(path, view=Hostile())
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&amp;{{7*7}}" in text


@pytest.mark.parametrize(
    "query", ["q=%3Cscript%3Ealert(1)", "lang=%22%3E%3Cscript%3Ealert(1)", "state=%3Cscript%3E"]
)
async def test_text_from_the_url_stays_text(query: str) -> None:
    assert "<script>alert" not in await page(f"/?{query}")


@pytest.mark.parametrize(
    ("query", "is_found"),
    [("q=goethe", True), ("q=MITTE+gym", True), ("q=169614", True), ("q=schiller", False),
     ("state=up", True), ("state=down", False), ("state=nonsense", True)],
)  # fmt: skip
async def test_search_matches_all_words(query: str, *, is_found: bool) -> None:
    text = await page(f"/?{query}")
    assert ("Goethe-Schule</a>" in text) is is_found
    assert ("Keine Schule passt" in text) is not is_found


@pytest.mark.parametrize(
    ("path", "accepted", "kind", "said"),
    [
        ("/nowhere/at/all", "text/html,*/*;q=0.8", "text/html", 'href="../../?lang=de"'),
        ("/nowhere", "*/*", "text/plain", "this path does not exist"),
        ("/api/v1/nowhere", "text/html", "application/json", '"error":"this path does not exist'),
    ],
)
async def test_a_missing_path_is_answered_in_the_format_of_the_client(
    path: str, accepted: str, kind: str, said: str
) -> None:
    async with client() as web, web.get(path, headers={"Accept": accepted}) as answer:
        assert (answer.status, answer.content_type) == (404, kind)
        assert said in await answer.text()


@pytest.mark.parametrize("path", ["/", "/schools/goethe", "/schools/weimar"])
async def test_no_link_leads_to_the_full_exposition(path: str) -> None:
    text = await page(path)
    assert re.search(r'href="[./]*metrics/monitor"', text)
    whole = r'href="[^"]*(metrics|sd/prometheus)"'
    assert not re.search(whole, text)


@pytest.mark.parametrize("path", ["/", "/schools/goethe"])
async def test_a_german_page_has_no_english_sentence(path: str) -> None:
    text = words_of(await page(path, view=Ill()))
    for foreign in ("no reply", "the answer is", "campaign 1", "icmp", "uplink"):
        assert foreign not in text, foreign


async def test_what_has_no_german_is_quoted_as_english() -> None:
    class Odd(Shown):
        def city(self) -> CityStatus:
            return answers.city(root_causes=(answers.finding(State.DOWN, detail="it <burns>"),))

    assert '<span lang="en">it &lt;burns&gt;</span>' in await page("/", view=Odd())
    assert '<span lang="en">' not in await page("/", "en", Odd())


@pytest.mark.parametrize("path", ["/", "/schools/goethe"])
async def test_both_languages_show_the_same_figures_of_every_kind_of_finding(path: str) -> None:
    class Everything(Shown):
        degraded = tuple(
            answers.finding(
                device=f"switch-{number}",
                kind="switch",
                degraded=(answers.trouble(reason=trouble, detail=f"{number}{number} outages"),),
            )
            for number, trouble in enumerate(Trouble, 101)
        )
        causes = tuple(
            answers.finding(
                State.DOWN if cause is Cause.NO_ANSWER else State.UNKNOWN,
                device=f"switch-{number}",
                kind="switch",
                cause=cause,
                detail=f"not measured for {number}{number} s",
            )
            for number, cause in enumerate(Cause, 201)
        )

        def city(self) -> CityStatus:
            return answers.city(root_causes=self.causes, degraded=self.degraded)

        async def school(self, school_id: str) -> SchoolStatus | None:
            whole = answers.school(id=school_id)
            checks = tuple(
                answers.check(check=f"c{number}", reason=reason, detail=f"{number}{number} said")
                for number, reason in enumerate(Reason, 301)
            )
            news = {"switches": (*self.causes, *self.degraded), "checks": checks}
            site = whole.sites[0].model_copy(update=news)
            return whole.model_copy(update={"sites": (site,)})

    figures = re.compile(r"(?<![\d:.-])\d{6}(?![\d:.-])")
    english = figures.findall(words_of(await page(path, "en", Everything())))
    german = figures.findall(words_of(await page(path, "de", Everything())))
    wanted = len(Trouble) + (len(Cause) if path == "/" else len(Cause) - 1 + len(Reason))
    assert english == german
    assert len({*english}) >= wanted


async def test_nothing_is_loaded_from_elsewhere() -> None:
    for path in ("/", "/schools/goethe"):
        text = await page(path)
        # A link to a runbook is only followed by a click.
        links = set(re.findall(r'<a [^>]*href="([^"#]+)"', text))
        assert all(one.startswith(("./", "../", "?", answers.RUNBOOKS)) for one in links), links
        without_links = re.sub(r"<a [^>]*>", "", text)
        loaded = re.findall(r'(?:src|href)="([^"#]+)"', without_links)
        assert loaded
        assert all(one.startswith(("./static/", "../static/")) for one in loaded), loaded
        assert "style=" not in text
        assert "onclick" not in text


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("static/status.css", "text/css"),
        ("static/status.js", "text/javascript"),
        ("static/icon.svg", "image/svg+xml"),
        ("favicon.ico", "image/svg+xml"),
    ],
)
async def test_style_script_and_icon_are_served(path: str, kind: str) -> None:
    async with client() as web, web.get(f"/{path}") as answer:
        assert (answer.status, answer.content_type) == (200, kind)


@pytest.mark.parametrize(
    ("accepted", "wished", "language"),
    [
        ("", "", "de"),
        ("en", "", "en"),
        ("de-DE,de;q=0.9,en;q=0.8", "", "de"),
        ("fr,en;q=0.2", "", "en"),
        ("fr", "", "de"),
        ("en;q=0,de;q=0", "", "de"),
        ("de", "en", "en"),
        ("de", "xx", "de"),
        ("en;q=abc", "", "de"),
    ],
)
def test_the_language_follows_the_browser(accepted: str, wished: str, language: str) -> None:
    assert preferred(accepted, wished) == language


@given(st.floats(0, 1))
def test_a_share_is_rounded_but_never_to_all_or_nothing(ratio: float) -> None:
    shown = percent("en", ratio)
    if ratio in {0, 1}:
        assert shown == f"{100 * ratio:.0f}"
    elif shown.startswith("< "):
        assert 0 < ratio < 0.001
    else:
        assert float(shown) == pytest.approx(100 * min(ratio, 0.999), abs=0.0501)
        assert 0 < float(shown) < 100
    assert percent("de", 2 / 3) == "66,7"
    assert percent("en", 0.0178) == "1.8"
