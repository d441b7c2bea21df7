"""The bill of materials: everything that is locked and installed, with hashes and licences."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_sbom_lists_what_is_installed_with_the_product(tmp_path: Path) -> None:
    bills = []
    for name in ("one.json", "two.json"):
        command = [sys.executable, "tools/sbom.py", str(tmp_path / name)]
        said = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=600
        ).stdout
        bills.append((tmp_path / name).read_bytes())
    assert bills[0] == bills[1]
    bill = json.loads(bills[0])
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["name"] == "schulnetz-monitor"
    found = {normal(one["name"]): one for one in bill["components"]}
    lock = (ROOT / "requirements.lock").read_text()
    locked = {normal(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE)}
    installed = {normal(one.metadata["Name"]) for one in distributions()}
    assert found.keys() == locked & installed
    assert "pytest" not in found
    for one in found.values():
        assert one["hashes"], one["name"]
    assert "MIT" in said
