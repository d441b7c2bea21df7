"""Names of sites in ledger entries: an entry without one is malformed.

Must not know: what the entries mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.inventory.site_key import SiteKey
from monitor.ledger.chain import MalformedEntryError

if TYPE_CHECKING:
    from monitor.ledger.chain import Entry


def site_named(entry: Entry, text: str) -> str:
    """Return a `school/site` that an entry holds.

    Raises:
        MalformedEntryError: if the text is not one.
    """
    try:
        return str(SiteKey.parse(text))
    except ValueError as error:
        raise MalformedEntryError(f"{entry.kind} entry at {entry.at}: {error}") from None
