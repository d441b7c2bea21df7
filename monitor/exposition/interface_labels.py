"""The labels of the series of a device's interfaces.

An interface is identified by its name, so that a restart which renumbers the interfaces continues
the same series; if names are not unique or missing, its number is added. The labels are made once
and kept while the device's names stay the same; they are most of the text, and making them would be
most of the work.

Must not know: families, values, instants.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from monitor.exposition.metric import DEVICE
from monitor.exposition.text import labels, sanitise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.inventory.checks import Identity
    from monitor.observation import DeviceReading

    Column = Mapping[int, int | bytes]

INDEX: Final = "ifIndex"
# Which names stand on the series of interfaces known by one of them: none that may change
# while the one by which they are known stays.
NAME_COLUMNS: Final[Mapping[Identity, tuple[str, ...]]] = {
    "ifName": ("ifName", "ifDescr"),
    "ifDescr": ("ifDescr",),
    "ifAlias": ("ifAlias",),
    "ifIndex": ("ifName", "ifDescr"),
}
# Where ifXTable has no row there is no ifName, and ifDescr is left to know an interface by.
_SECOND_NAME = "ifDescr"


class InterfaceLabels(dict[int, str]):
    """ifIndex to `{...} ` for one set of names; made when first asked for.

    `names` maps the columns that name an interface to their rows, in the labels' order.
    """

    __slots__ = ("_device", "_identity", "_unique", "names")

    def __init__(
        self, device: tuple[str, str, str], identity: Identity, names: Mapping[str, Column]
    ) -> None:
        super().__init__()
        self._device = device
        self._identity = identity
        self.names = names
        # As they are written: two long names may be the same once they are cut.
        known_by: dict[int, tuple[str, str]] = {}
        for column in () if identity == INDEX else (_SECOND_NAME, identity):
            said = {row: sanitise(_text(name)) for row, name in names.get(column, {}).items()}
            known_by |= {row: (column, name) for row, name in said.items() if name}
        seen = Counter(known_by.values())
        self._unique = {row for row, name in known_by.items() if seen[name] == 1}

    def __missing__(self, if_index: int) -> str:
        said = [_text(rows.get(if_index, b"")) for rows in self.names.values()]
        if if_index in self._unique:
            text = labels((*DEVICE, *self.names), (*self._device, *said)) + " "
        else:
            values = (*self._device, str(if_index), *said)
            text = labels((*DEVICE, INDEX, *self.names), values) + " "
        self[if_index] = text
        return text

    def info(self, if_index: int, kind: str) -> str:
        """Return the labels of what seldom changes: those of the interface, its number and type."""
        numbered = () if if_index not in self._unique else ((INDEX, str(if_index)),)
        names, values = zip(*numbered, ("ifType", kind), strict=True)
        return f"{self[if_index][:-2]},{labels(names, values)[1:]}"


def numbered(reading: DeviceReading) -> dict[int, int]:
    """Return every row's own index, as a column: of those that have a state or a name."""
    states, names = reading.columns.get("ifOperStatus", {}), reading.columns.get("ifName", {})
    return {row: row for row in (states if names.keys() <= states.keys() else {**states, **names})}


def _text(value: int | bytes) -> bytes | str:
    return str(value) if isinstance(value, int) else value
