"""Compares anchors with a ledger: which hold, and how each of the others is explained.

An anchor does not say which ledger it belongs to, and a log has those of every ledger of its host,
including one that was set aside, or replaced by a backup. Only a misfit that nothing else explains
means that the ledger was rewritten or truncated.

Must not know: where anchors come from, or where a ledger is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.ledger.chain import LedgerCorruptError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from monitor.ledger.anchor import Anchor
    from monitor.ledger.reading import Reading, VerifyResult


@dataclass(frozen=True, slots=True)
class Comparison:
    """How anchors fit a ledger: those that it holds, by row, and the others.

    `behind` are those whose row is there, but behind the first bad one: they prove nothing.
    `others` has an explanation for each anchor that does not fit. `newer` counts the rows that no
    held anchor covers.
    """

    held: tuple[Anchor, ...]
    behind: tuple[Anchor, ...]
    others: Mapping[Anchor, str]
    newer: int


def compare(reader: Reading, result: VerifyResult, anchors: Iterable[Anchor]) -> Comparison:
    """Return how anchors fit a ledger; `result` is the result of verifying it.

    Raises:
        LedgerError: if the ledger cannot be read, or an anchor's writer is ambiguous.
    """
    wanted = sorted(anchors, key=lambda one: (one.row, one.writer))
    found = {one: reader.digest_at(one.row, one.writer) for one in wanted}
    fitting = [one for one in wanted if found[one] == one.digest]
    held = tuple(one for one in fitting if result.ok or one.row <= result.rows)
    heads = reader.heads()
    replaces = _replaces(reader)
    return Comparison(
        held,
        tuple(one for one in fitting if one not in held),
        {
            one: _why(one, held, heads, is_there=found[one] is not None, replaces=replaces)
            for one in wanted
            if one not in fitting
        },
        sum(
            head.row - max((one.row for one in held if _is_of(one, head, heads)), default=0)
            for head in heads
        ),
    )


def _replaces(reader: Reading) -> bool:
    """Return whether a ledger says that it was begun in place of an earlier one."""
    try:
        return any("problem" in one.payload for one in reader.latest("begin"))
    except LedgerCorruptError:
        return False  # its first row is damaged


def _is_of(anchor: Anchor, head: Anchor, heads: Sequence[Anchor]) -> bool:
    """Return whether an anchor belongs to a head's writer; a single writer needs no name."""
    return len(heads) == 1 or anchor.writer == head.writer


def _why(
    anchor: Anchor,
    held: Sequence[Anchor],
    heads: Sequence[Anchor],
    *,
    is_there: bool,
    replaces: bool,
) -> str:
    """Return why an anchor does not fit: that the ledger was changed, if nothing else explains it.

    `is_there` says whether the ledger has a row of that number, `replaces` whether it was begun
    in place of an earlier one.
    """
    ends = {head.writer: head.row for head in heads}
    if anchor.writer and anchor.writer not in ends and "" not in ends:
        return "there is no ledger of that writer"
    newer = [one for one in held if one.writer == anchor.writer and one.row > anchor.row]
    if newer:
        return f"it is of another ledger: {newer[-1]} holds and covers row {anchor.row} of this one"
    if is_there:
        fault = f"row {anchor.row}, or a row before it, was rewritten"
    else:
        end = ends.get(anchor.writer, max(ends.values(), default=0))
        fault = f"the ledger ends at row {end}: newest rows were cut off, or it is an older copy"
    if replaces:
        return (
            "it is of the ledger that this one replaced (compare it with --earlier FILE), or "
            f"{fault}"
        )
    return fault
