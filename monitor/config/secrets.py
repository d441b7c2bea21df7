"""Secrets, read when they are needed from the places that the configuration names.

A secret is only revealed on demand: not in logs, errors or tracebacks.

Must not know: YAML, or what a secret is for.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.inventory.city import CredentialSource

# SNMP communities and passphrases are far shorter; a longer file is the wrong one.
MAX_SECRET_BYTES: Final = 256
_CREDENTIALS: Final = Path("/run/credentials")


class SecretError(Exception):
    """Some secrets cannot be read; the message has one line for each, without any secret."""


class Secret:
    """Text that is masked wherever it is printed; `reveal` returns it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __format__(self, _specification: str) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> NoReturn:
        """Reject pickling: a pickle would contain the secret unmasked."""
        raise TypeError("a secret is not pickled")


def read_credentials(
    sources: Mapping[str, CredentialSource], environment: Mapping[str, str] | None = None
) -> dict[str, Secret]:
    """Return the secrets by name, each without its trailing line break.

    `environment` replaces that of the process.

    Raises:
        SecretError: if any is missing, empty, too long or not text; it names all of them.
    """
    variables = os.environ if environment is None else environment
    secrets: dict[str, Secret] = {}
    problems: list[str] = []
    for name, source in sources.items():
        try:
            secrets[name] = _read(source, variables)
        except SecretError as error:
            problems.append(f"credential {name}: {error}")
    if problems:
        raise SecretError("\n".join(problems))
    return secrets


def _read(source: CredentialSource, variables: Mapping[str, str]) -> Secret:
    if source.kind == "environment":
        what = f"the environment variable {source.place}"
        if source.place not in variables:
            raise SecretError(f"{what} is not set; set it, or name a file in the configuration")
        data = variables[source.place].encode("utf-8", "surrogateescape")
    else:
        what = f"the file {source.place}"
        data = _read_file(own_copy(Path(source.place), variables), what)
    data = data.removesuffix(b"\n").removesuffix(b"\r")
    if not data:
        raise SecretError(f"{what} is empty; write the secret into it")
    if len(data) < source.min_bytes:
        least = source.min_bytes
        raise SecretError(f"{what} has {len(data)} bytes; an SNMPv3 password has {least} or more")
    if len(data) > MAX_SECRET_BYTES:
        raise SecretError(f"{what} is longer than {MAX_SECRET_BYTES} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        # The cause would show the bytes in a traceback.
        raise SecretError(f"{what} is not UTF-8 text") from None
    if not text.isprintable():
        raise SecretError(f"{what} holds a line end or a control character inside")
    return Secret(text)


def own_copy(place: Path, variables: Mapping[str, str]) -> Path:
    """Return the path of this process's systemd copy of a credential; other paths unchanged.

    The configuration names the service's copy; a command run with the same credentials has its own.

    Source: systemd.exec(5), LoadCredential=.
    """
    own = variables.get("CREDENTIALS_DIRECTORY")
    return Path(own) / place.name if own and place.parent.parent == _CREDENTIALS else place


def _read_file(place: Path, what: str) -> bytes:
    try:
        with place.open("rb") as file:
            return file.read(MAX_SECRET_BYTES + 3)
    except OSError as error:
        raise SecretError(f"{what} cannot be read: {error.strerror or error}") from error
