"""`schulnetz check`: whether a configuration file is valid, and all mistakes if not.

Must not know: how a file is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.as_json import check_as_json
from monitor.cli.check_warnings import warnings_of
from monitor.cli.common import (
    CONFIG_VARIABLE,
    Exit,
    default_config,
    json_option,
    say_config_error,
)
from monitor.cli.contacts import covered, read_contacts_beside
from monitor.cli.hints import sentences, watched
from monitor.cli.output import say, say_json, say_text, show
from monitor.cli.run_options import concurrency_option, shard_option
from monitor.clock import SystemClock
from monitor.config import ConfigError, examine, read
from monitor.config.contacts import FILE_NAME
from monitor.config.tree.excerpt import with_excerpts
from monitor.config.tree.problems import START, Problem
from monitor.config.tree.text import Mapping
from monitor.inventory.changes import counted_schools
from monitor.schedule import CapacityError, refuse_overload
from monitor.words.plural import count_of
from monitor.words.table import Column, Kind, Table

if TYPE_CHECKING:
    from monitor.config.contacts import Contacts
    from monitor.config.tree.problems import ConfigWarning
    from monitor.inventory.city import Inventory
    from monitor.inventory.shard import Shard


@click.command()
@click.argument(
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar=CONFIG_VARIABLE,
    default=default_config,
    required=False,
)
@click.option("--list", "list_schools", is_flag=True, help="List the schools as well.")
@json_option
@concurrency_option
@shard_option
def check(
    file: Path,
    list_schools: bool,  # noqa: FBT001  # click passes flags by name
    as_json: bool,  # noqa: FBT001  # the same
    concurrency: int,
    shard: Shard | None,
) -> None:
    """Check a configuration file. Every error has its line and column.

    If there are no errors, print what will be monitored, and hints about missing data, each with
    the YAML that adds it.
    """
    found = _examine(file, concurrency, shard)
    if as_json:
        say_json(check_as_json(file, found.own, found.hints, found.problems, found.warnings))
    else:
        if found.own is not None and not found.errors:
            _say_what_it_holds(file, found, found.own, list_schools=list_schools)
        _say_what_is_wrong(file, found)
    if found.errors:
        raise SystemExit(Exit.WRONG)


@dataclass(frozen=True, slots=True)
class _Found:
    """The contents of a file, None if it is rejected, and its problems and those of its contacts.

    `sections` are the keys of its top level; `own` is the shard that was asked for, or the whole.
    """

    text: str
    sections: tuple[str, ...]
    inventory: Inventory | None
    own: Inventory | None
    contacts: Contacts | None
    errors: list[ConfigError]
    warnings: list[ConfigWarning]

    @property
    def problems(self) -> list[Problem]:
        """Return every error."""
        return [problem for error in self.errors for problem in error.problems]

    @property
    def hints(self) -> list[str]:
        """Return the hints about the whole file, also if a shard was asked for."""
        return [] if self.inventory is None else list(sentences(self.inventory, self.sections))


def _examine(file: Path, concurrency: int, shard: Shard | None) -> _Found:
    try:
        examined = examine(read(file), str(file))
    except ConfigError as error:
        return _Found("", (), None, None, None, [error], [])
    warnings = warnings_of(str(file), examined, SystemClock().now())
    if examined.inventory is None or examined.error is not None:
        errors = [examined.error] if examined.error is not None else []
        return _Found(examined.text, (), None, None, None, errors, warnings)
    inventory, errors, contacts = examined.inventory, [], None
    own = shard.of(inventory) if shard is not None else inventory
    try:
        refuse_overload(own.checks(), concurrency)
    except CapacityError as error:
        errors.append(ConfigError((Problem(str(file), *START, str(error)),)))
    try:
        contacts = read_contacts_beside(inventory, file)
    except ConfigError as error:
        errors.append(error)
    root = examined.root
    sections = tuple(root.keys) if isinstance(root, Mapping) else ()
    return _Found(examined.text, sections, inventory, own, contacts, errors, warnings)


def _say_what_it_holds(
    file: Path, found: _Found, inventory: Inventory, *, list_schools: bool
) -> None:
    """Print the file's contents, or those of the shard that was asked for."""
    sites = [site for _, site in inventory.sites()]
    if list_schools:
        table = Table(Column("id"), Column("number"), Column("name", Kind.TEXT))
        for school in inventory.schools:
            table.add(school.id, school.number, school.name)
        show(table)
    warned = _counted(0, len(found.warnings))
    say(
        f"{file}: {counted_schools(inventory)}, {count_of(len(sites), 'site')}, "
        f"{count_of(sum(len(site.switches) for site in sites), 'switch', 'switches')}, "
        f"{count_of(sum(1 for _ in inventory.checks()), 'check')}; {warned}"
    )
    say(f"{file}: {watched(inventory)}")
    if found.contacts is not None:
        say(f"{file.with_name(FILE_NAME)}: {covered(found.contacts)}")
    for hint in found.hints:
        say(f"{file}: hint: {hint}")


def _say_what_is_wrong(file: Path, found: _Found) -> None:
    """Print every error and every warning with its line, and their numbers, on stderr."""
    for error in found.errors:
        say_config_error(error, file, excerpts=True)
    if found.warnings:
        say_text(with_excerpts(found.warnings, found.text), err=True)
    if found.errors and found.text:
        say(f"{file}: {_counted(len(found.problems), len(found.warnings))}", err=True)


def _counted(errors: int, warnings: int) -> str:
    said = count_of(errors, "error") if errors else "no errors"
    return f"{said}, {count_of(warnings, 'warning')}" if warnings else said
