"""Two shards on a real PostgreSQL look like one daemon to Prometheus, even while one is killed."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import yaml

from dashboards.goal_answer import ANSWER
from monitor.config import load
from monitor.inventory.shard import Shard
from monitor.ledger.place import SqlitePlace
from monitor.ledger.postgres import postgres_place
from monitor.state.shard_note import noted_shards
from tests.campaigns.evidence import entries_of, passing
from tests.integration.postgres import running_postgres
from tests.integration.prometheus import running_prometheus
from tests.integration.running import COMMUNITY, COMMUNITY_OF_RUN, Town, started, until
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from monitor.ledger.chain import Entry
    from monitor.ledger.place import LedgerPlace
    from tests.integration.prometheus import Prometheus
    from tests.integration.running import Daemon

pytestmark = [pytest.mark.integration, pytest.mark.heavy]

SCHOOLS = {f"school-{number}": number for number in range(1, 10)}
BUILT = [name for name, number in SCHOOLS.items() if number <= 7]
VERIFIED = [name for name, number in SCHOOLS.items() if number <= 4]
DENOMINATOR = 11
# A leader waits 35 s before it exports; the rest is for a busy machine.
TAKEOVER_SECONDS = 300.0
GOALS = f"""\
goals:
  connectivity:
    name: Broadband for all schools
    criterion: contract
    target: 2022-12-31
    denominator: {DENOMINATOR}
    unit: schools
    source: council 1
  reported:
    - id: tablets
      name: Tablets
      unit: tablets
      target: 18000
      source: council 2
      entries:
        - {{day: 2020-09-11, value: 9000, source: news}}
"""
BUILT_LINES = ("milestones:", "  - {stage: built, day: 2022-02-01, reference: protocol 3}")
WHO = {"instance", "job"}
# Series that are the same for any number of daemons; the figures of the goal board are checked
# separately.
CITY = '{__name__=~"rollout_(goal|reported|forecast|building|sites).*"}'


def config_of(place: Path) -> Path:
    """Write a city's configuration; four schools of nine will be verified, seven are built."""
    town = Town(free_port(), SCHOOLS, switches=1, extra=dict.fromkeys(BUILT, BUILT_LINES))
    text = town.text().replace("schools:\n", f"{GOALS}schools:\n", 1)
    place.write_text(text, encoding="utf-8")
    return place


def evidence(school: str) -> list[Entry]:
    """Return the entries of a campaign that passed ten days ago."""
    begin = (datetime.now(UTC) - timedelta(days=10)).replace(hour=13, minute=0, second=0)
    measured = passing(f"of-{school}", begin)
    moved = tuple(replace(one, site=f"{school}/main") for one in measured.measurements)
    return entries_of(replace(measured, site=f"{school}/main", measurements=moved))


def write(place: LedgerPlace, schools: list[str]) -> None:
    store = place.open_store(datetime.now(UTC))
    try:
        store.append(store.link([entry for one in schools for entry in evidence(one)]))
    finally:
        store.close()


@contextlib.contextmanager
def daemon(config: Path, state: Path, *arguments: str, **environment: str) -> Iterator[Daemon]:
    place = ("--config", str(config), "--state-dir", str(state), "--listen", "127.0.0.1:0")
    with started(
        "run", *place, *arguments, environment={COMMUNITY_OF_RUN: COMMUNITY, **environment}
    ) as one:
        one.await_listening()
        yield one


@contextlib.contextmanager
def scraping(place: Path, *daemons: Daemon) -> Iterator[Prometheus]:
    """Run a Prometheus that scrapes the daemons' own metrics and those of the city."""
    place.mkdir()
    job = {
        "job_name": "schulnetz",
        "metrics_path": "/metrics/monitor",
        "static_configs": [{"targets": [f"127.0.0.1:{one.port}" for one in daemons]}],
    }
    every_second = ("scrape_interval", "scrape_timeout", "evaluation_interval")
    config = {"global": dict.fromkeys(every_second, "1s"), "scrape_configs": [job]}
    with running_prometheus(yaml.safe_dump(config), place) as prometheus:
        prometheus.await_answer("up == 1", len(daemons), "instance")
        yield prometheus


def answer(prometheus: Prometheus, question: str) -> dict[frozenset[tuple[str, str]], float]:
    """Return the values of a result by label, without the scraped instance; each occurs once."""
    found: dict[frozenset[tuple[str, str]], float] = {}
    for one in prometheus.vector(question):
        labels = {key: text for key, text in one["metric"].items() if key not in WHO}
        key = frozenset(labels.items())
        assert key not in found, f"{question}: twice {labels}"
        found[key] = float(one["value"][1])
    return found


