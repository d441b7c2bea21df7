"""Tables as CSV that is safe to open in a spreadsheet.

Must not know: the content of the tables.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from monitor.words.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# Characters that start a formula in a spreadsheet's cell, also in full width and after white space
# (OWASP, CSV injection).
_FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_table(columns: Sequence[str], lines: Iterable[Mapping[str, object]]) -> str:
    """Return lines as CSV (RFC 4180) with a header line; empty without columns."""
    if not columns:
        return ""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in line.items()} for line in lines)
    return stream.getvalue()


def _cell(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if not isinstance(value, str):
        return value
    text = plain(value)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text
