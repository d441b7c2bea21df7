"""The fields of a dataclass as plain JSON, and back: for rows of the ledger and small state files.

The types of the dataclass define the allowed values. A field whose default is None may be missing,
because older versions did not write it. Unknown fields are ignored, because newer versions may
write them.

Must not know: what the fields mean, or where they are kept.
"""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from monitor.state.wire import DATES

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import TypeAdapter

    from monitor.state.wire import Wires

Value = TypeVar("Value")

_LONGEST: Final = 500
NO_WIRES: Final[Wires] = MappingProxyType({})


class FieldError(ValueError):
    """A field is missing or has another type; the message is half a sentence (has since 'x')."""


def _short(message: str) -> str:
    """Return a message, truncated: it quotes a value, which may be a megabyte in a damaged file."""
    return message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"


class JsonFields(Generic[Value]):
    """The fields of one frozen dataclass."""

    def __init__(self, value: type[Value], wires: Wires = NO_WIRES) -> None:
        self._value = value
        self._wires: Wires = {date: DATES, **wires}
        # A field that is not in the JSON has its default, whatever the JSON contains.
        self._apart = {
            one.name: one.default
            for one in (fields(value) if is_dataclass(value) else ())
            if self._wires.get(one.name, DATES) is None and one.default is not MISSING
        }

    def plain(self, value: Value) -> dict[str, Any]:
        """Return the fields of a value."""
        plain: dict[str, Any] = self._adapter.dump_python(value, mode="json", by_alias=True)
        return plain

    def value(self, plain: object, **apart: object) -> Value:
        """Return the value of these fields, and of those that are not in the JSON.

        Raises:
            FieldError: if they are not a value of this type.
        """
        if not isinstance(plain, dict):
            raise FieldError(_short(f"is {plain!r}"))
        try:
            others = {**self._apart, **apart}
            return self._validate({**plain, **others} if others else plain)
        except ValueError as error:
            from monitor.state.json_schema import first_fault  # noqa: PLC0415  # see `_adapter`

            raise FieldError(_short(first_fault(error))) from error

    @cached_property
    def _validate(self) -> Callable[[dict[str, object]], Value]:
        # Without the adapter's own step, which takes a third of the time of a small entry.
        return self._adapter.validator.validate_python

    @cached_property
    def _adapter(self) -> TypeAdapter[Value]:
        from monitor.state.json_schema import adapter  # noqa: PLC0415  # it takes 0.1 s to import

        return adapter(self._value, self._wires)
