"""How pydantic reads a dataclass from plain JSON, and how it writes one.

pydantic's own schema of a dataclass accepts "5" and 5.0 as the number 5 and 1 as True, and in
strict mode rejects lists and the texts of enumerations. This one accepts exactly the JSON type of
each field. A number is kept as written: 1 is not 1.0.

Imported on first use: pydantic takes 0.1 s, and many commands do not need it.

Must not know: what the fields mean, or where they are kept.
"""

from __future__ import annotations

from dataclasses import Field, fields, is_dataclass
from datetime import date, datetime
from enum import EnumType
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    Literal,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import GetPydanticSchema, TypeAdapter, ValidationError
from pydantic_core import core_schema

from monitor.state.wire import Wire

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

    from monitor.state.wire import Wires

Value = TypeVar("Value")

# Modules import these only for annotations.
_IMPORTED: Final = {"date": date, "datetime": datetime}

_WHOLE: Final = core_schema.int_schema(strict=True)
_LEAVES: Final[dict[object, CoreSchema]] = {
    Any: core_schema.any_schema(),
    str: core_schema.str_schema(strict=True),
    bool: core_schema.bool_schema(strict=True),
    int: _WHOLE,
    float: core_schema.union_schema(
        [_WHOLE, core_schema.float_schema(strict=True)],
        custom_error_type="number",
        custom_error_message="Input should be a number",
    ),
}


def adapter(value: type[Value], wires: Wires) -> TypeAdapter[Value]:
    """Return the adapter that reads and writes a dataclass.

    Raises:
        TypeError: if it is not a dataclass, or a field has a type that JSON cannot represent.
    """
    schema = _dataclass(value, wires)
    return TypeAdapter[Value](
        Annotated[value, GetPydanticSchema(lambda _source, _handler: schema)]  # type: ignore[arg-type]  # made at run time
    )


def first_fault(error: ValueError) -> str:
    """Return the first fault that an adapter found: the field, and its value; "has since 'x'".

    Raises:
        ValueError: the error itself, if it is not from an adapter.
    """
    if not isinstance(error, ValidationError):
        raise error
    found = error.errors(include_url=False, include_context=False)[0]
    what = None if found["type"] == "missing" else found["input"]
    return f"has {'.'.join(map(str, found['loc']))} {what!r}"


def _dataclass(value: type, wires: Wires) -> CoreSchema:
    if not is_dataclass(value):
        raise TypeError(f"{value} is not a dataclass")
    hints = get_type_hints(value, localns=_IMPORTED)
    every = fields(value)
    return core_schema.dataclass_schema(
        value,
        core_schema.dataclass_args_schema(
            value.__name__, [_field(one, hints[one.name], wires) for one in every]
        ),
        [one.name for one in every],
        slots=True,
    )


def _field(field: Field[Any], hint: object, wires: Wires) -> core_schema.DataclassField:
    """Return the schema of a field; it is required unless its default is None."""
    wire = wires.get(field.name)
    is_apart = wire is None and field.name in wires
    schema = core_schema.any_schema() if is_apart else _of(wire or hint, wires)
    if field.default is None:
        schema = core_schema.with_default_schema(schema, default=None)
    return core_schema.dataclass_field(
        field.name,
        schema,
        validation_alias=wire and wire.key,
        serialization_alias=wire and wire.key,
        serialization_exclude=is_apart,
    )


def _of(hint: object, wires: Wires) -> CoreSchema:
    """Return the schema of a type, or of a wire."""
    wire = hint if isinstance(hint, Wire) else wires.get(hint)  # type: ignore[call-overload]  # a type
    if wire is not None:
        return core_schema.no_info_after_validator_function(
            wire.read,
            _of(wire.plain, wires),
            serialization=core_schema.plain_serializer_function_ser_schema(wire.write),
        )
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        [whole] = (one for one in arguments if one is not NoneType)
        return core_schema.nullable_schema(_of(whole, wires))
    if origin is tuple:
        return core_schema.tuple_variable_schema(_of(arguments[0], wires))
    if origin is dict:
        return core_schema.dict_schema(*(_of(one, wires) for one in arguments))
    if origin is Literal:
        return core_schema.literal_schema(list(arguments))
    return _LEAVES[hint] if hint in _LEAVES else _class(hint, wires)


def _class(kind: object, wires: Wires) -> CoreSchema:
    if isinstance(kind, EnumType):
        return core_schema.enum_schema(kind, list(kind))
    if isinstance(kind, type):
        return _dataclass(kind, wires)
    raise TypeError(f"{kind} cannot be in JSON")
