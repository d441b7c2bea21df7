"""The unit that is shipped, as systemd itself judges it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

UNIT = Path(__file__).parents[2] / "deploy/systemd/schulnetz.service"
MOST_EXPOSED = 1.5


def test_the_unit_has_a_low_exposure_level() -> None:
    command = ["systemd-analyze", "security", "--offline=true", str(UNIT)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stdout
    found = re.search(r"Overall exposure level for schulnetz\.service: ([0-9.]+)", said)
    assert found, said
    assert float(found[1]) <= MOST_EXPOSED


def test_the_unit_allows_the_address_families_of_the_daemon() -> None:
    text = UNIT.read_text()
    for line in ("Type=notify", "WatchdogSec=30", "Restart=always", "StateDirectory=schulnetz"):
        assert f"\n{line}\n" in text
    assert "\nUser=schulnetz\n" in text
