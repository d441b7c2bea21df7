"""Writes monitor/data/school_holidays_*.json from a checkout of openpotato/openholidaysapi.data.

    python tools/school_holidays.py CHECKOUT

North Rhine-Westphalia is left alone: its file comes from the ministry's decrees, and the data set
is what it is compared with (tests/calendar/test_school_days.py).
"""

from __future__ import annotations

import csv
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

STATES = ["BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV", "NI", "RP", "SH", "SL", "SN", "ST", "TH"]
FIRST_DAY = date(2023, 1, 1)
DATA = Path(__file__).parent.parent / "monitor" / "data"
SOURCE = (
    "OpenHolidays API Data, openpotato/openholidaysapi.data at "
    "dd3dfa81f691d89964b42d30de582e935ec87a6e"
)
NOTE = "First and last day, both included. Complete from first_day to last_day."
# Which rows are left out, as a note for readers.
NOTES = {
    "MV": "Holidays of general schools; those of vocational schools end a few days earlier or "
    "later in some years.",
    "SH": "Without the other holidays of Sylt, Föhr, Amrum, Helgoland and the Halligen.",
}


def main() -> None:
    """Write one file per state."""
    checkout = Path(sys.argv[1])
    for state in STATES:
        path = checkout / f"src/de/holidays/holidays.school.{state.lower()}.csv"
        with path.open(encoding="utf-8-sig", newline="") as file:
            spells = [spell for row in csv.DictReader(file, delimiter=";") for spell in of(row)]
        spells.sort(key=lambda spell: spell["first"])
        last_day = complete_until(spells)
        document = {
            "state": state,
            "sources": [f"{SOURCE}, src/de/holidays/{path.name}"],
            "licence": "Open Database License (ODbL) 1.0, opendatacommons.org/licenses/odbl/1-0",
            "notes": f"{NOTE} {NOTES.get(state, '')}".strip(),
            "first_day": FIRST_DAY.isoformat(),
            "last_day": last_day,
            "holidays": [
                {"year": school_year(spell), **spell}
                for spell in spells
                if spell["last"] >= FIRST_DAY.isoformat() and spell["first"] <= last_day
            ],
        }
        write(DATA / f"school_holidays_{state.lower()}.json", document)


def of(row: dict[str, str]) -> list[dict[str, str]]:
    """Return a row as a spell; None if it is only for some islands or vocational schools."""
    groups = (row.get("Groups") or "").split(",")
    if "Exception" in (row.get("Tags") or "") or groups == ["MV-BBS"]:
        return []
    names = dict(one.strip().split(" ", 1) for one in row["Name"].split(",") if " " in one.strip())
    first = row["StartDate"]
    return [{"name": names["DE"], "first": first, "last": row["EndDate"] or first}]


def complete_until(spells: list[dict[str, str]]) -> str:
    """Return the last day of the last summer holidays, or of a year that lacks only its summer."""
    last = max(spell["last"] for spell in spells if spell["name"] == "Sommerferien")
    later = [spell for spell in spells if spell["first"] > last]
    usual = {"Herbstferien", "Weihnachtsferien", "Osterferien"}
    return later[-1]["last"] if usual <= {spell["name"] for spell in later} else last


def school_year(spell: dict[str, str]) -> str:
    """Return the school year that a spell belongs to; summer holidays end one."""
    year, month = int(spell["first"][:4]), int(spell["first"][5:7])
    begins = year if month >= 9 else year - 1  # noqa: PLR2004  # September
    return f"{begins}/{(begins + 1) % 100:02d}"


def write(path: Path, document: dict[str, Any]) -> None:
    """Write a file with one line per spell."""
    *head, (last, spells) = document.items()
    lines = [f'  "{name}": {json.dumps(value, ensure_ascii=False)}' for name, value in head]
    rows = ",\n".join(f"    {json.dumps(one, ensure_ascii=False)}" for one in spells)
    text = "{\n" + ",\n".join(lines) + f',\n  "{last}": [\n{rows}\n  ]\n}}\n'
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
