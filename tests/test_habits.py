"""What future maintainers rely on: forges run what README names, pages link to real files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
DECISIONS = ROOT / "docs" / "decisions"
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "bench" / "README.md"]
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_link_to_existing_files(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    gone = [target for target in targets if not (page.parent / target).exists()]
    assert not gone


def test_every_forge_runs_the_same_ci_script() -> None:
    github = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    gitlab = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    assert github["jobs"]["test"]["steps"][-1] == {"run": ".ci/run"}
    assert gitlab["test"]["script"] == [".ci/run"]
    assert gitlab["test"]["image"] == github["jobs"]["test"]["container"] == "debian:12"
    assert "make test" in (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_hooks_run_the_pinned_linters() -> None:
    repos = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert {repo["repo"] for repo in repos} == {"local"}
    entries = [hook["entry"] for repo in repos for hook in repo["hooks"]]
    assert [entry.split()[0] for entry in entries] == [
        ".venv/bin/ruff",
        ".venv/bin/ruff",
        ".venv/bin/mypy",
    ]


def test_each_decision_is_listed_and_has_its_measurement() -> None:
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    files = sorted(DECISIONS.glob("[0-9]*.md"))
    assert set(re.findall(r"\((\d\d-[\w-]+\.md)\)", index)) == {file.name for file in files}
    for file in files:
        assert "**Measured.**" in file.read_text(encoding="utf-8"), file.name
