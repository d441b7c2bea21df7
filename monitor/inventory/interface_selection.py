"""Which interfaces of a device are exported: by type, name, alias and wanted state.

Must not know: how a device is queried, what an interface counts, or YAML.
Source: IANAifType-MIB for the types' names; IF-MIB (RFC 2863) for ifAdminStatus.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Column = Mapping[int, int | bytes]

UnusedPorts = Literal["status", "whole"]

IF_TYPES: Final[Mapping[str, int]] = {
    "other": 1,
    "ethernetCsmacd": 6,
    "iso88023Csmacd": 7,
    "ppp": 23,
    "softwareLoopback": 24,
    "propVirtual": 53,
    "propMultiplexor": 54,
    "fastEther": 62,
    "fastEtherFX": 69,
    "ieee80211": 71,
    "adsl": 94,
    "gigabitEthernet": 117,
    "tunnel": 131,
    "l2vlan": 135,
    "l3ipvlan": 136,
    "mplsTunnel": 150,
    "ieee8023adLag": 161,
    "mpls": 166,
    "vdsl": 97,
    "bridge": 209,
    "vdsl2": 251,
}
"""The types that routers and switches of schools have, by name; others use their number."""
_TYPE_NAMES: Final[Mapping[int, str]] = {number: name for name, number in IF_TYPES.items()}

_SHUT = 2


def type_name(number: int | bytes | None) -> str:
    """Return a type's name, its number if it has no name, an empty text without a type."""
    return _TYPE_NAMES.get(number, str(number)) if isinstance(number, int) else ""


@dataclass(frozen=True, slots=True)
class InterfaceSelection:
    """Which interfaces are exported; all given conditions must be met.

    `name` is searched in ifName (ifDescr if there is none), `alias` in ifAlias, both as
    regular expressions. `admin` of `up` omits interfaces that are shut (ifAdminStatus 2).
    """

    types: frozenset[int] = frozenset()
    without_types: frozenset[int] = frozenset()
    name: str = ""
    alias: str = ""
    admin: Literal["any", "up"] = "any"

    @property
    def is_everything(self) -> bool:
        """Return whether every interface is selected."""
        return self == EVERYTHING

    def columns(self) -> tuple[str, ...]:
        """Return the columns that the selection depends on."""
        wanted = {
            "ifType": bool(self.types or self.without_types),
            "ifName": bool(self.name),
            "ifDescr": bool(self.name),
            "ifAlias": bool(self.alias),
            "ifAdminStatus": self.admin != "any",
        }
        return tuple(column for column, is_wanted in wanted.items() if is_wanted)

    def left_out(self, columns: Mapping[str, Column], rows: Iterable[int]) -> frozenset[int]:
        """Return the rows that are not selected; a value that is missing excludes no row."""
        if self.is_everything:
            return frozenset()
        return frozenset(row for row in rows if self.why_left_out(columns, row))

    def why_left_out(self, columns: Mapping[str, Column], row: int) -> str:
        """Return which key excludes a row and why, as text; empty if it is selected."""
        kind = columns.get("ifType", {}).get(row)
        if isinstance(kind, int) and kind in self.without_types:
            return f"without_types: {type_name(kind)}"
        if isinstance(kind, int) and self.types and kind not in self.types:
            return f"types: not {type_name(kind)}"
        if self.admin == "up" and columns.get("ifAdminStatus", {}).get(row) == _SHUT:
            return "admin: it is shut"
        called = _text(columns, "ifName", row) or _text(columns, "ifDescr", row)
        if self.name and called is not None and not re.search(self.name, called):
            return "name: another"
        labelled = _text(columns, "ifAlias", row)
        if self.alias and labelled is not None and not re.search(self.alias, labelled):
            return "alias: another"
        return ""


EVERYTHING: Final = InterfaceSelection()


def _text(columns: Mapping[str, Column], column: str, row: int) -> str | None:
    value = columns.get(column, {}).get(row)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else None
