"""`schulnetz sla excuse`: reclassify recorded minutes, with a name and a reason.

The daemon writes the ledger: add and withdraw leave a request in the state directory, list reads
the ledger and the pending requests.

Must not know: how an excuse changes the minutes.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import click

from monitor.availability.excuse_effect import effect_of
from monitor.availability.excuse_requests import EXCUSES_FILE, ExcuseFile
from monitor.availability.excuses import (
    EXCUSE,
    EXCUSE_WITHDRAWN,
    INTO,
    Excuse,
    ExcuseError,
    Withdrawal,
    checked_words,
    minutes_between,
    read_excuses,
    require_free,
    unrecorded,
    with_asked,
)
from monitor.calendar.local_time import parse_began, parse_ended
from monitor.calendar.school_days import SchoolCalendar
from monitor.cli.common import (
    Exit,
    config_option,
    fail,
    find_place,
    read_inventory,
    state_option,
)
from monitor.cli.ledger_option import ledger_option
from monitor.cli.output import say
from monitor.cli.service import ServiceCommand, person
from monitor.clock import SystemClock
from monitor.inventory.provider_names import provider_named
from monitor.ledger.chain import LedgerError
from monitor.state.request_file import RequestFileError
from monitor.words.plural import count_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from monitor.availability.excuses import Into
    from monitor.inventory.city import Inventory
    from monitor.ledger.place import LedgerPlace

_CHANGES: Final[Mapping[Into, str]] = {"unknown": "down → excused", "down": "unknown → down"}

by_option = click.option("--by", metavar="NAME", help="Who decided it. [default: your login]")
reason_option = click.option("--reason", default="", help="The reason; it appears in the report.")


@click.group()
def excuse() -> None:
    """Reclassify minutes afterwards: down → excused, or unknown → down."""


@excuse.command(cls=ServiceCommand)
@click.argument("places", nargs=-1, metavar="[SCHOOL[/SITE]]...")
@click.option("--provider", metavar="NAME", help="All sites of this provider: its name or key.")
@click.option(
    "--from",
    "begin",
    required=True,
    metavar="TIME",
    help="Start, local: 2026-10-05 08:00 or 08:00; with an offset: 2026-10-05T06:00+00:00.",
)
@click.option("--until", required=True, metavar="TIME", help="End, excluded; the same forms.")
@click.option(
    "--to",
    "into",
    type=click.Choice(INTO),
    required=True,
    help="unknown excuses down minutes, down charges unknown minutes.",
)
@reason_option
@by_option
@click.option("--anyway", is_flag=True, help="Record it although it would change nothing.")
@config_option
@state_option
@ledger_option
def add(  # noqa: PLR0913  # one per option, passed by name
    *,
    places: tuple[str, ...],
    provider: str | None,
    begin: str,
    until: str,
    into: Into,
    reason: str,
    by: str | None,
    anyway: bool,
    config: Path,
    state_dir: Path,
    ledger: LedgerPlace,
) -> None:
    """Reclassify minutes of schools, sites or a provider. The daemon records it within seconds.

    What would change nothing is refused: it would be in the report for good, withdrawn or not.
    """
    inventory = read_inventory(config)
    now, zone = SystemClock().now(), ZoneInfo(inventory.calendar.timezone)
    requests = ExcuseFile(state_dir / EXCUSES_FILE)
    try:
        if provider is not None:
            provider = provider_named(inventory, provider)
        began = parse_began(begin, zone, now)
        minutes = minutes_between(began, parse_ended(until, zone, began), now, zone)
        wanted = Excuse(
            id=f"{now.astimezone(zone):%Y%m%d}-{secrets.token_hex(3)}",
            at=now,
            by=_author(by),
            reason=checked_words(reason, "a reason"),
            sites=_sites(inventory, places, provider),
            provider=provider or "",
            first=minutes.start,
            minutes=len(minutes),
            into=into,
        )
        require_free(wanted, with_asked(_recorded(ledger), requests.read()))
        said, changes = _effect(wanted, ledger, inventory)
        if not changes and not anyway:
            times = f"{_local(wanted.begins, zone)} to {_local(wanted.ends, zone)}"
            fail(f"not requested: {times}, {said}; --anyway records it all the same", Exit.WRONG)
        requests.add(wanted)
    except (ValueError, RequestFileError) as error:  # of a time, an excuse or a provider
        fail(str(error), Exit.WRONG)
    say(f"requested: {wanted.id}, {said}")
    say("`schulnetz sla excuse list` shows it")


@excuse.command(cls=ServiceCommand)
@click.argument("excuse_id", metavar="ID")
@reason_option
@by_option
@config_option
@state_option
@ledger_option
def withdraw(
    excuse_id: str,
    reason: str,
    by: str | None,
    state_dir: Path,
    ledger: LedgerPlace,
    **_: object,
) -> None:
    """Withdraw the excuse with that ID. Its minutes count as recorded again.

    `--config` is not needed; it is accepted, as by the other commands.
    """
    requests = ExcuseFile(state_dir / EXCUSES_FILE)
    try:
        wanted = Withdrawal(
            excuse_id, SystemClock().now(), _author(by), checked_words(reason, "a reason")
        )
        if unrecorded(wanted, with_asked(_recorded(ledger), requests.read())) is None:
            fail(f"excuse {excuse_id} is withdrawn already", Exit.WRONG)
        requests.add(wanted)
    except (ExcuseError, RequestFileError) as error:
        fail(str(error), Exit.WRONG)
    say(f"requested: withdrawal of {excuse_id}")


@excuse.command("list", cls=ServiceCommand)
@config_option
@state_option
@ledger_option
def list_(config: Path, state_dir: Path, ledger: LedgerPlace) -> None:
    """List all excuses. Also withdrawn ones, and those that the daemon has not recorded yet."""
    zone = ZoneInfo(read_inventory(config).calendar.timezone)
    recorded = _recorded(ledger)
    try:
        asked = ExcuseFile(state_dir / EXCUSES_FILE).read()
    except RequestFileError as error:
        fail(str(error), Exit.WRONG)
    everything = with_asked(recorded, asked)
    if not everything:
        say("no excuses")
        return
    known = {one.id: one for one in recorded}
    for one in everything:
        times = f"{_local(one.begins, zone)} to {_local(one.ends, zone)}"
        say(f"{one.id}  {times}, {_CHANGES[one.into]}; {one.by}: {one.reason}")
        say(f"  {one.provider or ', '.join(one.sites)}")
        say(f"  {_state(one, known.get(one.id))}")


def _effect(wanted: Excuse, ledger: LedgerPlace, inventory: Inventory) -> tuple[str, bool]:
    """Return what an excuse changes, so that a mistyped time is noticed, and whether it may at all.

    It may if some of its minutes are not recorded yet.
    """
    sites, total = len(wanted.sites), wanted.minutes * len(wanted.sites)
    said = f"{count_of(total, 'minute')} at {count_of(sites, 'site')}, {_CHANGES[wanted.into]}"
    calendar = SchoolCalendar(inventory.calendar)
    try:
        if not ledger.exists():
            return f"{said}; there is no ledger yet, so it is not known what that changes", True
        with ledger.open_reader() as reader:
            found = effect_of(
                wanted, reader, inventory, now=wanted.at, in_lessons=calendar.in_lessons
            )
    except LedgerError as error:
        return f"{said}; it is not known what that changes: {error}", True
    said = f"{found.changed} of {said}"
    if found.ahead:
        said += (
            f"; {found.ahead} not recorded yet (a minute is recorded 5 to 10 minutes after its end)"
        )
        return said, True
    return (said, True) if found.changed else (f"{said}: nothing would change", False)


def _state(one: Excuse, recorded: Excuse | None) -> str:
    waits = recorded is None or (one.withdrawn is not None and recorded.withdrawn is None)
    said = "in force"
    if one.withdrawn is not None:
        said = f"withdrawn by {one.withdrawn.by}: {one.withdrawn.reason}"
    return f"{said} (waits for the daemon)" if waits else said


def _sites(inventory: Inventory, places: tuple[str, ...], provider: str | None) -> tuple[str, ...]:
    if not places and provider is None:
        raise ExcuseError("name at least one school or site, or a --provider")
    if places and provider is not None:
        raise ExcuseError("name schools or sites, or a --provider, and not both")
    if provider is not None:
        sites = inventory.sites()
        return tuple(
            str(school.key(one)) for school, one in sites if one.uplink.provider == provider
        )
    found: list[str] = []
    for place in places:
        school = find_place(inventory, place)
        found += (str(school.key(one)) for one in school.sites)
    return tuple(dict.fromkeys(found))


def _author(by: str | None) -> str:
    return checked_words(person() if by is None else by, "a name (--by)")


def _recorded(ledger: LedgerPlace) -> tuple[Excuse, ...]:
    try:
        if not ledger.exists():
            return ()
        with ledger.open_reader() as reader:
            return read_excuses(
                one.entry for kind in (EXCUSE, EXCUSE_WITHDRAWN) for one in reader.entries(kind)
            )
    except LedgerError as error:
        fail(str(error), Exit.WRONG)


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M %Z}"
