"""What `check` offers of a file of three lines: each hint's YAML adds what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.cli.hints import hints, watched
from monitor.config import load, load_text

ROOT = Path(__file__).parents[2]
SCHOOLS = "schools:\n  - {id: goethe-schule, router: 192.0.2.10}\n"


def sentences(text: str) -> list[str]:
    return [one.sentence for one in hints(load_text(text.encode(), "schools.yaml"))]


def test_a_whole_city_has_no_hints() -> None:
    assert list(hints(load(ROOT / "config" / "schools.yaml"))) == []


def test_what_three_lines_lack_is_said() -> None:
    found = sentences(SCHOOLS)
    beginnings = [
        "no city is named",
        "no time zone",
        "no state",
        "no references",
        "no end mark",
        "no SNMP credential for 1 of 1 device",
        "no contract at 1 of 1 site: availability is measured, not judged",
        "no lessons known of 1 of 1 school",
        "no location of 1 of 1 site",
    ]
    assert len(found) == len(beginnings)
    for sentence, begins in zip(found, beginnings, strict=True):
        assert sentence.startswith(begins)


@pytest.mark.parametrize("at", range(9))
def test_the_yaml_of_a_hint_is_taken_and_ends_it(at: int) -> None:
    hint = list(hints(load_text(SCHOOLS.encode(), "schools.yaml")))[at]
    parts = [one for one in hint.add if one != "..."]
    ending = ["..."] if "..." in hint.add else []
    schools = SCHOOLS.replace("}", f", {hint.each}}}") if hint.each else SCHOOLS
    text = "\n".join([*parts, schools.rstrip("\n"), *ending]) + "\n"
    left = sentences(text)
    assert hint.sentence not in left
    assert len(left) < 9
    assert all(f"`{one}`" in str(hint) for one in (*hint.add, *filter(None, [hint.each])))


def test_what_is_watched_is_counted() -> None:
    text = "credentials: {devices: {environment: X}}\n" + SCHOOLS.replace(
        "}", ", snmp: {credential: devices}, checks: {web: {kind: tcp, port: 80}}}"
    )
    assert watched(load_text(text.encode(), "x")) == (
        "watched: 1 device by ping, 1 of them by SNMP, 1 further check, 0 references"
    )
    assert watched(load_text(SCHOOLS.encode(), "x")) == (
        "watched: 1 device by ping, none of them by SNMP, 0 further checks, 0 references"
    )
