"""`schulnetz probe SCHOOL`: every check of one school, once, now, in one screen.

Must not know: how a check is done.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from rich.console import Console

from monitor.cli.common import Exit, fail, sentence
from monitor.cli.demo import running_demo
from monitor.cli.show import probe_table
from monitor.clock import SystemClock
from monitor.config.secrets import SecretError, read_credentials
from monitor.inventory import CheckKind, Engine, checks_of_school
from monitor.observation import DeviceReading, Outcome
from monitor.probes.context import ProbeContext
from monitor.probes.echo_port import EchoPermissionError
from monitor.probes.echo_socket import EchoSocket
from monitor.probes.registry import PROBES
from monitor.probes.snmp_transport import SnmpReaders
from monitor.snmp.client import SnmpClient
from monitor.snmp.read import NativeReader, Reader
from monitor.snmp.reference import PysnmpReader

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from monitor.config.secrets import Secret
    from monitor.inventory import Check, IcmpOptions, Inventory, School
    from monitor.observation import EchoRound, Observation
    from monitor.probes.context import EchoTransport


class NoEcho:
    """Stands where no check pings, so that nobody needs the permission to."""

    @property
    def drops(self) -> Mapping[str, int]:
        """Return nothing: nothing comes."""
        return {}

    async def ping(self, address: str, options: IcmpOptions) -> EchoRound:
        """Refuse."""
        raise OSError(f"{address} is not to be pinged with {options}")


async def probe(
    inventory: Inventory,
    school: School,
    kind: CheckKind | None,
    *,
    as_json: bool,
    demo: Path | None,
) -> None:
    """Probe and print; leave with 4 if a check failed. `demo` is a demo's state directory."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        credentials: Mapping[str, Secret]
        echo: EchoTransport
        try:
            if demo is not None:
                parts = running_demo(inventory, clock, demo)
                school = next(one for one in parts.inventory.schools if one.id == school.id)
                echo, credentials = parts.echo, parts.credentials
            else:
                credentials = read_credentials(inventory.credentials)
                pings = kind in (None, CheckKind.ICMP)
                echo = await stack.enter_async_context(EchoSocket.open()) if pings else NoEcho()
        except SecretError as error:
            fail(str(error), Exit.WRONG)
        except EchoPermissionError as error:
            fail(sentence(error), Exit.CANNOT_START)
        client = await stack.enter_async_context(SnmpClient())
        pysnmp = await stack.enter_async_context(PysnmpReader())
        readers: dict[Engine, Reader] = {Engine.NATIVE: NativeReader(client), Engine.PYSNMP: pysnmp}
        snmp = SnmpReaders(readers, credentials)
        checks = [check for check in checks_of_school(school) if kind in (None, check.kind)]
        if not checks:
            fail(f"{school.id} has no check of kind {kind}", Exit.WRONG)

        async def one(check: Check) -> Observation:
            deadline = clock.monotonic() + check.timeout
            return await PROBES[check.kind](check, ProbeContext(clock, deadline, echo, snmp))

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(check)) for check in checks]
    observations = [task.result() for task in tasks]
    if as_json:
        print_json(school, observations)
    else:
        Console().print(probe_table(school, observations))
    if any(seen.outcome is not Outcome.OK for seen in observations):
        raise SystemExit(Exit.CHECK_FAILED)


def print_json(school: School, observations: list[Observation]) -> None:
    """Print one JSON object: the school and its checks with their values, seconds throughout."""
    document = {
        "school": school.id,
        "name": school.name,
        "checks": [_as_json(observation) for observation in observations],
    }
    print(json.dumps(document, indent=2, ensure_ascii=False, default=str))  # noqa: T201  # the output


def _as_json(observation: Observation) -> dict[str, Any]:
    check = observation.check
    return {
        "id": check.id,
        "kind": check.kind,
        "host": check.target.host,
        "outcome": observation.outcome,
        "reason": observation.reason,
        "detail": observation.detail,
        "started": observation.started.isoformat(),
        "duration_seconds": observation.duration,
        "values": _values(observation),
    }


def _values(observation: Observation) -> dict[str, Any] | None:
    values = observation.values
    if values is None:
        return None
    if not isinstance(values, DeviceReading):
        return dataclasses.asdict(values)
    interfaces: dict[int, dict[str, int | str]] = {}
    for name, rows in values.columns.items():
        for if_index, value in rows.items():
            shown = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
            interfaces.setdefault(if_index, {})[name] = shown
    return {
        "sysName": values.sys_name,
        "sysDescr": values.sys_descr,
        "sysObjectID": values.sys_object_id,
        "sysUpTime": values.uptime_ticks,
        "interfaces": interfaces,
    }
