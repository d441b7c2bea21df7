"""`schulnetz unit`: a drop-in that lets the daemon reach everything that is configured.

Must not know: how commands run as the service.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING

import click

from monitor.cli.addresses import addresses_of, destinations, hosts_of, public, resolvers
from monitor.cli.common import Exit, config_option, fail, read_inventory, unit_of
from monitor.cli.ledger_option import ledger_url_option
from monitor.cli.output import say
from monitor.cli.unit import UNIT
from monitor.words.plural import count_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from monitor.cli.addresses import Destinations, Network


class _Network(click.ParamType[IPv4Network | IPv6Network]):
    """A network, or a single address."""

    name = "network"

    def convert(
        self,
        value: str | Network,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Network:
        """Parse the network."""
        if not isinstance(value, str):
            return value
        try:
            return ip_network(value)
        except ValueError as error:
            self.fail(f"{error}; write 198.51.100.0/24, or one address", param, ctx)


@click.command("unit")
@config_option
@ledger_url_option
@click.option(
    "--allow",
    "readers",
    type=_Network(),
    multiple=True,
    metavar="NETWORK",
    help="Another client or peer of the daemon. May be given several times.",
)
def unit(config: Path, ledger_url: str | None, readers: tuple[Network, ...]) -> None:
    """Print a systemd drop-in for the hosts of the configuration.

    It lets the daemon reach all of them. The shipped unit allows only this host and private
    networks. Names are resolved now: print the drop-in again when their addresses change.
    """
    inventory = read_inventory(config)
    context = click.get_current_context()
    installed = unit_of(context)
    url = ledger_url or (installed.ledger if installed else None)
    try:
        configured, servers = hosts_of(inventory, url), resolvers()
    except ValueError:  # the URL may hold a password, so it is not repeated
        fail(
            "--ledger is not a URL such as postgresql://schulnetz@db.example/schulnetz", Exit.USAGE
        )
    found = destinations([*configured, *servers], addresses_of)
    whose = "the configuration and the ledger" if url else "the configuration"
    looked_at = (
        f"{count_of(len(configured), 'host')} of {whose}, "
        f"{count_of(len(servers), 'resolver')} of this host"
    )
    say(*_drop_in(config, looked_at, found, servers, readers))
    for name in found.unknown:
        say(f"warning: {name} does not resolve now and stays unreachable", err=True)


def _drop_in(
    config: Path,
    looked_at: str,
    found: Destinations,
    servers: Collection[str],
    readers: tuple[Network, ...],
) -> Iterator[str]:
    yield f"# What {config} names beyond this host and private networks."
    yield f"# Looked at: {looked_at}."
    yield f"# Written by `schulnetz unit`; belongs in /etc/systemd/system/{UNIT}.d/addresses.conf"
    yield "[Service]"
    as_addresses: list[Network] = []
    of_resolvers: list[Network] = []
    for host, networks in found.networks.items():
        if host in servers:
            of_resolvers += networks
        elif all(str(one.network_address) == host for one in networks):
            as_addresses += networks
        else:
            yield from _allowed(host, networks)
    yield from _allowed("named by their addresses", as_addresses)
    yield from _allowed("resolvers of this host", of_resolvers)
    if not public(one for networks in found.networks.values() for one in networks):
        yield "# Nothing to add: what was looked at is on this host or in private networks,"
        yield "# which the unit allows as it is shipped."
    yield from _allowed("--allow", readers)


def _allowed(what: str, networks: Iterable[Network]) -> Iterator[str]:
    """Yield a comment and the lines that allow these networks; nothing if the unit allows them."""
    outside = public(networks)
    if outside:
        yield f"# {what}"
        yield from _lines(outside)


def _lines(networks: list[Network]) -> Iterator[str]:
    for one in networks:
        text = str(one.network_address) if one.num_addresses == 1 else str(one)
        yield f"IPAddressAllow={text}"
