"""The grammar of a Host header, restricted to names that a server can have.

Must not know: the names of this server.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Final

Host = IPv4Address | IPv6Address | str

_PORT = r"(?::(?P<port>[0-9]*))?"
_LITERAL: Final = re.compile(rf"\[(?P<address>[0-9A-Fa-f:.]+)\]{_PORT}")
# Host names contain no percent-encoding and no other characters of RFC 3986's reg-name
# (RFC 1123 §2.1); some contain an underscore.
_NAME: Final = re.compile(
    rf"(?P<name>[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"
    rf"(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?){_PORT}"
)
_LONGEST: Final = 253 + len(".:65535")
_MAX_PORT: Final = 65535


def parse_host(value: str) -> Host | None:
    """Return the host of a Host header: an address, or a name in lower case without its last dot.

    Returns None if it is not `uri-host [ ":" port ]`, or cannot be the name of a machine.

    Source: RFC 9110 §7.2; RFC 3986 §3.2.2.
    """
    if len(value) > _LONGEST:
        return None
    found = _LITERAL.fullmatch(value) or _NAME.fullmatch(value)
    if found is None or int(found["port"] or 0) > _MAX_PORT:
        return None
    parts = found.groupdict()
    try:
        if "address" in parts:
            return IPv6Address(parts["address"])
        return IPv4Address(parts["name"])
    except ValueError:
        name = parts.get("name", "").lower().removesuffix(".")
    # A number at the end makes a malformed address, which some resolvers accept.
    return None if name.rpartition(".")[2].isdigit() or not name else name
