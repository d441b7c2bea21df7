"""From a file's bytes to its text, in any encoding that office programs use.

UTF-8 and UTF-16 are recognised by their byte order mark or their form; everything else is read as
Windows-1252, which Excel writes in Western Europe (Latin-1 reads the same in it).

Must not know: what the text means.
Source: Unicode Standard §23.8 (byte order mark); WHATWG Encoding, windows-1252.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from monitor.importing.taken import ImportProblemError

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WORKBOOKS: Final = (
    (b"PK\x03\x04", "an Excel or LibreOffice workbook"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook"),
)
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x1f]")
# In UTF-16 text of Western languages, nearly every second octet is zero.
_LOOKED_AT: Final = 2000
_MANY: Final = 0.3


def decoded(data: bytes, name: str) -> tuple[str, str]:
    """Return the text of a file, and its encoding if that was guessed, otherwise an empty text.

    Raises:
        ImportProblemError: if it is not text.
    """
    for sign, what in _WORKBOOKS:
        if data.startswith(sign):
            raise ImportProblemError(f"{name} is {what}; save it as CSV (UTF-8) and import that")
    known = next((codec for mark, codec in _MARKS if data.startswith(mark)), None)
    for codec, guessed in ((known or _utf_16(data) or "utf-8", ""), ("cp1252", "Windows-1252")):
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if not _CONTROLS.search(text):
            return text, guessed
    raise ImportProblemError(f"{name} is not text in UTF-8, UTF-16 or Windows-1252")


def _utf_16(data: bytes) -> str | None:
    """Return the UTF-16 codec of bytes without a mark, None if they look like another encoding."""
    start = data[:_LOOKED_AT]
    for codec, highs in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
        if highs and highs.count(0) / len(highs) > _MANY:
            return codec
    return None
