"""docs/ledger.md: its program recomputes the digests of an export, and lists every kind."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.availability.excuses import EXCUSE, EXCUSE_WITHDRAWN
from monitor.availability.records import MINUTES, RULE, SCOPE, TRANSITION
from monitor.campaigns.gates import TRAFFIC
from monitor.campaigns.records import CAMPAIGN, MEASUREMENT, PEAK
from monitor.daemon.trouble_records import TROUBLE
from monitor.report.records import REPORT
from monitor.rollout.goal_records import GOAL
from monitor.rollout.line_records import LINE, LINE_DAY
from monitor.rollout.stage_records import REPORTED_GOAL, STAGE
from tests.cli.test_main import invoke
from tests.cli.test_sla import record_an_outage

PAGE = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text(encoding="utf-8")
WATCHED = ("begin", "gap", SCOPE, MINUTES, TRANSITION, TROUBLE, RULE, EXCUSE, EXCUSE_WITHDRAWN)
ROLLED_OUT = (MEASUREMENT, CAMPAIGN, TRAFFIC, PEAK, LINE, LINE_DAY, STAGE, GOAL, REPORTED_GOAL)
KINDS = (*WATCHED, *ROLLED_OUT, REPORT)


def checked(export: str) -> subprocess.CompletedProcess[str]:
    [program] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    return subprocess.run(
        [sys.executable, "-c", program],
        input=export,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_documented_program_verifies_digests_and_finds_a_changed_row(
    tmp_path: Path,
) -> None:
    asyncio.run(record_an_outage(tmp_path / "ledger.sqlite"))
    code, export, errors = invoke("ledger", "export", "--state-dir", str(tmp_path))
    assert (code, errors) == (0, "")
    found = checked(export)
    assert (found.returncode, found.stderr) == (0, "")
    changed = export.replace('"state":"down"', '"state":"up"')
    assert changed != export
    found = checked(changed)
    assert found.returncode == 1
    assert "does not hold" in found.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_row_is_documented(kind: str) -> None:
    [listed] = [line for line in PAGE.splitlines() if line.startswith("| `kind` |")]
    assert f"`{kind}`" in listed
    [_, section] = PAGE.split("## What a row is")
    explained = re.findall(
        r"^- (.*?):|`(excuse_withdrawn)` takes|^- (`begin`) is", section, re.MULTILINE
    )
    assert any(f"`{kind}`" in f"`{part.strip('`')}`" for found in explained for part in found)
