"""How the series of a time range become rows of a table: one row a series, its labels as columns.

Must not know: single boards.
"""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.models import dashboard as models


def _calculated(name: str, left: str, operator: str, right: str) -> models.DataTransformerConfig:
    binary = {"left": left, "operator": operator, "right": right, "reducer": "sum"}
    options = {"mode": "binary", "alias": name, "reduce": {"reducer": "sum"}, "binary": binary}
    return models.DataTransformerConfig(id_val="calculateField", options=options)


# One row a series: its labels, and its largest value. Labels that are numbers become numbers.
PER_SERIES: Final = (
    models.DataTransformerConfig(
        id_val="reduce",
        options={"reducers": ["max"], "mode": "seriesToRows", "labelsToFields": True},
    ),
    models.DataTransformerConfig(
        id_val="convertFieldType",
        options={
            "conversions": [{"targetField": "started", "destinationType": "number"}],
            "fields": {},
        },
    ),
    _calculated("milliseconds", "Max", "-", "started"),
    _calculated("lasted", "milliseconds", "/", "1000"),
)
