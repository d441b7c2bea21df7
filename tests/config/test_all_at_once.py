"""All mistakes of a file are shown at once: none hides another or a warning."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import combinations
from typing import TYPE_CHECKING, Final

import pytest

from monitor.cli.check_warnings import warnings_of
from monitor.config import ConfigError, examine, load_text
from tests.cli.test_main import invoke

if TYPE_CHECKING:
    from pathlib import Path

WHOLE: Final = """\
city:
  name: Bochum
  timezone: Europe/Berlin
  state: NW
  holidays: [{name: Ferien, from: 2027-07-01, to: 2027-08-01}]
  runbooks: https://wiki.example
credentials: {devices: {environment: X}}
providers: {provider-a: {name: A}}
lessons: {Gymnasium: [{weekdays: [mon], hours: 07:45-13:30}]}
defaults:
  snmp: {credential: devices}
  icmp: {interval: 10s}
goals:
  connectivity:
    {name: All, criterion: contract, target: 2027-12-31, denominator: 9, unit: schools, source: x}
schools:
  - id: goethe
    router: 192.0.2.1
    type: Gymnasium
    location: [7.22, 51.48]
    maintenance: [{starts: 2026-10-01 10:00, ends: 2026-10-01 12:00, reason: x}]
  - {id: schiller, router: 192.0.2.2, type: Gymnasium, location: [51.48, 7.22]}
"""
# The replacement text, and the message expected for it.
MISTAKES: Final = {
    "name: Bochum": ("name: [x]", "allowed: text"),
    "timezone: Europe/Berlin": ("timezone: Europe/Bochum", "is not a time zone"),
    "state: NW": ("state: XX", "XX"),
    "to: 2027-08-01": ("to: 2027-06-01", "is not within 200 days"),
    "runbooks: https://wiki.example": ("runbooks: wiki", "is not a URL"),
    "{environment: X}": ("{environment: a b}", "the entry is not the place of a secret"),
    "{name: A}": ("{name: A, tel: 1}", "unknown key tel"),
    "hours: 07:45-13:30": ("hours: 7-13", "is not a time range"),
    "credential: devices": ("credential: other", "is not an entry of credentials"),
    "interval: 10s": ("interval: 10", "is not a duration"),
    "denominator: 9": ("denominator: 0", "allowed: at least 1"),
    "router: 192.0.2.1\n": ("router: 192.0.2.300\n", "is not a valid IPv4 address"),
    "ends: 2026-10-01 12:00": ("ends: 2026-10-01 09:00", "not after its start"),
    "id: schiller": ("id: Schiller", "allowed: lower-case letters"),
}


def mistaken(*right: str) -> str:
    text = WHOLE
    for one in right:
        assert text.count(one) == 1, one
        text = text.replace(one, MISTAKES[one][0])
    return text


def problems(text: str) -> list[str]:
    try:
        load_text(text.encode(), "s")
    except ConfigError as error:
        return [one.message for one in error.problems]
    return []


def test_the_file_without_mistakes_is_accepted() -> None:
    assert problems(WHOLE) == []


@pytest.mark.parametrize("right", MISTAKES)
def test_each_mistake_is_one_error(right: str) -> None:
    found = problems(mistaken(right))
    assert len(found) == 1, found
    assert MISTAKES[right][1] in found[0]


def test_no_mistake_hides_another() -> None:
    hidden = []
    for pair in combinations(MISTAKES, 2):
        found = problems(mistaken(*pair))
        hidden += [
            (pair, found) for one in pair if not any(MISTAKES[one][1] in said for said in found)
        ]
    assert hidden == []


def test_all_mistakes_are_shown_at_once() -> None:
    found = problems(mistaken(*MISTAKES))
    assert all(any(said in one for one in found) for _, said in MISTAKES.values()), found


@pytest.mark.parametrize("right", [None, *MISTAKES])
def test_a_mistake_does_not_hide_a_warning(tmp_path: Path, right: str | None) -> None:
    file = tmp_path / "schools.yaml"
    file.write_text(WHOLE if right is None else mistaken(right), encoding="utf-8")
    code, _, errors = invoke("check", file)
    assert code == (right is not None)
    lines = errors.splitlines()
    warnings = [line.partition(": warning: ")[2] for line in lines if ": warning: " in line]
    # The swapped coordinates, SNMP without encryption, an unreachable goal: a part that is itself
    # invalid gets no warning.
    expected = {"credential: devices": 2, "denominator: 9": 2}
    assert len(warnings) == expected.get(right or "", 3), errors
    assert all(lines[lines.index(one) + 2].endswith("^") for one in lines if ": warning: " in one)
    if right is not None:
        assert lines[-1] == f"{file}: 1 error, {len(warnings)} warnings"


@pytest.mark.parametrize(
    "line",
    [
        "routers: {user: monitor, auth: sha, auth_password: {file: secrets/a}}",
        "routers: {user: monitor, auth_password: {file: /etc/a}}",
    ],
)
def test_an_invalid_user_is_not_also_reported_as_unencrypted(line: str) -> None:
    text = f"""\
credentials:
  {line}
defaults:
  snmp: {{credential: routers}}
schools:
  - {{id: goethe-schule, router: 192.0.2.10}}
"""
    examined = examine(text.encode(), "a.yaml")
    assert examined.error is not None
    assert not warnings_of("a.yaml", examined, datetime(2026, 1, 5, tzinfo=UTC))
