"""The JSON form of values for which JSON has no type.

Must not know: what the values mean, or where they are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple


class Wire(NamedTuple):
    """Values have type `plain` in JSON, and are converted by `read` and `write`.

    `read` may raise `ValueError`. `key` is the field's key, if it is not its name.
    """

    plain: type[int | str]
    read: Callable[[Any], Any]
    write: Callable[[Any], Any]
    key: str | None = None


Wires = Mapping[type | str, Wire | None]
"""Wires of types, and of single fields by name; a field with None is not in the JSON."""


def _aware(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("it has no time zone")
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(str(error)) from error


INSTANTS_AS_TEXT: Final = Wire(str, _aware, datetime.isoformat)
"""ISO 8601 with a time zone; read as aware UTC."""

DATES: Final = Wire(str, date.fromisoformat, date.isoformat)
"""ISO 8601."""
