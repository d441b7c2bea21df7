"""The boards in a real Grafana: nothing is broken, and unknown is never shown as healthy.

It runs against the Grafana at $GRAFANA_URL, which has these boards provisioned and treats every
client as administrator, or else starts the `grafana` or `grafana-server` on the PATH.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.request import Request, urlopen

import pytest
from playwright.async_api import async_playwright

from dashboards.boards import BOARDS
from dashboards.build import to_json
from dashboards.shared import NONE
from monitor.words.text import LANGUAGES
from tests.drills.pace import Pace, write_rules
from tests.integration.prometheus import prometheus_of
from tests.integration.running import MONITOR, Town, demo
from tools import grafana
from tools.rendered import CHROMIUM, Look

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.async_api import Browser

    from monitor.words.text import Language
    from tests.integration.prometheus import Prometheus

pytestmark = [pytest.mark.integration, pytest.mark.heavy]

SCHOOLS: Final = {"voede": 2, "goethe": 3, "schiller": 4, "natorp": 5}
OTHER_PROVIDER: Final = "contract: {provider: andernetz}"
PROVIDERS: Final = "providers:\n  andernetz: {name: Andernetz}\n"
WIDTH: Final = 1920
GREENS: Final = {"rgb(115, 191, 105)", "rgb(86, 166, 75)", "rgb(55, 135, 45)"}
NOW: Final = ("now-15m", "now")
EMPTY: Final = ("1000000000000", "1000003600000")
UP: Final = 'school_uplink_state{state="up"} == 1'
DOWN: Final = 'school_uplink_state{state="down"} == 1'


@dataclass(frozen=True, slots=True)
class Situation:
    """The state of the city that Prometheus has recorded before the boards are opened.

    `ends`: the monitor stops and is silent. `falls`: all lines were up before.
    """

    name: str
    faults: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    awaited: str = UP
    how_many: int = len(SCHOOLS)
    ends: bool = False
    falls: bool = False
    between: tuple[str, str] = NOW

    @property
    def blind(self) -> bool:
        """Return whether nothing is known."""
        return self.ends or self.between == EMPTY


SITUATIONS: Final = (
    Situation("well"),
    Situation("one dead school", ("uplink-down@goethe",), awaited=DOWN, how_many=1),
    Situation(
        "provider outage",
        tuple(f"uplink-down@{school}" for school in ("voede", "goethe", "schiller")),
        awaited="school_provider_outage == 1",
        how_many=1,
        falls=True,
    ),
    Situation("monitor silent", ends=True),
    Situation("empty range", between=EMPTY),
    Situation(
        "years of rollout",
        arguments=("--years", "2019..2022", "--year-lasts", "500ms"),
        between=("now-8y", "now"),
    ),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of a Grafana with the boards as they are shipped."""
    if url := os.environ.get("GRAFANA_URL"):
        yield url.rstrip("/")
    elif not grafana.command():
        pytest.skip("neither $GRAFANA_URL nor grafana on the PATH: the boards were not rendered")
    else:
        data = tmp_path_factory.mktemp("grafana")
        with grafana.grafana(data, "http://127.0.0.1:9") as url:
            yield url
            said = (data / "grafana.log").read_text(encoding="utf-8")
        wrong = [line for line in said.splitlines() if "provision" in line and "level=" in line]
        assert not [line for line in wrong if "level=info" not in line], wrong


