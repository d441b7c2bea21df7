"""Values as ledger entries of one kind, and back.

Must not know: what the values mean, or where entries are kept.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final, Generic

from monitor.ledger.chain import Entry, MalformedEntryError, instant, milliseconds
from monitor.state.json_fields import NO_WIRES, FieldError, JsonFields, Value
from monitor.state.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.state.wire import Wires


def _instant(at: int) -> datetime:
    try:
        return instant(at)
    except OverflowError as error:
        raise ValueError(str(error)) from error


_MILLISECONDS: Final = Wire(int, _instant, milliseconds)


class Codec(Generic[Value]):
    """The entries of one kind; the payload of each has the fields of one dataclass.

    `at` is the field with the entry's instant, or a function for it; `subject` the field with its
    subject, empty for the whole city. These are not in the payload. `wires` are those of
    `JsonFields`; instants are milliseconds since 1970.
    """

    def __init__(
        self,
        kind: str,
        value: type[Value],
        *,
        at: str | Callable[[Value], datetime] = "at",
        subject: str = "",
        wires: Wires = NO_WIRES,
    ) -> None:
        self.kind = kind
        self._at = at
        self._subject = subject
        apart: dict[type | str, None] = {one: None for one in (at, subject) if isinstance(one, str)}
        self._fields = JsonFields(value, {datetime: _MILLISECONDS, **wires, **apart})

    def entry(self, value: Value) -> Entry:
        """Return the entry of a value."""
        at = getattr(value, self._at) if isinstance(self._at, str) else self._at(value)
        subject = getattr(value, self._subject) if self._subject else ""
        return Entry(at, self.kind, subject, self._fields.plain(value))

    def read(self, entry: Entry) -> Value:
        """Return the value of an entry.

        Raises:
            MalformedEntryError: if it is of another kind, or a field is missing or malformed.
        """
        if entry.kind != self.kind:
            raise MalformedEntryError(f"{_name(entry)} is not a {self.kind} entry")
        apart: dict[str, object] = {}
        if isinstance(self._at, str):
            apart[self._at] = entry.at
        if self._subject:
            apart[self._subject] = entry.subject
        try:
            return self._fields.value(entry.payload, **apart)
        except FieldError as error:
            raise MalformedEntryError(f"{_name(entry)} {error}") from error


def _name(entry: Entry) -> str:
    return f"{entry.kind} entry of {entry.subject or 'the city'} at {entry.at}"
