"""The ledger's state as others see it: metrics, pages, the log.

Must not know: how a ledger is opened or written.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.ledger.anchor import Anchor

audit = logging.getLogger("monitor.audit")

WHAT_TO_DO: Final = (
    "restore a backup or keep that one elsewhere, then move it away: docs/ledger.md, "
    '"A ledger that was set aside"'
)


@dataclass(frozen=True, slots=True)
class LedgerHealth:
    """The ledger's state for metrics: `problem` is the last failure as text, empty if healthy.

    `recorded` and `unrecorded` count entries since the start: durable, and finally rejected.
    `waiting` entries are not durable yet. `quarantined` names the newest ledger that was set
    aside, or the note of one that was missing, while it is still beside the ledger. `replaced`
    says why this process began a new ledger in place of an earlier one; empty if it did not.
    `begun` is the instant of the ledger's first row, None before it is open. `was_killed` says
    whether the run before this one ended without closing the ledger. `anchor` is the one
    that was logged last, None before the first.
    """

    healthy: bool
    problem: str
    recorded: int
    unrecorded: int
    waiting: int
    quarantined: str
    replaced: str
    begun: datetime | None
    was_killed: bool
    anchor: Anchor | None


@dataclass(slots=True)
class Writing:
    """Whether writing succeeds: `problem` is the last failure as text, empty after a success.

    The log has the beginning and the end of each failure, not every attempt.
    """

    problem: str = ""

    def failed(self, problem: str) -> None:
        """Note a failed attempt."""
        if not self.problem:
            audit.error("the ledger cannot be written; its entries wait in memory: %s", problem)
        self.problem = problem

    def succeeded(self) -> None:
        """Note a successful attempt."""
        if self.problem:
            audit.info("the ledger is written again; it could not be: %s", self.problem)
        self.problem = ""


def earlier_ledger(quarantined: str, replaced: str, begun: datetime) -> str:
    """Return the log's sentence about a ledger that was set aside; see `LedgerHealth`."""
    why = f" ({replaced})" if replaced else ""
    return (
        f"the earlier ledger was set aside{why}: {quarantined}; this one begins at "
        f"{begun:%Y-%m-%d %H:%M:%S} UTC, and reports know nothing from before. What to do: "
        f"{WHAT_TO_DO}"
    )
