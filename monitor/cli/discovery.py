"""Queries the addresses of one network by ping and SNMP, each once, at a limited rate.

No other address is queried.

Must not know: what is done with the replies.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from monitor.cli.output import say, working
from monitor.cli.session import open_transports
from monitor.config.secrets import SecretError
from monitor.importing.discovered import Answer
from monitor.inventory.checks import SNMP_OPTIONS, IcmpOptions
from monitor.snmp.model import Request
from monitor.words.plural import count_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from monitor.cli.session import Transports
    from monitor.inventory.checks import Check, SnmpAccess
    from monitor.inventory.city import Inventory

# A socket that cannot be opened, for lack of permission or otherwise, is an OSError.
START_ERRORS: Final = (SecretError, OSError)
_PING: Final = IcmpOptions(packets=2, spacing=0.2, wait=2.0, histogram=False)
_ASKED: Final = Request(("sysName", "sysDescr", "sysServices"), ())
_READ_SECONDS: Final = 10.0


async def ask_all(
    inventory: Inventory, folder: Path, addresses: Sequence[str], rate: int
) -> list[Answer]:
    """Return the answers, in the order of the addresses.

    Raises:
        SecretError: if a credential cannot be read.
        OSError: if no ping can be sent, or no socket be opened.
    """
    opened = open_transports(inventory, folder, of_demo=False, pings=True, asks=_is_read)
    accesses = _accesses(inventory)
    if not accesses:
        say(
            "no device of the file is read by SNMP: add a `credential` to `defaults.snmp`", err=True
        )
    async with opened as transports:
        with working(f"asking {count_of(len(addresses), 'address', 'addresses')}"):
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(_ask(transports, one, accesses))
                    async for one in paced(addresses, rate)
                ]
    return [answer for task in tasks if (answer := task.result()) is not None]


async def paced(addresses: Sequence[str], rate: int) -> AsyncIterator[str]:
    """Yield the addresses, no more than `rate` per second."""
    for address in addresses:
        yield address
        await asyncio.sleep(1 / rate)


async def _ask(
    transports: Transports, address: str, accesses: Sequence[SnmpAccess]
) -> Answer | None:
    """Return an address's answer; None if it does not answer a ping, or cannot be reached."""
    try:
        echoes = await transports.echo.ping(address, _PING)
    except OSError:  # no route, or not a host address
        return None
    if not echoes.rtts:
        return None
    for access in accesses:
        deadline = asyncio.get_running_loop().time() + _READ_SECONDS
        try:
            read = await transports.snmp.read(address, access, _ASKED, deadline)
        except OSError:
            continue
        if read.scalars:
            services = read.scalars.get("sysServices", 0)
            return Answer(
                address,
                reads_snmp=True,
                name=_text(read.scalars.get("sysName")),
                description=_text(read.scalars.get("sysDescr")),
                services=services if isinstance(services, int) else 0,
            )
    return Answer(address)


def _text(value: object) -> str:
    return value.decode("utf-8", "replace").strip() if isinstance(value, bytes) else ""


def _is_read(check: Check) -> bool:
    return isinstance(check.options, SNMP_OPTIONS)


def _accesses(inventory: Inventory) -> list[SnmpAccess]:
    """Return the distinct SNMP accesses of the configured devices."""
    options = (check.options for check in inventory.checks())
    return list(dict.fromkeys(one.access for one in options if isinstance(one, SNMP_OPTIONS)))
