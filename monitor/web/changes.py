"""What another web configuration changes, in words for the log: names of users, never a password.

Must not know: files, or whether the change is allowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.web.certificate import certificate_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.web.tls import Tls, WebAccess

_NAMED: Final = 10
_VERSIONS: Final = {"TLSv1_2": "1.2", "TLSv1_3": "1.3"}


def removed_users(before: WebAccess, after: WebAccess) -> list[str]:
    """Return the users who can no longer log in, sorted."""
    return sorted(before.users.keys() - after.users.keys())


def changes_between(before: WebAccess, after: WebAccess) -> str:
    """Return what was changed, each part separated by a semicolon; `nothing changed` if so."""
    kept = before.users.keys() & after.users.keys()
    parts = [
        _listed("users added", after.users.keys() - before.users.keys()),
        _listed("users removed", removed_users(before, after)),
        _listed(
            "passwords changed", (one for one in kept if before.users[one] != after.users[one])
        ),
        *(_of_tls(before.tls, after.tls) if before.tls and after.tls else ()),
        "headers changed" if before.headers != after.headers else "",
    ]
    return "; ".join(part for part in parts if part) or "nothing changed"


def certificate_in(access: WebAccess) -> str:
    """Return the server's certificate in words: subject and end; empty without TLS."""
    found = access.tls and certificate_of(access.tls.certificate)
    return f"certificate {found}" if found else ""


def _of_tls(before: Tls, after: Tls) -> Iterator[str]:
    if before.certificate != after.certificate:
        old, new = certificate_of(before.certificate), certificate_of(after.certificate)
        yield f"certificate {new or 'changed'}" + (f" (before: {old})" if old else "")
    elif before.key != after.key:
        yield "key changed"
    if before.client_ca != after.client_ca:
        yield "authorities of client certificates changed"
    if before.must_have_certificate != after.must_have_certificate:
        # The other way round is rejected.
        yield "client certificates are required"
    if before.allowed_names != after.allowed_names:
        yield _listed("allowed names of client certificates", after.allowed_names)
    if (before.minimum, before.maximum) != (after.minimum, after.maximum):
        yield f"TLS {_versions(after)} (before: {_versions(before)})"
    if (before.ciphers, before.curves) != (after.ciphers, after.curves):
        yield "ciphers or curves changed"


def _versions(tls: Tls) -> str:
    return " to ".join(dict.fromkeys((_VERSIONS[tls.minimum], _VERSIONS[tls.maximum])))


def _listed(what: str, names: Iterable[str]) -> str:
    known = sorted(names)
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    return f"{what}: {', '.join(known[:_NAMED])}{more}" if known else ""
