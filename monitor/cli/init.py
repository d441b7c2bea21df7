"""`schulnetz init`: a first configuration file, commented and valid.

Must not know: the rules of the configuration; it calls them.
"""

from __future__ import annotations

import ipaddress
import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Final

import click

from monitor.cli.common import DEFAULT_CONFIG, Exit, fail, is_there, program, sentence
from monitor.cli.first_file import City, first_file
from monitor.cli.output import ask, ask_text, say
from monitor.config import ConfigError, load_text
from monitor.config.rows import LONGEST_ID, slug, yaml_text
from monitor.state.whole_file import whole_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_FOR_ALL: Final = 0o644
_SCHOOL: Final = """\
  - id: {id}
    name: {name}
    {place}
"""
# The option that a line of the file comes from, by the beginning of the line.
_SAID_BY: Final = {
    "  name:": "--city",
    "  timezone:": "--timezone",
    "  state:": "--state",
    "  - id:": "--school",
    "    name:": "--school",
    "    router:": "--place",
    "    network:": "--place",
}


@click.command("init")
@click.argument(
    "file", type=click.Path(dir_okay=False, path_type=Path), default=DEFAULT_CONFIG, required=False
)
@click.option("--city", metavar="NAME", help="Name of the city.")
@click.option(
    "--state",
    metavar="CODE",
    help="State in Germany, such as NW; optional.",
)
@click.option(
    "--timezone",
    default="Europe/Berlin",
    show_default=True,
    metavar="ZONE",
    help="Time zone (IANA name).",
)
@click.option("--school", "schools", metavar="NAME", multiple=True, help="Name of a school.")
@click.option(
    "--place",
    "places",
    metavar="NETWORK|HOST",
    multiple=True,
    help="Its network, such as 10.1.2.0/24, or its router's address or name; one per --school.",
)
@click.option("--snmp/--no-snmp", default=None, help="Whether devices are read by SNMP, v2c.")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
def init(  # noqa: PLR0913, PLR0917  # one per option, passed by name
    file: Path,
    city: str | None,
    state: str | None,
    timezone: str,
    schools: tuple[str, ...],
    places: tuple[str, ...],
    snmp: bool | None,  # noqa: FBT001  # click passes flags by name
    force: bool,  # noqa: FBT001  # the same
) -> None:
    """Write a first configuration to FILE. Ask for values that no option gives.

    FILE is config/schools.yaml by default. Without a terminal, options must give all values except
    the state.
    """
    if is_there(file) and not force:
        fail(f"{file} exists already; name another file, or overwrite with --force", Exit.WRONG)
    if len(places) > max(len(schools), 1):
        raise click.UsageError(f"{len(places)} --place for {len(schools)} --school; one for each")
    name = _answer(city, "--city", "Name of the city")
    if state is None and sys.stdin.isatty():
        state = ask_text("State in Germany, such as NW (Enter: none)", may_be_empty=True)
    code = (state or "").strip().upper()
    placed = list(_schools(schools, places))
    _refuse_octets({"--city": [name], "--timezone": [timezone], "--state": [code]})
    _refuse_octets({"--school": [one for one, _ in placed], "--place": [at for _, at in placed]})
    if snmp is None:
        snmp = sys.stdin.isatty() and ask("Read devices by SNMP?")
    text = first_file(City(name, timezone, code), "".join(_entries(placed)), snmp=snmp)
    _refuse_invalid(text)
    _write(file, text, force=force)
    _say_next(file, snmp=snmp)


def _say_next(file: Path, *, snmp: bool) -> None:
    say(f"{file}: written; see what will be watched, and start:")
    named = "" if file == DEFAULT_CONFIG else quote(str(file))
    config = f" --config {named}" if named else ""
    say(f"  {quote(program())} check {named}".rstrip())
    say(f"  {quote(program())} run{config}")
    say("more schools come from a table with number, name, and router or network, or from NetBox:")
    say(f"  {quote(program())} import csv TABLE.csv{config}")
    say(f"  {quote(program())} import netbox https://netbox.example{config}")
    if snmp:
        say("the devices' community is read from $SCHULNETZ_SNMP_COMMUNITY")


def _answer(given: str | None, option: str, question: str) -> str:
    """Return the value of an option, else a person's answer; exit if there is no terminal."""
    if given is not None:
        return given.strip()
    if not sys.stdin.isatty():
        fail(f"{option} is needed where no terminal can ask: {question}", Exit.USAGE)
    return ask_text(question)


def _refuse_octets(answers: Mapping[str, Iterable[str]]) -> None:
    """Exit if an answer has octets that are not UTF-8: Python reads them as lone surrogates."""
    for option, values in answers.items():
        for value in values:
            try:
                value.encode()
            except UnicodeEncodeError as error:
                fail(
                    f"{option}: {value!r} is not UTF-8 (character {error.start + 1}); set the "
                    "terminal and its locale to UTF-8, and type it again; nothing was written",
                    Exit.WRONG,
                )


def _schools(names: tuple[str, ...], places: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield name and place of each school; on a terminal without names, ask until one is empty."""
    question = "Its network (10.1.2.0/24), or its router's address or name"
    for index in range(max(len(names), 1)):
        name = names[index] if names else None
        first = _answer(name, "--school", "Name of a first school")
        of = f"{first}: " if len(names) > 1 else ""
        place = places[index] if index < len(places) else None
        yield first, _answer(place, "--place", f"{of}{question}")
    while not names and not places and sys.stdin.isatty():
        another = ask_text("Name of another school (Enter: no more)", may_be_empty=True)
        if not another:
            return
        yield another, ask_text(question)


def _entries(placed: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield each school's entry, with a unique id."""
    taken: set[str] = set()
    for name, where in placed:
        wanted = slug(name) or "school"
        ids = (
            wanted,
            *(f"{wanted[: LONGEST_ID - 4]}-{number}" for number in range(2, len(taken) + 3)),
        )
        own = next(one for one in ids if one not in taken)
        taken.add(own)
        yield _SCHOOL.format(id=own, name=yaml_text(name), place=_placed(where))


def _placed(where: str) -> str:
    """Return the key for the address or network of a school's devices."""
    if "/" not in where:
        return f"router: {yaml_text(where)}"
    try:
        return f"network: {ipaddress.ip_network(where, strict=False)}"
    except ValueError:
        return f"network: {yaml_text(where)}"


def _refuse_invalid(text: str) -> None:
    """Exit with the problems of each answer, according to the file's own rules."""
    try:
        load_text(text.encode(), "")
    except ConfigError as error:
        lines = text.splitlines()
        for problem in error.problems:
            line = lines[problem.line - 1] if 0 < problem.line <= len(lines) else ""
            said = next((by for begins, by in _SAID_BY.items() if line.startswith(begins)), "")
            say(f"error: {said or line.strip()}: {problem.message}", err=True)
        say("nothing was written", err=True)
        raise SystemExit(Exit.WRONG) from None


def _write(file: Path, text: str, *, force: bool) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole_text(file, overwrite=force, mode=_FOR_ALL) as out:
            out.write(text)
    except OSError as error:
        fail(f"{file} cannot be written: {sentence(error)}", Exit.WRONG)
