"""The city's own command line: wrong arguments end with exit code 2 and a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.simulator.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.inventory.city import Inventory


def load(path: Path) -> Inventory:
    raise AssertionError(f"{path} was read in spite of wrong arguments")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--port", "70000"], "a port is 0 to 65535"),
        (["--port", "-1"], "a port is 0 to 65535"),
        (["--schools", "0"], "at least one school"),
    ],
)
def test_wrong_arguments_are_refused(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--config", "schools.yaml", *arguments], load)
    assert ended.value.code == 2
    assert reason in capsys.readouterr().err
