"""Schools from NetBox's sites, their routers and switches from its devices.

Must not know: where NetBox's responses come from.
Source: NetBox REST API, /api/dcim/sites/ and /api/dcim/devices/ (3.x and 4.x; selections of 2.x).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from monitor.config.rows import slug
from monitor.importing import values
from monitor.importing.devices import Device, devices_of
from monitor.importing.known import Known, chosen, is_school_number
from monitor.importing.sheet import row_of
from monitor.importing.taken import ImportProblemError, Skipped, Taken

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from monitor.config.rows import Row
    from monitor.importing.known import Naming

Entry = dict[str, Any]

FACILITY: Final = "facility"
"""The field of a site that has the school's number, unless another one is named."""

_CUSTOM: Final = "custom_fields."
_GONE: Final = {"retired", "decommissioning", "decommissioned"}
# Statuses of devices that are installed and have their address.
_IN_USE: Final = {"", "active", "failed"}


def read_netbox(texts: Mapping[str, str], known: Known, number_from: str = FACILITY) -> Taken:
    """Return the schools in NetBox's responses, which are texts by the names of their files.

    `number_from` names the field of a site that has the school's number; that of a custom field is
    `custom_fields.NAME`.

    Raises:
        ImportProblemError: if they are not such responses, or incomplete; else with every bad site.
    """
    sites: list[Entry] = []
    devices: list[Entry] = []
    wanted = {"sites": 0, "devices": 0}
    for name, text in texts.items():
        entries, count = _entries(text, name)
        is_devices = any("primary_ip" in one or "device_type" in one for one in entries)
        (devices if is_devices else sites).extend(entries)
        kind = "devices" if is_devices else "sites"
        wanted[kind] = max(wanted[kind], count)
    for kind, there in (("sites", sites), ("devices", devices)):
        if len(there) < wanted[kind]:
            raise ImportProblemError(
                f"{', '.join(texts)}: only a part of the {kind}; ask with limit=0, "
                "or name the files of all pages"
            )
    return schools_of(sites, devices, known, number_from)


def schools_of(
    sites: Sequence[Entry], devices: Sequence[Entry], known: Known, number_from: str = FACILITY
) -> Taken:
    """Return the schools among the sites, with the devices at these sites.

    Raises:
        ImportProblemError: with every bad site; if no site has the field of the number.
    """
    taken = Taken(lists_schools=bool(sites))
    number_fields = _number_fields(sites)
    sites = _numbered(sites, number_from, number_fields)
    gone = [one for one in sites if _status(one) in _GONE]
    schools = [one for one in sites if one not in gone]
    foreign = [one for one in schools if not is_school_number(_number(one))]
    _skip(taken, "retired sites", [_name(one) for one in gone], "site")
    valued = [f"{_name(one)} ({_number(one) or 'empty'})" for one in foreign]
    _skip(taken, f"sites whose {number_from} is not a school number", valued, "site")
    if number_fields and number_from not in number_fields:
        where = " or ".join(f"--number-from {one}" for one in number_fields)
        taken.notes.append(f"no site has a school number in {number_from}; try {where}")
    at_site = _by_site(devices, taken)
    _pass_over(gone, "retired", at_site, taken)
    _pass_over(foreign, "passed over", at_site, taken)
    problems = []
    for site in schools:
        if site in foreign:
            continue
        try:
            row = _row(site, known)
        except ValueError as error:
            problems.append(f"site {_name(site)!r}: {error}")
            continue
        _add_devices(row, at_site.pop(str(site.get("id")), []), _name(site), taken)
        taken.rows.append(row)
    if problems:
        raise ImportProblemError(*problems)
    # Without sites, the devices are those of configured schools.
    _take_rest(at_site, Known() if sites else known, taken)
    return taken


def _entries(text: str, name: str) -> tuple[list[Entry], int]:
    """Return the objects in a response, and how many there are in all its pages."""
    try:
        answer = json.loads(text)
        entries = answer["results"] if isinstance(answer, dict) else answer
        count = answer.get("count") if isinstance(answer, dict) else None
        is_part = isinstance(answer, dict) and bool(answer.get("next"))
    except (ValueError, KeyError, RecursionError):
        entries = None
    is_empty = isinstance(entries, list) and not entries and isinstance(answer, list)
    if not isinstance(entries, list) or is_empty or not all(isinstance(e, dict) for e in entries):
        raise ImportProblemError(
            f"{name}: not a response of NetBox's /api/dcim/sites/ or /api/dcim/devices/"
        )
    if isinstance(count, int):
        return entries, count
    return entries, len(entries) + is_part


def _row(site: Entry, known: Known) -> Row:
    """Return a site as a school.

    Raises:
        ValueError: if one of its values is invalid.
    """
    fields = site.get("custom_fields")
    custom = fields if isinstance(fields, dict) else {}
    said = {
        "number": _number(site),
        "id": slug(_first(site.get("slug"))),
        "name": _first(site.get("name")),
        "type": chosen(_candidates(custom.get("school_type")), known.types),
        "district": _first(site.get("region")),
        "latitude": _first(site.get("latitude")),
        "longitude": _first(site.get("longitude")),
        "profile": chosen(_candidates(custom.get("school_profile")), known.profiles),
        "network": _first(custom.get("school_network")),
    }
    return row_of({key: values.cell(value) for key, value in said.items()})


