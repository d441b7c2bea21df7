"""Every expression of every dashboard, queried from a real Prometheus that scraped the demo."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dashboards.boards import BOARDS
from dashboards.panel import Kind
from tests.drills.pace import Pace, write_rules
from tests.integration.prometheus import prometheus_of
from tests.integration.running import MONITOR, demo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashboards.panel import Board, Choice, Panel
    from tests.integration.prometheus import Prometheus

pytestmark = pytest.mark.integration

SCHOOLS = 12
PATIENCE_SECONDS = 300.0
CONFIG = Path("config/schools.yaml")
DEAD_SCHOOL = "frauenlobschule"
LOSSY_SCHOOL = "gesamtschule-bochum-mitte"
IN_WORK = "grundschule-in-der-voede"
# Rightly empty while all is healthy, or until a rare event has happened.
RIGHTLY_EMPTY = {
    "Which, why, and for how long": "asked at a moment when the dead uplink may not be proven yet",
    "What is down, why, and who is affected": "the same",
    "Switches down while their line is up": "a dead switch takes five minutes to be proven",
    "Degraded lines and switches": "loss is reported once half of its window is known",
    "Runs skipped an hour": "nothing is too slow",
    "Discarded an hour": "nothing comes that is unexpected",
    "Web refusals an hour": "no client is refused",
    "Furthest below its contract": "minutes are settled five minutes late, the test is shorter",
    "Outages": "visible in the steps of a range, but queried at one instant here",
    "Forecast, as seen at each time": "the played years end with every line built",
    "Findings at the line": "the simulated routers find nothing wrong",
    "Findings at the lines": "the simulated routers find nothing wrong",
    "Minutes that people reclassified": "no minutes were excused",
    "By operator lot": "the example city names none",
    "By programme": "the example city names none",
    "Processor and memory": "the simulated switches report neither",
    "Temperature": "the simulated switches have no sensors",
    "Changes of the spanning tree": "the simulated switches have none",
}
# Of these one non-empty expression is enough: the others are alternatives.
ONE_IS_ENOUGH = {
    "As of": "the monitor answers, or has been silent since",
    "The line, and switches not up throughout": "all switches may have been up",
    "Damaged packets": "there are some, or none on any port",
    "Packets dropped for lack of buffers": "there are some, or none on any port",
    "Ports, wrong ones first": "no port of the simulated switches has been faulty",
    "Burn-up against the goal": "the band ends on the target day, which is past",
    "Each line against its own contract": "what counts is settled later than what is owed",
}


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Run demo and Prometheus."""
    place = tmp_path_factory.mktemp("dashboards")
    state = place / "state"
    faults = (f"uplink-down@{DEAD_SCHOOL}", f"lossy@{LOSSY_SCHOOL}")
    arguments = [part for fault in faults for part in ("--fault", fault)]
    arguments += ["--schools", str(SCHOOLS), "--years", "2018..2023", "--year-lasts", "15s"]
    # A goal of as many schools as are simulated, so that it can be reached and forecast.
    config = place / "schools.yaml"
    text = CONFIG.read_text(encoding="utf-8")
    text = text.replace("denominator: 82", f"denominator: {SCHOOLS}")
    # Five minutes until the hardware of each switch has been read are too long for a test.
    polls = "interfaces: {interval: 60s, timeout: 20s"
    assert polls in text
    # And four interface polls, until there is a rate; a busy machine takes longer.
    text = text.replace(polls, "interfaces: {interval: 8s, timeout: 6400ms")
    often = "defaults:\n  hardware: {interval: 20s, timeout: 10s}\n"
    config.write_text(text.replace("defaults:\n", often), encoding="utf-8")
    with demo(config, state, *arguments) as daemon:
        announce_work(state)
        (place / "rules").mkdir()
        write_rules(place / "rules", Pace(60))
        with prometheus_of(f"{daemon.host}:{daemon.port}", place) as found:
            yield found


def announce_work(state: Path) -> None:
    command = ("maintenance", "add", IN_WORK, "--until", "1h", "--reason", "new switch")
    subprocess.run(
        [*MONITOR, *command, "--state-dir", str(state)],
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=300,
    )


