"""`schulnetz contacts`: whom to call at night, for Alertmanager's mails.

Must not know: how the file is read, or how the template is written.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.common import (
    Exit,
    config_option,
    mode_option,
    read_inventory,
    say_config_error,
    write_document,
)
from monitor.clock import SystemClock
from monitor.config import ConfigError
from monitor.config.contacts import FILE_NAME, Contacts, read_contacts
from monitor.mails.template import template
from monitor.words.plural import count_of

if TYPE_CHECKING:
    from monitor.inventory.city import Inventory


@click.group()
def contacts() -> None:
    """Whom to call at night: contacts for Alertmanager's mails."""


@contacts.command("template")
@click.option(
    "--contacts",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The contacts, in YAML.  [default: contacts.yaml beside the schools, if it exists]",
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write there.  [default: stdout]"
)
@mode_option
@config_option
def write_template(file: Path | None, out: Path | None, mode: int | None, config: Path) -> None:
    """Write the city's part of the mail templates. Places, contracts, contacts, local time."""
    inventory = read_inventory(config)
    found = contacts_of(inventory, config, file)
    write_document(template(inventory, found, SystemClock().now()), out, mode)


def contacts_of(inventory: Inventory, config: Path, file: Path | None = None) -> Contacts:
    """Return the contacts of the file given, or of the one beside the configuration, if any.

    Prints every error and exits with 1 if there are any.
    """
    beside = config.with_name(FILE_NAME)
    if file is None and not beside.exists():
        return Contacts()
    try:
        return read_contacts(file or beside, inventory)
    except ConfigError as error:
        say_config_error(error, file or beside)
        raise SystemExit(Exit.WRONG) from None


def read_contacts_beside(inventory: Inventory, config: Path) -> Contacts | None:
    """Return the contacts next to a configuration, None if there are none.

    Raises:
        ConfigError: with every error in them.
    """
    beside = config.with_name(FILE_NAME)
    return read_contacts(beside, inventory) if beside.exists() else None


def covered(found: Contacts) -> str:
    """Return the coverage of contacts, as text."""
    schools, providers = len(found.schools), len(found.providers)
    return (
        f"contacts of {count_of(schools, 'school')} and {count_of(providers, 'provider')}; "
        "no errors"
    )
