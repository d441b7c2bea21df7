"""`schulnetz sla excuse`: turn minutes of the account over afterwards, with a name and a reason.

The daemon writes the ledger: add and withdraw leave a request in the state directory, list reads
what the ledger has of it, and what waits.

Must not know: what an excuse does to the account.
"""

from __future__ import annotations

import difflib
import getpass
import secrets
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from monitor.cli.common import (
    Exit,
    config_option,
    fail,
    find_school,
    read_inventory,
    state_option,
)
from monitor.cli.ledger_option import ledger_option
from monitor.cli.output import say
from monitor.clock import SystemClock
from monitor.local_time import TimeError, parse_from, parse_until
from monitor.rollout.chain import LedgerError
from monitor.rollout.excuse_requests import EXCUSES_FILE, ExcuseFile
from monitor.rollout.excuses import (
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
from monitor.rollout.request_file import RequestFileError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from monitor.inventory import Inventory
    from monitor.rollout.excuses import Into
    from monitor.rollout.place import LedgerPlace

by_option = click.option("--by", metavar="NAME", help="Who decides it.  [default: your login]")
reason_option = click.option("--reason", default="", help="Why; it stands in the report.")


@click.group()
def excuse() -> None:
    """Turn minutes over afterwards: down into excused, or unknown into down."""


@excuse.command()
@click.argument("places", nargs=-1, metavar="[SCHOOL[/SITE]]...")
@click.option("--provider", metavar="NAME", help="All sites of this provider.")
@click.option("--from", "begin", required=True, metavar="TIME", help="Start: 2026-10-05 08:00.")
@click.option("--until", required=True, metavar="TIME", help="End, excluded: 2026-10-05 09:30.")
@click.option(
    "--to",
    "into",
    type=click.Choice(INTO),
    required=True,
    help="unknown excuses down minutes, down charges unknown ones.",
)
@reason_option
@by_option
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
    config: Path,
    state_dir: Path,
    ledger: LedgerPlace,
) -> None:
    """Turn over the minutes of schools, sites or a provider; the daemon writes it in seconds."""
    inventory = read_inventory(config)
    now, zone = SystemClock().now(), ZoneInfo(inventory.calendar.timezone)
    requests = ExcuseFile(state_dir / EXCUSES_FILE)
    try:
        minutes = minutes_between(parse_from(begin, zone), parse_until(until, zone, now), now)
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
        requests.add(wanted)
    except (TimeError, ExcuseError, RequestFileError) as error:
        fail(str(error), Exit.WRONG)
    say(
        f"requested: {wanted.id}, {wanted.minutes} minutes at {len(wanted.sites)} sites into "
        f"{into}; `schulnetz sla excuse list` shows it"
    )


@excuse.command()
@click.argument("excuse_id", metavar="ID")
@reason_option
@by_option
@state_option
@ledger_option
def withdraw(
    excuse_id: str, reason: str, by: str | None, state_dir: Path, ledger: LedgerPlace
) -> None:
    """Take the excuse with that ID back: its minutes count as recorded again."""
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


@excuse.command("list")
@config_option
@state_option
@ledger_option
def list_(config: Path, state_dir: Path, ledger: LedgerPlace) -> None:
    """List all excuses, withdrawn ones and those that wait for the daemon included."""
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
        say(f"{one.id}  {times}, into {one.into}; {one.by}: {one.reason}")
        say(f"  {one.provider or ', '.join(one.sites)}")
        say(f"  {_state(one, known.get(one.id))}")


def _state(one: Excuse, recorded: Excuse | None) -> str:
    waits = recorded is None or (one.withdrawn is not None and recorded.withdrawn is None)
    said = "holds"
    if one.withdrawn is not None:
        said = f"withdrawn by {one.withdrawn.by}: {one.withdrawn.reason}"
    return f"{said} (waits for the daemon)" if waits else said


def _sites(inventory: Inventory, places: tuple[str, ...], provider: str | None) -> tuple[str, ...]:
    if bool(places) is (provider is not None):
        raise ExcuseError("name schools or sites, or a --provider, and not both")
    if provider is not None:
        return _sites_of_provider(inventory, provider)
    found: list[str] = []
    for place in places:
        name, _, site = place.partition("/")
        school = find_school(inventory, name)
        sites = [one.id for one in school.sites if site in ("", one.id)]
        if not sites:
            known = ", ".join(one.id for one in school.sites)
            raise ExcuseError(f"{school.id} has no site {site!r}; it has {known}")
        found += [f"{school.id}/{one}" for one in sites]
    return tuple(dict.fromkeys(found))


def _sites_of_provider(inventory: Inventory, provider: str) -> tuple[str, ...]:
    by_provider: dict[str, list[str]] = {}
    for school in inventory.schools:
        for site in school.sites:
            name = site.uplink.contract.provider
            by_provider.setdefault(name, []).append(f"{school.id}/{site.id}")
    if provider not in by_provider:
        close = difflib.get_close_matches(provider, by_provider, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(by_provider)}"
        raise ExcuseError(f"no site has the provider {provider!r}; {hint}")
    return tuple(by_provider[provider])


def _author(by: str | None) -> str:
    if by is None:
        try:
            by = getpass.getuser()
        except (KeyError, OSError):
            by = ""
    return checked_words(by, "a name (--by)")


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