def substituted(expr: str) -> str:
    """Return an expression as Grafana would send it."""
    school = DEAD_SCHOOL if "failure_reason" in expr else LOSSY_SCHOOL
    # A walk over a whole device rarely succeeds at such a loss.
    is_walked = '"$device"' in expr or "school_uplink_" in expr
    school = IN_WORK if is_walked else school
    values = {
        # Two successful polls must be within it, whatever polls a busy machine has missed.
        "$__rate_interval": "2m",
        "$__interval": "2m",
        "$__range_s": "60",
        "$__range": "1m",
        "$school": school,
        "$sites": ".*",
        "$site": "main",
        "$device": "switch-01",
        "$provider": "Provider A",
    }
    for name, value in values.items():
        expr = expr.replace(name, value)
    # The simulated years end with every line built: the forecast range before that counts.
    return re.sub(
        r"(?:last_over_time\()?"
        r"(rollout_forecast_finish_timestamp_seconds(?:\{[^}]*\})?)"
        r"(?:\[2m\]\))?",
        r"last_over_time(\1[1h])",
        expr,
    )


def is_stopgap(expr: str) -> bool:
    """Return whether it only provides text where the panel's first query is empty."""
    return expr.lstrip("(").startswith("vector(")


def still_empty(prometheus: Prometheus, board: Board) -> dict[str, str]:
    found = {}
    for panel in (panel for row in board.rows for panel in row.panels):
        if panel.title.en in RIGHTLY_EMPTY:
            continue
        asked = [query.expr for query in panel.queries if not is_stopgap(query.expr)]
        empty = [expr for expr in asked if not prometheus.vector(substituted(expr))]
        if is_one_enough(panel) and len(empty) < len(panel.queries):
            continue
        if empty:
            found[panel.title.en] = empty[0]
    return found


def is_one_enough(panel: Panel) -> bool:
    """A tile shows one of its sentences, and a map only the existing stages."""
    return panel.in_words or panel.kind is Kind.GEOMAP or panel.title.en in ONE_IS_ENOUGH


@pytest.mark.parametrize("board", BOARDS, ids=[board.uid for board in BOARDS])
def test_no_expression_fails_or_is_empty(prometheus: Prometheus, board: Board) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        empty = still_empty(prometheus, board)
        if not empty or time.monotonic() > ends:
            break
        time.sleep(1)
    assert empty == {}


def test_every_exempt_expression_belongs_to_a_panel_and_does_not_fail(
    prometheus: Prometheus,
) -> None:
    panels = {p.title.en: p for board in BOARDS for row in board.rows for p in row.panels}
    assert set(RIGHTLY_EMPTY) <= set(panels)
    for title in RIGHTLY_EMPTY:
        for query in panels[title].queries:
            prometheus.vector(substituted(query.expr))


def assert_names_and_ids(prometheus: Prometheus, choice: Choice) -> None:
    """Assert that Grafana finds names to show and ids to query, in its own notation of series."""
    pattern = re.compile(choice.regex.strip("/").replace("(?<", "(?P<"))
    asked = choice.query.removeprefix("query_result(").removesuffix(")")
    told = {}
    for one in prometheus.vector(asked):
        labels = ",".join(f'{name}="{value}"' for name, value in one["metric"].items())
        found = pattern.search(f"{{{labels}}} {one['value'][1]} {one['value'][0]}")
        assert found, labels
        told[found["value"]] = found["text"]
    assert told[DEAD_SCHOOL] == "Frauenlobschule"
    assert len(told) == SCHOOLS


@pytest.mark.parametrize("board", BOARDS, ids=[board.uid for board in BOARDS])
def test_variables_and_annotations_return_data(prometheus: Prometheus, board: Board) -> None:
    for mark in board.marks:
        prometheus.vector(substituted(mark.expr))
    for choice in board.choices:
        if choice.regex:
            assert_names_and_ids(prometheus, choice)
            continue
        inside = choice.query.removeprefix("label_values(").removesuffix(")")
        selector, label = inside.rsplit(", ", 1)
        found = prometheus.vector(substituted(selector))
        assert {one["metric"][label] for one in found}, choice.query
