"""The status pages in a real browser: accessibility checks, use, and refresh."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import async_playwright

from monitor.observation import State
from monitor.web.app import Listen, serve
from monitor.web.picture import MAP_WIDTH
from monitor.words.text import LANGUAGES
from tests.modelled import Network
from tests.status.test_view import serving
from tests.web import answers
from tests.web.showing import HOSTILE, Hostile, Ill
from tests.web.test_app import Shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser, Page, Route

    from monitor.status.model import CityStatus, SchoolSummary
    from monitor.status.uptime import Uptime

pytestmark = pytest.mark.integration

SIZES = {"phone": (360, 740), "desktop": (1280, 900)}
PATHS = ("/", "/schools/goethe", "/schools/weimar", "/?q=nobody")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield started
        await started.close()


async def opened(
    browser: Browser, size: str, scheme: str, said: list[str], language: str = "de-DE"
) -> Page:
    """Return a new window; `said` collects the errors of the browser."""
    width, height = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        locale=language,
    )
    page = await context.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    return page


async def test_every_page_is_accessible_on_phone_and_desktop_dark_and_light(
    browser: Browser,
) -> None:
    said: list[str] = []
    async with serve(Shown(), Listen("127.0.0.1", 0)) as port:
        for size, scheme in itertools.product(SIZES, ("dark", "light")):
            page = await opened(browser, size, scheme, said)
            for path in PATHS:
                await page.goto(f"http://127.0.0.1:{port}{path}")
                found = await Axe().run(page)
                assert found.violations_count == 0, found.generate_report()
                wide = await page.evaluate("document.documentElement.scrollWidth")
                assert wide <= SIZES[size][0], f"{path} is wider than a {size}"
    assert [one for one in said if "404" not in one] == []


async def test_what_is_degraded_is_accessible_on_a_phone_dark_and_light(browser: Browser) -> None:
    async with serve(Ill(), Listen("127.0.0.1", 0)) as port:
        for scheme in ("dark", "light"):
            page = await opened(browser, "phone", scheme, [])
            for path in ("/", "/schools/goethe"):
                await page.goto(f"http://127.0.0.1:{port}{path}")
                found = await Axe().run(page)
                assert found.violations_count == 0, found.generate_report()
                wide = await page.evaluate("document.documentElement.scrollWidth")
                assert wide <= SIZES["phone"][0]


class Eighty(Shown):
    """A city of eighty schools with three findings, one of them in maintenance."""

    def schools(self) -> tuple[SchoolSummary, ...]:
        work = {
            "in_maintenance": True,
            "maintenance_ends": answers.NOW + timedelta(hours=2),
            "maintenance_reason": "new router",
        }
        return tuple(
            answers.summary(
                id=f"s{number}",
                name=f"Gesamtschule am Volkspark {number}",
                latitude=51.4 + number % 9 / 90,
                longitude=7.1 + number / 400,
                state=State.DOWN if number < 2 else State.UP,
                degraded_since=answers.NOW if number == 2 else None,
                **(work if number == 1 else {}),
            )
            for number in range(80)
        )

    async def uptime(self) -> dict[str, Uptime]:
        return {school.id: answers.uptime() for school in self.schools()}

    def city(self) -> CityStatus:
        causes = tuple(answers.finding(State.DOWN, school=f"s{number}") for number in range(2))
        badly = answers.finding(school="s2", degraded=(answers.trouble(),))
        counts = {"schools_up": 78, "schools_down": 2, "schools_degraded": 1}
        return answers.city(root_causes=causes, degraded=(badly,), **counts)


async def test_eighty_schools_are_three_screens_of_a_phone_and_one_of_a_desk(
    browser: Browser,
) -> None:
    async with serve(Eighty(), Listen("127.0.0.1", 0)) as port:
        page = await opened(browser, "phone", "light", [])
        for (width, height), screens in (((390, 844), 3), ((1920, 1080), 1)):
            await page.set_viewport_size({"width": width, "height": height})
            for language in LANGUAGES:
                await page.goto(f"http://127.0.0.1:{port}/?lang={language}")
                high = await page.evaluate("document.documentElement.scrollHeight")
                assert high <= screens * height, f"{language}: {high / height:.2f} screens"


class Named(Shown):
    """A city of four schools, which have their long names on the map."""

    def schools(self) -> tuple[SchoolSummary, ...]:
        return tuple(
            answers.summary(
                id=f"s{number}",
                name=name,
                latitude=51.48 + 0.01 * number,
                longitude=7.2 + 0.02 * (number % 3),
            )
            for number, name in enumerate(
                ("Amtmann-Kreyenfeld-Schule", "Gymnasium am Wommelmoor", "illi", "WWWWWWWWWWWW")
            )
        )


async def test_no_name_on_the_map_is_cut_or_covers_another(browser: Browser) -> None:
    async with serve(Named(), Listen("127.0.0.1", 0)) as port:
        page = await opened(browser, "desktop", "light", [])
        await page.goto(f"http://127.0.0.1:{port}/")
        boxes = await page.locator(".map text").evaluate_all(
            "found => found.map(one => one.getBBox()).map(b => [b.x, b.y, b.width, b.height])"
        )
    assert len(boxes) == 4
    for x, y, width, height in boxes:
        assert x >= 0
        assert x + width <= MAP_WIDTH
        assert y + height > 0
    for (x, y, width, height), (other_x, other_y, other_width, _) in itertools.combinations(
        boxes, 2
    ):
        is_beside = x + width <= other_x or other_x + other_width <= x
        assert is_beside or abs(y - other_y) >= height


async def test_hostile_names_are_shown_as_text(browser: Browser) -> None:
    said: list[str] = []
    async with serve(Hostile(), Listen("127.0.0.1", 0)) as port:
        page = await opened(browser, "desktop", "light", said)
        for path in ("/", "/schools/goethe"):
            await page.goto(f"http://127.0.0.1:{port}{path}")
            assert HOSTILE in await page.inner_text("main")
            assert await page.locator("main script").count() == 0
    assert said == []


async def test_it_can_be_used_by_keyboard_and_search(browser: Browser) -> None:
    async with serve(Shown(), Listen("127.0.0.1", 0)) as port:
        page = await opened(browser, "desktop", "light", [], "en-GB")
        await page.goto(f"http://127.0.0.1:{port}/")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        assert await page.evaluate("document.activeElement.id") == "content"
        await page.fill("input[type=search]", "mitte")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**q=mitte**")
        await page.click(".groups >> text=Goethe-Schule")
        assert await page.inner_text("h1") == "Goethe-Schule"
        await page.click("text=Deutsch")
        assert await page.get_attribute("html", "lang") == "de"


class Counting(Shown):
    """A city with one more school down at every request."""

    looks = 0

    def city(self) -> CityStatus:
        self.looks += 1
        return answers.city(schools_down=self.looks)


async def test_it_refreshes_by_script_but_not_while_the_user_types(
    browser: Browser,
) -> None:
    async with serve(Counting(), Listen("127.0.0.1", 0)) as port:
        page = await opened(browser, "desktop", "light", [])
        await page.clock.install()
        await page.goto(f"http://127.0.0.1:{port}/")
        down = page.locator(".counts .down strong")
        assert await down.inner_text() == "1"
        await page.clock.run_for(16_000)
        # A predicate in JavaScript would be evaluated in the page, which its policy forbids.
        await down.filter(has_text="2").wait_for()
        await page.focus("input[type=search]")
        await page.clock.run_for(65_000)
        assert await down.inner_text() == "2"


@pytest.mark.parametrize(
    ("language", "said"), [("de-DE", "nicht erreichbar"), ("en-GB", "cannot be")]
)
async def test_a_page_shows_within_30_s_that_the_daemon_is_gone_or_back(
    browser: Browser, language: str, said: str
) -> None:
    page = await opened(browser, "phone", "light", [], language)
    await page.clock.install(time=answers.NOW)
    stale = page.locator("#stale")
    async with serve(Shown(), Listen("127.0.0.1", 0)) as port:
        await page.goto(f"http://127.0.0.1:{port}/schools/goethe")
        await page.clock.run_for(16_000)
        assert not await stale.is_visible()
    await page.clock.run_for(30_000)
    await stale.wait_for(state="visible")
    assert said in await stale.inner_text()
    # By the city's clock, wherever the browser is.
    assert "11:00:1" in await stale.inner_text()
    assert await page.locator("main h1").inner_text() == "Goethe-Schule"
    async with serve(Shown(), Listen("127.0.0.1", port)):
        await page.clock.run_for(16_000)
        await stale.wait_for(state="hidden")


@pytest.mark.parametrize("answer", ["none", "status 502", "another page"])
async def test_a_foreign_or_missing_response_counts_as_a_lost_daemon(
    browser: Browser, answer: str
) -> None:
    """A proxy whose daemon is gone, a machine that swallows packets."""

    async def instead(route: Route) -> None:
        if answer == "status 502":
            await route.fulfill(status=502, body="<main>bad gateway</main>")
        elif answer == "another page":
            await route.fulfill(status=200, content_type="text/html", body="<h1>Log in</h1>")

    page = await opened(browser, "desktop", "dark", [])
    await page.clock.install()
    async with serve(Shown(), Listen("127.0.0.1", 0)) as port:
        await page.goto(f"http://127.0.0.1:{port}/")
        await page.route("**/*", instead)
        await page.clock.run_for(29_000)
        await page.locator("#stale").wait_for(state="visible")
        assert (await Axe().run(page)).violations_count == 0


async def test_the_api_matches_its_description_for_any_request(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path, Network()) as base:
        document = f"{base}/api/v1/openapi.json"
        command = [sys.executable, "-m", "schemathesis.cli", "run", document]
        options = ["--max-examples=40", "--seed=1", "--workers=1", "--no-color"]
        found = await asyncio.to_thread(
            subprocess.run, [*command, *options], capture_output=True, text=True, timeout=120
        )
    assert found.returncode == 0, found.stdout[-4000:]
