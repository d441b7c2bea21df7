"""Opens a board of a real Grafana in Chromium, waits until all is drawn, and reports problems.

Must not know: which board, which data.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

from playwright.async_api import Error

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from playwright.async_api import ConsoleMessage, Page, Request, Response

CHROMIUM: Final = "/usr/bin/chromium"
PATIENCE_SECONDS: Final = 120.0
_QUERY: Final = "/api/ds/query"
# A state timeline's row needs as many pixels as a label is high.
_ROW_PIXELS: Final = 14
_UNIT_PIXELS: Final = 38
_AROUND_ROWS_PIXELS: Final = 80
_VARIABLE: Final = re.compile(r"\$\{?[a-zA-Z_]\w*|\{\{\w+\}\}")
# How JavaScript writes a missing value.
_NO_WORDS: Final = re.compile(r"^(?:null|NaN|undefined|Infinity)\b", re.MULTILINE)
# Grafana's own variables ($__range) are filled in by its server.
_OURS: Final = re.compile(r"\$\{?(?!__)[a-zA-Z]\w*")
_BADGES: Final = (
    '.panel-info-corner--error, [aria-label="Panel status error"], '
    '[data-testid="data-testid Panel status error"], [data-testid="data-testid Alert error"]'
)
# The text of each panel, which of its words overlap, and its colours.
_SEEN: Final = """
() => [...document.querySelectorAll('.react-grid-item')].map((panel) => {
  const leaves = [...panel.querySelectorAll('*')].filter((one) =>
    one.children.length === 0 && one.textContent.trim() && one.closest('svg') === null);
  const boxes = leaves.map((one) => {
    const range = document.createRange();
    range.selectNodeContents(one);
    let {left, right, top, bottom} = range.getBoundingClientRect();
    for (let at = one; at !== panel; at = at.parentElement) {
      if (getComputedStyle(at).overflow === 'visible') continue;
      const cut = at.getBoundingClientRect();
      left = Math.max(left, cut.left);
      right = Math.min(right, cut.right);
      top = Math.max(top, cut.top);
      bottom = Math.min(bottom, cut.bottom);
    }
    return [one.textContent.trim(), {left, right, top, bottom}];
  }).filter(([, box]) => box.right > box.left && box.bottom > box.top);
  const over = [];
  boxes.forEach(([one, a], at) => boxes.slice(at + 1).forEach(([other, b]) => {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 3 && high > 3) over.push(`${one} / ${other}`);
  }));
  const frame = panel.getBoundingClientRect();
  // What a tile says in large letters; a table and an axis cut at their edges by themselves.
  const edges = leaves.filter((one) => parseFloat(getComputedStyle(one).fontSize) > 20)
    .filter((one) => {
      // Spaces at the ends may lie beyond them.
      const node = [...one.childNodes].find((part) => part.nodeType === Node.TEXT_NODE);
      if (!node) return false;
      const range = document.createRange();
      range.setStart(node, node.data.length - node.data.trimStart().length);
      range.setEnd(node, node.data.trimEnd().length);
      const box = range.getBoundingClientRect();
      return box.left < frame.left + 4 || box.right > frame.right - 4;
    }).map((one) => one.textContent.trim());
  const title = panel.querySelector('h2, h6, .panel-title');
  const painted = [...panel.querySelectorAll('div, td')]
    .map((one) => getComputedStyle(one).backgroundImage + getComputedStyle(one).backgroundColor)
    .filter((one) => one.includes('rgb'));
  return {
    title: title ? title.textContent.trim() : '',
    text: panel.innerText,
    over,
    edges,
    colours: [...new Set(painted.join(' ').match(/rgba?\\([^)]*\\)/g) || [])],
  };
})
"""


class Look:
    """What was seen of one board."""

    def __init__(self, page: Page, board: Mapping[str, Any]) -> None:
        self._page = page
        self._board = board
        self._asked = 0
        self._answered = 0
        self._moved = asyncio.Event()
        self._host = ""
        self._wrong: list[str] = []
        self.panels: list[dict[str, Any]] = []
        page.on("console", self._says)
        page.on("pageerror", lambda error: self._wrong.append(str(error)))
        page.on("request", self._leaves)
        page.on("response", self._comes)
        page.on("requestfailed", self._fails)

    async def open(self, grafana: str, width: int, **variables: str) -> None:
        """Open the board in a window high enough to draw all of it, and wait until nothing loads.

        Raises:
            TimeoutError: if something still loads after a generous time.
        """
        panels = [one for one in self._board["panels"] if one["type"] != "row"]
        heights = [one["gridPos"]["y"] + one["gridPos"]["h"] for one in panels]
        # A narrow window stacks the panels.
        narrow = sum(one["gridPos"]["h"] + 1 for one in panels)
        units = narrow if width < 769 else max(heights)  # noqa: PLR2004  # Grafana's break point
        await self._page.set_viewport_size({"width": width, "height": units * _UNIT_PIXELS + 260})
        self._host = urlsplit(grafana).hostname or ""
        address = f"{grafana}/d/{self._board['uid']}?{urlencode({'kiosk': 'tv', **variables})}"
        await self._page.goto(address, wait_until="domcontentloaded")
        wanted = sum(1 for one in panels if one.get("targets"))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self._asked < wanted or self._answered < self._asked:
                await self._moved.wait()
                self._moved.clear()
        # The last data is drawn within two frames.
        await self._page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        await self._page.evaluate("() => document.fonts.ready.then(() => true)")
        self.panels = await self._page.evaluate(_SEEN)

    async def picture(self, path: Path) -> None:
        """Write the board as a PNG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        await self._page.screenshot(path=path)

    async def complaints(self) -> list[str]:
        """Return problems whatever the data: errors, open variables, overlapping words."""
        found = list(self._wrong)
        if badges := await self._page.locator(_BADGES).count():
            found.append(f"{badges} error badges")
        for panel in self.panels:
            title, text = panel["title"], panel["text"]
            found += [f"{title}: open variable {name}" for name in _VARIABLE.findall(text)]
            found += [f"{title}: words on each other: {words}" for words in panel["over"]]
            found += [f"{title}: words reach the edge: {words}" for words in panel["edges"]]
            found += [f"{title}: says {word}" for word in _NO_WORDS.findall(text)]
            if re.search(r"^No data", text, re.MULTILINE):
                found.append(f"{title}: {text}")
        return found

    def _says(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self._wrong.append(said.text)

    def _fails(self, request: Request) -> None:
        # Requested again, for example when a variable has got its value.
        if _QUERY in request.url:
            self._answered += 1
            self._moved.set()

    def _leaves(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https", "ws", "wss"} and address.hostname != self._host:
            self._wrong.append(f"a request leaves the machine: {request.url}")
        if _QUERY in address.path:
            self._asked += 1
            for query in json.loads(request.post_data or "{}").get("queries", ()):
                if _OURS.search(query.get("expr", "")):
                    self._wrong.append(f"open variable: {query['expr']}")

    async def _comes(self, response: Response) -> None:
        if _QUERY not in response.url:
            return
        try:
            if response.ok:
                asked = json.loads(response.request.post_data or "{}")
                self._crowded(await response.json(), asked)
            else:
                self._wrong.append(f"{response.status} {await response.text()}")
        except Error:
            # The page was closed meanwhile, while it refreshed itself.
            if not self._page.is_closed():
                raise
        self._answered += 1
        self._moved.set()

    def _crowded(self, answer: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
        """Report state timelines with more rows than fit their height."""
        expressions = {query.get("expr") for query in asked.get("queries", ())}
        for panel in self._board["panels"]:
            if panel["type"] != "state-timeline":
                continue
            if panel["targets"][0]["expr"] not in expressions:
                continue
            rows = sum(len(one.get("frames", ())) for one in answer["results"].values())
            height = panel["gridPos"]["h"] * _UNIT_PIXELS - _AROUND_ROWS_PIXELS
            if rows * _ROW_PIXELS > height:
                self._wrong.append(f"{panel['title']}: {rows} rows in {height} pixels")
