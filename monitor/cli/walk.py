"""`schulnetz walk` and `schulnetz record`: one device's objects, to read or to send.

Must not know: SNMP, or which data of a device is private.
"""

from __future__ import annotations

import asyncio
import difflib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import click

from monitor.cli.common import (
    Exit,
    config_option,
    default_state_directory,
    fail,
    is_there,
    mode_option,
    read_inventory,
    sentence,
)
from monitor.cli.demo_options import STATE_DIRECTORY, config_of_demo, running_state_option
from monitor.cli.devices import known_device, snmp_devices
from monitor.cli.exported import LEGEND, exported_counts, exported_table
from monitor.cli.output import say, say_document, show
from monitor.cli.recording import recording, subtrees_of
from monitor.cli.service import Service, ServiceCommand
from monitor.clock import SystemClock
from monitor.exposition.text import sanitise
from monitor.inventory.checks import SNMP_OPTIONS, HardwareOptions, InterfacesOptions
from monitor.observation import DeviceReading, HardwareReading
from monitor.probes import hardware, interfaces
from monitor.probes.context import ProbeContext
from monitor.probes.resolve import ResolveError, resolve
from monitor.snmp.dump import Dump
from monitor.snmp.model import left_out_in_words
from monitor.snmp.oids import LLDP_REM_TABLE, TABLES
from monitor.snmp.read import Request
from monitor.state.whole_file import whole_text

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from monitor.cli.session import Transports
    from monitor.inventory.checks import Check, SnmpAccess
    from monitor.inventory.city import Inventory
    from monitor.snmp.oids import Table
    from monitor.snmp.read import Result

T = TypeVar("T")

PROFILE, EXPORTED = "profile", "exported"
WALK_SECONDS = 30.0
RECORD_SECONDS = 120.0
# The users of a port are private.
_NOT_SHOWN = frozenset({"ifPhysAddress", "lldpLocPortId"})
_STDOUT = Path("-")
_TABLES = {table.name: table for table in TABLES if table is not LLDP_REM_TABLE}

device_argument = click.argument("device", metavar="SCHOOL/DEVICE")
demo_option = click.option(
    "--demo", "of_demo", is_flag=True, help="Query the simulated device of a running demo."
)


@dataclass(frozen=True, slots=True)
class _Device:
    """One device that is polled by SNMP: its address, access and checks."""

    name: str
    checks: tuple[Check, ...]
    address: str
    access: SnmpAccess
    transports: Transports

    async def read(self, request: Request) -> Result:
        """Return the device's data."""
        deadline = asyncio.get_running_loop().time() + WALK_SECONDS
        return await self.transports.snmp.read(self.address, self.access, request, deadline)

    async def hardware(self) -> HardwareReading | None:
        """Return the observation of its hardware check, None if it has none."""
        for check in self.checks:
            if isinstance(check.options, HardwareOptions):
                found = await hardware.run(check, self._context())
                return found.values if isinstance(found.values, HardwareReading) else None
        return None

    async def interfaces(self) -> tuple[DeviceReading, InterfacesOptions] | None:
        """Return the reading of its interfaces check and the options; None without a reply."""
        for check in self.checks:
            if isinstance(check.options, InterfacesOptions):
                found = await interfaces.run(check, self._context())
                if isinstance(found.values, DeviceReading):
                    return found.values, check.options
        return None

    def _context(self) -> ProbeContext:
        clock, parts = SystemClock(), self.transports
        deadline = clock.monotonic() + WALK_SECONDS
        return ProbeContext(clock, deadline, parts.echo, parts.snmp, parts.threads)


@click.command(cls=ServiceCommand)
@device_argument
@click.argument("table", required=False)
@config_option
@demo_option
@running_state_option
def walk(
    device: str,
    table: str | None,
    config: Path,
    of_demo: bool,  # noqa: FBT001  # click passes flags by name
    state_dir: Path | None,
) -> None:
    """Print a TABLE of one device. Without TABLE, list its tables.

    `schulnetz walk SCHOOL/DEVICE` lists the tables; `profile` shows the readings of the vendor's
    MIBs by its device profile, `exported` what is exported of each interface, and why.
    """
    inventory = read_inventory(config_of_demo(config, state_dir, of_demo=of_demo))
    wanted = _table(table)

    async def lines(found: _Device) -> list[str]:
        if wanted is None:
            return await _overview(found)
        if wanted == EXPORTED:
            return await _exported(found)
        return await (_profile(found) if wanted == PROFILE else _rows(found, wanted))

    for line in _ask(inventory, device, lines, demo=_demo(state_dir, of_demo=of_demo)):
        say(line)


