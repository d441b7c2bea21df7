"""The deployed rules, and their unit tests, as values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "rules"
TESTS = ROOT / "deploy" / "prometheus" / "tests"

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_LABEL_LISTS = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)")
_MATCHERS = re.compile(r"\{[^}]*\}")
_RANGE = re.compile(r"\[[^\]]*\]")
_NAME = re.compile(r"(?<![\w:.])[a-zA-Z_][\w:]*(?![\w:])(?!\s*\()")
_ASKED_BY_TEXT = re.compile(r"printf\s+`([^`]*)`")
_WORDS = {"and", "or", "unless", "bool", "offset", "by", "on", "without", "ignoring"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One recording rule (`record`) or alert (`alert`)."""

    group: str
    interval: str
    record: str
    alert: str
    expression: str
    waits: str
    keeps: str
    labels: dict[str, str]
    annotations: dict[str, str]

    @property
    def variant(self) -> tuple[str, str, str]:
        """Return what distinguishes the rules of one alert: name, severity, window."""
        return self.alert, self.labels["severity"], self.labels.get("window", "")

    @property
    def metrics(self) -> set[str]:
        """Return the names of metrics that the expression and the annotations ask for."""
        texts = _ASKED_BY_TEXT.findall("\n".join(self.annotations.values()))
        return _names(self.expression).union(*(_names(text.replace("%f", "0")) for text in texts))


def _names(expression: str) -> set[str]:
    text = _MATCHERS.sub("", _STRING.sub("", expression))
    text = _RANGE.sub("", _LABEL_LISTS.sub("", text))
    return {name for name in _NAME.findall(text) if name not in _WORDS and not _is_time(name)}


def _is_time(name: str) -> bool:
    return re.fullmatch(r"\d*[smhdw]", name) is not None


def all_rules() -> Iterator[Rule]:
    """Yield every rule, file by file in their order."""
    for path in sorted(RULES.glob("*.yml")):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                yield Rule(
                    group["name"],
                    group.get("interval", ""),
                    rule.get("record", ""),
                    rule.get("alert", ""),
                    rule["expr"],
                    rule.get("for", ""),
                    rule.get("keep_firing_for", ""),
                    rule.get("labels", {}),
                    rule.get("annotations", {}),
                )


def alerts() -> list[Rule]:
    """Return the alerts."""
    return [rule for rule in all_rules() if rule.alert]


def unit_tests() -> Iterator[dict[str, Any]]:
    """Yield every promtool test."""
    for path in sorted(TESTS.glob("*.yml")):
        yield from yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]
