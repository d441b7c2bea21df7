"""The status pages behind a real nginx as reverse proxy, below a path prefix."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import aiohttp
import pytest
from playwright.async_api import async_playwright

from monitor.observation import State
from monitor.web.app import Listen, serve
from tests.integration.probe_servers import nginx
from tests.ports import free_port
from tests.web import answers
from tests.web.test_app import Shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.status.model import CityStatus

pytestmark = pytest.mark.integration

BLOCK = """server {{ listen 127.0.0.1:{front};
  location /schulnetz/ {{ proxy_pass http://127.0.0.1:{back}/; }}
}}"""
ADDRESS = re.compile(r'(?:href|src|action)="([^"#]+)"')


class Alone(Shown):
    """A city whose only school is down."""

    def city(self) -> CityStatus:
        return answers.city(root_causes=(answers.finding(State.DOWN),))


def links_of(base: str, page: str) -> Iterator[str]:
    """Yield every URL of this server that a page loads or links to."""
    for found in ADDRESS.findall(page):
        address = urljoin(base, found.replace("&amp;", "&"))
        if address.startswith(base[: base.index("/", len("http://"))]):
            yield address


async def test_every_link_of_every_page_leads_somewhere(tmp_path: Path) -> None:
    front = free_port()
    root = f"http://127.0.0.1:{front}/schulnetz/"
    seen: set[str] = set()
    left = [root]
    async with serve(Alone(), Listen("127.0.0.1", 0)) as back, aiohttp.ClientSession() as web:
        with nginx(tmp_path, BLOCK.format(front=front, back=back), [front]):
            while left:
                address = left.pop()
                assert address.startswith(root), address
                seen.add(address)
                async with web.get(address) as answer:
                    assert answer.status == 200, address
                    if answer.content_type != "text/html":
                        continue
                    found = set(links_of(address, await answer.text()))
                left.extend(one for one in found if one not in {*seen, *left})
            missing = f"{root}schools/weimar"
            async with web.get(missing, headers={"Accept": "text/html"}) as answer:
                assert answer.status == 404
                assert set(links_of(missing, await answer.text())) >= {f"{root}static/status.css"}
            async with web.get(f"{root}api/v1/openapi.json") as answer:
                document = await answer.json()
            (server,) = document["servers"]
            base = urljoin(f"{root}api/v1/openapi.json", server["url"])
            async with web.get(base.rstrip("/") + "/api/v1/city") as answer:
                assert answer.status == 200
    for name in ("static/status.css", "static/status.js", "static/icon.svg", "api/v1/openapi.json"):
        assert f"{root}{name}" in seen
    assert any("/schulnetz/schools/goethe" in one for one in seen)


async def test_a_browser_can_search_open_a_school_and_switch_language(tmp_path: Path) -> None:
    front = free_port()
    root = f"http://127.0.0.1:{front}/schulnetz/"
    said: list[str] = []
    async with serve(Shown(), Listen("127.0.0.1", 0)) as back, async_playwright() as playwright:
        with nginx(tmp_path, BLOCK.format(front=front, back=back), [front]):
            browser = await playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox"]
            )
            page = await (await browser.new_context(locale="en-GB")).new_page()
            page.on("console", lambda message: said.append(message.text))
            await page.goto(root)
            await page.fill("input[type=search]", "mitte")
            await page.keyboard.press("Enter")
            await page.wait_for_url("**/schulnetz/*q=mitte*")
            await page.click(".groups >> text=Goethe-Schule")
            await page.wait_for_url("**/schulnetz/schools/goethe*")
            await page.click("text=Deutsch")
            await page.wait_for_url("**/schulnetz/schools/goethe?lang=de")
            assert await page.get_attribute("html", "lang") == "de"
            await page.click("text=Alle Schulen")
            await page.wait_for_url(f"{root}?lang=de")
            await browser.close()
    assert said == []