class _RecordCommand(ServiceCommand):
    """The file belongs to the user; the service may not have access to its directory."""

    def run_as(self, service: Service, ctx: click.Context) -> int:
        """Let the service record to stdout, and write that to the file; see `Service.run`."""
        file, device = ctx.params["file"], ctx.params["device"]
        if file == _STDOUT:
            return super().run_as(service, ctx)
        _refuse_existing(file)
        words = ["record", "--config", str(ctx.params["config"]), device, str(_STDOUT)]
        with tempfile.TemporaryFile() as recorded:
            code = service.run(words, recorded)
            if code == Exit.OK:
                recorded.seek(0)
                lines = recorded.read().decode().splitlines(keepends=True)
                _write(file, ctx.params["mode"], device, lines)
        return code


@click.command(cls=_RecordCommand)
@device_argument
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@config_option
@mode_option
@demo_option
@running_state_option
def record(  # noqa: PLR0913, PLR0917  # one per option, passed by name
    device: str,
    file: Path,
    mode: int | None,
    config: Path,
    of_demo: bool,  # noqa: FBT001  # click passes flags by name
    state_dir: Path | None,
) -> None:
    """Record one device's replies to FILE, for a bug report. Personal data is left out.

    Numbers and the names of parts are kept. Names, contacts, locations, aliases, serial numbers and
    addresses are redacted. FILE is in snmpsim's .snmprec format; - is stdout.
    """
    _refuse_existing(file)
    inventory = read_inventory(config_of_demo(config, state_dir, of_demo=of_demo))
    demo = _demo(state_dir, of_demo=of_demo)
    lines, failures = _ask(inventory, device, _record, demo=demo)
    for failure in failures:
        say(f"warning: not complete: {failure}", err=True)
    if not lines:
        fail(f"{device} did not answer; nothing was written", Exit.CHECK_FAILED)
    if file == _STDOUT:
        say_document("".join(lines))
    else:
        _write(file, mode, device, lines)


def _refuse_existing(file: Path) -> None:
    if file != _STDOUT and is_there(file):
        fail(f"{file} exists already; name another file", Exit.WRONG)


def _write(file: Path, mode: int | None, device: str, lines: list[str]) -> None:
    try:
        with whole_text(file, overwrite=False, mode=mode) as out:
            out.writelines(lines)
    except OSError as error:
        fail(f"cannot write {file}: {sentence(error)}", Exit.WRONG)
    say(f"{file}: {len(lines)} variables of {device}; read it before you send it")


def _demo(state_dir: Path | None, *, of_demo: bool) -> Path | None:
    """Return the state directory of the running demo; None for the real devices."""
    return (state_dir or STATE_DIRECTORY) if of_demo else None


def _ask(
    inventory: Inventory,
    wanted: str,
    job: Callable[[_Device], Coroutine[None, None, T]],
    *,
    demo: Path | None,
) -> T:
    """Return the result of a job on a device; exit with a line if it cannot be queried."""
    # They import the libraries of all checks: a second of CPU, which the help does not need.
    from monitor.cli.session import open_transports  # noqa: PLC0415
    from monitor.config.secrets import SecretError  # noqa: PLC0415

    name = known_device(inventory, wanted)
    state = demo or default_state_directory()

    async def ask() -> T:
        clock = SystemClock()
        opened = open_transports(
            inventory,
            state,
            of_demo=demo is not None,
            pings=False,
            asks=snmp_devices(inventory)[name].__contains__,
        )
        async with opened as transports:
            checks = snmp_devices(transports.inventory)[name]
            access = next(
                check.options.access for check in checks if isinstance(check.options, SNMP_OPTIONS)
            )
            host = checks[0].target.host
            deadline = clock.monotonic() + WALK_SECONDS
            resolved = await resolve(host, clock, deadline, transports.threads.names)
            return await job(_Device(name, checks, resolved.address, access, transports))

    try:
        return asyncio.run(ask())
    except SecretError as error:
        fail(str(error), Exit.CANNOT_START)
    except (OSError, ResolveError) as error:
        fail(f"{wanted} cannot be asked: {sentence(error)}", Exit.CHECK_FAILED)


