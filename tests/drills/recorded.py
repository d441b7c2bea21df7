"""What a daemon exposes over hours of virtual time, asked by the deployed rules: a promtool test.

Must not know: what is broken, or what should follow.
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
    from collections.abc import Sequence
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


@dataclass
class Recording:
    """Scrapes, one every `SCRAPE_SECONDS`; only the families that the named alerts need."""

    alerts: frozenset[str]
    scrapes: int = 0
    _series: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rules = list(all_rules())
        needed = {name for rule in rules if rule.alert in self.alerts for name in rule.metrics}
        for rule in rules * 3:  # recorded values rest on others
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
        """Return what promtool finds amiss with these answers, empty if nothing."""
        test = {
            "interval": f"{SCRAPE_SECONDS}s",
            "input_series": [
                {"series": series, "values": " ".join(values)}
                for series, values in sorted(self._series.items())
            ],
            "promql_expr_test": [
                {
                    "expr": f'count(ALERTS{{alertname="{one.alert}", school="{one.school}", '
                    f'alertstate="firing"}}) or vector(0)',
                    "eval_time": f"{one.seconds}s",
                    "exp_samples": [{"labels": "{}", "value": one.firing}],
                }
                for one in asked
            ],
        }
        document = {
            "rule_files": [str(path) for path in sorted(RULES.glob("*.yml"))],
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
