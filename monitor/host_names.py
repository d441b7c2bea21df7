"""Host names with letters beyond ASCII: people type them, DNS and TLS use their punycode.

A name is kept as typed for display, and converted when it is looked up.

Source: RFC 5891 with the mapping of UTS 46, as browsers and curl do it; Python's own codec is of
2003 and makes `weiss` of `weiß`.

Must not know: what a name is for.
"""

from __future__ import annotations

import idna


def ascii_name(host: str) -> str:
    """Return a host as it is asked for: its punycode if it is not ASCII, else itself.

    Raises:
        UnicodeError: if it is no name.
    """
    return host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
