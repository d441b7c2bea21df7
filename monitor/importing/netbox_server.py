"""Fetches the sites and devices of a running NetBox, page by page.

The token is sent to the given address only: redirects are rejected, and the addresses of further
pages in NetBox's responses are not followed, but computed.

Must not know: the content of the responses.
Source: NetBox REST API, pagination and authentication.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import Any, Final
from urllib.parse import urlsplit

from monitor.importing.taken import ImportProblemError

PAGE: Final = 500
MOST_PAGES: Final = 200
MAX_PAGE_BYTES: Final = 32 * 1024 * 1024
_TIMEOUT_SECONDS: Final = 60.0
_CURES: Final = {
    401: "the token is refused",
    403: "the token is refused, or may not read this",
    404: "there is no NetBox; the address is that of its start page",
}
_TLS_CURE: Final = "SSL_CERT_FILE names the file of your own authority"

# All the usual ones except the one that follows redirects: it would forward the token.
_HANDLERS: Final = (
    urllib.request.ProxyHandler,
    urllib.request.HTTPHandler,
    urllib.request.HTTPSHandler,
    urllib.request.HTTPDefaultErrorHandler,
    urllib.request.HTTPErrorProcessor,
)

Entry = dict[str, Any]


def is_address(text: str) -> bool:
    """Return whether an argument is an address, not a file."""
    return text.casefold().startswith(("http://", "https://"))


def ask_netbox(address: str, token: str) -> tuple[list[Entry], list[Entry]]:
    """Return the sites and the devices of the NetBox at an address.

    Raises:
        ImportProblemError: if it cannot be reached, refuses, or gives another response.
    """
    try:
        parts = urlsplit(address)
    except ValueError:  # brackets without an IPv6 address
        parts = urlsplit("")
    if parts.username or parts.query or not parts.hostname:
        raise ImportProblemError("the address is HTTPS://HOST/PATH alone, without a login or a ?")
    if not token.isascii() or not token.isprintable() or not token:
        raise ImportProblemError("the token is not one line of printable ASCII")
    base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix('/api')}"
    opener = urllib.request.OpenerDirector()
    for handler in _HANDLERS:
        opener.add_handler(handler())
    # Since NetBox 4.5 a token of the second version is recognised by its first letters.
    kind = "Bearer" if token.startswith("nbt_") else "Token"
    opener.addheaders = [("Authorization", f"{kind} {token}"), ("Accept", "application/json")]
    sites, devices = (_all(opener, f"{base}/api/dcim/{what}/") for what in ("sites", "devices"))
    return sites, devices


def _all(opener: urllib.request.OpenerDirector, url: str) -> list[Entry]:
    found: list[Entry] = []
    for _ in range(MOST_PAGES):
        page = _page(opener, f"{url}?limit={PAGE}&offset={len(found)}")
        entries = page.get("results")
        if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
            raise ImportProblemError(f"{url}: not a response of NetBox")
        found += entries
        if not page.get("next"):
            return found
        if not entries:
            raise ImportProblemError(f"{url}: an empty page that says that there are more")
    raise ImportProblemError(f"{url}: more than {MOST_PAGES} pages")


def _page(opener: urllib.request.OpenerDirector, url: str) -> dict[str, Any]:
    try:
        with opener.open(url, timeout=_TIMEOUT_SECONDS) as reply:
            data = reply.read(MAX_PAGE_BYTES + 1)
    except urllib.error.HTTPError as error:
        with error:
            cure = _CURES.get(error.code, error.headers.get("Location") or error.reason)
        raise ImportProblemError(f"{url}: HTTP {error.code}; {cure}") from error
    except UnicodeError as error:
        cure = "no host has this name, or the path has letters beyond ASCII"
        raise ImportProblemError(f"{url}: not a valid address: {cure}") from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        what = getattr(reason, "strerror", None) or reason
        cure = f"; {_TLS_CURE}" if "CERTIFICATE" in str(reason) else ""
        if isinstance(reason, ConnectionRefusedError):
            cure = ": nothing listens there; check host and port of the address"
        raise ImportProblemError(f"{url}: {what}{cure}") from error
    if len(data) > MAX_PAGE_BYTES:
        raise ImportProblemError(f"{url}: more than {MAX_PAGE_BYTES} bytes")
    try:
        page = json.loads(data)
    except (ValueError, RecursionError):
        page = None
    if not isinstance(page, dict):
        raise ImportProblemError(f"{url}: not a response of NetBox")
    return page
