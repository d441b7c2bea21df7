"""The past of a demo: written before its first start, and kept for all later ones.

Must not know: the contents of a past, or how the demo runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from monitor.cli.common import Exit, fail
from monitor.ledger.ledger import Ledger
from monitor.ledger.place import LEDGER_FILE, SqlitePlace
from monitor.simulator.past import Past, past_of
from monitor.state.directory import prepare_state_directory
from monitor.state.json_file import DamagedFileError, JsonFile
from monitor.state.wire import INSTANTS_AS_TEXT

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.clock import Clock
    from monitor.inventory.city import Inventory

NOTE: Final = "past.json"
_MOST_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class _Past:
    at: datetime


async def prepared_past(folder: Path, inventory: Inventory, clock: Clock) -> Past | None:
    """Return the past of the demo in a state folder; for a new one it is written first.

    None if the demo there began without one. Exits if its note is damaged.

    Raises:
        StateDirectoryError: if the folder cannot be used.
        LedgerError: if the past cannot be written.
    """
    prepare_state_directory(folder)
    ledger, note = folder / LEDGER_FILE, _note(folder)
    if ledger.exists():
        noted = _read(note)
        return None if noted is None else past_of(inventory, noted.at)
    past = past_of(inventory, clock.now())
    note.write(_Past(past.at))
    async with Ledger.open(SqlitePlace(ledger), clock, capacity=len(past.entries)) as book:
        await book.append(past.entries)
    return past


def with_past(folder: Path, inventory: Inventory) -> Inventory:
    """Return a demo's inventory with the goal and the milestones of the past in its state folder.

    The same inventory if it began without one. Exits if its note is damaged.
    """
    noted = _read(_note(folder))
    return inventory if noted is None else past_of(inventory, noted.at).inventory(inventory)


def _note(folder: Path) -> JsonFile[_Past]:
    return JsonFile(folder / NOTE, _Past, {datetime: INSTANTS_AS_TEXT}, most_bytes=_MOST_BYTES)


def _read(note: JsonFile[_Past]) -> _Past | None:
    try:
        return note.read()
    except DamagedFileError as error:
        folder = note.path.parent
        fail(
            f"{note.path} is damaged ({error}); remove the folder {folder} and begin again",
            Exit.WRONG,
        )