def _table(wanted: str | None) -> str | None:
    if wanted is None:
        return None
    names = {name.casefold(): name for name in (*_TABLES, PROFILE, EXPORTED)}
    if wanted.casefold() not in names:
        close = difflib.get_close_matches(wanted, names.values(), n=1)
        hint = f"did you mean {close[0]}?" if close else f"allowed: {', '.join(names.values())}"
        fail(f"no table {wanted!r} is read; {hint}", Exit.WRONG)
    return names[wanted.casefold()]


async def _overview(found: _Device) -> list[str]:
    """Return the device's system group, and the number of rows of each table."""
    system = await found.read(Request(interfaces.SCALARS, ()))
    if not system.scalars:
        _fail_unanswered(found, system)
    lines = [f"{name:16} {_value(value)}" for name, value in system.scalars.items()]
    for table in _TABLES.values():
        result = await found.read(_request(table))
        rows = {index for column in result.columns.values() for index in column}
        broken = f"  not complete: {result.failure.message}" if result.failure else ""
        left_out = left_out_in_words(result.left_out)
        without = f"  without {left_out}" if left_out else ""
        lines.append(f"{table.name:20} {len(rows):5} rows{without}{broken}")
    read = await found.interfaces()
    if read is not None:
        lines.append(f"{EXPORTED:20} {exported_counts(*read)}")
    reading = await found.hardware()
    if reading is not None:
        lines.append(f"{PROFILE:20} {len(reading.parts):5} readings, {reading.profile or 'none'}")
    return lines


async def _rows(found: _Device, name: str) -> list[str]:
    """Return the rows of a table, one line per value, with the names of `snmpwalk`."""
    result = await found.read(_request(_TABLES[name]))
    rows = sorted({index for column in result.columns.values() for index in column})
    lines = [
        f"{column}.{index} = {_value(values[index])}"
        for index in rows
        for column, values in result.columns.items()
        if index in values
    ]
    if result.failure:
        if not lines:
            _fail_unanswered(found, result)
        say(f"warning: not complete: {result.failure.message}", err=True)
    if result.left_out:
        say(f"warning: without {left_out_in_words(result.left_out)}", err=True)
    return lines or [f"the device has no row of {name}"]


async def _profile(found: _Device) -> list[str]:
    """Return the readings of the vendor's MIBs, by the device profile."""
    reading = await found.hardware()
    if reading is None:
        fail(f"{found.name} has no hardware check, or it does not answer", Exit.CHECK_FAILED)
    if not reading.profile:
        return [
            "there is no device profile for this make; docs/configuration.md says how to add one"
        ]
    parts = [
        f'{quantity}{{part="{sanitise(part)}"}} {value:g}'
        for (quantity, part), value in reading.parts.items()
    ]
    return [f"device profile {reading.profile}: {len(parts)} readings", *parts]


async def _exported(found: _Device) -> list[str]:
    """Show how much of each interface is exported, and why; return the meaning of the words."""
    read = await found.interfaces()
    if read is None:
        fail(f"{found.name} ({found.address}): nothing could be read", Exit.CHECK_FAILED)
    table = exported_table(*read)
    if table is None:
        return ["the device has no interfaces"]
    show(table)
    return list(LEGEND)


async def _record(found: _Device) -> tuple[list[str], list[str]]:
    """Return the lines of a recording, and why it is incomplete, if it is."""
    reading = await found.hardware()
    options = (check.options for check in found.checks)
    profiles = next((one.profiles for one in options if isinstance(one, HardwareOptions)), None)
    profile = profiles.named(reading.profile) if profiles and reading else None
    dump = Dump(subtrees_of(profile), bulk=found.access.version != "1")
    agent = found.transports.snmp.agent(found.address, found.access)
    deadline = asyncio.get_running_loop().time() + RECORD_SECONDS
    await found.transports.client.converse(agent, dump, deadline)
    failures = [one.message for one in dump.failures]
    if dump.left_out:
        failures.append(left_out_in_words(dump.left_out))
    return list(recording(dump.varbinds, profile)), failures


def _request(table: Table) -> Request:
    return Request((), tuple(name for _, name, _ in table.columns if name not in _NOT_SHOWN))


def _value(value: int | bytes | tuple[int, ...]) -> str:
    if isinstance(value, tuple):
        return ".".join(map(str, value))
    return str(value) if isinstance(value, int) else sanitise(value)


def _fail_unanswered(found: _Device, result: Result) -> NoReturn:
    why = result.failure.message if result.failure else "the device has none of the objects"
    fail(f"{found.name} ({found.address}): {why}", Exit.CHECK_FAILED)
