"""The common interface of all consumers of observations.

Must not know: which consumers there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.daemon.swap import Swap
    from monitor.inventory.city import Inventory
    from monitor.observation import Observation
    from monitor.verdict import Moment


class Consumer:
    """Follows the observations, the time and the inventory; methods not overridden do nothing.

    Nothing here waits. An exception ends the daemon, except in `reconfigure`, where it rejects the
    reload.
    """

    def reconfigure(self, inventory: Inventory, swap: Swap) -> None:
        """Use another inventory; called on the consumer's twin.

        A reload may still be rejected after this call. So it replaces objects of the twin, and
        changes shared objects (boards, the exposition) through their twins of that swap.
        """

    def observe(self, observation: Observation, moment: Moment) -> None:
        """Process an observation that ended at that moment."""

    def tick(self, moment: Moment) -> None:
        """Called every few seconds as time passes."""
