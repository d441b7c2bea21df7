"""What a walk finds out besides its rows: why columns end, what could not be read.

Must not know: bytes on the wire, requests.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.snmp.layout import Index
    from monitor.snmp.model import LeftOut


class End(Enum):
    """Why a column has no further rows; only `FINISHED` is normal."""

    FINISHED = "finished"
    NOT_INCREASING = "not increasing"


@dataclass(slots=True)
class Notes:
    """What a walk observed besides its rows.

    `left_out` counts the values that could not be decoded, by reason; `is_unordered` says whether
    rows arrived in non-increasing order. `positions` has, by a column's OID, the row that came
    last where that is not the greatest, with the greatest row at that moment.
    """

    left_out: dict[LeftOut, int] = field(default_factory=dict)
    is_unordered: bool = False
    positions: dict[bytes, tuple[Index, Index]] = field(default_factory=dict)
    _rows: set[tuple[bytes, Index]] = field(default_factory=set)

    def leave_out(self, reason: LeftOut, oid: bytes, index: Index) -> None:
        """Count a value that could not be decoded, and remember its row in the column."""
        self.left_out[reason] = self.left_out.get(reason, 0) + 1
        self._rows.add((oid, index))

    def has_seen(self, oid: bytes, index: Index) -> bool:
        """Return whether the value of that row has been left out before."""
        return (oid, index) in self._rows
