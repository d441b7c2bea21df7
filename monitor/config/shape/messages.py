"""pydantic's errors as text for a person who edits the file, each with its position.

Must not know: what the rules are for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from monitor.config.shape.fields import PATTERN_FORMS, name_meant
from monitor.config.shape.goals import GoalsRules
from monitor.config.shape.layout import keys_at, path_of
from monitor.config.shape.rules import (
    CityRules,
    Document,
    ProfileRules,
    SchoolRules,
    SchoolWithSitesRules,
    Settings,
    SiteRules,
)
from monitor.config.tree.places import key_mark_of, mark_of
from monitor.config.tree.problems import listed, shown, suggestion
from monitor.config.tree.slips import comma_hint
from monitor.config.tree.text import Ambiguous

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic_core import ErrorDetails

    from monitor.config.shape.base import Rules
    from monitor.config.shape.layout import Location
    from monitor.config.tree.problems import Findings, Mark
    from monitor.config.tree.text import Node

_NUMBERS = {
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
}
_TYPES = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "finite_number": "a finite number",
}
_NUMERIC = {"int_type", "float_type"}
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3}){2,}")
_COORDINATES = 2
_FOUND_PLACE = "the location is not two numbers with decimal points in brackets"
_COORDINATE = re.compile(r"-?[0-9]+[.,][0-9]+")

# The file's upper levels, and where their keys belong.
_LEVELS: tuple[tuple[type[Rules], str], ...] = (
    (Document, "at the top level"),
    (CityRules, "into city"),
    (GoalsRules, "into goals"),
    (Settings, "into defaults, for all, or into a profile or a school"),
    (SchoolRules, "into the entry of a school"),
    (SiteRules, "into the entry of a site"),
)


def note(detail: ErrorDetails, root: Node, findings: Findings) -> None:
    """Add one of pydantic's errors with our own words and its position."""
    location, kind = detail["loc"], detail["type"]
    path = path_of(location)
    mark = mark_of(root, path)
    value = detail["input"]
    context: dict[str, Any] = detail.get("ctx", {})
    if (
        isinstance(value, Ambiguous)
        and path[:1] != ("credentials",)
        and kind not in {"missing", "extra_forbidden", "config"}
    ):
        _note_ambiguous(value, kind, context, mark, findings)
    elif kind == "missing" and isinstance(location[-1], int):
        findings.add(mark, "too few entries", "allowed: latitude and longitude")
    elif kind == "missing":
        findings.add(mark, f"key {location[-1]} is missing")
    elif kind == "extra_forbidden":
        findings.add(key_mark_of(root, path), *_unknown_key(location))
    elif location and location[-1] == "[key]":
        pattern = str(context.get("pattern"))
        findings.add(
            key_mark_of(root, path),
            f"key {shown(value)} has the wrong form",
            PATTERN_FORMS.get(pattern, ""),
            name_meant(value, pattern),
        )
    elif path[:1] == ("credentials",) and kind == "literal_error":
        literals = str(context["expected"]).replace(" or ", ", ").replace("'", "").split(", ")
        findings.add(mark, f"{path[-1]} is unknown", listed(literals))
    elif path[:1] == ("credentials",):
        # May be the secret itself, written in place of its source: not repeated.
        form = PATTERN_FORMS.get(str(context.get("pattern")), "")
        cure = "allowed: {file: /an/absolute/path} or {environment: NAME}, never the secret"
        if path[2:] in {("user",), ("context",)}:
            findings.add(mark, f"{path[2]} has the wrong form", form or "allowed: text")
            return
        findings.add(mark, "the entry is not the place of a secret", form or cure)
    else:
        _note_value(detail, context, mark, findings)


def _unknown_key(location: Location) -> tuple[str, str, str]:
    word, allowed = str(location[-1]), keys_at(location[:-1])
    if "sites" in allowed and word in SiteRules.model_fields:
        return f"key {word} beside sites", "write it into each site", ""
    if place := _place_of(word, allowed):
        return f"key {word} does not belong here", f"write it {place}", ""
    return f"unknown key {word}", listed(allowed, 40), suggestion(word, allowed)


