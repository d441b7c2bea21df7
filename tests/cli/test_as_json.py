"""The findings of a check as JSON, whatever identifies their rows."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from monitor.cli.as_json import in_json, observation_as_json
from monitor.inventory.device_profile import Quantity
from monitor.observation import HardwareReading, Observation, Outcome, PoweredPort
from tests.exposition.support import interfaces_check


def test_rows_with_two_names_are_keyed_by_both() -> None:
    reading = replace(
        HardwareReading({}, {}),
        parts={(Quantity.CPU_UTILIZATION_RATIO, "slot 1"): 0.4},
        powered_ports={(1, 3): PoweredPort(3, "ge-0/0/3")},
    )
    found = Observation(
        interfaces_check(), datetime(2026, 11, 30, tzinfo=UTC), 0.1, Outcome.OK, values=reading
    )
    values = json.loads(json.dumps(observation_as_json(found), default=str))["values"]
    assert values["parts"] == {f"{Quantity.CPU_UTILIZATION_RATIO}/slot 1": 0.4}
    assert list(values["powered_ports"]) == ["1/3"]


def test_sets_become_lists_and_non_json_values_become_text() -> None:
    assert in_json(frozenset({3, 1})) == [1, 3]
    assert in_json(Decimal("1.5")) == "1.5"
