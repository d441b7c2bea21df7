"""A device's parts and identity from vendor-specific objects, according to its profile.

Must not know: the SNMP protocol, or the file format of profiles.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast

from monitor.inventory.device_profile import Identity
from monitor.observation import Chassis
from monitor.snmp.oids import Object, Syntax

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.inventory.device_profile import (
        DeviceProfile,
        ProfileReading,
        Quantity,
    )
    from monitor.snmp.read import Result

    Raw = int | bytes
    Parts = dict[tuple[Quantity, str], float]

MAX_PARTS: Final = 500
# For a sysDescr that no profile describes.
_VERSION: Final = re.compile(r"(?i)\b(?:version|revision|release|fw)(?:: *| +)(v?\d[^\s,;]*)")


@lru_cache(maxsize=200)
def objects_of(profile: DeviceProfile | None) -> tuple[tuple[Object, ...], tuple[Object, ...]]:
    """Return the scalars and columns that a profile reads, each named by its OID."""
    if profile is None:
        return (), ()
    return objects_for(profile.readings, profile.identity)


def objects_for(
    readings: Iterable[ProfileReading], identity: Identity | None = None
) -> tuple[tuple[Object, ...], tuple[Object, ...]]:
    """Return the scalars and columns of some readings, and those that identify a device.

    An object that is a number in some firmware and a text in other is requested as both.
    """
    wanted = [(one.oid, one.text) for one in readings]
    wanted += [(one.label_oid, True) for one in readings if one.label_oid]
    wanted += [(oid, True) for oid in (identity.oids if identity else ())]
    objects = [
        Object(_key(oid, is_text=is_text), oid, Syntax.STRING if is_text else Syntax.INTEGER, 0)
        for oid, is_text in dict.fromkeys(wanted)
    ]
    return (
        tuple(one for one in objects if one.oid.endswith(".0")),
        tuple(one for one in objects if not one.oid.endswith(".0")),
    )


def _key(oid: str, *, is_text: bool) -> str:
    return f"{oid} as text" if is_text else oid


def parts_of(readings: Iterable[ProfileReading], found: Result) -> Parts:
    """Return the values of some readings, by quantity and the part's name.

    Of several objects for the same value, the profile's first one is used.
    """
    parts: Parts = {}
    for reading in readings:
        if reading.is_fallback and any(quantity is reading.quantity for quantity, _ in parts):
            continue
        if reading.is_scalar:
            said = found.scalars.get(_key(reading.oid, is_text=reading.text))
            rows = {reading.part: said} if isinstance(said, int | bytes) else {}
        else:
            rows = _named_rows(found, reading)
        for name, raw in rows.items():
            value = reading.value_of(raw)
            if value is not None and len(parts) < MAX_PARTS:
                parts.setdefault((reading.quantity, name), value)
    return parts


def _named_rows(found: Result, reading: ProfileReading) -> dict[str, Raw]:
    """Return a column's values by row name; rows with the same name get their index appended.

    A row without a label for its whole index uses the label of a prefix of it: the lane of a
    transceiver has the label of its port.
    """
    # These objects have an arity of 0, so the indexes are tuples.
    columns = cast("Mapping[str, Mapping[tuple[int, ...], Raw]]", found.columns)
    column = columns.get(_key(reading.oid, is_text=reading.text), {})
    if not column:
        return {}
    labels = columns.get(_key(reading.label_oid, is_text=True), {})
    wanted_rows = re.compile(reading.rows)
    names = {
        index: _label(index, labels)
        for index in column
        if wanted_rows.search(".".join(map(str, index)))
    }
    if reading.named:
        wanted = re.compile(reading.named)
        names = {index: name for index, name in names.items() if wanted.search(name)}
    seen = Counter(names.values())
    rows = {}
    for index, name in names.items():
        place = ".".join(map(str, index))
        rows[name if name and seen[name] == 1 else f"{name} {place}".strip()] = column[index]
    return rows


def _label(index: tuple[int, ...], labels: Mapping[tuple[int, ...], Raw]) -> str:
    starts = (index[:length] for length in range(len(index), 0, -1))
    return next((text(labels[start]).strip("\0 ") for start in starts if start in labels), "")


def identified(
    profile: DeviceProfile | None, first: Result, further: Result
) -> tuple[Chassis, str]:
    """Return a device's identity from the vendor's objects and sysDescr, and sysDescr's version.

    `first` contains the sysDescr, `further` the objects of the profile.
    """
    said = first.scalars.get("sysDescr")
    described = text(said) if isinstance(said, bytes) else ""
    version = _VERSION.search(described)
    identity = profile.identity if profile and profile.identity else Identity()
    told = identity.described(described)
    found = Chassis(
        _first(further, identity.model_oids) or told.get("model", "").strip(),
        _first(further, identity.serial_oids) or told.get("serial", "").strip(),
        _first(further, identity.software_oids) or told.get("software", "").strip(),
    )
    return found, version[1] if version else ""


def _first(found: Result, oids: Iterable[str]) -> str:
    """Return the first text value of one of the objects, empty if there is none."""
    for oid in oids:
        key = _key(oid, is_text=True)
        said = found.scalars.get(key)
        rows = (said,) if said is not None else found.columns.get(key, {}).values()
        texts = (text(raw).strip('\0" \r\n') for raw in rows if isinstance(raw, int | bytes))
        if first := next(filter(None, texts), ""):
            return first
    return ""


def text(value: Raw) -> str:
    """Return a device's value as text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
