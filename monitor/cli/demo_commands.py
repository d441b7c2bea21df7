"""`schulnetz demo`, `demo break` and `demo mend`: the options of the demo, and its faults.

Must not know: how the demo runs, or how a fault is simulated.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.common import (
    Exit,
    Years,
    config_option_of,
    fail,
    find_school,
    listen_option,
    program,
    read_inventory,
)
from monitor.cli.demo_control import DemoGoneError, ask_demo, kind_and_place, kinds_with_places
from monitor.cli.demo_note import simulated
from monitor.cli.demo_options import (
    DEVICE_PORT,
    EXAMPLE,
    STATE_DIRECTORY,
    config_of_demo,
    config_or_example,
    refuse_without_demo,
    running_state_option,
)
from monitor.cli.output import say
from monitor.simulator.faults import SILENT_KINDS, FaultError, FaultKind

if TYPE_CHECKING:
    from monitor.inventory.city import Inventory

demo_state_option = click.option(
    "--state-dir",
    type=click.Path(path_type=Path),
    default=STATE_DIRECTORY,
    show_default=True,
    help="Where the demo keeps its state.",
)


@click.group(invoke_without_command=True)
@config_option_of(EXAMPLE)
@listen_option
@demo_state_option
@click.option(
    "--schools",
    type=click.IntRange(1),
    metavar="N",
    help="Only the first N schools.  [default: all]",
)
@click.option("--for", "duration", metavar="TIME", help="End after 60s, 5m, ...  [default: Ctrl-C]")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="KIND@SCHOOL",
    help="Break something; KIND@help lists the kinds. May be given several times.",
)
@click.option(
    "--fault-after",
    default="90s",
    show_default=True,
    metavar="TIME",
    help="Delay of `--fault`: devices that have answered before alert as usual; 0s is at once.",
)
@click.option(
    "--no-past",
    is_flag=True,
    help="Start without the roll-out of the last years and the outages of the last month.",
)
@click.option(
    "--hostile",
    is_flag=True,
    help="Some switches have hostile names: markup, control characters, line breaks.",
)
@click.option(
    "--years",
    type=Years(),
    metavar="FIRST..LAST",
    help="Simulate a roll-out over these years at high speed; needs a new state folder.",
)
@click.option(
    "--year-lasts",
    default="60s",
    show_default=True,
    metavar="TIME",
    help="Duration of a simulated year; 0s writes all years before the start.",
)
@click.option(
    "--port",
    type=click.IntRange(1024, 65535),
    default=DEVICE_PORT,
    show_default=True,
    help="UDP port of the simulated devices.",
)
@click.pass_context
def demo(  # noqa: PLR0913  # one per option, passed by name
    context: click.Context,
    /,
    *,
    config: Path,
    listen: tuple[str, int],
    state_dir: Path,
    schools: int | None,
    duration: str | None,
    faults: tuple[str, ...],
    fault_after: str,
    no_past: bool,
    hostile: bool,
    years: tuple[int, int] | None,
    year_lasts: str,
    port: int,
) -> None:
    """Run the daemon on a simulated city. SNMP on loopback is real, ping is modelled."""
    if context.invoked_subcommand is not None:
        return
    # The daemon's and the simulator's libraries take a second of CPU, which the help does not need.
    from monitor.cli.demo import Wishes  # noqa: PLC0415
    from monitor.cli.demo import demo as run_demo  # noqa: PLC0415

    config = config_or_example(config)
    run_demo(
        Wishes(
            config,
            listen,
            state_dir,
            schools,
            duration,
            faults,
            port,
            years,
            year_lasts,
            not no_past,
            fault_after,
            hostile,
        )
    )


_LISTED = 10
# Neither down nor degraded follows from them.
_WITHOUT_VERDICT = frozenset(
    {
        FaultKind.SLOW,
        FaultKind.POE_BUDGET,
        FaultKind.REBOOTED,
        FaultKind.RENUMBERED,
        FaultKind.COUNTER_RESET,
    }
)
_WITHOUT_SCHOOL = frozenset({FaultKind.ISOLATED, FaultKind.REFERENCE_DOWN})


@demo.command("break")
@click.argument("kind", required=False, default="")
@click.argument("school", required=False, default="", metavar="SCHOOL[/DEVICE]")
@config_option_of(EXAMPLE)
@running_state_option
@click.pass_context
def break_(
    context: click.Context, /, *, kind: str, school: str, config: Path, state_dir: Path | None
) -> None:
    """Break something in the running demo. KIND is one of `--fault`, at a SCHOOL or its DEVICE.

    Without a KIND, list the kinds and the schools.
    """
    place = state_dir or _place_of(context)
    if not kind:
        _list_faults(simulated(read_inventory(config_of_demo(config, place)), place))
        return
    if school and kind not in _WITHOUT_SCHOOL:
        school = _id_of(simulated(read_inventory(config_of_demo(config, place)), place), school)
    _ask(place, "break", kind_and_place(kind, school))
    say(_until_seen(kind))


def _list_faults(inventory: Inventory) -> None:
    say("what can break (docs/simulator.md explains each):")
    say(*(f"  {one.replace('@', ' ')}" for one in kinds_with_places()))
    schools = inventory.schools
    ids = [school.id for school in schools[:_LISTED]]
    more = f", and {len(schools) - len(ids)} more" if len(schools) > len(ids) else ""
    say(f"at a SCHOOL of these, or at a SCHOOL/DEVICE: {', '.join(ids)}{more}")
    references = ", ".join(one.name for one in inventory.references)
    say(f"REFERENCE is one of: {references}" if references else "there are no references")
    say(f"for example: {program()} demo break {FaultKind.UPLINK_DOWN} {ids[0]}")


def _until_seen(kind: str) -> str:
    """Return how long the daemon takes to detect a fault."""
    from monitor.verdict.model import Hysteresis  # noqa: PLC0415  # the help does not need it

    rules = Hysteresis()
    if kind == FaultKind.ISOLATED:
        return (
            "within a minute the page says that the monitor's own line is down; everything is "
            "unknown then, and nothing is down"
        )
    if kind in SILENT_KINDS:
        return (
            f"down is reported after {rules.down_rounds} rounds without an answer that span "
            f"{rules.down_seconds:g} s; until then the page shows the previous state"
        )
    if kind == FaultKind.CERTIFICATE_EXPIRING:
        return (
            "the website answers, so nothing is down: the pages say when the certificate ends, and "
            "the alert CertificateExpiring reports it (docs/runbooks/CertificateExpiring.md)"
        )
    if kind in _WITHOUT_VERDICT:
        return "no verdict changes: metrics and boards show it (docs/simulator.md says what)"
    return "degraded is reported after several bad rounds, within minutes (docs/verdicts.md)"


@demo.command()
@click.argument("what", metavar="SCHOOL|KIND|all")
@config_option_of(EXAMPLE)
@running_state_option
@click.pass_context
def mend(context: click.Context, /, *, what: str, config: Path, state_dir: Path | None) -> None:
    """Mend what is broken in the running demo. At a SCHOOL, of a KIND, or all of it."""
    kinds = {kind.value for kind in FaultKind}
    place = state_dir or _place_of(context)
    if "@" not in what and what not in {"all", *kinds}:
        what = _id_of(simulated(read_inventory(config_of_demo(config, place)), place), what)
    _ask(place, "mend", what)


def _id_of(inventory: Inventory, wanted: str) -> str:
    """Return a place with its school's id, from id, number or name."""
    school, slash, part = wanted.partition("/")
    if any(school == one.name for one in inventory.references):
        return wanted
    return f"{find_school(inventory, school).id}{slash}{part}"


def _place_of(context: click.Context) -> Path:
    """Return the state folder that `schulnetz demo` was given before the command."""
    if context.parent is None:
        return STATE_DIRECTORY
    given: Path = context.parent.params["state_dir"]
    return given


def _ask(place: Path, command: str, what: str) -> None:
    try:
        answer = ask_demo(place, command, what)
    except DemoGoneError:
        refuse_without_demo(place)
    except FaultError as error:
        fail(str(error), Exit.WRONG)
    done = {"break": "broken", "mend": "mended"}[command]
    still = ", ".join(answer["faults"]) or "nothing"
    say(f"{done}: {', '.join(answer['done'])}; broken now: {still}")
