"""Write config/schools.yaml: Bochum's schools from the public lists, on an example plan.

The schools, their types, districts and places are real (config/SOURCES.md). Networks, device
counts, providers, contracts and lesson hours are an example, made by the rules below.

    python tools/example_plan.py > config/schools.yaml
"""

from __future__ import annotations

import csv
import re
import sys
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parent.parent / "config" / "sources"

HEADER = """\
# yaml-language-server: $schema=schools.schema.json
#
# The schools of the City of Bochum: official numbers, real names, types, districts and
# coordinates. Where they come from: SOURCES.md beside this file.
#
# THE NETWORKS AND ADDRESSES ARE AN EXAMPLE. School device addresses are not published, so
# they follow one plan in private address space (RFC 1918); replace it with your own:
#
#   10.82.N.0/24   one block per site, N counting up from 1 in the order of this file
#   10.82.N.1      the site's router
#   10.82.N.11 …   its switches, switch-01 and on
#
# Example too: numbers of switches (by type of school), providers (invented), contracts,
# lesson hours, and the references, which are documentation addresses (RFC 5737): replace
# them with at least three targets outside the schools that always answer.
#
# Every key is explained in docs/configuration.md. Check this file with: schulnetz check
# Written by tools/example_plan.py; edit it by hand from here on.
version: 1

city:
  name: Bochum
  timezone: Europe/Berlin
  state: NW

# Where secrets are read from; never a secret itself.
credentials:
  devices: {environment: SCHULNETZ_SNMP_COMMUNITY}

providers:
  provider-a: {name: Provider A}
  provider-b: {name: Provider B}

references:
  - {name: reference-1, host: 192.0.2.1}
  - {name: reference-2, host: 198.51.100.1}
  - {name: reference-3, host: 203.0.113.1}

"""

DEFAULTS = """\
defaults:
  snmp: {credential: devices, version: v2c, timeout: 2s, retries: 1}
  icmp: {interval: 10s, timeout: 5s, packets: 5, spacing: 200ms, switch_interval: 60s}
  # A VLAN's packets are counted at its ports, too.
  interfaces: {interval: 60s, timeout: 20s, uplink: wan, \
select: {without_types: [softwareLoopback, l2vlan, l3ipvlan]}}
  contract:
    provider: provider-a
    down: 1 Gbit/s
    up: 1 Gbit/s
    normal_down: 900 Mbit/s
    normal_up: 900 Mbit/s
    minimum_down: 600 Mbit/s
    minimum_up: 600 Mbit/s
    availability: 99.5 %

"""

MORNING = "07:45-13:30"
DAY = "07:45-16:00"
EVENING = "17:00-21:30"
LARGE = "{provider: provider-b, availability: 99.9 %}"


@dataclass(frozen=True)
class Kind:
    """A type of school: its lessons, its switches, and a contract of its own if it has one."""

    name: str
    lessons: tuple[str, ...]
    switches: int
    elsewhere: int
    contract: str = ""


# `elsewhere` is how many switches a further site has.
KINDS = (
    Kind("Grundschule", (MORNING,), 6, 3),
    Kind("Förderschule", (MORNING,), 8, 4),
    Kind("Schule für Kranke", (MORNING,), 4, 2),
    Kind("Hauptschule", (DAY,), 12, 4),
    Kind("Realschule", (DAY,), 14, 4),
    Kind("Sekundarschule", (DAY,), 18, 6),
    Kind("Gymnasium", (DAY,), 17, 4),
    Kind("Gesamtschule", (DAY,), 26, 8, LARGE),
    Kind("Berufskolleg", (DAY, EVENING), 28, 8, LARGE),
    Kind("Weiterbildungskolleg", (DAY, EVENING), 12, 4),
)

