"""From a URL to the target of its request, and from a redirect to the next URL.

Must not know: sockets, or requests.
"""

from __future__ import annotations

import ipaddress
from typing import NamedTuple
from urllib.parse import quote, urljoin, urlsplit

from monitor.host_names import ascii_name
from monitor.probes.attempt import printable

_DEFAULT_PORTS = {"http": 80, "https": 443}
# The zone of an address means something on one machine only; browsers refuse it, too.
_NO_HOST = frozenset(" %")
_LONGEST_HOST = 253  # RFC 1035 §2.3.4, without the octets of the first and the last length
_ASCII = bytes(range(0x20, 0x7F))
_TARGET_SAFE = "%/:?[]@!$&'()*+,;=~"


class Place(NamedTuple):
    """The target of a URL for an HTTP/1.1 client; `authority` is the value of the Host field."""

    url: str
    scheme: str
    host: str
    port: int
    authority: str
    target: str


def parse_url(url: str) -> Place:
    """Return the target of a URL; user, password and fragment are left out.

    Raises:
        ValueError: if it is not an http or https URL with a usable host and port.
    """
    parts = urlsplit(url)
    host = parts.hostname
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise ValueError(f"{printable(url)} is not an http or https URL with a host")
    default = _DEFAULT_PORTS[parts.scheme]
    port = default if parts.port is None else parts.port
    if ":" in host:
        ipaddress.IPv6Address(host)
        shown = f"[{host}]"
    else:
        host = shown = ascii_name(host).encode("idna").decode("ascii")
    is_odd = host.startswith(".") or not host.isprintable() or not _NO_HOST.isdisjoint(host)
    if not port or is_odd or len(host) > _LONGEST_HOST:
        raise ValueError(f"{printable(url)} has no usable host and port")
    authority = shown if port == default else f"{shown}:{port}"
    query = f"?{parts.query}" if parts.query else ""
    # A lone surrogate from a hostile Location field has no UTF-8 encoding.
    target = quote((parts.path or "/") + query, safe=_TARGET_SAFE, errors="replace")
    return Place(url, parts.scheme, host, port, authority, target)


def redirected(place: Place, location: str) -> Place:
    """Return the target of a Location field in a response from a place.

    `location` has the field's octets as characters (Latin-1). Servers send UTF-8 or octets of
    another charset, although only ASCII is allowed; browsers return both unchanged.

    Raises:
        ValueError: if the target is not an http or https URL. Source: RFC 9110 §10.2.2.
    """
    octets = location.encode("latin-1")
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        text = quote(octets, safe=_ASCII)
    return parse_url(urljoin(place.url, text))
