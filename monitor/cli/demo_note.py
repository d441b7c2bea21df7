"""The note that a running demo leaves in its state directory for `schulnetz probe --demo`.

Must not know: how a demo runs, or what a fault does.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from monitor.state.json_file import DamagedFileError, JsonFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from monitor.inventory.city import Inventory
    from monitor.simulator.websites import Websites

_NAME: Final = "running.json"
_MOST_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Note:
    """A demo's process, its first `schools`, their addresses, the faults, and its configuration."""

    pid: int
    schools: int
    port: int
    faults: tuple[str, ...]
    websites: dict[str, str]
    config: str


def _file(state_directory: Path) -> JsonFile[Note]:
    return JsonFile(state_directory / _NAME, Note, {}, most_bytes=_MOST_BYTES)


def running_note(state_directory: Path) -> Note | None:
    """Return the note of the demo whose state is there, None if none is running."""
    note = _left(state_directory)
    try:
        if note is not None:
            os.kill(note.pid, 0)
    except (OSError, OverflowError):
        return None
    return note


def simulated(inventory: Inventory, state_directory: Path) -> Inventory:
    """Return an inventory with only the schools that the demo of a state folder simulates.

    All of them if there is no note of a demo: the caller then reports that none is running.
    """
    note = _left(state_directory)
    return (
        inventory if note is None else replace(inventory, schools=inventory.schools[: note.schools])
    )


def _left(state_directory: Path) -> Note | None:
    try:
        return _file(state_directory).read()
    except (OSError, DamagedFileError):
        return None


@contextmanager
def noted(
    state_directory: Path, note: Note, websites: Websites
) -> Iterator[Callable[[Sequence[str]], None]]:
    """Write a note until the block ends; yield a function that updates faults and websites."""
    file = _file(state_directory)

    def write(faults: Sequence[str]) -> None:
        file.write(replace(note, faults=tuple(faults), websites=dict(websites.urls)))

    write(note.faults)
    try:
        yield write
    finally:
        file.path.unlink(missing_ok=True)
