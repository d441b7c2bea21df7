"""`schulnetz discover`: router and switches of a school, by ping and SNMP in its network.

Must not know: how devices are queried, how their roles are recognised, or how the file is edited.
"""

from __future__ import annotations

import asyncio
from ipaddress import ip_network
from typing import TYPE_CHECKING, Final

import click

from monitor.cli.common import Exit, config_option, fail, find_school, read_inventory, sentence
from monitor.cli.importing import verbose_option, yes_option
from monitor.cli.merging import say_skipped, take_in
from monitor.cli.output import say
from monitor.importing.discovered import school_of
from monitor.words.plural import count_of

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.config.rows import Row
    from monitor.inventory.city import Inventory, School

MOST_ADDRESSES: Final = 1024
_DEFAULT_RATE: Final = 50


@click.command("discover")
@click.argument("network")
@click.option(
    "--school", metavar="SCHOOL", help="School of the network.  [default: the only school]"
)
@config_option
@click.option(
    "--rate",
    type=click.IntRange(1, 1000),
    default=_DEFAULT_RATE,
    show_default=True,
    metavar="N",
    help="Addresses queried per second.",
)
@verbose_option
@yes_option
def discover(  # noqa: PLR0913, PLR0917  # one per option, passed by name
    network: str,
    school: str | None,
    config: Path,
    rate: int,
    verbose: bool,  # noqa: FBT001  # click passes flags by name
    yes: bool,  # noqa: FBT001  # click passes flags by name
) -> None:
    """Find a school's router and switches in NETWORK. The change to the file is shown first.

    Each address is pinged; those that answer are queried by SNMP, with the credentials that
    the configuration uses.
    """
    from monitor.cli import discovery  # noqa: PLC0415  # loads the libraries of SNMP

    addresses = _addresses(network)
    inventory = read_inventory(config)
    found = _school(inventory, school)
    try:
        answers = asyncio.run(discovery.ask_all(inventory, config.parent, addresses, rate))
    except discovery.START_ERRORS as error:
        fail(sentence(error), Exit.CANNOT_START)
    read = sum(one.reads_snmp for one in answers)
    said = f"{len(answers)} of {count_of(len(addresses), 'address', 'addresses')}"
    say(f"{said} answered a ping, {read} of these SNMP")
    taken = school_of(answers, _named(found))
    if not taken.rows:
        say_skipped(taken, whole=verbose)
        say(f"{config}: nothing changes; no router and no switch was found")
        return
    take_in(taken, config, yes=yes, verbose=verbose)


def _addresses(network: str) -> list[str]:
    """Return the host addresses of a network; exit if it is invalid or too large."""
    try:
        found = ip_network(network, strict=False)
    except ValueError:
        fail(f"{network!r} is not a network such as 10.1.2.0/24", Exit.USAGE)
    if found.num_addresses > MOST_ADDRESSES:
        fail(
            f"{found} has more than {MOST_ADDRESSES} addresses; discover the networks of the "
            "schools one by one",
            Exit.USAGE,
        )
    return [str(one) for one in found.hosts()]


def _school(inventory: Inventory, wanted: str | None) -> School:
    """Return the given school, or the only one."""
    if wanted is None and len(inventory.schools) > 1:
        fail("there are several schools: name one with --school", Exit.USAGE)
    return inventory.schools[0] if wanted is None else find_school(inventory, wanted)


def _named(school: School) -> Row:
    """Return the key that identifies a school in the configuration file."""
    row: Row = {"id": school.id}
    return row | {"number": school.number} if school.number else row
