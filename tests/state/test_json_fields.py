"""A dataclass as plain JSON: values round-trip, and invalid ones are named."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.state.json_fields import FieldError, JsonFields
from monitor.state.wire import INSTANTS_AS_TEXT, Wire, Wires

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Inner:
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Outer:
    name: str
    count: int
    right: bool | None
    inner: Inner
    colour: Colour
    unit: Literal["schools", "sites"]
    sites: tuple[str, ...]
    day: date
    at: datetime
    rate: float = 1.5
    planned: float | None = None
    of_old: str | None = None


WIRES: Wires = {
    datetime: INSTANTS_AS_TEXT,
    "name": Wire(str, str.lower, str.upper, "called"),
    "of_old": None,
}
FIELDS = JsonFields(Outer, WIRES)
VALUE = Outer(
    "ab", 3, None, Inner(1, 2.5), Colour.BLUE, "sites", ("x", "ü"), date(2026, 1, 2), NOON
)
PLAIN = {
    "called": "AB",
    "count": 3,
    "right": None,
    "inner": {"low": 1, "high": 2.5},
    "colour": "blue",
    "unit": "sites",
    "sites": ["x", "ü"],
    "day": "2026-01-02",
    "at": "2026-10-05T12:00:00+00:00",
    "rate": 1.5,
    "planned": None,
}


def test_a_value_is_written_as_plain_json_and_read_back() -> None:
    assert FIELDS.plain(VALUE) == PLAIN
    assert FIELDS.value(json.loads(json.dumps(PLAIN))) == VALUE


@given(
    st.builds(
        Outer,
        name=st.sampled_from(["", "ab", "ü"]),
        inner=st.builds(Inner, low=st.integers(-(2**70), 2**70), high=st.floats(allow_nan=False)),
        sites=st.lists(st.text(), max_size=3).map(tuple),
        at=st.datetimes(timezones=st.just(UTC)),
        of_old=st.none(),
    )
)
def test_every_value_round_trips_and_numbers_are_written_unchanged(value: Outer) -> None:
    written = json.dumps(FIELDS.plain(value))
    again = FIELDS.value(json.loads(written))
    assert again == value
    assert json.dumps(FIELDS.plain(again)) == written


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("called", 5),
        ("count", "5"),
        ("count", 5.0),
        ("count", True),
        ("right", 1),
        ("right", "true"),
        ("inner", [1, 2]),
        ("colour", "green"),
        ("unit", "cities"),
        ("sites", "x"),
        ("sites", {"x": 1}),
        ("day", "2026-02-30"),
        ("day", 5),
        ("at", 0),
        ("at", "2026-10-05T12:00:00"),
        ("at", "0001-01-01T00:00:00+23:00"),
        ("rate", "1.5"),
        ("rate", True),
        ("rate", None),
        ("planned", []),
    ],
)
def test_a_value_of_the_wrong_type_is_named_and_not_converted(field: str, wrong: object) -> None:
    with pytest.raises(FieldError) as caught:
        FIELDS.value({**PLAIN, field: wrong})
    assert str(caught.value) == f"has {field} {wrong!r}"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({**PLAIN, "sites": ["x", 5]}, "has sites.1 5"),
        ({**PLAIN, "inner": {"low": 1, "high": "x"}}, "has inner.high 'x'"),
        ({**PLAIN, "inner": {"low": 1}}, "has inner.high None"),
        ({name: one for name, one in PLAIN.items() if name != "called"}, "has called None"),
        ([PLAIN], f"is {[PLAIN]!r}"),
        (None, "is None"),
    ],
)
def test_the_place_of_a_mistake_is_named(found: object, said: str) -> None:
    with pytest.raises(FieldError) as caught:
        FIELDS.value(found)
    assert str(caught.value) == said


@pytest.mark.parametrize("found", ["x" * 10**6, {**PLAIN, "count": ["x"] * 10**6}])
def test_a_mistake_of_a_megabyte_makes_a_short_message(found: object) -> None:
    with pytest.raises(FieldError) as caught:
        FIELDS.value(found)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("field", [name for name in PLAIN if name != "planned"])
def test_a_field_is_required_unless_its_default_is_none(field: str) -> None:
    rest = {name: one for name, one in PLAIN.items() if name != field}
    with pytest.raises(FieldError, match=f"has {field} None"):
        FIELDS.value(rest)


def test_fields_of_other_versions_may_be_missing_or_are_ignored() -> None:
    old = {name: one for name, one in PLAIN.items() if name != "planned"}
    assert FIELDS.value(old) == VALUE
    assert FIELDS.value({**PLAIN, "colours": 7}) == VALUE


def test_a_field_missing_in_the_json_comes_from_the_caller_or_its_default() -> None:
    assert FIELDS.value({**PLAIN, "of_old": "forged"}) == VALUE
    assert FIELDS.value(PLAIN, of_old="x") == replace(VALUE, of_old="x")


def test_a_time_in_another_zone_is_converted_to_utc() -> None:
    east = NOON.astimezone(timezone(timedelta(hours=2)))
    found = FIELDS.value({**PLAIN, "at": east.isoformat()})
    assert found.at.utcoffset() == timedelta()
    assert found == VALUE


def test_a_value_json_cannot_hold_is_a_bug() -> None:
    @dataclass(frozen=True, slots=True)
    class Odd:
        odd: bytes

    for kind in (Odd, int):
        with pytest.raises(TypeError):
            JsonFields(kind).value({"odd": "x"})
