"""Whether the daemon of a state directory monitors a school, or that of another shard does.

Must not know: what a command leaves in the directory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.cli.common import Exit, fail
from monitor.inventory.shard import Shard
from monitor.state.shard_note import noted_shards

if TYPE_CHECKING:
    from pathlib import Path


def shards_of(state_directory: Path) -> str:
    """Return the shards whose daemons use the directory, such as `1/2`; empty if unknown."""
    return ", ".join(str(Shard(*one)) for one in noted_shards(state_directory))


def refuse_other_shard(school_id: str, state_directory: Path) -> None:
    """Exit with the cure if the school's daemon uses another directory."""
    noted = [Shard(*one) for one in noted_shards(state_directory)]
    if not noted or any(one.has(school_id) for one in noted):
        return
    other = noted[0].with_school(school_id)
    fail(
        f"shard {other} monitors {school_id}, and {state_directory} belongs to shard "
        f"{shards_of(state_directory)}: name the --state-dir of the daemon with shard {other}",
        Exit.WRONG,
    )
