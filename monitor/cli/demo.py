"""`schulnetz demo`: the real daemon on a simulated city, until Ctrl-C.

The devices answer real SNMP on loopback from a process of their own. The kernel answers every ping
on loopback, even for a device that is down, so pings are modelled, and the output says so.

Must not know: how devices behave, or how the daemon works.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import sys
from contextlib import (
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
)
from dataclasses import dataclass, replace
from datetime import datetime
from shlex import quote
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.text import Text

from monitor.cli.common import Exit, base_url, fail, program, read_inventory, sentence
from monitor.cli.demo_control import Broken, Faults, kinds_with_places, listening
from monitor.cli.demo_lines import Changes, degraded_words
from monitor.cli.demo_note import Note, noted, running_note
from monitor.cli.demo_options import STATE_DIRECTORY, refuse_without_demo
from monitor.cli.demo_past import prepared_past
from monitor.cli.output import Screen, say
from monitor.cli.run import START_ERRORS, handle_signals
from monitor.clock import SystemClock
from monitor.config.secrets import Secret
from monitor.config.shape.units import UnitError, parse_duration
from monitor.daemon.open import open_daemon
from monitor.daemon.settings import FORECAST_SECONDS, Loaded, Settings
from monitor.inventory.checks import InterfacesOptions
from monitor.ledger.ledger import Ledger
from monitor.ledger.place import LEDGER_FILE, SqlitePlace
from monitor.shipped import EXAMPLE_CITY, shipped
from monitor.simulator.city import CityError
from monitor.simulator.day import day_before
from monitor.simulator.echo import ModelledEcho
from monitor.simulator.faults import Fault, FaultError, parse_fault
from monitor.simulator.loopback import LoopbackError, loopback_inventory
from monitor.simulator.play import Story, YearsClock, inventory_at, play, story_of
from monitor.simulator.process import CityProcess
from monitor.simulator.websites import CA_FILE, Websites, with_websites
from monitor.simulator.years import rollout_history
from monitor.state.directory import prepare_state_directory

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
    from pathlib import Path

    from monitor.clock import Clock
    from monitor.daemon.daemon import Daemon, Status
    from monitor.inventory.city import Inventory
    from monitor.probes.context import EchoTransport

COMMUNITY = "simulated"
TERMINAL_SECONDS = 1.0
LOG_SECONDS = 5.0
PLAYED_FORECAST_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Wishes:
    """The command line's options."""

    config: Path
    listen: tuple[str, int]
    state_directory: Path
    schools: int | None
    duration: str | None
    faults: tuple[str, ...]
    port: int
    years: tuple[int, int] | None = None
    year_lasts: str = "60s"
    has_past: bool = True
    fault_after: str = "90s"
    hostile: bool = False


@dataclass(frozen=True, slots=True)
class DemoParts:
    """The demo's network: loopback addresses, a modelled ping, a secret."""

    inventory: Inventory
    echo: ModelledEcho
    credentials: Mapping[str, Secret]


def demo_parts(
    inventory: Inventory,
    clock: Clock,
    port: int,
    faults: tuple[Fault, ...],
    *,
    first_round: int = 0,
) -> DemoParts:
    """Return the inventory on loopback with its transports."""
    try:
        local = loopback_inventory(inventory, port)
    except LoopbackError as error:
        fail(str(error), Exit.WRONG)
    options = [check.options for check in local.checks()]
    credentials = {
        option.access.credential: Secret(COMMUNITY)
        for option in options
        if isinstance(option, InterfacesOptions)
    }
    echo = ModelledEcho(local, clock, faults, first_round=first_round)
    return DemoParts(local, echo, credentials)


def running_demo(inventory: Inventory, clock: Clock, state_directory: Path) -> DemoParts:
    """Return the parts of the demo in this state folder; exit if none is running."""
    note = running_note(state_directory)
    if note is None:
        refuse_without_demo(state_directory)
    try:
        faults = tuple(parse_fault(text, inventory, starts=-math.inf) for text in note.faults)
    except FaultError:  # those of another city
        refuse_without_demo(state_directory)
    # Of the same rounds each command would lose the same packets, and contradict the page for good.
    first_round = int(clock.now().timestamp())
    parts = demo_parts(inventory, clock, note.port, faults, first_round=first_round)
    ca_file = str((state_directory / CA_FILE).absolute())
    return replace(parts, inventory=with_websites(parts.inventory, note.websites, ca_file))


@dataclass(frozen=True, slots=True)
class Play:
    """The years that a demo replays: the events and their clock."""

    story: Story
    clock: YearsClock