# Buildings of the city's list whose names say which school they belong to, though they stand
# elsewhere: number in the list, official number of the school, name of the site.
BUILDINGS = (
    ("185", "128806", "fahrendeller-strasse"),
    ("219", "128582", "hordeler-heide"),
    ("196", "128569", "borgholzstrasse"),
    ("198", "128545", "havelstrasse"),
    ("197", "128697", "hoerder-strasse"),
    ("202", "128910", "somborner-strasse"),
    ("273", "128776", "castroper-hellweg"),
    ("242", "100048", "gahlensche-strasse"),
    ("315", "189935", "deutsches-reich"),
    ("276018", "169158", "max-greve-strasse"),
    ("224", "193318", "hiltroper-strasse"),
    ("301440", "189546", "buerkle-de-la-camp-platz"),
    ("611733", "179681", "von-der-recke-strasse"),
    ("296902", "179681", "fahrendeller-strasse"),
    ("246562", "179681", "lenneplatz"),
    ("175211", "179670", "langendreer"),
    ("163", "179670", "weitmar"),
    ("175043", "179700", "moritz-fiege-strasse"),
    ("165", "179700", "lenneplatz"),
)


def slug(name: str) -> str:
    """Return a name as a short name: lower-case ASCII letters, digits and hyphens."""
    text = re.sub(r"\(.*?\)", "", name).lower()
    for sign, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        text = text.replace(sign, letters)
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a source."""
    with (SOURCES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def text(value: str) -> str:
    """Return a value as YAML, in quotes where it needs them."""
    plain = re.fullmatch(r"[A-Za-zÄÖÜäöüß][\w .()-]*[\w.)-]", value)
    return value if plain else f'"{value}"'


class Plan:
    """Hands out one network per site, in order."""

    def __init__(self) -> None:
        self._next = 0

    def network(self) -> str:
        """Return the next site's network."""
        self._next += 1
        return f"10.82.{self._next}.0/24"


def lessons() -> str:
    """Return the section of lesson hours."""
    lines = ["# Example hours, Monday to Friday.", "lessons:"]
    for kind in KINDS:
        lines.append(f"  {kind.name}:")
        lines.extend(
            f"    - {{weekdays: [mon, tue, wed, thu, fri], hours: {hours}}}"
            for hours in kind.lessons
        )
    return "\n".join(lines) + "\n\n"


def profiles() -> str:
    """Return the section of profiles."""
    lines = ["profiles:"]
    for kind in KINDS:
        contract = f"\n    contract: {kind.contract}" if kind.contract else ""
        lines.append(f"  {slug(kind.name)}:\n    switches: {kind.switches}{contract}")
    return "\n".join(lines) + "\n\n"


def school(row: dict[str, str], buildings: dict[str, dict[str, str]], plan: Plan) -> str:
    """Return one school's entry."""
    kind = next(kind for kind in KINDS if kind.name == row["type"])
    lines = [
        f"  - id: {slug(row['name'])}",
        f'    number: "{row["school_number"]}"',
        f"    name: {text(row['name'])}",
        f"    type: {row['type']}",
    ]
    if row["district"]:
        lines.append(f"    district: {row['district']}")
    lines.append(f"    profile: {slug(kind.name)}")
    place = f"[{row['lat']}, {row['lon']}]"
    elsewhere = [
        (site, buildings[number])
        for number, whose, site in BUILDINGS
        if whose == row["school_number"]
    ]
    if not elsewhere:
        lines += [f"    location: {place}", f"    network: {plan.network()}"]
        return "\n".join(lines) + "\n"
    lines.append("    sites:")
    lines.append(f"      - {{id: main, location: {place}, network: {plan.network()}}}")
    for site, building in elsewhere:
        lines += [
            f"      - id: {site}  # {building['street']}",
            f"        location: [{building['lat']}, {building['lon']}]",
            f"        network: {plan.network()}",
            f"        switches: {kind.elsewhere}",
        ]
    return "\n".join(lines) + "\n"


def document() -> str:
    """Return the whole file."""
    plan = Plan()
    buildings = {row["poi_id"]: row for row in rows("sites_city_poi.csv")}
    schools = [school(row, buildings, plan) for row in rows("schools.csv")]
    goals = (SOURCES / "goals.yaml").read_text(encoding="utf-8")
    parts = (HEADER, lessons(), DEFAULTS, profiles(), goals, "schools:\n", "\n".join(schools))
    return "".join(parts) + "...\n"


if __name__ == "__main__":
    sys.stdout.write(document())
