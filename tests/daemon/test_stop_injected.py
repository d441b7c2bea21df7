"""An exception at every call that a stop makes: it ends, and what is known is in the ledger.

The calls are found by observing a successful stop, so that no step is missed.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from pydantic_core import PydanticSerializationError

from monitor.availability.records import MINUTES, read_run
from monitor.ledger.place import SqlitePlace
from tests.daemon.injected import InjectedError, Phase, left_open, steps_of
from tests.integration.running import Town
from tests.modelled import inventory_of, running
from tests.virtual_time import run_virtually

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.inventory.city import Inventory

# Minutes are settled after five, and recorded every five: at the stop, two are known.
SECONDS = 7 * 60 + 30
KNOWN = 2
TOWN = Town(161, {"voede": 1}, switches=0, pace=5)
# These call the stop that records the minutes: if one of them raises, nothing can be recorded.
CALLING = {
    "daemon/daemon.py:Daemon.run.<locals>.<lambda>",
    "daemon/daemon.py:Daemon._moment",
    "daemon/pipeline.py:Pipeline.stop",
    "daemon/consumers/minutes.py:Minutes.stop",
}
# These record the minutes themselves and may be what raises.
RECORDING = {"MinuteRecorder.stop", "Ledger.submit", "Ledger._take", "Ledger._record"}


def stopped(folder: Path, inventory: Inventory, phase: Phase) -> tuple[int, bool]:
    """Run the daemon and stop it; return how many minutes its ledger has, and if it is sound."""
    folder.mkdir()

    async def main() -> None:
        try:
            async with running(folder, inventory):
                await asyncio.sleep(SECONDS)
                phase.phase = phase.wanted
                sys.setprofile(phase.profile)
        # pydantic wraps what is raised in a function that it calls.
        except* (InjectedError, PydanticSerializationError):
            pass
        finally:
            sys.setprofile(None)

    with left_open():
        run_virtually(main())
    with SqlitePlace(folder / "ledger.sqlite").open_reader() as reader:
        minutes = sum(read_run(row.entry).minutes for row in reader.entries(MINUTES))
        return minutes, reader.verify().ok


def test_an_exception_anywhere_in_a_stop_still_records_what_is_known(
    tmp_path: Path,
    thorough: bool,  # noqa: FBT001  # a fixture
) -> None:
    inventory = inventory_of(tmp_path, TOWN)
    good = Phase("stop")
    assert stopped(tmp_path / "good", inventory, good) == (KNOWN, True)
    steps = [step for step in steps_of(good) if step[0] not in CALLING]
    assert {name.partition(":")[2] for name, _ in steps} > RECORDING
    raised = 0
    for step in steps if thorough else steps[::10]:
        phase, folder = Phase("stop", step), tmp_path / f"{step}".replace("/", "-")
        minutes, is_sound = stopped(folder, inventory, phase)
        assert is_sound, step
        assert minutes == KNOWN or phase.raised_in & RECORDING, step
        raised += phase.has_raised
    assert raised >= len(steps) // 12
