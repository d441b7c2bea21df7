"""`schulnetz doctor`: whether the daemon can work on this machine, with a cure for each problem.

Nothing is written, and only the references are contacted over the network. On an installed host
it runs as the service: with its user, its secrets and its limits.

Must not know: how the daemon works.
"""

from __future__ import annotations

import asyncio
import resource
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from monitor.cli.as_json import doctor_as_json
from monitor.cli.clocks import PrometheusClockError, kernel_clock, seconds_ahead
from monitor.cli.common import (
    DEFAULT_LISTEN,
    Exit,
    Listen,
    config_option,
    json_option,
    sentence,
    service_option,
    state_option,
    unit_of,
)
from monitor.cli.doctor_secrets import secrets
from monitor.cli.doctor_service import service_addresses, service_state, service_user, web_file
from monitor.cli.finding import Finding, Health, table_of, worst_first
from monitor.cli.insecure import insecure_settings
from monitor.cli.ledger_option import ledger_option
from monitor.cli.output import say_json, show
from monitor.cli.service import ServiceCommand
from monitor.cli.verified import SAYS_MORE, fault_of
from monitor.clock import SystemClock
from monitor.config import ConfigError, load
from monitor.inventory.checks import IcmpOptions
from monitor.ledger.chain import LedgerError
from monitor.ledger.health import WHAT_TO_DO
from monitor.ledger.place import SqlitePlace
from monitor.probes.echo.port import EchoPermissionError
from monitor.probes.echo.socket import EchoSocket
from monitor.probes.resolve import ResolveError, resolve
from monitor.state.directory import StateDirectoryError, look_at_state_directory
from monitor.threads import open_probe_threads
from monitor.words.plural import count_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from monitor.cli.unit import Unit
    from monitor.inventory.city import Inventory
    from monitor.ledger.place import LedgerPlace
    from monitor.threads import ProbeThreads

WANTED_BUFFER_BYTES: Final = 2 * 1024 * 1024
WANTED_FILES: Final = 1024
EARLIEST_YEAR: Final = 2024
RESOLVE_SECONDS: Final = 5.0
# Synchronised clocks differ by milliseconds. A minute is a whole poll: rates would be wrong.
TOLERATED_SECONDS: Final = 5.0
BROKEN_SECONDS: Final = 60.0
_OF_BROKEN: Final = (
    f"{SAYS_MORE}; keep a copy: the daemon's next start sets it aside (docs/ledger.md)"
)

_OF_DATABASE: Final = (
    'start the database, or correct host, user and password: docs/ledger.md, "In PostgreSQL"'
)


class _DoctorCommand(ServiceCommand):
    for_all = True
    # Reading the clock's state uses a call that can also set it; the capability to set is missing.
    extra = ("ProtectClock=no", "SystemCallFilter=adjtimex clock_adjtime")


@click.command(cls=_DoctorCommand)
@config_option
@state_option
@ledger_option
@click.option(
    "--web-config",
    type=click.Path(dir_okay=False, path_type=Path),
    default=lambda: service_option("--web-config"),
    metavar="FILE",
    help="The web configuration of the daemon.  [default: the service's]",
)
@click.option(
    "--listen",
    type=Listen(),
    default=lambda: service_option("--listen") or DEFAULT_LISTEN,
    metavar="HOST:PORT",
    help="Where the daemon listens.  [default: as the service]",
)
@click.option(
    "--prometheus", metavar="URL", help="Also compare the clock with that of this Prometheus."
)
@json_option
@click.pass_context
def doctor(  # noqa: PLR0913  # one per option, passed by name
    context: click.Context,
    /,
    *,
    config: Path,
    state_dir: Path,
    ledger: LedgerPlace,
    web_config: Path | None,
    listen: tuple[str, int],
    prometheus: str | None,
    as_json: bool,
) -> None:
    """Check whether the daemon can work on this machine. Each problem has a cure."""
    found = list(examine(config, state_dir, ledger, web_config, unit_of(context), listen[0]))
    if prometheus is not None:
        found.append(same_clock(prometheus, SystemClock().now))
    healthy = all(finding.health is not Health.BAD for finding in found)
    if as_json:
        say_json(doctor_as_json(worst_first(found), healthy=healthy))
    else:
        show(table_of(found))
    if not healthy:
        raise SystemExit(Exit.WRONG)


def examine(  # noqa: PLR0913, PLR0917  # what the daemon would be started with
    config: Path,
    state_dir: Path,
    ledger: LedgerPlace,
    web_config: Path | None = None,
    unit: Unit | None = None,
    host: str = "127.0.0.1",
) -> Iterator[Finding]:
    """Yield the findings, in the order in which the daemon would encounter them."""
    yield service_state(unit)
    if unit is not None:
        yield service_user(unit)
    inventory: Inventory | None = None
    try:
        inventory = load(config)
        yield Finding("configuration", Health.GOOD, count_of(len(inventory.schools), "school"))
    except ConfigError as error:
        count = len(error.problems)
        cure = f"`schulnetz check {config}` names them all"
        yield Finding("configuration", Health.BAD, count_of(count, "problem"), cure)
    if inventory is not None:
        yield from secrets(inventory, unit)
        for seen, cure in insecure_settings(inventory):
            yield Finding("security", Health.WARNING, seen, cure)
        if unit is not None:
            yield service_addresses(unit, inventory)
    yield from web_file(web_config, config, host, SystemClock().now(), unit)
    yield _state(state_dir)
    yield _ledger(ledger)
    yield from asyncio.run(_network(inventory))
    yield _files()
    yield _clock()


