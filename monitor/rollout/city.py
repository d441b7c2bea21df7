"""The whole city, from the ledgers that its daemons share: stages, the goal, earlier entries.

Must not know: who uses it, or how often.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.rollout.goal_records import GOAL, read_goal
from monitor.rollout.stage_records import STAGE, read_stage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from monitor.ledger.chain import Entry, Recorded
    from monitor.ledger.place import SharedLedger
    from monitor.rollout.goal_records import GoalScope
    from monitor.rollout.stage import Stage
    from monitor.threads import Threads


@dataclass(frozen=True, slots=True)
class CityRecord:
    """The contents of the ledgers: the last stage of each `school/site`, and the last goal."""

    stages: Mapping[str, Stage]
    goal: GoalScope | None


class SharedPast:
    """The entries of all writers: a school that comes from another shard keeps its evidence."""

    __slots__ = ("_ledgers", "_threads")

    def __init__(self, ledgers: SharedLedger, threads: Threads) -> None:
        self._ledgers = ledgers
        self._threads = threads

    async def entries(self, kind: str, since: datetime | None = None) -> list[Recorded]:
        """Return the entries of one kind by time, `since` included.

        Raises:
            LedgerError: if they cannot be read.
        """

        def read() -> list[Recorded]:
            with self._ledgers.open_reader() as reader:
                return list(reader.entries(kind, since))

        return await self._threads.run(read)

    async def latest(self, kind: str) -> list[Entry]:
        """Return the newest entry of a kind for each subject, across all writers.

        Raises:
            LedgerError: if they cannot be read.
        """
        return await self._threads.run(self._ledgers.latest, kind)


def read_city(ledgers: SharedLedger) -> CityRecord:
    """Return the current contents of all writers' ledgers.

    Raises:
        LedgerError: if they cannot be read.
    """
    changes = map(read_stage, ledgers.latest(STAGE))
    goals = ledgers.latest(GOAL)
    return CityRecord(
        {change.site: change.stage for change in changes}, read_goal(goals[-1]) if goals else None
    )
