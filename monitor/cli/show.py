"""Findings on a terminal: every colour is accompanied by text.

Must not know: where the findings come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from monitor.cli.conclusion import conclusion
from monitor.exposition.text import sanitise
from monitor.inventory.checks import CheckKind
from monitor.observation import (
    DeviceReading,
    DnsReading,
    EchoRound,
    HardwareReading,
    HttpReading,
    Outcome,
    State,
    TcpReading,
)
from monitor.uplink.model import GAP_SENTENCES
from monitor.words.plural import count_of
from monitor.words.rate import rate
from monitor.words.table import Column, Kind, Table
from monitor.words.terms import NO_CONTRACT, NO_LESSONS_KNOWN, REASONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from monitor.cli.session import SchoolSession
    from monitor.inventory.city import School
    from monitor.observation import Observation
    from monitor.uplink import Measured
    from monitor.verdict import Subject, Verdict

STYLES = {Outcome.OK: "green", Outcome.FAILED: "bold red", Outcome.UNKNOWN: "yellow"}
OPER_UP = 1


def session_screen(session: SchoolSession, *, with_verdicts: bool) -> RenderableType:
    """Return one screen about a school: contract, observations, and verdicts or the conclusion."""
    school = session.school
    concluded = [] if with_verdicts else conclusion(school, session.latest)
    parts: list[RenderableType] = [
        Text(
            f"{school.name} ({', '.join(filter(None, (school.id, school.number)))})", style="bold"
        ),
        Text(_circumstances(session)),
        _table(school, session.latest, concluded),
    ]
    reads_counters = any(one.kind is CheckKind.INTERFACES for one in session.checks)
    for site in school.sites:
        name = f"uplink {site.id}" if len(school.sites) > 1 else "uplink"
        measured = session.meters.measured(school.key(site)) if reads_counters else None
        if measured is not None:
            parts += [Text(line) for line in _uplink(name, measured)]
        elif site.uplink.contract is None:
            parts.append(Text(f"{name}: {NO_CONTRACT.en}"))
    if not with_verdicts:
        parts += [Text(f"Conclusion: {one}", style="bold") for one in concluded]
    else:
        parts += [_verdict(subject, verdict) for subject, verdict in session.board.findings()]
        if session.board.is_isolated:
            parts.append(
                Text("the monitor's own line is down: verdicts are suspended", style="yellow")
            )
    return Group(*parts)


def _circumstances(session: SchoolSession) -> str:
    now, school = session.clock.now(), session.school
    if session.calendar.in_lessons(school.type, now, school.days_off):
        lessons = "lessons now"
    else:
        is_known = session.calendar.knows_lessons(school.type)
        lessons = "no lessons now" if is_known else NO_LESSONS_KNOWN.en
    taught = ", ".join(filter(None, (school.type, lessons)))
    window = session.maintenance
    if window is None:
        return f"{taught}, no maintenance"
    until = window.ends.astimezone(session.calendar.timezone)
    return f"{taught}, maintenance until {until:%Y-%m-%d %H:%M}: {window.reason}"


def _uplink(name: str, measured: Measured) -> Iterator[str]:
    contract, load = measured.contract, measured.load
    if contract is None:
        yield f"{name}: {NO_CONTRACT.en}"
    else:
        owed = f"{rate(contract.down_bps)} down, {rate(contract.up_bps)} up"
        share = f"{100 * contract.availability:g} % of the time"
        yield f"{name}: {contract.provider} owes {owed}, {share}"
    if load is None:
        yield f"{name}: its counters could not be read"
    elif load.gap is not None:
        yield f"{name}: no load known: {GAP_SENTENCES[load.gap]}"
    else:
        directions = (("down", load.down), ("up", load.up))
        parts = [
            f"{rate(one.bps)} {word}"
            + (
                ""
                if one.utilisation is None
                else f" ({100 * one.utilisation:.1f} % of the contract)"
            )
            for word, one in directions
            if one is not None
        ]
        yield f"{name}: carries {', '.join(parts)}, over {load.seconds:.0f} s"
    for finding in measured.findings:
        yield f"{name}: {finding.sentence}"


def _verdict(subject: Subject, verdict: Verdict) -> Text:
    style = {State.UP: "green", State.DOWN: "bold red", State.UNKNOWN: "yellow"}[verdict.state]
    since = f"{verdict.since:%H:%M:%S} UTC"
    return Text.assemble(
        f"{subject.kind} {subject.site}/{subject.device}: ",
        (verdict.state, style),
        f" ({verdict.cause}) since {since}",
    )


def _table(school: School, observations: Sequence[Observation], concluded: Sequence[str]) -> Table:
    """Return one row per check: site, check, outcome, values and reason.

    A detail that a conclusion gives is shortened to its reason in words, one of the row above to
    `the same`.
    """
    several_sites = len(school.sites) > 1
    table = Table(
        Column("device", Kind.TEXT),
        Column("check"),
        Column("result"),
        Column("finding", Kind.TEXT),
    )
    place = above = ""
    for observation in observations:
        target = observation.check.target
        device = f"{target.site}/{target.device}" if several_sites else target.device
        here = f"{device} {target.host}"
        detail = sanitise(observation.detail)
        if detail and any(detail in one for one in concluded):
            why = REASONS[observation.reason.value].en
        else:
            why = "the same" if detail and (here, detail) == (place, above) else detail
        parts = filter(None, (found(observation), why))
        table.add(
            "" if here == place else here,
            observation.check.name,
            Text(observation.outcome.value, STYLES[observation.outcome]),
            "; ".join(parts),
        )
        place, above = here, detail
    return table


def found(observation: Observation) -> str:
    """Return an observation's values as one line of text."""
    match observation.values:
        case EchoRound() as echo:
            return _echo(echo)
        case DeviceReading() as reading:
            return _reading(reading)
        case HardwareReading() as hardware:
            return _hardware(hardware)
        case TcpReading() | HttpReading() | DnsReading() as service:
            return _service(service, observation.duration)
        case None:
            return ""


