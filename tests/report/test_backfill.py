from __future__ import annotations

import io
from itertools import pairwise
from typing import TYPE_CHECKING

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from monitor.exposition.catalogue import CATALOGUE
from monitor.report.backfill import DAY, HOUR, Backfilled, write_openmetrics
from monitor.report.history import History, read_history
from monitor.rollout.stage import Stage
from tests.rollout.rollouts import Entries, at, goal, stage

if TYPE_CHECKING:
    from datetime import timedelta

HISTORY = read_history(
    Entries(
        [
            goal(at(2020, 1, 1), 2, "a/main", "b/main"),
            stage("a/main", at(2020, 1, 2), Stage.LIVE),
            stage("a/main", at(2020, 1, 3), Stage.VERIFIED),
            stage("b/main", at(2020, 1, 4), Stage.VERIFIED),
        ]
    )
)


def samples(
    history: History, step: timedelta = DAY, *, sites: bool = False
) -> dict[tuple[str, str, str, float], float]:
    """Return the values by name, site, stage and instant, read by Prometheus' own client."""
    stream = io.StringIO()
    write_openmetrics(history, stream, at(2020, 1, 6), step, sites=sites)
    return {
        (
            sample.name,
            sample.labels.get("school", ""),
            sample.labels.get("stage", ""),
            float(str(sample.timestamp)),
        ): sample.value
        for family in text_string_to_metric_families(stream.getvalue())  # type: ignore[no-untyped-call]
        for sample in family.samples
    }


def midnight(day: int) -> float:
    return at(2020, 1, day, 0).timestamp()


def test_each_day_shows_what_was_known_then() -> None:
    found = samples(HISTORY)
    verified = [found["rollout_goal_verified", "", "", midnight(day)] for day in range(2, 7)]
    assert verified == [0, 0, 1, 2, 2]
    assert found["rollout_goal_denominator", "", "", midnight(2)] == 2
    assert found["rollout_sites", "", "live", midnight(3)] == 1
    assert found["rollout_sites", "", "unknown", midnight(3)] == 1


def test_samples_start_with_the_history_and_end_now() -> None:
    instants = sorted({instant for *_, instant in samples(HISTORY, HOUR)})
    assert (instants[0], instants[-1]) == (at(2020, 1, 1).timestamp(), at(2020, 1, 6).timestamp())
    assert {later - earlier for earlier, later in pairwise(instants)} == {3600.0}


def test_a_site_has_a_series_per_stage_it_had_and_one_is_current() -> None:
    found = samples(HISTORY, sites=True)
    of_a = {key: value for key, value in found.items() if key[:2] == ("rollout_stage", "a")}
    assert {stage_ for _, _, stage_, _ in of_a} == {"live", "verified"}
    for day in range(3, 7):
        assert sum(value for key, value in of_a.items() if key[3] == midnight(day)) == 1
    assert ("rollout_stage", "b", "verified", midnight(4)) not in found


def test_label_values_are_escaped() -> None:
    history = read_history(
        Entries(
            [
                goal(at(2020, 1, 1), 1, 'a"}\\/main'),
                stage('a"}\\/main', at(2020, 1, 2), Stage.LIVE),
            ]
        )
    )
    assert ("rollout_stage", 'a"}\\', "live", midnight(3)) in samples(history, sites=True)


def test_names_and_labels_match_those_the_daemon_exports() -> None:
    stream = io.StringIO()
    write_openmetrics(HISTORY, stream, at(2020, 1, 6), DAY, sites=True)
    for family in text_string_to_metric_families(stream.getvalue()):  # type: ignore[no-untyped-call]
        for sample in family.samples:
            assert set(sample.labels) == set(CATALOGUE[sample.name].labels), sample.name


def test_an_empty_history_is_valid_and_says_so() -> None:
    stream = io.StringIO()
    empty = read_history(Entries([]))
    assert write_openmetrics(empty, stream, at(2020, 1, 6)) == Backfilled(0, None, None)
    assert stream.getvalue() == "# EOF\n"
