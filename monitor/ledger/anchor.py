"""Anchors: position and digest of a ledger's last row, kept where its writer cannot change them.

A chain alone cannot reveal that its newest rows were truncated, that it was replaced by an older
copy, or that it was recomputed. An anchor can: the row that it names must exist with that digest,
which covers every row before it.

Must not know: where a ledger is kept, or where its anchors are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


# An anchor is one word and fits into a label; a full stop after it belongs to the sentence.
_WRITER: Final = r"[A-Za-z0-9_.-]{0,35}[A-Za-z0-9_-]"
WRITER_NAME: Final = re.compile(_WRITER)
_FORM: Final = re.compile(
    r"ledger-anchor:(?P<row>[1-9][0-9]{0,17}):(?P<digest>[0-9a-f]{64})(?![0-9a-f])"
    rf"(?:@(?P<writer>{_WRITER}))?"
)


class AnchorError(ValueError):
    """A text is not an anchor, or contains none; the message shows the format."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A ledger's row number and digest (32 bytes); `writer` is empty for a ledger in a file."""

    row: int
    digest: bytes
    writer: str = ""

    def __str__(self) -> str:
        """Return the printed form, one word of ASCII: `ledger-anchor:ROW:DIGEST[@WRITER]`."""
        of = f"@{self.writer}" if self.writer else ""
        return f"ledger-anchor:{self.row}:{self.digest.hex()}{of}"


def parse_anchor(text: str) -> Anchor:
    """Return the anchor that a text represents.

    Raises:
        AnchorError: if it is malformed.
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise AnchorError(
            f"{text!r} is not an anchor; `schulnetz ledger head` prints one: "
            "ledger-anchor:ROW:DIGEST, with @WRITER in a database"
        )
    return _anchor(found)


def anchors_in(lines: Iterable[str]) -> Iterator[Anchor]:
    """Yield every anchor in the lines of a log, a letter or a report."""
    for line in lines:
        # Markdown escapes underscores with a backslash.
        yield from map(_anchor, _FORM.finditer(line.replace("\\_", "_")))


def _anchor(found: re.Match[str]) -> Anchor:
    return Anchor(int(found["row"]), bytes.fromhex(found["digest"]), found["writer"] or "")