async def _prepared_play(
    wishes: Wishes, inventory: Inventory, year_seconds: float, clock: Clock
) -> Play | None:
    """Return the years to replay, or None; years of zero length are written at once.

    The ledger must be new: otherwise older entries would follow newer ones.
    """
    if wishes.years is None:
        return None
    prepare_state_directory(wishes.state_directory)
    path = wishes.state_directory / LEDGER_FILE
    if path.exists():
        fail(
            f"{path} exists already, and years are played from their beginning; remove it, or "
            "name another folder with --state-dir",
            Exit.WRONG,
        )
    history = list(rollout_history(inventory, *wishes.years))
    story = story_of(history)
    if not year_seconds:
        kinds = {entry.kind for entry in story.evidence}
        told = [entry for entry in history if entry.kind not in kinds]
        entries = sorted([*told, *story.evidence], key=lambda entry: entry.at)
        async with Ledger.open(SqlitePlace(path), clock, capacity=len(entries)) as ledger:
            await ledger.append(entries)
        story = replace(story, evidence=())
    return Play(story, YearsClock(clock, wishes.years, year_seconds))


def demo(wishes: Wishes) -> None:
    """Run the demo; exit with a code and a one-line error if it cannot start."""
    if any(text.partition("@")[2] == "help" for text in wishes.faults):
        say(*kinds_with_places())
        return
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # The demo prints changes of verdicts itself, those of degraded included.
    logging.getLogger("monitor.daemon.pipeline").setLevel(logging.ERROR)
    inventory = read_inventory(wishes.config)
    if wishes.schools is not None:
        inventory = replace(inventory, schools=inventory.schools[: wishes.schools])
    try:
        faults = tuple(parse_fault(text, inventory) for text in wishes.faults)
        seconds = parse_duration(wishes.duration) if wishes.duration else None
        year_seconds = _seconds(wishes.year_lasts)
        wait = _seconds(wishes.fault_after)
    except (FaultError, UnitError) as error:
        fail(str(error), Exit.USAGE)
    try:
        asyncio.run(_run(wishes, inventory, Broken(faults, wait), seconds, year_seconds))
    except (CityError, *START_ERRORS) as error:
        fail(sentence(error), Exit.CANNOT_START)


def _seconds(text: str) -> float:
    """Return a duration in seconds, which may be zero."""
    return 0.0 if text == "0s" else parse_duration(text)


async def _run(
    wishes: Wishes,
    inventory: Inventory,
    broken: Broken,
    seconds: float | None,
    year_seconds: float,
) -> None:
    clock = SystemClock()
    played = await _prepared_play(wishes, inventory, year_seconds, clock)
    past = None
    if played is None and wishes.has_past:
        past = await prepared_past(wishes.state_directory, inventory, clock)
    at_once = tuple(map(str, broken.at_once))
    async with AsyncExitStack() as stack:
        city = await stack.enter_async_context(
            CityProcess(
                wishes.config,
                port=wishes.port,
                schools=wishes.schools,
                faults=at_once,
                hostile=wishes.hostile,
                community=COMMUNITY,
            )
        )
        parts = demo_parts(inventory, clock, city.port, broken.at_once)
        prepare_state_directory(wishes.state_directory)
        websites = Websites(parts.inventory, wishes.state_directory)
        await stack.enter_async_context(websites)
        await websites.follow(broken.at_once)
        schools = len(inventory.schools)
        config = str(wishes.config.absolute())
        left = Note(os.getpid(), schools, city.port, at_once, dict(websites.urls), config)
        note = stack.enter_context(noted(wishes.state_directory, left, websites))

        @asynccontextmanager
        async def echo() -> AsyncIterator[EchoTransport]:
            yield parts.echo

        def load() -> Loaded:
            held = websites.of(parts.inventory)
            if played is not None:
                held = inventory_at(held, played.story, played.clock.now())
            elif past is not None:
                held = past.inventory(held)
            return Loaded(held, parts.credentials)

        settings = Settings(
            wishes.state_directory,
            *wishes.listen,
            forecast_seconds=PLAYED_FORECAST_SECONDS if played else FORECAST_SECONDS,
        )
        daemon = await stack.enter_async_context(
            open_daemon(settings, load, clock, echo, played.clock if played else None)
        )
        if past is not None:
            well = ModelledEcho(parts.inventory, clock)
            daemon.recall(day_before(parts.inventory, well, past))

        async def act(texts: Sequence[str]) -> None:
            # The city first: it may reject them, and then nothing has changed.
            await city.set_faults(texts)
            parts.echo.replace_faults(texts)
            if await websites.follow(parse_fault(text, inventory) for text in texts):
                daemon.request_reload("a website")
            note(texts)

        book = Faults(inventory, at_once, act)
        await stack.enter_async_context(listening(wishes.state_directory, book))
        await _watch(daemon, city, wishes, seconds, played, broken.begin(book))