def _place_of(word: str, allowed: tuple[str, ...]) -> str:
    """Return where a key belongs that is valid at one of the file's upper levels."""
    holders: tuple[type[Rules], ...] = (
        *(one for one, _ in _LEVELS),
        ProfileRules,
        SchoolWithSitesRules,
    )
    if set(allowed) not in [set(_keys(one)) for one in holders]:
        return ""
    return next((place for one, place in _LEVELS if word in _keys(one)), "")


def _keys(rules: type[Rules]) -> Iterator[str]:
    return (field.alias or name for name, field in rules.model_fields.items())


def _note_ambiguous(
    value: Ambiguous, kind: str, context: dict[str, Any], mark: Mark, findings: Findings
) -> None:
    if not value.why:  # reported when the text was read
        return
    cure = f'write "{value.text}" in quotes if it is text'
    if kind == "config_type":
        cure = f"{context['forms']}"
    elif kind in _TYPES and kind != "string_type":
        cure = f"allowed: {_TYPES[kind]}, written plainly"
    findings.add(mark, f"{value.text} is {value.why}", cure)


def _note_value(
    detail: ErrorDetails, context: dict[str, Any], mark: Mark, findings: Findings
) -> None:
    kind, value = detail["type"], detail["input"]
    if path_of(detail["loc"])[-1:] == ("location",) and (place := _place_meant(value)):
        findings.add(mark, _FOUND_PLACE, f"did you mean {place}?")
    elif kind == "config":
        findings.add(mark, context["message"])
    elif kind == "config_type":
        findings.add(mark, f"{shown(value)} is not text", context["forms"])
    elif kind in _TYPES:
        cure = _quotes(value) if kind == "string_type" else _pointed(kind, value)
        findings.add(mark, f"found {shown(value)}", f"allowed: {_TYPES[kind]}", cure)
    elif kind == "literal_error":
        literals = str(context["expected"]).replace(" or ", ", ").replace("'", "").split(", ")
        near = suggestion(value, literals) if isinstance(value, str) else ""
        near = "write it without quotes" if value in literals else near
        findings.add(mark, f"found {shown(value)}", listed(literals, 40), near)
    elif kind == "string_pattern_mismatch":
        pattern = str(context["pattern"])
        form = PATTERN_FORMS.get(pattern, "")
        findings.add(mark, f"found {shown(value)}", form, name_meant(value, pattern))
    else:
        findings.add(mark, *_bounds(detail, context))


def _bounds(detail: ErrorDetails, context: dict[str, Any]) -> tuple[str, str, str]:
    kind = detail["type"]
    if kind in _NUMBERS:
        key, word = _NUMBERS[kind]
        return f"found {shown(detail['input'])}", f"allowed: {word} {context[key]:g}", ""
    if kind == "too_short":
        found = context["actual_length"]
        return f"found {found} entries", f"allowed: at least {context['min_length']}", ""
    if kind == "too_long":
        return "too many entries", f"allowed: at most {context['max_length']}", ""
    if kind == "union_tag_invalid":
        tags = str(context["expected_tags"]).replace("'", "").split(", ")
        near = suggestion(str(context["tag"]), tags)
        return f"found kind {context['tag']}", listed(tags), near
    if kind == "union_tag_not_found":
        return "key kind is missing", "allowed: tcp, http, dns", ""
    return detail["msg"], "", ""


def _place_meant(value: object) -> str:
    """Return the remedy for coordinates that were written with commas or without brackets."""
    if isinstance(value, list):
        if len(value) <= _COORDINATES:
            return ""
        # A comma splits one coordinate in two; the other may have its point.
        points = [place for place, one in enumerate(value) if isinstance(one, float)]
        if points and (len(value) != _COORDINATES + 1 or points not in ([0], [2])):
            return ""
        text = ",".join(map(str, value))
    else:
        text = str(value)
    found = _COORDINATE.findall(text)
    if len(found) != _COORDINATES:
        return ""
    return f"[{', '.join(one.replace(',', '.') for one in found)}]"


def _pointed(kind: str, value: object) -> str:
    if kind not in _NUMERIC or not isinstance(value, str):
        return ""
    if _THOUSANDS.fullmatch(value):
        return f"no points between thousands: {value.replace('.', '')}"
    return comma_hint(value)


def _quotes(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return f'write it in quotes: "{value}"'
