"""The shape of `interfaces.select`: which interfaces of a device are exported.

Must not know: positions, levels, or rules across keys.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from monitor.config.shape.base import Rules
from monitor.config.shape.fields import Expression, refuse
from monitor.config.tree.problems import shown, suggestion
from monitor.inventory.interface_selection import IF_TYPES

_MOST_TYPES = 50
_LARGEST_TYPE = 2**31 - 1
_FORMS = "allowed: a name of IANAifType such as ethernetCsmacd, or its number"


def _parse_type(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _LARGEST_TYPE:
        return value
    number = IF_TYPES.get(value) if isinstance(value, str) else None
    if number is None:
        near = suggestion(value, list(IF_TYPES)) if isinstance(value, str) else ""
        raise refuse(f"{shown(value)} is not an interface type; {near or _FORMS}")
    return number


IfType = Annotated[
    int,
    BeforeValidator(_parse_type),
    WithJsonSchema(
        {"anyOf": [{"enum": list(IF_TYPES)}, {"type": "integer", "minimum": 1}]},
    ),
]
IfTypes = Annotated[list[IfType], Field(max_length=_MOST_TYPES)]


class SelectRules(Rules):
    """Which interfaces are exported; all given conditions must be met, except for the uplink's."""

    types: IfTypes = Field(default=[])
    """Types that are exported (ifType); all if empty."""
    without_types: IfTypes = Field(default=[])
    """Types that are not exported."""
    name: Expression = Field(default_factory=str)
    """Regular expression to match ifName, or ifDescr if ifName is missing."""
    alias: Expression = Field(default_factory=str)
    """Regular expression to search in ifAlias, which is read for that, but not exported."""
    admin: Literal["any", "up"] = "any"
    """Whether interfaces that are shut (ifAdminStatus down) are exported."""