async def _watch(  # noqa: PLR0913, PLR0917  # what it joins
    daemon: Daemon,
    city: CityProcess,
    wishes: Wishes,
    seconds: float | None,
    played: Play | None,
    breaking: Coroutine[object, object, None],
) -> None:
    """Run the daemon and show its status, until a signal or the time limit.

    Raises:
        CityError: if the simulated city ends first.
    """
    stop = asyncio.Event()
    handle_signals(daemon, stop)
    if seconds is not None:
        asyncio.get_running_loop().call_later(seconds, stop.set)
    base = base_url(wishes.listen[0], daemon.port)
    say(f"simulated city: {city.devices} devices answer SNMP on loopback")
    say("ping is modelled: the kernel would answer for every address on loopback")
    say(f"pages: {base}/")
    say(f"metrics: {base}/metrics")
    school = daemon.inventory.schools[0].id
    say(f"one school: {base}/metrics?school={school}")
    # Each is a command to copy, on a line of its own that only the terminal wraps.
    say("from the shell:")
    faults = (f"demo break lossy {school}", f"demo mend {school}")
    for command in (f"probe {school} --demo", *faults, "report --demo"):
        say(f"  {quote(program())} {command}{_options(wishes)}")
    if wishes.faults and wishes.fault_after != "0s":
        say(f"in {wishes.fault_after}, when everything has answered: {', '.join(wishes.faults)}")
    say("Ctrl-C ends everything")

    deaths: list[CityError] = []

    async def until_city_ends() -> None:
        try:
            await city.wait()
        except CityError as error:
            deaths.append(error)
            stop.set()

    async with asyncio.TaskGroup() as group:
        watcher = group.create_task(until_city_ends())
        shower = group.create_task(_show(daemon, played))
        beside = [watcher, shower, group.create_task(breaking)]
        if played is not None:
            player = play(
                played.story,
                played.clock,
                daemon.record,
                lambda: daemon.request_reload("the played years"),
            )
            beside.append(group.create_task(player))
        await daemon.run(stop)
        for task in beside:
            task.cancel()
    if deaths:
        raise deaths[0]
    say("   ".join(_standing(daemon.status(), daemon, 0.0, played)))


def _options(wishes: Wishes) -> str:
    """Return the options with which another command finds this demo, if it needs any."""
    is_example = wishes.config == shipped(EXAMPLE_CITY)
    config = "" if is_example else f" --config {quote(str(wishes.config))}"
    state = wishes.state_directory
    return config + ("" if state == STATE_DIRECTORY else f" --state-dir {quote(str(state))}")


async def _show(daemon: Daemon, played: Play | None) -> None:
    """Print changes, and the current state; on a terminal the latter in one updated line."""
    changes, zone = Changes.from_now(), ZoneInfo(daemon.inventory.calendar.timezone)
    before = 0
    with Screen(stays=False) if sys.stdout.isatty() else nullcontext() as screen:
        pause = LOG_SECONDS if screen is None else TERMINAL_SECONDS
        while True:
            await asyncio.sleep(pause)
            status = daemon.status()
            say(*changes.lines(status, datetime.now(zone)))
            parts = _standing(status, daemon, (status.polls - before) / pause, played)
            before = status.polls
            if screen is None:
                say("   ".join(parts))
            else:
                screen.update(Text("\n".join(parts)))


def _standing(
    status: Status, daemon: Daemon, polls_per_second: float, played: Play | None
) -> list[str]:
    """Return the current state: the figures, then the devices that are down and degraded."""
    day = f"{played.clock.now():%Y-%m-%d}: {daemon.verified_sites} verified" if played else ""
    pace = f", {polls_per_second:.0f}/s" if polls_per_second else ""
    causes = ", ".join(status.root_causes)
    figures = (
        day,
        f"schools up {status.schools_up} of {status.schools}",
        f"devices answered {status.devices_answered} of {status.devices}",
        f"checks run {status.polls}{pace}",
    )
    parts = (
        "   ".join(filter(None, figures)),
        f"root causes: {causes}" if causes else "",
        degraded_words(status),
    )
    return list(filter(None, parts))
