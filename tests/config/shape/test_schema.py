from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from monitor.config import schema

COMMITTED = Path(__file__).parents[3] / "config" / "schools.schema.json"


def test_committed_schema_is_the_current_one() -> None:
    expected = json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
    assert COMMITTED.read_text(encoding="utf-8") == expected, (
        "regenerate it: schulnetz schema > config/schools.schema.json"
    )


def test_schema_is_a_draft_2020_12_schema() -> None:
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema())


def test_every_key_has_a_description() -> None:
    for name, part in schema()["$defs"].items():
        for key, rules in part.get("properties", {}).items():
            assert rules.get("description"), f"{name}.{key}"


def test_every_mapping_refuses_unknown_keys() -> None:
    for name, part in schema()["$defs"].items():
        assert part["additionalProperties"] is False, name
