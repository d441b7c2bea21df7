"""Numbers, coordinates and addresses as people and spreadsheets write them.

Must not know: which file contains them.
"""

from __future__ import annotations

import re
from typing import Final

from monitor.config.rows import NamedHost, slug

# Invisible characters that spreadsheets and web pages leave in cells.
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_FORMULA: Final = re.compile(r'="(.*)"')
_WHOLE: Final = re.compile(r"(\d+)[.,]0+")
_IN_THOUSANDS: Final = re.compile(r"\d{1,3}(?:(?:\.\d{3})+|(?:,\d{3})+|(?:[ ']\d{3})+)")
_SHORTENED: Final = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d+")
_DEGREES: Final = re.compile(
    r"""(?P<before>[NSEWO]?)\s*
    (?P<degrees>[+-]?\d{1,9}(?:[.,]\d+)?)\s*°?\s*
    (?:(?P<minutes>\d{1,2}(?:[.,]\d+)?)\s*['′’]\s*)?
    (?:(?P<seconds>\d{1,2}(?:[.,]\d+)?)\s*(?:"|″|”|'')\s*)?
    (?P<behind>[NSEWO]?)""",
    re.VERBOSE | re.IGNORECASE,
)
_ON_EARTH: Final = 180


def cell(text: str) -> str:
    """Return a cell's content without surrounding spaces, invisible characters and text markers."""
    said = _INVISIBLE.sub("", text).replace("\xa0", " ").replace("\u202f", " ").strip()
    formula = _FORMULA.fullmatch(said)
    return (formula[1] if formula else said.removeprefix("'")).strip()


def said(value: object) -> str:
    """Return a text or number of a JSON document as text, anything else as empty text."""
    if isinstance(value, bool):
        return str(value).lower()
    return cell(str(value)) if isinstance(value, str | int | float) else ""


def whole_number(text: str) -> str:
    """Return a number without the decimals or thousands' separators that a spreadsheet adds.

    Raises:
        ValueError: if the spreadsheet has shortened it, so that digits are lost.
    """
    if _IN_THOUSANDS.fullmatch(text):
        return re.sub(r"\D", "", text)
    if _SHORTENED.fullmatch(text):
        raise ValueError(
            f"{text!r} is shortened by the spreadsheet; format the column as text or as a number"
        )
    found = _WHOLE.fullmatch(text)
    return found[1] if found else text


def degrees(text: str) -> float | None:
    """Return a latitude or longitude, south and west negative; None if the text is not an angle.

    Raises:
        ValueError: if it is a number that is not in degrees.
    """
    found = _DEGREES.fullmatch(text)
    if found is None or (found["before"] and found["behind"]):
        return None
    value = _decimal(found["degrees"])
    parts = _decimal(found["minutes"] or "0") / 60 + _decimal(found["seconds"] or "0") / 3600
    # By the sign as written: -0° 30' is a negative angle, and -0.0 is not below 0.
    value = value - parts if found["degrees"].startswith("-") else value + parts
    if abs(value) > _ON_EARTH:
        raise ValueError(
            f"{text!r} is not in degrees (UTM or Gauß-Krüger?); "
            "write latitude and longitude (WGS84), such as 51,4812"
        )
    return -value if (found["before"] or found["behind"]).upper() in {"S", "W"} else value


def _decimal(text: str) -> float:
    return float(text.replace(",", "."))


def host(text: str) -> str:
    """Return an address or a host name without the prefix length that inventories add."""
    return re.sub(r"(?<=[0-9a-fA-F:])/\d{1,3}$", "", text)


def switches(text: str) -> int | list[NamedHost]:
    """Return a number of switches, or switches by name and address.

    They are separated by spaces, commas or lines; `NAME=ADDRESS` names one, otherwise its
    position in the list does.
    """
    number = whole_number(text)
    if number.isdecimal():
        return int(number)
    found = []
    for at, one in enumerate(re.split(r"[\s,;]+", text.strip(" ,;\n")), 1):
        name, sign, address = one.rpartition("=")
        found.append(NamedHost(slug(name) if sign else f"switch-{at:02}", host(address)))
    return found
