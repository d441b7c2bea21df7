"""The report's sentences about a goal that changed, or that is smaller than the list."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from monitor.inventory.city import Milestone
from monitor.report.output import to_html, to_json, to_markdown
from monitor.report.report import rollout_report
from monitor.rollout.stage import Stage
from tests.rollout.rollouts import Entries, at, city_with_goal, goal, listed_school, stage

if TYPE_CHECKING:
    from monitor.inventory.city import School
    from monitor.ledger.chain import Entry
    from monitor.report.report import RolloutReport
    from monitor.words.text import Language

BUILT = Milestone("built", date(2021, 2, 1), "protocol 3")


def built_school(name: str) -> School:
    found = listed_school(name)
    return replace(found, sites=tuple(replace(one, milestones=(BUILT,)) for one in found.sites))


def news(entries: list[Entry], *schools: str) -> RolloutReport:
    city = city_with_goal(*map(listed_school, schools))
    return rollout_report(Entries(entries), city, at(2021, 9, 1), since=at(2021, 5, 1))


def test_the_news_name_who_left_the_goal_with_the_last_stage_and_who_joined_it() -> None:
    entries = [
        goal(at(2021, 1, 6), 3, "a/main", "b/main", "c/main"),
        stage("b/main", at(2021, 3, 1), Stage.VERIFIED, "campaign 7 passed"),
        goal(at(2021, 6, 1), 3, "a/main", "c/main", "b-new/main"),
        goal(at(2021, 7, 1), 2, "a/main", "b-new/main"),
    ]
    found = news(entries, "a", "b-new")
    english, german = to_markdown(found, "en"), to_markdown(found, "de")
    assert (
        "The list of the goal changed on 2021-06-01 (Row 3). No longer in the goal: b/main "
        "(verified). New in the goal: Schule b-new." in english
    )
    assert (
        "The goal became 2 schools on 2021-07-01 (Row 4). No longer in the goal: c/main "
        "(unknown)." in english
    )
    assert (
        "Die Liste des Ziels änderte sich am 01.06.2021 (Zeile 3). Nicht mehr im Ziel: b/main "
        "(nachgewiesen). Neu im Ziel: Schule b-new." in german.replace("\\", "")
    )
    first, second = json.loads(to_json(found))["news"]["goal"]
    assert (first["left"], first["joined"]) == ({"b/main": "verified"}, ["b-new/main"])
    assert (second["left"], second["joined"]) == ({"c/main": "unknown"}, [])


def test_a_large_import_is_not_listed_to_the_last_site() -> None:
    sites = [f"s{number}/main" for number in range(20)]
    entries = [goal(at(2021, 1, 6), 20, *sites[:2]), goal(at(2021, 6, 1), 20, *sites)]
    text = to_markdown(news(entries, *(one.split("/")[0] for one in sites)), "en")
    assert "Schule s12, Schule s13 and 6 more." in text


@pytest.mark.parametrize(
    ("language", "said", "wrong"),
    [
        ("en", "4 schools have their line, more than the goal of 3.", "4 of 3"),
        ("de", "4 Schulen haben ihre Leitung, mehr als das Ziel von 3.", "4 von 3"),
    ],
)
def test_a_goal_smaller_than_the_list_is_not_called_the_whole(
    language: Language, said: str, wrong: str
) -> None:
    schools = [*(built_school(f"s{number}") for number in range(4)), listed_school("left")]
    city = city_with_goal(*schools)
    assert city.goal is not None
    city = replace(city, goal=replace(city.goal, denominator=3))
    sites = [f"{one.id}/main" for one in schools]
    entries = [goal(at(2021, 1, 6), 3, *sites)]
    found = rollout_report(Entries(entries), city, at(2021, 9, 1))
    text = to_markdown(found, language)
    assert said in text
    entries += [stage(one, at(2021, 3, 1), Stage.VERIFIED) for one in sites[:4]]
    text += to_markdown(rollout_report(Entries(entries), city, at(2021, 9, 1)), language)
    assert wrong not in text
    # One of the list has no line.
    assert not re.search("Every line|Alle Leitungen", text)


def test_the_forecast_in_the_picture_begins_at_the_built_lines() -> None:
    names = [f"s{number}" for number in range(12)]
    stones = {
        name: Milestone("built", date(2021, 2 + number, 1), "protocol 3")
        for number, name in enumerate(names[:7])
    }
    schools = [
        replace(one, sites=(replace(one.sites[0], milestones=(stones[one.id],)),))
        if one.id in stones
        else one
        for one in map(listed_school, names)
    ]
    entries = [goal(at(2021, 1, 6), 12, *(f"{one}/main" for one in names))]
    found = rollout_report(Entries(entries), city_with_goal(*schools), at(2021, 9, 1))
    assert (found.forecast.built, found.point.verified) == (7, 0)
    assert found.forecast.middle is not None
    picture = to_html(found, "en").partition("<svg")[2].partition("</svg>")[0]
    dot = re.search(r'<circle cx="([0-9.]+)" cy="([0-9.]+)"', picture)
    assert dot is not None
    assert f'<path d="M{dot[1]} {dot[2]}L' in picture
    # From the axis, 12 steps up to the goal.
    goal_y = re.search(r'<path d="M[0-9.]+ ([0-9.]+)H[0-9.]+" fill="none" stroke="#333"', picture)
    zero = max(float(one) for one in re.findall(r'<path d="M44 ([0-9.]+)H', picture))
    assert goal_y is not None
    share = (zero - float(dot[2])) / (zero - float(goal_y[1]))
    assert share == pytest.approx(7 / 12, abs=0.01)
    assert "built: forecast (80 %)" in picture