def _service(reading: TcpReading | HttpReading | DnsReading, seconds: float) -> str:
    if isinstance(reading, TcpReading):
        return f"connect {_ms(reading.connect_seconds)}"
    if isinstance(reading, HttpReading):
        status = f"status {reading.status}, " if reading.status else ""
        chain = reading.certificate
        ends = f", certificate until {chain.earliest_expiry:%Y-%m-%d}" if chain else ""
        return f"{status}{_ms(seconds)}{ends}"
    answers = ", ".join(map(sanitise, reading.answers[:3]))
    return f"{reading.rcode or 'no reply'} {answers} {_ms(reading.request_seconds)}"


def _echo(echo: EchoRound) -> str:
    parts = [f"{echo.answered} of {echo.sent} answered"]
    if echo.rtt_seconds is not None:
        parts.append(f"RTT {_ms(echo.rtt_seconds)}")
    if echo.rtt_difference_seconds is not None:
        parts.append(f"varying {_ms(echo.rtt_difference_seconds)}")
    return ", ".join(parts)


def _reading(reading: DeviceReading) -> str:
    states = reading.columns.get("ifOperStatus", {})
    up = sum(value == OPER_UP for value in states.values())
    width = 64 if reading.has_64_bit_counters else 32
    parts = [sanitise(reading.sys_name) or "no sysName", f"{up} of {len(states)} interfaces up"]
    if states:
        parts.append(f"{width}-bit counters")
    running = reading.running_seconds
    if running is not None:
        parts.append(f"up {_spell(running)}")
    return ", ".join(parts)


def _hardware(reading: HardwareReading) -> str:
    parts = [
        f"PoE {group.drawn} of {group.budget} W"
        for group in reading.power.values()
        if group.drawn is not None and group.budget is not None
    ]
    if reading.sensors:
        working = sum(sensor.is_working for sensor in reading.sensors.values())
        parts.append(f"{working} of {len(reading.sensors)} sensors work")
        warmest = max(
            (
                one.value
                for one in reading.sensors.values()
                if one.unit == "celsius" and one.value is not None
            ),
            default=None,
        )
        if warmest is not None:
            parts.append(f"at most {warmest:g} °C")
    if reading.topology_changes is not None:
        parts.append(f"{reading.topology_changes} changes of the spanning tree")
    if reading.parts:
        by = f" by the profile {reading.profile}" if reading.profile else ""
        parts.append(f"{count_of(len(reading.parts), 'reading')}{by}")
    if reading.neighbors:
        parts.append(count_of(len(reading.neighbors), "neighbor"))
    if not parts and reading.chassis is not None:
        parts.append(reading.chassis.model)
    return ", ".join(parts) or "reports nothing about its hardware"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def _spell(seconds: float) -> str:
    days, rest = divmod(int(seconds), 86_400)
    hours, rest = divmod(rest, 3_600)
    return f"{days} d {hours} h" if days else f"{hours} h {rest // 60} min"
