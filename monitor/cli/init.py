"""`schulnetz init`: a first configuration file, commented, that checks.

Must not know: the rules of the configuration; it asks them.
"""

from __future__ import annotations

import ipaddress
import sys
from pathlib import Path
from shlex import quote
from typing import Final

import click

from monitor.cli.common import DEFAULT_CONFIG, Exit, fail, program, sentence
from monitor.cli.output import ask, ask_text, say, say_text
from monitor.config import ConfigError, load_text
from monitor.config.edit import slug, yaml_text
from monitor.state.whole_file import whole_text

_FOR_ALL: Final = 0o644
_HEAD: Final = """\
# What schulnetz monitors. Check this file with: schulnetz check
# Every key is explained in docs/configuration.md.
version: 1

# The state decides which days are holidays; the time zone decides when a day begins.
city:
  name: {city}
  timezone: {timezone}
  state: {state}

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
  - id: {id}
    name: {name}
    {place}
"""
_END: Final = "...\n"


@click.command("init")
@click.argument(
    "file", type=click.Path(dir_okay=False, path_type=Path), default=DEFAULT_CONFIG, required=False
)
@click.option("--city", metavar="NAME", help="Name of the city.")
@click.option("--state", metavar="CODE", help="State in Germany, such as NW; for its holidays.")
@click.option(
    "--timezone",
    default="Europe/Berlin",
    show_default=True,
    metavar="ZONE",
    help="Time zone (IANA name).",
)
@click.option("--school", metavar="NAME", help="Name of a first school.")
@click.option(
    "--place",
    metavar="NETWORK|HOST",
    help="The school's network, such as 10.1.2.0/24, or its router's address or name.",
)
@click.option("--snmp/--no-snmp", default=None, help="Whether devices are read by SNMP, v2c.")
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
def init(  # noqa: PLR0913, PLR0917  # one per option, passed by name
    file: Path,
    city: str | None,
    state: str | None,
    timezone: str,
    school: str | None,
    place: str | None,
    snmp: bool | None,  # noqa: FBT001  # click passes flags by name
    force: bool,  # noqa: FBT001  # the same
) -> None:
    """Write a first configuration into FILE; ask what no option says.

    FILE is config/schools.yaml by default. Without a terminal, options have to say everything.
    """
    if file.exists() and not force:
        fail(f"{file} is there already; name another file, or overwrite with --force", Exit.WRONG)
    name = _answer(city, "--city", "Name of the city")
    code = _answer(state, "--state", "State in Germany, such as NW").upper()
    first = _answer(school, "--school", "Name of a first school")
    where = _answer(place, "--place", "Its network (10.1.2.0/24), or its router's address or name")
    if snmp is None:
        snmp = sys.stdin.isatty() and ask("Read devices by SNMP?")
    city_part = _HEAD.format(
        city=yaml_text(name), timezone=yaml_text(timezone), state=yaml_text(code)
    )
    school_part = _SCHOOLS.format(
        id=slug(first) or "school", name=yaml_text(first), place=_placed(where)
    )
    text = "".join((city_part, _SNMP if snmp else "", _REFERENCES, school_part, _END))
    _refuse_invalid(text, file)
    _write(file, text, force=force)
    say(f"{file}: written; see what will be watched, and start:")
    named = "" if file == DEFAULT_CONFIG else quote(str(file))
    say(f"  {quote(program())} check {named}".rstrip())
    say(f"  {quote(program())} run {named and '--config ' + named}".rstrip())
    if snmp:
        say("the devices' community is read from $SCHULNETZ_SNMP_COMMUNITY")


def _answer(given: str | None, option: str, question: str) -> str:
    """Return what an option says, else what a person answers; exit if there is no terminal."""
    if given is not None:
        return given.strip()
    if not sys.stdin.isatty():
        fail(f"{option} is needed where no terminal can ask: {question}", Exit.USAGE)
    return ask_text(question)


def _placed(where: str) -> str:
    """Return the key of the school that says where its devices are."""
    if "/" not in where:
        return f"router: {yaml_text(where)}"
    try:
        return f"network: {ipaddress.ip_network(where, strict=False)}"
    except ValueError:
        return f"network: {yaml_text(where)}"


def _refuse_invalid(text: str, file: Path) -> None:
    """Exit with what is wrong with the answers; the file's own rules decide."""
    try:
        load_text(text.encode(), str(file))
    except ConfigError as error:
        say_text(f"nothing was written; the file would not be valid:\n{error}", err=True)
        raise SystemExit(Exit.WRONG) from None


def _write(file: Path, text: str, *, force: bool) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole_text(file, overwrite=force, mode=_FOR_ALL) as out:
            out.write(text)
    except OSError as error:
        fail(f"{file} cannot be written: {sentence(error)}", Exit.WRONG)
