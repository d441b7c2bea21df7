"""The last result of each check, how many runs there were, and which checks have not run yet.

Must not know: what an outcome means.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from monitor.daemon.consumer import Consumer
from monitor.inventory.checks import CheckKind
from monitor.observation import Reason

if TYPE_CHECKING:
    from monitor.daemon.swap import Swap
    from monitor.exposition.own import OwnMetrics
    from monitor.inventory.city import Inventory
    from monitor.observation import Observation, Outcome
    from monitor.verdict import Moment

log = logging.getLogger(__name__)


class Runs(Consumer):
    """Counts the runs of checks since the daemon's start."""

    def __init__(self, inventory: Inventory, own: OwnMetrics) -> None:
        self._own = own
        self._outcomes: dict[str, Outcome] = {}
        self._awaited: set[str] = set()
        self.polls = 0
        self._hold(inventory, own)

    def reconfigure(self, inventory: Inventory, swap: Swap) -> None:
        """Use another inventory; outcomes of remaining checks are kept."""
        self._hold(inventory, swap.twin(self._own))

    def _hold(self, inventory: Inventory, own: OwnMetrics) -> None:
        own.count_inventory(inventory)
        wanted = {check.id for check in inventory.checks()}
        self._outcomes = {id_: seen for id_, seen in self._outcomes.items() if id_ in wanted}
        # Maintained incrementally: the readiness query needs no login.
        self._awaited = {
            check.id
            for check in inventory.checks()
            if check.kind is not CheckKind.HARDWARE and check.id not in self._outcomes
        }

    def observe(self, observation: Observation, _: Moment) -> None:
        """Count a run; log a bug of the monitor."""
        check_id = observation.check.id
        if observation.reason is Reason.BUG:
            log.error("%s: a bug of the monitor: %s", check_id, observation.detail)
        self._outcomes[check_id] = observation.outcome
        self._awaited.discard(check_id)
        self.polls += 1
        self._own.count_run(observation)

    def outcome(self, check_id: str) -> Outcome | None:
        """Return a check's last outcome, None before its first run."""
        return self._outcomes.get(check_id)

    @property
    def missing(self) -> int:
        """Return how many checks have not run yet.

        Checks that do not affect up and down run too seldom to wait for.
        """
        return len(self._awaited)
