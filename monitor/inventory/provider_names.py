"""Which provider a person means: by its name, or by its key in the configuration.

Reports, labels and the ledger have the name alone, so the key is turned into it here.

Must not know: command lines, or what is done with the provider's sites.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.inventory.city import Inventory


def provider_named(inventory: Inventory, wanted: str) -> str:
    """Return the name of the provider with that name or key; a name takes precedence.

    Raises:
        ValueError: if no site has it. The message lists all providers and proposes none: the
            nearest spelling may be another company's.
    """
    uplinks = [site.uplink for _, site in inventory.sites()]
    names = sorted({uplink.provider for uplink in uplinks if uplink.provider})
    found = wanted if wanted in names else inventory.providers.get(wanted)
    if found is not None and found in names:
        return found
    keys = {name: key for key, name in inventory.providers.items() if key != name}
    known = [f"{name} ({keys[name]})" if name in keys else name for name in names]
    said = f"there are: {', '.join(known)}" if known else "no contract names a provider"
    raise ValueError(f"no site has the provider {wanted!r}; {said}")
