"""The past of a demo: written before its first start, and kept for all further ones.

Must not know: the contents of a past, or how the demo runs.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Final

from monitor.cli.common import Exit, fail
from monitor.ledger.ledger import Ledger
from monitor.ledger.place import LEDGER_FILE, SqlitePlace
from monitor.simulator.past import Past, past_of
from monitor.state.directory import prepare_state_directory
from monitor.state.whole_file import whole_text
from monitor.words.plain import as_json

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.clock import Clock
    from monitor.inventory.city import Inventory

NOTE: Final = "past.json"


async def prepared_past(folder: Path, inventory: Inventory, clock: Clock) -> Past | None:
    """Return the past of the demo whose state is in a folder; a new one gets it written first.

    None if the demo there began without one.
    """
    prepare_state_directory(folder)
    ledger, note = folder / LEDGER_FILE, folder / NOTE
    if ledger.exists():
        return past_of(inventory, _noted(note)) if note.exists() else None
    past = past_of(inventory, clock.now())
    with whole_text(note) as out:
        out.write(as_json({"at": past.at.isoformat()}))
    async with Ledger.open(SqlitePlace(ledger), clock, capacity=len(past.entries)) as book:
        await book.append(past.entries)
    return past


def _noted(note: Path) -> datetime:
    try:
        return datetime.fromisoformat(json.loads(note.read_text(encoding="utf-8"))["at"])
    except (ValueError, KeyError, TypeError):
        fail(f"{note} is broken; remove the folder {note.parent}, and begin anew", Exit.WRONG)
