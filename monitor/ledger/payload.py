"""Reads the fields of a ledger entry by name and type.

Must not know: what the fields mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from monitor.ledger.chain import Entry, Json, MalformedEntryError, instant

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


class Payload:
    """The payload of an entry of one kind; what is missing or of another type is malformed."""

    __slots__ = ("_entry", "_values")

    def __init__(self, entry: Entry, kind: str) -> None:
        self._entry = entry
        self._values = entry.payload
        if entry.kind != kind:
            raise MalformedEntryError(f"{self._name} is no {kind}")

    @property
    def _name(self) -> str:
        entry = self._entry
        return f"{entry.kind} entry of {entry.subject or 'the city'} at {entry.at}"

    def text(self, key: str) -> str:
        """Return a text.

        Raises:
            MalformedEntryError: if there is none.
        """
        value = self._values.get(key)
        return value if isinstance(value, str) else self._refuse(key, value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts.

        Raises:
            MalformedEntryError: if there is none.
        """
        value = self._values.get(key)
        if not isinstance(value, list):
            return self._refuse(key, value)
        return tuple(one if isinstance(one, str) else self._refuse(key, one) for one in value)

    def one_of(self, key: str, allowed: Sequence[str]) -> str:
        """Return a text that is one of those allowed.

        Raises:
            MalformedEntryError: if it is another.
        """
        value = self.text(key)
        return value if value in allowed else self._refuse(key, value)

    def flag(self, key: str) -> bool:
        """Return a truth value.

        Raises:
            MalformedEntryError: if there is none.
        """
        value = self._values.get(key)
        return value if isinstance(value, bool) else self._refuse(key, value)

    def flag_or_none(self, key: str) -> bool | None:
        """Return a truth value, None where the entry has a null.

        Raises:
            MalformedEntryError: if there is neither.
        """
        return None if key in self._values and self._values[key] is None else self.flag(key)

    def integer(self, key: str) -> int:
        """Return a whole number.

        Raises:
            MalformedEntryError: if there is none.
        """
        value = self._values.get(key)
        if isinstance(value, bool) or not isinstance(value, int):
            return self._refuse(key, value)
        return value

    def number(self, key: str) -> float:
        """Return a number.

        Raises:
            MalformedEntryError: if there is none.
        """
        value = self._values.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self._refuse(key, value)
        return value

    def number_or_none(self, key: str) -> float | None:
        """Return a number, None where the entry has a null.

        Raises:
            MalformedEntryError: if there is neither.
        """
        return None if key in self._values and self._values[key] is None else self.number(key)

    def number_if_any(self, key: str) -> float | None:
        """Return a number, None where the entry has a null or was written before the key.

        Raises:
            MalformedEntryError: if it is no number.
        """
        return self.number_or_none(key) if key in self._values else None

    def instant(self, key: str) -> datetime:
        """Return the aware UTC instant of milliseconds since 1970.

        Raises:
            MalformedEntryError: if there is none.
        """
        value = self.integer(key)
        try:
            return instant(value)
        except OverflowError:
            return self._refuse(key, value)

    def inner(self, key: str) -> Payload:
        """Return a mapping within the payload.

        Raises:
            MalformedEntryError: if there is none.
        """
        value = self._values.get(key)
        if not isinstance(value, dict):
            return self._refuse(key, value)
        entry = self._entry
        return Payload(Entry(entry.at, entry.kind, entry.subject, value), entry.kind)

    def _refuse(self, key: str, value: Json) -> NoReturn:
        raise MalformedEntryError(f"{self._name} has {key} {value!r}")