def _by_site(devices: Iterable[Entry], taken: Taken) -> dict[str, list[Entry]]:
    """Return the devices in use by the id of their site."""
    found: dict[str, list[Entry]] = {}
    idle: list[str] = []
    for device in devices:
        if (status := _status(device)) not in _IN_USE:
            idle.append(f"{_name(device)} ({status})")
            continue
        site = device.get("site")
        key = str(site.get("id")) if isinstance(site, dict) else str(site)
        found.setdefault(key, []).append(device)
    _skip(taken, "devices not in use by their status", idle)
    return found


def _add_devices(row: Row, devices: Iterable[Entry], place: str, taken: Taken) -> None:
    found, skipped = devices_of((_device(one) for one in devices), place)
    row |= found
    taken.skipped += skipped


def _pass_over(
    sites: Iterable[Entry], why: str, at_site: dict[str, list[Entry]], taken: Taken
) -> None:
    """Note the devices of sites without a row, and why these sites have none."""
    for site in sites:
        names = _number(site), slug(_first(site.get("slug")))
        taken.passed_over |= {name: why for name in names if name}
        there = at_site.pop(str(site.get("id")), [])
        _skip(taken, f"devices of {_name(site)}, which is {why}", [_name(one) for one in there])


def _take_rest(at_site: Mapping[str, Sequence[Entry]], known: Known, taken: Taken) -> None:
    """Add the devices of sites that are not in the import but name a known school.

    Several sites may belong to one school.
    """
    of_school: dict[Naming, list[Entry]] = {}
    for devices in at_site.values():
        hints = _candidates(devices[0].get("site"))
        school = known.school_of(hints)
        if school is None:
            where = hints[0] if hints else "no site"
            why = f"devices of {where}, which is not a school of this import"
            _skip(taken, why, [_name(one) for one in devices])
            continue
        of_school.setdefault(school, []).extend(devices)
    for school, devices in of_school.items():
        row: Row = dict([school])
        _add_devices(row, devices, f"school {school[1]}", taken)
        taken.rows.append(row)


def _device(entry: Entry) -> Device:
    role = _candidates(entry.get("role") or entry.get("device_role"))
    address = entry.get("primary_ip") or entry.get("primary_ip4") or entry.get("primary_ip6")
    if isinstance(address, dict):
        address = address.get("address")
    return Device(_name(entry), values.host(values.said(address)), tuple(role))


def _status(entry: Entry) -> str:
    status = entry.get("status")
    return values.said(status.get("value") if isinstance(status, dict) else status).casefold()


def _numbered(sites: Sequence[Entry], number_from: str, number_fields: list[str]) -> list[Entry]:
    """Return the sites with the value of the field `number_from` as their facility.

    Raises:
        ImportProblemError: if no site has the field.
    """
    found = [_fields(one) for one in sites]
    if sites and not any(number_from in one for one in found):
        where = f"school numbers are in {', '.join(number_fields)}"
        cure = where if number_fields else "no other field has school numbers"
        raise ImportProblemError(f"no site has the field {number_from!r}; {cure}")
    return [
        site | {FACILITY: fields.get(number_from)}
        for site, fields in zip(sites, found, strict=True)
    ]


def _number_fields(sites: Iterable[Entry]) -> list[str]:
    """Return the fields of sites that contain a school number: texts and custom fields."""
    found = {
        name: None
        for site in sites
        for name, value in _fields(site).items()
        if isinstance(value, str) or name.startswith(_CUSTOM)
        if is_school_number(_number({FACILITY: value}))
    }
    return list(found)


def _fields(site: Entry) -> Entry:
    """Return a site's values by field; those of custom fields also as custom_fields.NAME."""
    custom = site.get("custom_fields")
    own = custom if isinstance(custom, dict) else {}
    return site | {f"{_CUSTOM}{name}": value for name, value in own.items()}


def _number(site: Entry) -> str:
    text = values.cell(_first(site.get(FACILITY)))
    try:
        return values.whole_number(text)
    except ValueError:
        return text


def _name(entry: Entry) -> str:
    return _first(entry.get("name")) or _first(entry.get("display")) or f"id {entry.get('id')}"


def _first(value: object) -> str:
    return next(iter(_candidates(value)), "")


def _candidates(value: object) -> list[str]:
    """Return a value's possible meanings: a choice's label or value, an object's name or slug."""
    if isinstance(value, list):
        return _candidates(value[0]) if value else []
    if isinstance(value, dict):
        keys = ("label", "name", "display", "slug", "value")
        return [text for key in keys if (text := values.said(value.get(key)))]
    text = values.said(value)
    return [text] if text else []


def _skip(taken: Taken, why: str, names: Sequence[str], kind: str = "device") -> None:
    if names:
        taken.skipped.append(Skipped(why, tuple(names), kind))
