from __future__ import annotations

import re
from pathlib import Path

from monitor.config import load_text, schema

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_every_key_is_in_the_reference_with_its_meaning_and_default() -> None:
    for part in schema()["$defs"].values():
        for key, rules in part["properties"].items():
            if key in {
                "snmp",
                "icmp",
                "interfaces",
                "hardware",
                "contract",
                "line",
                "throughput",
                "degraded",
                "checks",
                "kind",
                "sites",
            }:
                continue  # these have sections of their own
            if "for sites that name none" in rules["description"]:
                continue  # documented once, for schools
            rows = [line for line in TEXT.splitlines() if line.startswith(f"| `{key}` | ")]
            described = [row for row in rows if rules["description"].rstrip(".") in row]
            assert described, f"{key}: {rules['description']}"
            default = rules.get("default")
            if default is not None:
                shown = str(default).lower() if isinstance(default, bool) else str(default)
                assert any(row.endswith(f"| `{shown}` |") for row in described), key


def test_every_section_is_explained() -> None:
    for section in schema()["properties"]:
        assert f"| `{section}` | " in TEXT


def test_the_example_schools_are_valid() -> None:
    corpus = Path(__file__).parent / "corpus" / "good" / "smallest.yaml"
    base = corpus.read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(  - id: .*?)```", TEXT, re.DOTALL)
    assert example
    head = base.split("schools:\n")[0]
    inventory = load_text(f"{head}schools:\n{example[1]}...\n".encode(), "example")
    assert inventory.schools[0].sites[0].uplink.host == "10.82.3.1"
