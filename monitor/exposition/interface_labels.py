"""The labels of the series of a device's interfaces.

An interface is identified by its name, so that a restart which renumbers the interfaces continues
the same series; if names are not unique or missing, its number is added. The labels are made once
and kept while the device's names stay the same; they are most of the text, and making them would be
most of the work.

Must not know: families, values, or times.
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
# The names in the labels, by the column that identifies an interface: only names that cannot
# change while the identifying one stays the same.
NAME_COLUMNS: Final[Mapping[Identity, tuple[str, ...]]] = {
    "ifName": ("ifName", "ifDescr"),
    "ifDescr": ("ifDescr",),
    "ifAlias": ("ifAlias",),
    "ifIndex": ("ifName", "ifDescr"),
}
# Where ifXTable has no row there is no ifName, and ifDescr identifies the interface.
_SECOND_NAME = "ifDescr"


class InterfaceLabels(dict[int, bytes]):
    """Maps ifIndex to `{...} %d`, the labels and the format of a value; created on first use.

    `names` maps the columns that name an interface to their rows, in the order of the labels.
    """

    __slots__ = ("_device", "_identity", "_unique", "names")

    def __init__(
        self, device: tuple[str, str, str], identity: Identity, names: Mapping[str, Column]
    ) -> None:
        super().__init__()
        self._device = device
        self._identity = identity
        self.names = names
        # As exposed: two long names may be equal once they are truncated.
        known_by: dict[int, tuple[str, str]] = {}
        for column in () if identity == INDEX else (_SECOND_NAME, identity):
            said = {row: sanitise(_text(name)) for row, name in names.get(column, {}).items()}
            known_by |= {row: (column, name) for row, name in said.items() if name}
        seen = Counter(known_by.values())
        self._unique = {row for row, name in known_by.items() if seen[name] == 1}

    def __missing__(self, if_index: int) -> bytes:
        said = [_text(rows.get(if_index, b"")) for rows in self.names.values()]
        if if_index in self._unique:
            text = labels((*DEVICE, *self.names), (*self._device, *said))
        else:
            values = (*self._device, str(if_index), *said)
            text = labels((*DEVICE, INDEX, *self.names), values)
        self[if_index] = form = _format(text)
        return form

    def info(self, if_index: int, kind: str) -> bytes:
        """Return the same for the info series, which also have the interface's number and type."""
        numbered = () if if_index not in self._unique else ((INDEX, str(if_index)),)
        names, values = zip(*numbered, ("ifType", kind), strict=True)
        return self[if_index].removesuffix(b"} %d") + b"," + _format(labels(names, values)[1:])


def numbered(reading: DeviceReading) -> dict[int, int]:
    """Return the index of every row as a column: of rows that have a state or a name."""
    states, names = reading.columns.get("ifOperStatus", {}), reading.columns.get("ifName", {})
    return {row: row for row in (states if names.keys() <= states.keys() else {**states, **names})}


def _format(text: str) -> bytes:
    return text.encode().replace(b"%", b"%%") + b" %d"


def _text(value: int | bytes) -> bytes | str:
    return str(value) if isinstance(value, int) else value
