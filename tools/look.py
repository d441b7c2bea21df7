"""Pictures of all boards and status pages: with faults and without data, in both languages.

Usage: python -m tools.look [BOARD ...], e.g. `city school`; all boards without.

They show the stack with a small broken city, or a Grafana that already runs: its address in
$GRAFANA_URL, and that of the status pages in $PAGES_URL. Problems of a board are printed. After
changing a board, check its pictures in build/pictures.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING, Final

from aiohttp import ClientError, ClientSession
from playwright.async_api import async_playwright

from dashboards.boards import BOARDS
from monitor.words.text import LANGUAGES
from tools import grafana, stack
from tools.guardian import guarded
from tools.rendered import CHROMIUM, Look

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from monitor.words.text import Language

PICTURES: Final = grafana.ROOT / "build" / "pictures"
WIDTHS: Final = (600, 800, 1280, 1920, 3840)
PAGE_WIDTHS: Final = (600, 1280)
DEAD: Final = "frauenlobschule"
BROKEN: Final = "gesamtschule-bochum-mitte"
FAULTS: Final = (
    f"uplink-down@{DEAD}",
    "uplink-down@amtmann-kreyenfeld-schule",
    "lossy@koellerholz-schule",
    f"switch-down@{BROKEN}/main/switch-01",
    f"port-errors@{BROKEN}/main/switch-02",
)
DEMO: Final = (
    *("--schools", "14", "--years", "2019..2022", "--year-lasts", "500ms"),
    *("--state-dir", str(stack.DATA / "look")),
    *(part for fault in FAULTS for part in ("--fault", fault)),
)
CHOICES: Final = {
    "schulnetz-school": {"var-school": DEAD},
    "schulnetz-switch": {"var-school": BROKEN, "var-site": "main", "var-device": "switch-02"},
}
# Without data: an hour of 2001.
SITUATIONS: Final = {
    "faults": {"from": "now-30m", "to": "now"},
    "no-data": {"from": "1000000000000", "to": "1000003600000"},
}
# A dead switch is proven after five minutes, a dead line after one.
PATIENCE_SECONDS: Final = 900.0


async def broken(prometheus: str) -> None:
    """Wait until the faults are known.

    Raises:
        TimeoutError: if it is not known after a generous time.
    """
    query = {"query": 'count(school_switch_state{state="down"} == 1)'}
    async with asyncio.timeout(PATIENCE_SECONDS), ClientSession() as session:
        while True:
            try:
                async with session.get(f"{prometheus}/api/v1/query", params=query) as answer:
                    if json.loads(await answer.text())["data"]["result"]:
                        return
            except ClientError:
                pass
            await asyncio.sleep(5)


async def boards(browser: Browser, server: str, language: Language, names: list[str]) -> None:
    """Write a picture of each board, wide and narrow, with faults and without data."""
    context = await browser.new_context(locale=f"{language}-DE", timezone_id="Europe/Berlin")
    for board in BOARDS:
        if names and board.uid.removeprefix("schulnetz-") not in names:
            continue
        path = grafana.ROOT / "dashboards" / language / f"{board.uid}.json"
        document = json.loads(path.read_text(encoding="utf-8"))
        for situation, between in SITUATIONS.items():
            for width in WIDTHS:
                page = await context.new_page()
                look = Look(page, document)
                await look.open(server, width, **between, **CHOICES.get(board.uid, {}))
                file = PICTURES / f"{board.uid}-{language}-{width}-{situation}.png"
                await look.picture(file)
                for complaint in await look.complaints():
                    stack.console.print(f"{file.name}: {complaint}", markup=False, highlight=False)
                await page.close()
    await context.close()


async def pages(browser: Browser, server: str, language: Language) -> None:
    """Write a picture of the city's page and of a school's."""
    for name, path in (("city", "/"), ("school", f"/schools/{DEAD}")):
        for width in PAGE_WIDTHS:
            page = await browser.new_page(viewport={"width": width, "height": 900})
            await page.goto(f"{server}{path}?lang={language}", wait_until="load")
            file = PICTURES / f"page-{name}-{language}-{width}.png"
            await page.screenshot(path=file, full_page=True)
            await page.close()


async def look_at(server: str, of_pages: str, names: list[str]) -> None:
    """Write all pictures of a Grafana and of the status pages."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for language in LANGUAGES:
            await boards(browser, server, language, names)
            if of_pages and not names:
                await pages(browser, of_pages, language)
        await browser.close()
    stack.console.print(f"Pictures:     {PICTURES}")


async def main(names: list[str]) -> int:
    """Take the pictures of a running Grafana, or of a new stack; return the exit code."""
    if server := os.environ.get("GRAFANA_URL"):
        await look_at(server.rstrip("/"), os.environ.get("PAGES_URL", ""), names)
        return 0
    if not grafana.command():
        stack.console.print("error: no Grafana: neither $GRAFANA_URL nor grafana on the PATH")
        return 1

    async def meanwhile() -> None:
        await broken(stack.PROMETHEUS)
        await look_at(stack.GRAFANA, stack.DAEMON, names)

    return await stack.run(list(DEMO), meanwhile)


if __name__ == "__main__":
    with guarded():
        code = asyncio.run(main(sys.argv[1:]))
    sys.exit(code)
