"""Credentials: the sources of their secrets, SNMPv3 users, and the rules for them.

Must not know: devices, or the secrets themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.config.shape.credentials import EnvironmentCredential, FileCredential, UserCredential
from monitor.config.tree.places import key_mark_of, mark_of
from monitor.inventory.checks import SnmpUser, password_names
from monitor.inventory.city import CredentialSource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.config.shape.credentials import CredentialRules
    from monitor.config.tree.problems import Findings
    from monitor.config.tree.text import Node

# RFC 3414 §11.2; agents reject shorter passwords.
_MIN_PASSWORD_BYTES = 8
_NONE = "none"


def sources(credentials: Mapping[str, CredentialRules]) -> dict[str, CredentialSource]:
    """Return the source of each secret, by its name."""
    found: dict[str, CredentialSource] = {}
    for name, rules in credentials.items():
        if not isinstance(rules, UserCredential):
            found[name] = _source(rules, 1)
            continue
        places = (rules.auth_password, rules.priv_password)
        for password, place in zip(password_names(name), places, strict=True):
            if place is not None:
                found[password] = _source(place, _MIN_PASSWORD_BYTES)
    return found


def user_of(rules: CredentialRules | None) -> SnmpUser | None:
    """Return the SNMPv3 user of a credential, None if it is a community."""
    if not isinstance(rules, UserCredential):
        return None
    return SnmpUser(
        rules.user,
        "" if rules.auth == _NONE else rules.auth,
        "" if rules.priv == _NONE else rules.priv,
        rules.context,
    )


def check_users(credentials: Mapping[str, CredentialRules], root: Node, findings: Findings) -> None:
    """Add a problem for each user whose protocols and passwords do not match."""
    for name, rules in credentials.items():
        if not isinstance(rules, UserCredential):
            continue
        at = ("credentials", name)
        if rules.priv != _NONE and rules.auth == _NONE:
            findings.add(
                key_mark_of(root, (*at, "priv")),
                "priv without auth: SNMPv3 cannot encrypt without authentication",
                "set auth and auth_password",
            )
        pairs = (
            ("auth", rules.auth, rules.auth_password),
            ("priv", rules.priv, rules.priv_password),
        )
        for key, protocol, password in pairs:
            if protocol != _NONE and password is None:
                cure = f"set {key}_password: {{file: /an/absolute/path}} or {{environment: NAME}}"
                findings.add(mark_of(root, (*at, key)), f"{key} without {key}_password", cure)
            elif protocol == _NONE and password is not None:
                mark = key_mark_of(root, (*at, f"{key}_password"))
                findings.add(mark, f"{key}_password without {key}", f"set {key} to a protocol")


def _source(rules: FileCredential | EnvironmentCredential, min_bytes: int) -> CredentialSource:
    if isinstance(rules, FileCredential):
        return CredentialSource("file", rules.file, min_bytes)
    return CredentialSource("environment", rules.environment, min_bytes)
