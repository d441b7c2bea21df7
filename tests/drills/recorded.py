"""Hours of a daemon's samples in virtual time, evaluated by the deployed rules in promtool.

Must not know: what is broken, or which alerts should fire.
"""

from __future__ import annotations

import json
import math
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml

from tests.deploy.rules import RULES, all_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from tests.exposition.support import Samples

SCRAPE_SECONDS = 30
_GONE, _MISSING = "stale", "_"


@dataclass(frozen=True, slots=True)
class Asked:
    """How many alerts of a name fire for a school at a second of the recording."""

    seconds: int
    alert: str
    school: str
    firing: int


@dataclass(frozen=True, slots=True)
class Told:
    """The start that the text of an alert with these labels gives at a second of the recording."""

    seconds: int
    alert: str
    labels: Mapping[str, str]
    since: str


@dataclass
class Recording:
    """Scrapes, one every `SCRAPE_SECONDS`; only the families that the named alerts need."""

    alerts: frozenset[str]
    scrapes: int = 0
    _series: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rules = list(all_rules())
        needed = {name for rule in rules if rule.alert in self.alerts for name in rule.metrics}
        for rule in rules * 3:  # recording rules depend on others
            if rule.record in needed:
                needed |= rule.metrics
        self._families = needed

    def take(self, samples: Samples) -> None:
        """Add one scrape."""
        for (family, labels), value in samples.items():
            if family not in self._families:
                continue
            pairs = ", ".join(f"{name}={json.dumps(text)}" for name, text in sorted(labels))
            values = self._series.setdefault(f"{family}{{{pairs}}}", [])
            values += [_MISSING] * (self.scrapes - len(values))
            values.append(_text(value))
        self.scrapes += 1
        for values in self._series.values():
            if len(values) < self.scrapes:
                was_there = values[-1] not in {_MISSING, _GONE}
                values.append(_GONE if was_there else _MISSING)

    def check(self, folder: Path, asked: Sequence[Asked]) -> str:
        """Return what promtool reports for these expected results, empty if nothing."""
        return self._promtool(
            folder,
            RULES.glob("*.yml"),
            "promql_expr_test",
            [
                {
                    "expr": f'count(ALERTS{{alertname="{one.alert}", school="{one.school}", '
                    f'alertstate="firing"}}) or vector(0)',
                    "eval_time": f"{one.seconds}s",
                    "exp_samples": [{"labels": "{}", "value": one.firing}],
                }
                for one in asked
            ],
        )

    def since(self, folder: Path, told: Sequence[Told]) -> str:
        """Return the problems promtool finds in the texts of the alerts, empty if none.

        Each has to be the only one of its name; the labels of the rule itself are left out.
        """
        rules = folder / "rules"
        rules.mkdir()
        for path in RULES.glob("*.yml"):
            document = yaml.safe_load(path.read_text(encoding="utf-8"))
            for group in document["groups"]:
                group["rules"] = [rule for rule in group["rules"] if self._needs(rule)]
                for rule in group["rules"]:
                    if "alert" in rule:
                        del rule["labels"]
                        rule["annotations"] = {"since": rule["annotations"].get("since", "")}
            (rules / path.name).write_text(yaml.safe_dump(document), encoding="utf-8")
        return self._promtool(
            folder,
            rules.glob("*.yml"),
            "alert_rule_test",
            [
                {
                    "eval_time": f"{one.seconds}s",
                    "alertname": one.alert,
                    "exp_alerts": [
                        {"exp_labels": dict(one.labels), "exp_annotations": {"since": one.since}}
                    ],
                }
                for one in told
            ],
        )

    def _needs(self, rule: Mapping[str, str]) -> bool:
        return rule.get("alert") in self.alerts or rule.get("record") in self._families

    def _promtool(
        self, folder: Path, rules: Iterable[Path], kind: str, cases: Sequence[Mapping[str, object]]
    ) -> str:
        test = {
            "interval": f"{SCRAPE_SECONDS}s",
            "input_series": [
                {"series": series, "values": " ".join(values)}
                for series, values in sorted(self._series.items())
            ],
            kind: list(cases),
        }
        document = {
            "rule_files": [str(path) for path in sorted(rules)],
            "evaluation_interval": "15s",
            "tests": [test],
        }
        file = folder / "recorded.test.yml"
        file.write_text(yaml.safe_dump(document, width=10**6), encoding="utf-8")
        done = subprocess.run(
            ["promtool", "test", "rules", str(file)],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        return "" if done.returncode == 0 else done.stdout + done.stderr


def _text(value: float) -> str:
    return repr(value) if math.isfinite(value) else _MISSING
