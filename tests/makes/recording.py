"""A recorded device behind the reader interface: its table of OIDs, without sockets.

Source: PyPI's snmpsim-data, lines of OID|tag|value; a tag ending in x is of hexadecimal digits.
"""

from __future__ import annotations

import bz2
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import snmpsim_data

from monitor.snmp.ber import Tag
from monitor.snmp.model import Result
from monitor.snmp.oid_octets import encode_oid
from monitor.snmp.oids import Object, Syntax, objects
from tests.probes.support import NoTransport

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from monitor.inventory.checks import SnmpAccess
    from monitor.snmp.model import Request
    from monitor.snmp.scalars import ScalarValue

DATA = Path(snmpsim_data.__file__).parent / "data"
_OBJECTS = objects()
_STRINGS = frozenset({4, 64, 68})
_OID = 6
# Some recorded values exceed their type.
_OF_32_BITS = frozenset({Tag.COUNTER32, Tag.GAUGE32, Tag.TIMETICKS})
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2})*")

Value = int | bytes | tuple[int, ...]


def names(folder: str = "") -> list[str]:
    """Return the recordings in a folder, or all: `network/switch/cisco-c3560`."""
    paths = sorted((DATA / folder).rglob("*.snmprec*"))
    return [str(path.relative_to(DATA)).split(".snmprec", 1)[0] for path in paths]


@dataclass
class Recorded(NoTransport):
    """A transport that answers from one recording; `asked` counts the reads."""

    data: bytes
    asked: list[Request] = field(default_factory=list)

    @classmethod
    def of(cls, name: str) -> Recorded:
        """Return the device recorded under a name."""
        whole = DATA / f"{name}.snmprec"
        packed = whole.with_name(whole.name + ".bz2")
        text = whole.read_bytes() if whole.exists() else bz2.decompress(packed.read_bytes())
        while text.startswith(b"#"):
            _, _, text = text.partition(b"\n")
        return cls(text)

    def scalar(self, oid: str) -> Value | None:
        """Return the value of one instance, None if it was not recorded."""
        at = self._first(_arcs(oid.encode()))
        line = self._line(at)
        return _value(line) if line.startswith(f"{oid}|".encode()) else None

    def column(self, oid: str) -> Iterator[tuple[tuple[int, ...], Value]]:
        """Yield index and value of a column's rows."""
        before = f"{oid}.".encode()
        at = self._first(_arcs(oid.encode()))
        while (line := self._line(at)).startswith(before):
            index, _, _ = line[len(before) :].partition(b"|")
            value = _value(line)
            if value is not None:
                yield _arcs(index), value
            at += len(line) + 1

    def tlv(self, oid: str) -> Iterator[tuple[str, tuple[Tag, int | bytes]]]:
        """Yield everything below an OID as an agent sends it: the OID, the type and the value."""
        before = f"{oid}.".encode()
        at = self._first(_arcs(oid.encode()))
        while (line := self._line(at)).startswith(before):
            name, tag, _ = line.split(b"|", 2)
            value, number = _value(line), int(tag.partition(b":")[0].removesuffix(b"x"))
            if isinstance(value, tuple):
                value = encode_oid(".".join(map(str, value))) if len(value) > 1 else None
            elif isinstance(value, int):
                value = value % (1 << 32) if number in _OF_32_BITS else value
            if value is not None:
                yield name.decode(), (Tag(number), value)
            at += len(line) + 1

    def _first(self, arcs: tuple[int, ...]) -> int:
        """Return the position of the first line at or after an OID: the lines are sorted."""
        low, high = 0, len(self.data)
        while low < high:
            middle = self.data.rfind(b"\n", low, (low + high) // 2) + 1 or low
            line = self._line(middle)
            if _arcs(line.partition(b"|")[0]) < arcs:
                low = middle + len(line) + 1
            else:
                high = middle
        return low

    async def read(
        self, address: str, access: SnmpAccess, request: Request, deadline: float
    ) -> Result:
        """Return what the device answers; see `monitor.snmp.read.Reader`."""
        del address, access, deadline
        self.asked.append(request)
        scalars: dict[str, ScalarValue] = {}
        for wanted in map(_object, request.scalars):
            said = self.scalar(wanted.oid)
            if said is not None and _is_of(said, wanted.syntax):
                scalars[wanted.name] = said
        columns = {}
        for wanted in map(_object, request.columns):
            rows = {
                index[0] if wanted.arity == 1 else index: value
                for index, value in self.column(wanted.oid)
                if _is_of(value, wanted.syntax) and wanted.arity in {0, len(index)}
            }
            if rows:
                columns[wanted.name] = rows
        found = cast("Mapping[str, Mapping[int, int | bytes]]", columns)
        return Result(scalars, found, None, 1, len(scalars) + sum(map(len, columns.values())))

    def _line(self, at: int) -> bytes:
        end = self.data.find(b"\n", at)
        return self.data[at : end if end >= 0 else len(self.data)]


def _arcs(oid: bytes) -> tuple[int, ...]:
    return tuple(map(int, filter(None, oid.split(b"."))))


def _object(wanted: str | Object) -> Object:
    found = _OBJECTS[wanted] if isinstance(wanted, str) else wanted
    encode_oid(found.oid)
    return found


def _is_of(value: Value, syntax: Syntax) -> bool:
    if syntax is Syntax.OID:
        return isinstance(value, tuple)
    return isinstance(value, bytes if syntax is Syntax.STRING else int)


def _value(line: bytes) -> Value | None:
    """Return a line's value, None if it has none that can be read.

    Some values are generated by snmpsim: `2:numeric|max=100,offset=50` is 50 here.
    """
    _, tag, text = line.rstrip(b"\r").split(b"|", 2)
    digits, _, module = tag.partition(b":")
    if module:
        settings = dict(one.partition(b"=")[::2] for one in text.split(b","))
        text = settings.get(b"value", settings.get(b"offset", b""))
    is_hex = digits.endswith(b"x")
    number = int(digits.removesuffix(b"x"))
    # One recording says that its hexadecimal digits are "Juniper".
    if number in _STRINGS:
        return bytes.fromhex(text.decode()) if is_hex and _HEX.fullmatch(text) else text
    if number == _OID:
        return tuple(map(int, text.strip(b".").split(b"."))) if text else ()
    try:
        return int(text)
    except ValueError:
        return None