def call(url: str, method: str = "GET", body: object = None) -> dict[str, object]:
    """Return what Grafana answers."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json"}, method=method)  # noqa: S310  # our own server
    with urlopen(request, timeout=60) as answer:  # noqa: S310  # our own server
        found: dict[str, object] = json.load(answer)
    return found


@contextmanager
def datasource(server: str, prometheus: Prometheus, name: str) -> Iterator[str]:
    """Add a Prometheus to Grafana; yield the name of the datasource."""
    call(
        f"{server}/api/datasources",
        "POST",
        {
            "name": name,
            "type": "prometheus",
            "access": "proxy",
            "url": f"http://{prometheus.address}",
            "jsonData": {"timeInterval": "1s", "httpMethod": "POST"},
        },
    )
    try:
        yield name
    finally:
        call(f"{server}/api/datasources/name/{name}", "DELETE")


def backfilled(config: Path, state: Path, place: Path) -> None:
    """Load the history of the ledger into Prometheus."""
    file = place / "history.om"
    where = ("--config", str(config), "--state-dir", str(state), "--step", "day")
    blocks = ("promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=720h")
    for command in (
        (*MONITOR, "backfill", *where, "--out", str(file)),
        (*blocks, str(file), str(place / "data")),
    ):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=300)


@contextmanager
def played(situation: Situation, place: Path) -> Iterator[Prometheus]:
    """Play a situation; yield the Prometheus that watched it."""
    config, state = place / "schools.yaml", place / "state"
    Town(161, SCHOOLS, extra={"natorp": (OTHER_PROVIDER,)}).write(config)
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("providers:\n", PROVIDERS), encoding="utf-8")
    (place / "rules").mkdir()
    write_rules(place / "rules", Pace(20))
    faults = [part for fault in situation.faults for part in ("--fault", fault)]
    if situation.falls:
        with (
            demo(config, state) as daemon,
            prometheus_of(f"{daemon.host}:{daemon.port}", place) as one,
        ):
            one.await_answer(UP, len(SCHOOLS))
    with ExitStack() as life, ExitStack() as monitor:
        daemon = monitor.enter_context(demo(config, state, *situation.arguments, *faults))
        daemon.await_ready()
        if situation.arguments:
            backfilled(config, state, place)
        prometheus = life.enter_context(prometheus_of(f"{daemon.host}:{daemon.port}", place))
        label = "provider" if situation.falls else "school"
        prometheus.await_answer(situation.awaited, situation.how_many, label)
        if situation.ends:
            monitor.close()
            prometheus.await_answer('up{job="schulnetz"} == 0', 1, "job")
        yield prometheus


def of_board(uid: str) -> dict[str, str]:
    """Return the choices of a board that has variables."""
    return {
        "schulnetz-school": {"var-school": "goethe", "var-sites": "main"},
        "schulnetz-switch": {
            "var-school": "natorp",
            "var-site": "main",
            "var-device": "switch-01",
        },
        "schulnetz-contract": {"var-provider": "Stadtnetz"},
    }.get(uid, {})


async def wrong_with(
    browser: Browser, server: str, source: str, situation: Situation, language: Language
) -> list[str]:
    """Return the problems of the boards of a language in a situation."""
    found = []
    # One for all boards: Grafana's scripts are read once.
    context = await browser.new_context(locale=f"{language}-DE", timezone_id="Europe/Berlin")
    for board in BOARDS:
        document = json.loads(to_json(board, language))
        page = await context.new_page()
        look = Look(page, document)
        begins, ends = situation.between
        choices = {"from": begins, "to": ends, "var-datasource": source, **of_board(board.uid)}
        await look.open(server, WIDTH, **choices)
        complaints = await look.complaints()
        if situation.blind:
            complaints += without_truth(look, document, language)
        found += [f"{board.uid}: {complaint}" for complaint in complaints]
        await page.close()
    await context.close()
    return found


def without_truth(look: Look, board: dict[str, Any], language: Language) -> list[str]:
    """Return which tiles and tables say that all is well although nothing is known.

    Graphs and timelines also show the time when values were known.
    """
    judged = {one["title"] for one in board["panels"] if one["type"] in {"stat", "table"}}
    panels = [panel for panel in look.panels if panel["title"] in judged]
    good = [panel["title"] for panel in panels if GREENS & set(panel["colours"])]
    none = [
        panel["title"]
        for panel in panels
        if NONE.of(language) in (line.strip() for line in panel["text"].splitlines())
    ]
    return [f"{title}: green" for title in good] + [f"{title}: says none" for title in none]


@pytest.mark.parametrize("situation", SITUATIONS, ids=[one.name for one in SITUATIONS])
async def test_boards_render_completely_in_a_real_grafana(
    server: str, situation: Situation, tmp_path: Path
) -> None:
    with ExitStack() as life:
        prometheus = await asyncio.to_thread(life.enter_context, played(situation, tmp_path))
        source = life.enter_context(datasource(server, prometheus, f"test-{os.getpid()}"))
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox"]
            )
            wrong = [
                complaint
                for language in LANGUAGES
                for complaint in await wrong_with(browser, server, source, situation, language)
            ]
            await browser.close()
    assert not wrong, "\n".join(wrong)


def test_the_boards_are_those_of_this_working_copy(server: str) -> None:
    for language in LANGUAGES:
        for board in BOARDS:
            built = json.loads(to_json(board, language))
            shown = call(f"{server}/api/dashboards/uid/{built['uid']}")["dashboard"]
            assert isinstance(shown, dict)
            assert shown["panels"] == built["panels"], built["uid"]
