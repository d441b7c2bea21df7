from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from monitor.cli.check_warnings import warnings_of
from monitor.cli.hints import hints
from monitor.config import examine, load_text, schema

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "configuration.md").read_text(encoding="utf-8")


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


def examples(page: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(r"^```yaml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def test_the_example_of_a_roll_out_lacks_nothing_that_its_goal_needs() -> None:
    (example,) = examples("rollout.md")
    found = examine(example.encode(), "example")
    assert found.error is None, found.error
    assert found.inventory is not None
    assert warnings_of("example", found, datetime(2026, 12, 1, tzinfo=UTC)) == []
    assert [one.sentence for one in hints(found.inventory) if "goal" in str(one)] == []
    sites = {str(school.key(site)): site for school, site in found.inventory.sites()}
    first, second = sites["goethe-schule/main"], sites["foerde-gymnasium/gym"]
    assert [one.stage for one in first.milestones] == ["planned", "ordered", "built"]
    assert (first.lot, second.lot) == ("Lot 1", "Lot 2")
    assert (first.uplink.provider, second.uplink.provider) == ("NordNetz", "FördeKom")


def test_the_example_of_lessons_is_valid() -> None:
    (example,) = (one for one in examples("configuration.md") if one.startswith("lessons:"))
    inventory = load_text(f"{example}schools: [{{id: a, router: 192.0.2.1}}]\n".encode(), "example")
    lessons = inventory.calendar.lessons
    assert {name: len(periods) for name, periods in lessons.items()} == {
        "Gymnasium": 1,
        "Abendgymnasium": 2,
        "Schule für Kranke": 0,
    }


def test_the_example_schools_are_valid() -> None:
    corpus = Path(__file__).parent / "corpus" / "good" / "smallest.yaml"
    base = corpus.read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(  - id: .*?)```", TEXT, re.DOTALL)
    assert example
    head = base.split("schools:\n")[0]
    inventory = load_text(f"{head}schools:\n{example[1]}...\n".encode(), "example")
    assert inventory.schools[0].sites[0].uplink.host == "10.82.3.1"
