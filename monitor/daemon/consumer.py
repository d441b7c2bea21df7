"""The one face of whatever follows the observations.

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
    """Follows the observations, the time and the inventory; what it leaves out does nothing.

    Nothing here waits. An exception ends the daemon, but for `reconfigure`, where it refuses a
    reload.
    """

    def reconfigure(self, inventory: Inventory, swap: Swap) -> None:
        """Take over another inventory; called on the consumer's twin.

        A reload may still be refused after this call. So it replaces what the twin holds, and
        changes what others hold as well (boards, the exposition) by their twins of that swap.
        """

    def observe(self, observation: Observation, moment: Moment) -> None:
        """Take in an observation that ended at that moment."""

    def tick(self, moment: Moment) -> None:
        """Let time pass: called every few seconds."""
