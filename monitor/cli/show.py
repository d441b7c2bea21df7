"""How findings look on a terminal: words beside every colour.

Must not know: where the findings come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from monitor.exposition.text import sanitise
from monitor.observation import (
    DeviceReading,
    DnsReading,
    EchoRound,
    HttpReading,
    Outcome,
    TcpReading,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.inventory import School
    from monitor.observation import Observation

STYLES = {Outcome.OK: "green", Outcome.FAILED: "bold red", Outcome.UNKNOWN: "yellow"}
OPER_UP = 1


def probe_table(school: School, observations: Sequence[Observation]) -> Table:
    """Return one row per check: where, what, how it ended, what was measured and why."""
    several_sites = len(school.sites) > 1
    table = Table(
        title=f"{school.name} ({school.id}, {school.number})",
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("device", no_wrap=True)
    table.add_column("check", no_wrap=True)
    table.add_column("result", no_wrap=True)
    table.add_column("finding", overflow="fold")
    place = ""
    for observation in observations:
        target = observation.check.target
        device = f"{target.site}/{target.device}" if several_sites else target.device
        here = f"{device} {target.host}"
        parts = filter(None, (measured(observation), sanitise(observation.detail)))
        table.add_row(
            "" if here == place else here,
            observation.check.name,
            f"[{STYLES[observation.outcome]}]{observation.outcome}[/]",
            escape("; ".join(parts)),
        )
        place = here
    return table


def measured(observation: Observation) -> str:
    """Return what an observation measured, in a line for a person."""
    match observation.values:
        case EchoRound() as echo:
            return _echo(echo)
        case DeviceReading() as reading:
            return _reading(reading)
        case TcpReading() as tcp:
            return f"connect {_ms(tcp.connect_seconds)}"
        case HttpReading() as http:
            status = f"status {http.status}, " if http.status else ""
            return f"{status}{_ms(observation.duration)}"
        case DnsReading() as dns:
            answers = ", ".join(map(sanitise, dns.answers[:3]))
            return f"{dns.rcode or 'no reply'} {answers} {_ms(dns.request_seconds)}"
        case None:
            return ""


def _echo(echo: EchoRound) -> str:
    parts = [f"{echo.answered} of {echo.sent} answered"]
    if echo.rtt_seconds is not None:
        parts.append(f"RTT {_ms(echo.rtt_seconds)}")
    if echo.jitter_seconds is not None:
        parts.append(f"jitter {_ms(echo.jitter_seconds)}")
    return ", ".join(parts)


def _reading(reading: DeviceReading) -> str:
    states = reading.columns.get("ifOperStatus", {})
    up = sum(value == OPER_UP for value in states.values())
    width = 64 if reading.has_64_bit_counters else 32
    parts = [sanitise(reading.sys_name) or "no sysName", f"{up} of {len(states)} interfaces up"]
    if states:
        parts.append(f"{width}-bit counters")
    if reading.uptime_ticks is not None:
        parts.append(f"up {_spell(reading.uptime_ticks / 100)}")
    return ", ".join(parts)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def _spell(seconds: float) -> str:
    days, rest = divmod(int(seconds), 86_400)
    hours, rest = divmod(rest, 3_600)
    return f"{days} d {hours} h" if days else f"{hours} h {rest // 60} min"