def goal_of(daemon: Daemon) -> object:
    """Return the goal as given by the daemon's API."""
    return json.loads(daemon.get("/api/v1/goal").body)


def board_questions() -> list[str]:
    """Return the queries of the first row of the goal board, except those that change with time."""
    asked = [query.expr for panel in ANSWER.panels for query in panel.queries]
    return [expr for expr in asked if "time()" not in expr and "timestamp(up" not in expr]


def test_two_shards_look_like_one_daemon_even_while_one_is_killed(tmp_path: Path) -> None:
    config = config_of(tmp_path / "schools.yaml")
    whole = load(config)
    parts = {number: Shard(number, 2).of(whole) for number in (1, 2)}
    of_part = {number: {one.id for one in part.schools} for number, part in parts.items()}
    assert all(0 < len(ids & set(VERIFIED)) < len(VERIFIED) for ids in of_part.values()), of_part
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(running_postgres())
        for number, ids in of_part.items():
            own = [one for one in VERIFIED if one in ids]
            write(postgres_place(server.url, f"shard-{number}"), own)
        (tmp_path / "whole").mkdir(mode=0o700)
        write(SqlitePlace(tmp_path / "whole" / "ledger.sqlite"), VERIFIED)
        shards = [
            stack.enter_context(
                daemon(
                    config,
                    tmp_path / f"shard-{number}",
                    f"--shard={number}/2",
                    f"--ledger-writer=shard-{number}",
                    SCHULNETZ_LEDGER=server.url,
                )
            )
            for number in (1, 2)
        ]
        assert [noted_shards(tmp_path / f"shard-{number}") for number in (1, 2)] == [
            [(1, 2)],
            [(2, 2)],
        ]
        prometheus = stack.enter_context(scraping(tmp_path / "scrapes-shards", *shards))
        alone = stack.enter_context(daemon(config, tmp_path / "whole"))
        alone_prometheus = stack.enter_context(scraping(tmp_path / "scrapes-alone", alone))

        def exporter() -> str:
            """Return which instances export the goal by Prometheus, empty if none does."""
            found = prometheus.vector("monitor_goal_exporter == 1")
            assert len(found) <= 1, found
            return found[0]["metric"]["instance"] if found else ""

        def numbers_are_one_daemons() -> bool:
            expected = answer(alone_prometheus, CITY)
            return len(expected) > 25 and answer(prometheus, CITY) == expected

        def await_answers(expected: Mapping[str, int]) -> None:
            """Wait for totals and the board's results; a late scrape is missing briefly."""
            for question, number in expected.items():
                until(
                    lambda: answer(prometheus, question) == {frozenset(): number},  # noqa: B023
                    shards[0],
                    TAKEOVER_SECONDS,
                )
            for expr in board_questions():
                until(
                    lambda: answer(prometheus, expr) == answer(alone_prometheus, expr),  # noqa: B023
                    shards[0],
                    TAKEOVER_SECONDS,
                )

        until(lambda: answer(alone_prometheus, "rollout_forecast_outlook"), alone, TAKEOVER_SECONDS)
        until(exporter, shards[0], TAKEOVER_SECONDS)
        until(numbers_are_one_daemons, shards[0], TAKEOVER_SECONDS)
        await_answers(
            {
                "sum(rollout_goal_verified)": len(VERIFIED),
                "sum(rollout_goal_denominator)": DENOMINATOR,
                "sum(rollout_goal_built)": len(BUILT),
            }
        )
        for shard in shards:
            until(
                lambda: goal_of(shard) == goal_of(alone),  # noqa: B023
                shard,
                TAKEOVER_SECONDS,
            )

        first = exporter()
        killed, heir = sorted(shards, key=lambda one: f"127.0.0.1:{one.port}" != first)
        killed.process.kill()
        until(lambda: exporter() == f"127.0.0.1:{heir.port}", heir, TAKEOVER_SECONDS)
        until(numbers_are_one_daemons, heir, TAKEOVER_SECONDS)
        await_answers({})
        # At every second since the shards started: the city's number or none, never two.
        for figure, number in (("verified", len(VERIFIED)), ("denominator", DENOMINATOR)):
            for extreme in ("min", "max"):
                ever = f"{extreme}_over_time(sum(rollout_goal_{figure})[5m:1s])"
                assert answer(prometheus, ever) == {frozenset(): number}, ever
        assert answer(prometheus, "max_over_time(sum(monitor_goal_exporter)[5m:1s])") == {
            frozenset(): 1
        }
