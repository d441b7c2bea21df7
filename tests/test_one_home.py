"""Some facts have one home: how a site is written, and how a test builds a city."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WRITTEN = re.compile(r"\{[\w.]*school[\w.]*\}/\{[\w.]*site[\w.]*\}")
BUILT = {"Inventory", "School", "Site", "Check", "Target"}


def test_a_site_is_written_only_through_its_key() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in ROOT.glob("monitor/**/*.py")
        for name in WRITTEN.findall(path.read_text(encoding="utf-8"))
    }
    assert found == {"monitor/inventory/site_key.py: {self.school}/{self.site}"}


def test_tests_build_cities_in_one_place() -> None:
    found = [path for path in ROOT.glob("tests/**/*.py") if _built(path)]
    assert found == [ROOT / "tests" / "build.py"]


def _built(path: Path) -> set[str]:
    """Return which parts of an inventory a file builds itself."""
    text = path.read_text(encoding="utf-8")
    if "from monitor.inventory" not in text or not any(f"{name}(" in text for name in BUILT):
        return set()
    nodes = list(ast.walk(ast.parse(text)))
    ours = {
        alias.asname or alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("monitor.inventory")
        for alias in node.names
    }
    called = {
        node.func.id
        for node in nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return BUILT & ours & called
