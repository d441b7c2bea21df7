"""The text of a body: by the charset that the sender names, else as a browser guesses it.

Must not know: framing, or what is searched in the text.
"""

from __future__ import annotations

import codecs
import re

# Only text codecs, and only those that decode in linear time.
_KNOWN = re.compile(
    r"utf-?8|utf-?16|utf-16(le|be)|(us-)?ascii|latin-?1|iso8859-([1-9]|1[013-6])"
    r"|(windows-|cp)125[0-8]"
    r"|koi8-[ru]|gb(k|2312|18030)|big5|euc-(jp|kr)|shift_jis"
)
# Servers write it with and without its separators; Python knows only some of the spellings.
_ISO_8859 = re.compile(r"^iso[-_]?8859[-_]?")
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)


def text_of(content: bytes, content_type: str | None, *, is_cut: bool) -> str:
    """Return a body's text; invalid octets become U+FFFD.

    Without a known charset it is UTF-8 if valid, else Windows-1252. `is_cut` says that the last
    character may be incomplete. Source: RFC 9110 §8.3.2.
    """
    named = _CHARSET.search(content_type or "")
    name = _ISO_8859.sub("iso8859-", named[1].lower()) if named else ""
    if _KNOWN.fullmatch(name):
        return content.decode(name, errors="replace")
    try:
        return codecs.getincrementaldecoder("utf-8")("strict").decode(content, final=not is_cut)
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
