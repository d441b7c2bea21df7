"""The text of a first configuration file, as `init` and `import` begin one.

Must not know: who asks for it, or where its schools come from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from monitor.config.rows import yaml_text
from monitor.config.tree.problems import Findings
from monitor.config.tree.text import Mapping, Scalar, Sequence, compose

_HEAD: Final = """\
# What schulnetz monitors. Check this file with: schulnetz check
# Every key is explained in docs/configuration.md.
version: 1

# The state decides which days are holidays; the time zone decides when a day begins.
"""
_CITY: Final = """\
city:
  name: {city}
  timezone: {timezone}
  {state}

"""
_UNKNOWN: Final = """\
# city:
#   name: Bochum
#   timezone: Europe/Berlin
#   state: NW

"""
_SNMP: Final = """\
# Where secrets are read from; never a secret itself.
# Without `defaults.snmp`, devices are only pinged.
credentials:
  devices: {environment: SCHULNETZ_SNMP_COMMUNITY}
defaults:
  snmp: {credential: devices, version: v2c}

"""
_REFERENCES: Final = """\
# At least three targets outside the schools that always answer, such as your provider's resolvers:
# with them, an outage of the monitor's own line is not taken for one of the schools.
# references:
#   - {name: reference-1, host: 192.0.2.1}
#   - {name: reference-2, host: 198.51.100.1}
#   - {name: reference-3, host: 203.0.113.1}

"""
_SCHOOLS: Final = """\
# With a network, the router is its first address. `schulnetz discover NETWORK` finds switches,
# `schulnetz import` takes schools from a spreadsheet or an inventory.
schools:
"""
_END: Final = "...\n"
_LIST: Final = re.compile(r"^schools:(?:[^\S\n]*(?:\[[^\S\n]*\]|~|null|Null|NULL))?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class City:
    """The city as the file names it; `state` is a code such as NW, or empty."""

    name: str
    timezone: str
    state: str

    def yaml(self) -> str:
        """Return the section `city` of the file."""
        return _CITY.format(
            city=yaml_text(self.name),
            timezone=yaml_text(self.timezone),
            state=f"state: {yaml_text(self.state)}" if self.state else "# state: NW",
        )


def first_file(city: City | None, entries: str = "", *, snmp: bool = False) -> str:
    """Return a file with these entries of schools; without a city, its section is a comment."""
    section = _UNKNOWN if city is None else city.yaml()
    return "".join((_HEAD, section, _SNMP if snmp else "", _REFERENCES, _SCHOOLS, entries, _END))


def with_list(text: str, name: str) -> str:
    """Return a file's text with a list `schools` that can be added to; an empty file is begun.

    A text that cannot be read is returned unchanged: loading it reports its problems.
    """
    if not text.strip():
        return first_file(None)
    if all(_is_comment(line.strip()) for line in text.splitlines()):
        return f"{text.rstrip().removesuffix('...').rstrip()}\n\n{first_file(None)}"
    root = compose(text.encode(), Findings(name))
    if not isinstance(root, Mapping):
        return text
    schools = root.values.get("schools")
    if schools is None:
        body, mark, rest = text.partition("\n...")
        return f"{body.rstrip()}\nschools:\n{mark[1:]}{rest}"
    is_empty = isinstance(schools, Sequence) and not schools.items
    if is_empty or (isinstance(schools, Scalar) and schools.value is None):
        listed = _LIST.sub("schools:", text, count=1)
        return listed if listed.endswith("\n") else f"{listed}\n"
    return text


def _is_comment(line: str) -> bool:
    return not line or line.startswith("#") or line == "..."
