"""Host names with letters beyond ASCII: people type them, DNS and TLS use their punycode.

A name is kept as typed for display, and converted when it is looked up.

Source: RFC 5891 with the mapping of UTS 46, as in browsers and curl. Python's own codec implements
IDNA 2003, which turns `weiß` into `weiss`.

Must not know: what a name is for.
"""

from __future__ import annotations

import idna


def ascii_name(host: str) -> str:
    """Return a host as DNS and TLS expect it: in punycode if it is not ASCII, else unchanged.

    Raises:
        UnicodeError: if it is not a valid name.
    """
    return host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
