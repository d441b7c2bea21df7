"""`schulnetz import`: schools from a table, or from NetBox, into the configuration file.

The change is shown first and written only when somebody agrees; the file is checked whole before
that, so that no import leaves a file behind that a daemon would refuse.

Must not know: how the file is edited, what its rules are.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from monitor.cli.common import Exit, config_option, fail, sentence
from monitor.cli.output import ask, say, say_text
from monitor.config import ConfigError, load_text
from monitor.config.edit import EditError, edit_schools, slug
from monitor.plural import count_of
from monitor.schedule import CapacityError, refuse_overload
from monitor.whole_file import whole_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.config.edit import Edited, Row

MAX_BYTES: Final = 8 * 1024 * 1024
# What tables call these things; the first name is ours.
COLUMNS: Final = {
    "number": ("number", "school_number", "schulnummer", "nummer"),
    "id": ("id", "slug"),
    "name": ("name", "school", "schule", "schulname"),
    "type": ("type", "school_type", "schulform", "schultyp"),
    "district": ("district", "stadtteil", "stadtbezirk", "bezirk"),
    "latitude": ("latitude", "lat", "breite", "breitengrad"),
    "longitude": ("longitude", "lon", "lng", "länge", "laenge", "längengrad"),
    "profile": ("profile", "profil"),
    "network": ("network", "netz", "prefix"),
}
_NEW: Final = ("name", "type", "district", "location", "network")

yes_option = click.option("--yes", is_flag=True, help="Write without asking.")


@click.group("import")
def group() -> None:
    """Take schools from elsewhere into the configuration, after showing the change."""


@group.command("csv")
@click.argument("table", type=click.Path(dir_okay=False, path_type=Path))
@config_option
@yes_option
def from_csv(table: Path, config: Path, yes: bool) -> None:  # noqa: FBT001  # click passes flags by name
    """Take the schools of TABLE, which has a head line; schools are the same by their number.

    Columns: number, and as far as they are there id, name, type, district, latitude, longitude,
    profile, network; German names as well, commas or semicolons.
    """
    text = _read(table)
    first = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in first else ",")
    columns = _columns(reader.fieldnames or (), table)
    rows = [
        _row({ours: line.get(theirs) or "" for ours, theirs in columns.items()}, f"{table}:{at}")
        for at, line in enumerate(reader, 2)
    ]
    _take_in(rows, config, yes=yes)


@group.command("netbox")
@click.argument("export", type=click.Path(dir_okay=False, path_type=Path))
@config_option
@yes_option
def from_netbox(export: Path, config: Path, yes: bool) -> None:  # noqa: FBT001  # click passes flags by name
    """Take the sites of EXPORT: what NetBox answers to GET /api/dcim/sites/?limit=0.

    The school's number is the site's facility; its type, profile and network are the custom
    fields school_type, school_profile and school_network; its district is the region.
    """
    try:
        answer = json.loads(_read(export))
        sites = answer["results"]
    except (ValueError, KeyError, TypeError):
        fail(f"{export}: not an answer of NetBox's /api/dcim/sites/", Exit.WRONG)
    if answer.get("next"):
        fail(f"{export}: only a part of the sites; ask with limit=0", Exit.WRONG)
    rows = [_row(_of_site(site), f"{export}: site {site.get('name')!r}") for site in sites]
    _take_in(rows, config, yes=yes)


def _of_site(site: Mapping[str, object]) -> dict[str, str]:
    fields = site.get("custom_fields")
    custom = fields if isinstance(fields, dict) else {}
    region = site.get("region")
    found = {
        "number": site.get("facility"),
        "id": site.get("slug"),
        "name": site.get("name"),
        "type": custom.get("school_type"),
        "district": region.get("name") if isinstance(region, dict) else None,
        "latitude": site.get("latitude"),
        "longitude": site.get("longitude"),
        "profile": custom.get("school_profile"),
        "network": custom.get("school_network"),
    }
    return {key: "" if value is None else str(value) for key, value in found.items()}


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        fail(f"{path} cannot be read: {sentence(error)}", Exit.WRONG)
    if len(data) > MAX_BYTES:
        fail(f"{path} is larger than {MAX_BYTES} bytes", Exit.WRONG)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        fail(f"{path} is not UTF-8 (octet {error.start}); save it as UTF-8", Exit.WRONG)


def _columns(heads: Sequence[str], table: Path) -> dict[str, str]:
    """Return which column of the table is which of ours."""
    there = {head.strip().lower(): head for head in heads if head}
    found = {}
    for ours, names in COLUMNS.items():
        theirs = next((there[name] for name in names if name in there), None)
        if theirs is not None:
            found[ours] = theirs
    if "number" not in found:
        allowed = ", ".join(COLUMNS["number"])
        fail(f"{table}:1: no column with the schools' numbers; allowed: {allowed}", Exit.WRONG)
    return found


def _row(said: Mapping[str, str], place: str) -> Row:
    row: Row = {key: value.strip() for key, value in said.items() if value.strip()}
    if "number" not in row:
        fail(f"{place}: no number", Exit.WRONG)
    latitude, longitude = row.pop("latitude", None), row.pop("longitude", None)
    if latitude is not None and longitude is not None:
        try:
            row["location"] = (float(str(latitude)), float(str(longitude)))
        except ValueError:
            fail(f"{place}: {latitude!r}, {longitude!r} are no coordinates", Exit.WRONG)
    if "id" not in row and "name" in row:
        row["id"] = slug(str(row["name"]))
    return row


def _take_in(rows: list[Row], config: Path, *, yes: bool) -> None:
    """Show the change that rows make, and write it if somebody agrees."""
    numbers = [row["number"] for row in rows]
    twice = sorted({str(one) for one in numbers if numbers.count(one) > 1})
    if twice:
        fail(f"these numbers stand twice: {', '.join(twice)}", Exit.WRONG)
    before = _read(config)
    try:
        edited = edit_schools(before, rows, str(config))
    except EditError as error:
        fail(str(error), Exit.WRONG)
    if edited.text == before:
        said = count_of(len(rows), "school is there already", "schools are there already")
        say(f"{config}: nothing changes; {said}")
        return
    _check(edited, rows, config)
    change = difflib.unified_diff(
        before.splitlines(keepends=True),
        edited.text.splitlines(keepends=True),
        str(config),
        f"{config} (new)",
    )
    say_text("".join(change))
    say(
        f"{count_of(len(edited.added), 'school')} added, {len(edited.updated)} updated; "
        f"{len(edited.absent)} of the file are not in the import and stay"
    )
    if not yes and not ask(f"write {config}?"):
        say("nothing was written")
        return
    _write(config, edited.text)
    say(f"{config}: written; SIGHUP makes a running daemon read it")


def _check(edited: Edited, rows: list[Row], config: Path) -> None:
    """Leave with every error if the new file is not fit for use."""
    try:
        refuse_overload(load_text(edited.text.encode(), str(config)).checks())
    except CapacityError as error:
        fail(f"nothing was written; {error}", Exit.WRONG)
    except ConfigError as error:
        added = [row for row in rows if row.get("id") in edited.added]
        for row in added:
            missing = [key for key in _NEW if key not in row]
            if missing:
                say(f"school {row['number']} is new and lacks {', '.join(missing)}", err=True)
        say_text(f"nothing was written; the new file would not be fit for use:\n{error}", err=True)
        raise SystemExit(Exit.WRONG) from None


def _write(config: Path, text: str) -> None:
    """Replace the file as a whole, with the rights that it has."""
    try:
        with whole_text(config) as out:
            out.write(text)
    except OSError as error:
        fail(f"{config} cannot be written: {sentence(error)}", Exit.WRONG)
