"""`schulnetz probe SCHOOL`: every check of one school, live, in one screen.

Must not know: how a check works, or how a verdict is reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.cli.as_json import in_json, session_as_json
from monitor.cli.common import Exit, fail, sentence
from monitor.cli.output import Screen, say_json, show, working
from monitor.cli.session import open_session
from monitor.cli.show import session_screen
from monitor.config.secrets import SecretError
from monitor.inventory.checks import CheckKind
from monitor.observation import Outcome
from monitor.probes.echo.port import EchoPermissionError
from monitor.words.plural import count_of

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.cli.session import SchoolSession
    from monitor.inventory.city import Inventory, School

WATCH_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Wishes:
    """The command line's options."""

    only: CheckKind | None
    as_json: bool
    watch: bool
    of_demo: bool
    state_directory: Path

    @property
    def pings(self) -> bool:
        """Return whether pings are sent; with `--watch`, the references are pinged, too."""
        return self.watch or self.only in {None, CheckKind.ICMP}


async def probe(inventory: Inventory, school: School, wishes: Wishes) -> None:
    """Probe and print; exit with 4 if a check failed."""
    try:
        opened = open_session(
            inventory,
            school,
            wishes.state_directory,
            of_demo=wishes.of_demo,
            pings=wishes.pings,
            only=wishes.only,
        )
        async with opened as session:
            if not session.checks:
                fail(_no_check(school, wishes.only), Exit.WRONG)
            if wishes.watch:
                await _watch(session)
            else:
                await _once(session, as_json=wishes.as_json)
    except SecretError as error:
        fail(str(error), Exit.CANNOT_START)
    except EchoPermissionError as error:
        fail(sentence(error), Exit.CANNOT_START)
    if any(seen.outcome is not Outcome.OK for seen in session.latest):
        raise SystemExit(Exit.CHECK_FAILED)


def _no_check(school: School, only: CheckKind | None) -> str:
    """Return that a school has no check of a kind, in the command line's word, with the remedy."""
    if only in {CheckKind.INTERFACES, CheckKind.HARDWARE}:
        kind = "snmp" if only is CheckKind.INTERFACES else CheckKind.HARDWARE.value
        cure = "its devices are read by SNMP where `snmp` names a credential"
        return f"{school.id} has no check of kind {kind}; {cure}"
    return f"{school.id} has no check of kind {only}"


async def _once(session: SchoolSession, *, as_json: bool) -> None:
    name, total = session.school.name, len(session.checks)
    with working(f"asking {name} ...") as progress:
        ran = 0

        def one_more() -> None:
            nonlocal ran
            ran += 1
            progress(f"asking {name}: {ran} of {count_of(total, 'check')}")

        await session.round(session.checks, one_more)
        progress(f"reading the counters of {name} again, for the line's load")
        await session.measure_load()
    if as_json:
        say_json(session_as_json(session), default=in_json)
    else:
        show(session_screen(session, with_verdicts=False))


async def _watch(session: SchoolSession) -> None:
    """Run rounds until Ctrl-C; verdicts need several of them."""
    with Screen(stays=True) as screen:
        while True:
            due = session.clock.monotonic() + WATCH_SECONDS
            await session.round([*session.references, *session.checks])
            screen.update(session_screen(session, with_verdicts=True))
            await session.clock.sleep(max(0.0, due - session.clock.monotonic()))
