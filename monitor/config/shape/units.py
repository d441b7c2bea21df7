"""Rates, durations, percentages and instants as people write them.

Each parser is next to its pattern in the JSON Schema, so that both reject the same texts.
Parsers return base units: bit/s, seconds, ratios.

Must not know: keys, positions, or pydantic.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from monitor.config.tree.problems import shown
from monitor.config.tree.slips import comma_hint

RATE_PATTERN: Final = r"^(?![0.]+ ?[kMGb])[0-9]{1,6}(\.[0-9]{1,3})? ?[kMG]?bit/s$"
VOLUME_PATTERN: Final = r"^(?![0.]+ ?[kMGT]?B$)[0-9]{1,6}(\.[0-9]{1,3})? ?[kMGT]B$"
DURATION_PATTERN: Final = r"^[1-9][0-9]{0,6} ?(ms|s|m|h|d)$"
PERCENT_PATTERN: Final = r"^(?![0.]+ ?%)(100(\.0{1,4})?|[0-9]{1,2}(\.[0-9]{1,4})?) ?%$"
DAY_PATTERN: Final = r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
INSTANT_PATTERN: Final = (
    r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[ T]"
    r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])?$"
)
HOURS_PATTERN: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$"

RATE_FORMS: Final = "allowed: 1 Gbit/s, 100 Mbit/s, 512 kbit/s"
VOLUME_FORMS: Final = "allowed: 20 GB, 500 MB, 1.5 TB"
DURATION_FORMS: Final = "allowed: 500ms, 30s, 5m, 2h, 1d"
PERCENT_FORMS: Final = "allowed: 99.5 % (above 0 %, at most 100 %)"
DAY_FORMS: Final = "allowed: a day such as 2026-10-01"
INSTANT_FORMS: Final = "allowed: 2026-10-01 18:00, or with its zone 2026-10-01T18:00+02:00"
HOURS_FORMS: Final = "allowed: local hours such as 07:45-13:30"

_RATE_FACTORS: Final = {"": 1, "k": 1_000, "M": 1_000_000, "G": 1_000_000_000}
_VOLUME_FACTORS: Final = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_YEARS: Final = range(2000, 2100)  # as in DAY_PATTERN
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class UnitError(ValueError):
    """The text is not such a quantity; the message says what is wrong and what is allowed."""


def parse_rate(text: str) -> int:
    """Return a rate in bit/s.

    Raises:
        UnitError: if the unit is missing or wrong, or the rate is zero.
    """
    if not re.fullmatch(RATE_PATTERN, text):
        hint = _comma(text) or _rate_hint(text)
        raise UnitError(f"{shown(text)} is not a rate; {RATE_FORMS}{hint}")
    number, prefix = re.split(r" ?(?=[kMGb])", text, maxsplit=1)
    whole, _, fraction = number.partition(".")
    factor = _RATE_FACTORS[prefix.removesuffix("bit/s")]
    # Integer arithmetic: a float would turn 1.1 Gbit/s into 1100000000.0000002.
    scale: int = 10 ** len(fraction)
    return int(whole) * factor + int(fraction or 0) * factor // scale


def _comma(text: str) -> str:
    hint = comma_hint(text)
    return f"; {hint}" if hint else ""


def _rate_hint(text: str) -> str:
    found = re.fullmatch(r"([0-9.]+) ?([kKMGmg]?)(B|b|bit|Bit|Byte|bps)?(/s|ps)?", text)
    if not found or not found[1].strip("0."):
        return ""
    number, prefix, unit = found[1], found[2], found[3] or ""
    if unit in {"B", "Byte"}:
        return "; bytes are not bits: multiply by 8"
    if not prefix and not unit:
        return f"; did you mean {number} Mbit/s?"
    prefix = {"K": "k", "m": "M", "g": "G"}.get(prefix, prefix)
    return f"; did you mean {number} {prefix}bit/s?"


def parse_volume(text: str) -> int:
    """Return an amount of data in bytes; prefixes are powers of ten.

    Raises:
        UnitError: if the unit is missing or wrong, or the amount is zero.
    """
    if not re.fullmatch(VOLUME_PATTERN, text):
        found = re.fullmatch(r"([0-9.]+) ?([kMGT])i?[bB](?:yte|it)?s?", text)
        hint = f"; did you mean {found[1]} {found[2]}B?" if found and found[1].strip("0.") else ""
        hint = _comma(text) or hint
        raise UnitError(f"{shown(text)} is not an amount of data; {VOLUME_FORMS}{hint}")
    number = text[:-2].rstrip()
    return int(Decimal(number) * _VOLUME_FACTORS[text[-2]])


def parse_duration(text: str) -> float:
    """Return a duration in seconds.

    Raises:
        UnitError: if the unit is missing or wrong, or the duration is zero.
    """
    if not re.fullmatch(DURATION_PATTERN, text):
        hint = f"; did you mean {text}s?" if text.isdecimal() else ""
        raise UnitError(f"{shown(text)} is not a duration; {DURATION_FORMS}{hint}")
    found = re.fullmatch(r"([0-9]+) ?([a-z]+)", text)
    assert found is not None  # noqa: S101  # the first pattern is the narrower one
    return int(found[1]) * _SECONDS[found[2]]


def parse_percent(text: str) -> float:
    """Return a percentage as a ratio above 0 and at most 1.

    Raises:
        UnitError: if it has no percent sign or is out of range.
    """
    if not re.fullmatch(PERCENT_PATTERN, text):
        raise UnitError(f"{shown(text)} is not a percentage; {PERCENT_FORMS}{_comma(text)}")
    # In decimals, so that 99.9 % is the float 0.999 and not 0.9990000000000001.
    return float(Decimal(text.rstrip("% ")) / 100)


def parse_day(text: str) -> date:
    """Return a calendar day.

    Raises:
        UnitError: if the day is not in ISO 8601 form or does not exist.
    """
    day = _day(text, DAY_FORMS)
    if day is None:
        raise UnitError(f"{shown(text)} is not a day; {DAY_FORMS}")
    if not re.fullmatch(DAY_PATTERN, text):
        raise UnitError(f"{shown(text)} is not a day; {DAY_FORMS}; did you mean {day}?")
    return day


def _day(text: str, forms: str) -> date | None:
    """Return the day that a text means in one of the usual notations, None if it is in none.

    Raises:
        UnitError: if there is no such day, or it is out of range.
    """
    if found := re.fullmatch(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})", text):
        year, month, day = map(int, found.groups())
    elif found := re.fullmatch(r"([0-9]{1,2})[.] ?([0-9]{1,2})[.] ?([0-9]{4}|[0-9]{2})", text):
        day, month, year = map(int, found.groups())
        year += 0 if len(found[3]) == len("2026") else _YEARS[0]
    else:
        return None
    try:
        meant = date(year, month, day)
    except ValueError:
        raise UnitError(f"there is no day {text}; {forms}") from None
    if year not in _YEARS:
        allowed = f"allowed: a day from {_YEARS[0]}-01-01 to {_YEARS[-1]}-12-31"
        raise UnitError(f"{text} is out of range; {allowed}")
    return meant


def parse_hours(text: str) -> tuple[time, time]:
    """Return start and end of a period within one day, local wall-clock time.

    Raises:
        UnitError: if the form is different, or the end is not after the start.
    """
    if not re.fullmatch(HOURS_PATTERN, text):
        raise UnitError(f"{shown(text)} is not a time range; {HOURS_FORMS}")
    starts, ends = (time.fromisoformat(part) for part in text.split("-"))
    if ends <= starts:
        raise UnitError(f"{text} ends before it starts; {HOURS_FORMS}")
    return starts, ends


def parse_instant(text: str) -> datetime:
    """Return an instant; naive if it has no offset.

    Raises:
        UnitError: if the form is different, or there is no such day.
    """
    found = re.fullmatch(r"(.{6,12}?)([ T])([0-9]{2}:.+)", text)
    day = _day(found[1], INSTANT_FORMS) if found else None
    meant = f"{day}{found[2]}{found[3]}" if found else ""
    if not re.fullmatch(INSTANT_PATTERN, meant):
        raise UnitError(f"{shown(text)} is not an instant; {INSTANT_FORMS}")
    if meant != text:
        raise UnitError(f"{shown(text)} is not an instant; {INSTANT_FORMS}; did you mean {meant}?")
    return datetime.fromisoformat(text)


def time_zone(name: str) -> ZoneInfo | None:
    """Return the time zone of an IANA name, None if there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, malformed, or a folder such as "Europe"
        return None
