"""Schools from a table of text (CSV), as spreadsheets save it.

The separator is the one that yields the most known columns in the header. Lines before the
header, empty rows and other columns are skipped.

Must not know: encodings, or the form of single values.
Source: RFC 4180; `sep=` as Excel writes and reads it.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Final

from monitor.config.rows import slug
from monitor.importing import values
from monitor.importing.taken import ImportProblemError, Taken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from monitor.config.rows import Row

# Names of these columns in tables, letters and digits only; the first name is ours.
COLUMNS: Final = {
    "number": ("number", "schoolnumber", "schulnummer", "schulnr", "nummer"),
    "id": ("id", "slug"),
    "name": ("name", "school", "schule", "schulname"),
    "type": ("type", "schooltype", "schulform", "schultyp", "schulart"),
    "district": ("district", "stadtteil", "stadtbezirk", "bezirk"),
    "latitude": ("latitude", "lat", "breite", "breitengrad"),
    "longitude": ("longitude", "lon", "lng", "länge", "laenge", "längengrad", "laengengrad"),
    "profile": ("profile", "profil"),
    "network": ("network", "netz", "netzwerk", "prefix"),
    "router": ("router", "gateway"),
    "switches": ("switches", "switche", "switch"),
}
_OURS: Final = {name: ours for ours, names in COLUMNS.items() for name in names}
_SEPARATORS: Final = ";\t,|"
_EMPTY: Final = f"{_SEPARATORS} "
# The header is in the first rows, after a title or two.
_HEAD_WITHIN: Final = 10
_SEP: Final = re.compile(r'\ufeff?"?sep=(.)"?[^\n\r]*(?:\r\n|\r|\n)', re.IGNORECASE)

Line = tuple[int, list[str]]


def read_sheet(text: str, name: str) -> Taken:
    """Return the schools of a table; messages refer to it as `name`.

    Raises:
        ImportProblemError: with every invalid row.
    """
    said = _SEP.match(text)
    first, text = (2, text[said.end() :]) if said else (1, text)
    try:
        lines = max(
            (
                _from_head(list(_lines(text, one, first)))
                for one in (said[1] if said else _SEPARATORS)
            ),
            key=lambda found: len(_columns(found[0][1])) if found else 0,
        )
    except csv.Error as error:
        raise ImportProblemError(f"{name} cannot be read as a table: {error}") from error
    columns = _columns(lines[0][1]) if lines else {}
    if "number" not in columns:
        allowed = ", ".join(COLUMNS["number"])
        at = lines[0][0] if lines else first
        raise ImportProblemError(
            f"{name}:{at}: no column with the schools' numbers; allowed: {allowed}"
        )
    return _taken(lines, columns, name)


def _lines(text: str, separator: str, first: int) -> Iterator[Line]:
    """Yield each row that is not empty, with the number of its first line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    begins = first
    for cells in reader:
        said = [values.cell(one) for one in cells]
        if any(one.strip(_EMPTY) for one in said):
            yield begins, said
        begins = first + reader.line_num


def _from_head(lines: list[Line]) -> list[Line]:
    """Return the rows from the header on; all of them if there is none."""
    for at, (_, cells) in enumerate(lines[:_HEAD_WITHIN]):
        if "number" in _columns(cells):
            return lines[at:]
    return lines


def _columns(heads: list[str]) -> dict[str, int]:
    """Return which column of the table is which of ours."""
    found: dict[str, int] = {}
    for at, head in enumerate(heads):
        ours = _OURS.get(_bare(head))
        if ours is not None:
            found.setdefault(ours, at)
    return found


def _bare(head: str) -> str:
    """Return the letters and digits of a heading, without additions in brackets."""
    return re.sub(
        r"[^0-9a-zäöü]", "", re.sub(r"[(\[].*?[)\]]", "", head.casefold(), flags=re.DOTALL)
    )


def _taken(lines: list[Line], columns: Mapping[str, int], name: str) -> Taken:
    (_, heads), *rest = lines
    used = set(columns.values())
    unknown = [" ".join(head.split()) for at, head in enumerate(heads) if head and at not in used]
    taken, problems = Taken(lists_schools=True), []
    if unknown:
        taken.notes.append(f"{name}: these columns are not used: {', '.join(unknown)}")
    for line, cells in rest:
        try:
            taken.rows.append(row_of(_by_column(cells, columns, len(heads))))
        except ValueError as error:
            problems.append(f"{name}:{line}: {error}")
    if problems:
        raise ImportProblemError(*problems)
    return taken


def _by_column(cells: list[str], columns: Mapping[str, int], width: int) -> dict[str, str]:
    if any(cells[width:]):
        raise ValueError(
            f"{len(cells)} values in {width} columns; a value with a separator in it needs quotes"
        )
    return {ours: cells[at] for ours, at in columns.items() if at < len(cells)}


def row_of(said: Mapping[str, str]) -> Row:
    """Return the values of a school by the keys of the file, from texts by column.

    Raises:
        ValueError: if one of them is not valid for its column.
    """
    row: Row = {key: value for key, value in said.items() if value}
    number = values.whole_number(said.get("number", ""))
    if not number:
        raise ValueError("no number")
    row["number"] = number
    latitude, longitude = row.pop("latitude", None), row.pop("longitude", None)
    if latitude is not None and longitude is not None:
        location = values.degrees(str(latitude)), values.degrees(str(longitude))
        if location[0] is None or location[1] is None:
            raise ValueError(f"{latitude!r}, {longitude!r} are not coordinates")
        row["location"] = (location[0], location[1])
    elif latitude is not None or longitude is not None:
        raise ValueError("latitude or longitude is missing")
    if "router" in row:
        row["router"] = values.host(said["router"])
    if "switches" in row:
        row["switches"] = values.switches(said["switches"])
    if "id" not in row and "name" in row:
        row["id"] = slug(said["name"])
    return row
