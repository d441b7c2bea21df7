"""What a reload changed, in words for the audit.

Must not know: how a configuration is read or applied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.inventory import Inventory

NAMED_SCHOOLS = 10


def changes_between(before: Inventory, after: Inventory) -> str:
    """Return which schools came, went and changed, in words; of many only the first ones."""
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