def _state(state_dir: Path) -> Finding:
    try:
        is_there = look_at_state_directory(state_dir)
    except StateDirectoryError as error:
        return Finding("state", Health.BAD, str(error))
    seen = "can be written" if is_there else "does not exist yet; the daemon creates it"
    return Finding("state", Health.GOOD, f"{state_dir} {seen}")


def _ledger(ledger: LedgerPlace) -> Finding:
    try:
        if not ledger.exists():
            seen = f"{ledger} does not exist yet; the daemon begins it"
            return Finding("ledger", Health.GOOD, seen)
        with ledger.open_reader() as reader:
            result = reader.verify()
        aside = ledger.set_aside()
    except LedgerError as error:
        cure = SAYS_MORE if isinstance(ledger, SqlitePlace) else _OF_DATABASE
        return Finding("ledger", Health.BAD, str(error), cure)
    if not result.ok:
        return Finding("ledger", Health.BAD, fault_of(ledger, result), _OF_BROKEN)
    seen = f"{ledger}: {count_of(result.rows, 'row holds', 'rows hold')}"
    if aside:
        seen = f"{seen}; an earlier ledger was set aside as {aside}"
        return Finding("ledger", Health.WARNING, seen, WHAT_TO_DO)
    return Finding("ledger", Health.GOOD, seen)


async def _network(inventory: Inventory | None) -> list[Finding]:
    from monitor.snmp.client import SnmpClient  # noqa: PLC0415  # cryptography, not for the help

    found = []
    async with SnmpClient() as client:
        smallest = min(client.receive_buffer_bytes.values(), default=0)
    if smallest < WANTED_BUFFER_BYTES:
        seen = f"SNMP's receive buffer has {smallest // 1024} KiB; a city's replies may be dropped"
        cure = f"sysctl -w net.core.rmem_max={4 * 1024 * 1024}"
        found.append(Finding("buffers", Health.WARNING, seen, cure))
    else:
        found.append(Finding("buffers", Health.GOOD, f"{smallest // 1024} KiB"))
    try:
        async with EchoSocket.open() as echo:
            found.append(Finding("ping", Health.GOOD, "allowed"))
            references = inventory.references if inventory else ()
            with open_probe_threads() as threads:
                found += await asyncio.gather(
                    *(_reference(echo, threads, one.name, one.host) for one in references)
                )
    except EchoPermissionError as error:
        found.append(Finding("ping", Health.BAD, sentence(error)))
    return found


async def _reference(echo: EchoSocket, threads: ProbeThreads, name: str, host: str) -> Finding:
    what = f"reference {name}"
    cure = "with fewer than three, the monitor cannot tell its own outage from the city's"
    clock = SystemClock()
    try:
        deadline = clock.monotonic() + RESOLVE_SECONDS
        resolved = await resolve(host, clock, deadline, threads.names)
        answer = await echo.ping(resolved.address, IcmpOptions(packets=3))
    except (ResolveError, OSError) as error:
        return Finding(what, Health.WARNING, sentence(error), cure)
    if not answer.answered:
        return Finding(what, Health.WARNING, f"{host} does not answer", cure)
    return Finding(what, Health.GOOD, f"{host} answers")


def _files() -> Finding:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < WANTED_FILES:
        return Finding(
            "open files", Health.WARNING, f"at most {soft}", "LimitNOFILE=8192, or ulimit -n 8192"
        )
    return Finding("open files", Health.GOOD, f"at most {soft}")


def _clock() -> Finding:
    year = SystemClock().now().year
    if year < EARLIEST_YEAR:
        seen = f"the clock says {year}"
        return Finding("clock", Health.BAD, seen, "set it; certificates and evidence need it")
    kernel = kernel_clock()
    if kernel is None:
        return Finding(
            "clock",
            Health.GOOD,
            "the host's; the kernel does not report whether it is synchronised",
        )
    if kernel.is_synchronised:
        seen = f"synchronised, off by {kernel.most_seconds_off:.3g} s at most"
        return Finding("clock", Health.GOOD, seen)
    return Finding(
        "clock",
        Health.WARNING,
        "not synchronised, according to the kernel",
        "apt install systemd-timesyncd, or chrony; in a container, on its host",
    )


def same_clock(prometheus: str, now: Callable[[], datetime]) -> Finding:
    """Compare the clock of the Prometheus at that address with ours, which is `now`."""
    what = "Prometheus' clock"
    try:
        ahead = seconds_ahead(prometheus, now)
    except PrometheusClockError as error:
        return Finding(what, Health.WARNING, str(error))
    if abs(ahead) <= TOLERATED_SECONDS:
        return Finding(what, Health.GOOD, "the same as ours")
    way = "ahead of" if ahead > 0 else "behind"
    return Finding(
        what,
        Health.BAD if abs(ahead) > BROKEN_SECONDS else Health.WARNING,
        f"{abs(ahead):.0f} s {way} ours",
        "synchronise both; otherwise samples with our time stamps are rejected or look stale there",
    )
