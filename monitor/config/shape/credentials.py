"""The shape of credentials: where each secret is, never the secret.

Must not know: positions, merging, or how a secret is read.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from monitor.config.shape.base import Rules
from monitor.config.shape.fields import (
    EnvironmentName,
    FilePath,
    UserName,
)


class FileCredential(Rules):
    """A secret in a file of its own."""

    file: FilePath
    """Absolute path of the file with the secret."""


class EnvironmentCredential(Rules):
    """A secret in an environment variable."""

    environment: EnvironmentName
    """Name of the environment variable with the secret."""


def _place_kind(value: object) -> str:
    return "file" if isinstance(value, dict) and "file" in value else "environment"


PlaceRules = Annotated[
    Annotated[FileCredential, Tag("file")] | Annotated[EnvironmentCredential, Tag("environment")],
    Discriminator(_place_kind),
]


class UserCredential(Rules):
    """An SNMPv3 user."""

    user: UserName
    """Name of the user, as configured in the devices."""
    auth: Literal["none", "md5", "sha1", "sha224", "sha256", "sha384", "sha512"] = "none"
    """How messages are authenticated."""
    auth_password: PlaceRules | None = None
    """Source of the authentication password, of 8 characters or more."""
    priv: Literal["none", "des", "aes128", "aes192", "aes256", "aes192c", "aes256c"] = "none"
    """How messages are encrypted."""
    priv_password: PlaceRules | None = None
    """Source of the privacy password, of 8 characters or more."""
    context: UserName = Field(default_factory=str)
    """Context of the devices that is read, if it is not the default one."""


def _credential_kind(value: object) -> str:
    if isinstance(value, dict) and not {"file", "environment"} & set(value):
        return "user" if set(UserCredential.model_fields) & set(value) else "environment"
    return _place_kind(value)


CredentialRules = Annotated[
    Annotated[FileCredential, Tag("file")]
    | Annotated[EnvironmentCredential, Tag("environment")]
    | Annotated[UserCredential, Tag("user")],
    Discriminator(_credential_kind),
]
