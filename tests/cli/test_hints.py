"""What `check` suggests for a file of three lines: the YAML of each hint does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monitor.cli.hints import hints, watched
from monitor.cli.hints import sentences as told
from monitor.config import load, load_text

ROOT = Path(__file__).parents[2]
SCHOOLS = "schools:\n  - {id: goethe-schule, router: 192.0.2.10}\n"


def sentences(text: str) -> list[str]:
    return [one.sentence for one in hints(load_text(text.encode(), "schools.yaml"))]


def test_the_example_city_lacks_only_what_proves_its_goal() -> None:
    """How a line is tested and told from an old one is in no public source."""
    found = [one.sentence for one in hints(load(ROOT / "config" / "schools.yaml"))]
    assert found == [
        "the goal needs speed tests, and none is set at 99 of 99 sites: they are never verified",
        (
            "the goal needs to know which line is the right one, and 99 of 99 sites have no "
            "`line`: they are never live"
        ),
    ]


GOAL = """\
lessons: {Gymnasium: [{weekdays: [mon], hours: 07:45-13:30}], Realschule: []}
goals:
  connectivity:
    {name: A, criterion: contract, target: 2027-12-31, denominator: 9, unit: schools, source: x}
"""
TWO = (
    "schools:\n  - {id: goethe, router: 192.0.2.10, type: Gymnasium}\n"
    "  - {id: schiller, router: 192.0.2.20, type: Realschule}\n"
)


def test_a_goal_that_no_school_can_reach_gets_hints_whose_yaml_removes_them() -> None:
    contract = next(one for one in hints(load_text(TWO.encode(), "x")) if "contract" in str(one))
    providers, defaults = contract.add
    text = f"{providers}\n{defaults}\n{GOAL}{TWO}"
    assert not any("the goal needs" in one for one in sentences(text.replace(GOAL, ""))), "no goal"
    tests, line = (
        one for one in hints(load_text(text.encode(), "x")) if "the goal needs" in one.sentence
    )
    assert "at 2 of 2 sites" in tests.sentence
    assert "2 of 2 sites have no `line`" in line.sentence
    (yaml,) = tests.add
    text = text.replace(defaults, f"{defaults.removesuffix('}')}, {yaml.partition('{')[2]}")
    text = text.replace("type: Gym", f"{line.each}, type: Gym")
    assert [one for one in sentences(text) if "the goal needs" in one] == [
        (
            "the goal needs to know which line is the right one, and 1 of 2 sites has no `line`: "
            "it is never live"
        )
    ]
    of_type = text.replace("source: x", "source: x, types: [Gymnasium]")
    assert not any("the goal needs" in one for one in sentences(of_type)), "the other is no part"


def test_hints_name_what_three_lines_lack() -> None:
    found = sentences(SCHOOLS)
    beginnings = [
        "no city is named",
        "no time zone",
        "no state",
        "no references",
        "no end mark",
        "no SNMP credential for 1 of 1 device",
        "no contract at 1 of 1 site: availability is measured, not judged",
        "no lessons known for 1 of 1 school",
        "no location for 1 of 1 site",
    ]
    assert len(found) == len(beginnings)
    for sentence, begins in zip(found, beginnings, strict=True):
        assert sentence.startswith(begins)


@pytest.mark.parametrize("at", range(9))
def test_the_yaml_of_a_hint_is_valid_and_removes_the_hint(at: int) -> None:
    hint = list(hints(load_text(SCHOOLS.encode(), "schools.yaml")))[at]
    parts = [one for one in hint.add if one != "..."]
    ending = ["..."] if "..." in hint.add else []
    schools = SCHOOLS.replace("}", f", {hint.each}}}") if hint.each else SCHOOLS
    text = "\n".join([*parts, schools.rstrip("\n"), *ending]) + "\n"
    left = sentences(text)
    assert hint.sentence not in left
    assert len(left) < 9
    assert all(f"`{one}`" in str(hint) for one in (*hint.add, *filter(None, [hint.each])))


def test_all_hints_of_a_file_can_be_applied_one_after_another() -> None:
    """As a person would: an existing section gets another line and is not repeated."""
    sections = {"city": ["name: Bochum"]}
    text = f"city:\n  name: Bochum\n{SCHOOLS}"
    each: list[str] = []
    for said in told(load_text(text.encode(), "x"), ("city", "schools")):
        for yaml, place in re.findall(r"`([^`]+)`(?: in (\w+))?", said.rpartition("; add ")[2]):
            section, _, value = yaml.partition(": ")
            if place == "each":
                each.append(yaml)
            elif place:
                sections[place].append(yaml)
            else:
                assert section not in sections, said
                sections[section] = [value[1:-1]] if value.startswith("{") else [value]
    assert len(sections["defaults"]) == 2
    assert len(sections["city"]) == 3
    whole = "".join(
        f"{name}: {lines[0]}\n" if lines[0].startswith("[") else f"{name}: {{{', '.join(lines)}}}\n"
        for name, lines in sections.items()
        if name != "..."
    )
    schools = SCHOOLS.replace("}", f", {', '.join(each)}}}")
    assert sentences(f"{whole}{schools}...\n") == []


def test_monitored_items_are_counted() -> None:
    text = "credentials: {devices: {environment: X}}\n" + SCHOOLS.replace(
        "}", ", snmp: {credential: devices}, checks: {web: {kind: tcp, port: 80}}}"
    )
    assert watched(load_text(text.encode(), "x")) == (
        "watched: 1 device by ping, 1 of them by SNMP, 1 further check, 0 references"
    )
    assert watched(load_text(SCHOOLS.encode(), "x")) == (
        "watched: 1 device by ping, none of them by SNMP, 0 further checks, 0 references"
    )
