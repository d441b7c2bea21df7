"""What a verification of the ledger found, in the words that all commands use.

A command that prints figures or anchors verifies first: an anchor of a ledger that does not hold
would seal the change.

Must not know: how a ledger is verified, or what a command prints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.words.plural import count_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.ledger.anchor import Anchor
    from monitor.ledger.place import LedgerPlace
    from monitor.ledger.reading import Reading, VerifyResult

SAYS_MORE = "`schulnetz ledger verify` says more"


def sealed(reader: Reading) -> tuple[VerifyResult, tuple[Anchor, ...]]:
    """Verify a ledger; return the result, and its anchors: none if it does not hold.

    Raises:
        LedgerError: if it cannot be read.
    """
    heads = reader.heads()  # read first: what a daemon appends meanwhile is not sealed
    result = reader.verify()
    return result, heads if result.ok else ()


def words_of(anchors: Iterable[Anchor]) -> str:
    """Return anchors in one line."""
    return " ".join(map(str, anchors))


def fault_of(place: LedgerPlace, result: VerifyResult) -> str:
    """Return what is wrong with a ledger that does not hold, and how many of its rows hold."""
    count = count_of(result.rows, "row holds", "rows hold")
    if result.first_bad is not None:
        extent = f"first bad row {result.first_bad}; {count} before it"
    else:
        extent = f"no row was changed: {count}" if result.rows else "no row can be read"
    return f"{place}: {result.problem} ({extent})"
