"""Which shards' daemons use a state directory: an empty file for each, named after the shard.

A command about a school learns from it whether a daemon will see what it leaves in the directory.

Must not know: which schools a shard has.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_NAME: Final = re.compile(r"shard-([1-9]\d*)-of-([1-9]\d*)", re.ASCII)


def note_shard(state_directory: Path, shard: str) -> None:
    """Note that the daemon of a shard, such as 1/2, uses the directory; empty: it has all schools.

    Notes from before the number of shards changed are removed.

    Raises:
        OSError: if the directory cannot be written.
    """
    count = shard.partition("/")[2]
    for number, of in noted_shards(state_directory):
        if str(of) != count:
            (state_directory / f"shard-{number}-of-{of}").unlink(missing_ok=True)
    if shard:
        (state_directory / f"shard-{shard.replace('/', '-of-')}").touch(mode=0o600)


def noted_shards(state_directory: Path) -> list[tuple[int, int]]:
    """Return number and count of each noted shard; none if the directory cannot be read."""
    try:
        names = sorted(one.name for one in state_directory.iterdir())
    except OSError:
        return []
    found = (_NAME.fullmatch(name) for name in names)
    return [(int(one[1]), int(one[2])) for one in found if one is not None]
