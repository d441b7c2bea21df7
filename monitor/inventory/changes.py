"""What a configuration holds and what a reload changed, as text, and whether that is plausible.

Must not know: how a configuration is read or applied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.words.plural import count_of

if TYPE_CHECKING:
    from monitor.inventory.city import Inventory

NAMED_SCHOOLS = 10
# A configuration with over 20 % fewer schools was probably truncated, not edited.
LARGEST_LOSS_OF_SCHOOLS = 0.2


class ReloadRefusedError(ValueError):
    """The new configuration is valid but not plausible; the message names the remedy."""


def counted_schools(inventory: Inventory) -> str:
    """Return how many schools there are; of a shard, of how many, and which shard."""
    own = len(inventory.schools)
    if not inventory.shard:
        return count_of(own, "school")
    whole = count_of(own + len(inventory.elsewhere), "school")
    return f"{own} of {whole}, shard {inventory.shard}"


def refuse_loss_of_schools(before: Inventory, after: Inventory) -> None:
    """Check that a reload does not drop too many schools.

    Raises:
        ReloadRefusedError: if it does.
    """
    old, new = len(before.schools), len(after.schools)
    if new < old * (1 - LARGEST_LOSS_OF_SCHOOLS):
        raise ReloadRefusedError(
            f"the new configuration has {new} schools instead of {old}; "
            "if that is meant, restart the daemon"
        )


def refuse_loss_of_end(before: Inventory, after: Inventory) -> None:
    """Check that a reload that loses the end mark loses no check with it.

    If nothing is lost, the file is accepted, as by `schulnetz check`.

    Raises:
        ReloadRefusedError: if it does.
    """
    if after.has_end_mark or not before.has_end_mark:
        return
    kept = {check.id for check in after.checks()}
    lost = [check.id for check in before.checks() if check.id not in kept]
    if lost:
        raise ReloadRefusedError(
            f"the file has lost its end mark and {count_of(len(lost), 'check')} with it "
            f"(such as {lost[0]}), so it may have been cut short; write ... on a line of its own "
            "at the end, or restart"
        )


def changes_between(before: Inventory, after: Inventory) -> str:
    """Return which schools were added, removed and changed, as text; only the first few of many."""
    old = {school.id: school for school in before.schools}
    new = {school.id: school for school in after.schools}
    kinds = {
        "added": sorted(new.keys() - old.keys()),
        "removed": sorted(old.keys() - new.keys()),
        "changed": sorted(one for one in new.keys() & old.keys() if new[one] != old[one]),
    }
    parts = []
    for kind, ids in kinds.items():
        more = f", and {len(ids) - NAMED_SCHOOLS} more" if len(ids) > NAMED_SCHOOLS else ""
        parts.append(
            f"{len(ids)} {kind}" + (f" ({', '.join(ids[:NAMED_SCHOOLS])}{more})" * bool(ids))
        )
    return "schools: " + ", ".join(parts)
