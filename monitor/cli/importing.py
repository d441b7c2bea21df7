"""`schulnetz import`: imports schools and devices from other sources into the configuration file.

Must not know: how the file is edited, or its rules.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from monitor.cli.common import Exit, config_option, fail, is_there
from monitor.cli.merging import configured, read_file, take_in
from monitor.cli.output import say
from monitor.importing.decoding import decoded
from monitor.importing.known import known_in
from monitor.importing.librenms import read_librenms
from monitor.importing.netbox import FACILITY, read_netbox, schools_of
from monitor.importing.netbox_server import ask_netbox, is_address
from monitor.importing.sheet import read_sheet
from monitor.importing.taken import ImportProblemError
from monitor.importing.zabbix import read_zabbix

if TYPE_CHECKING:
    from collections.abc import Iterator

NETBOX_VARIABLE: Final = "NETBOX_TOKEN"

_export_argument = click.argument("export", type=click.Path(dir_okay=False, path_type=Path))
yes_option = click.option("--yes", is_flag=True, help="Write without asking.")
verbose_option = click.option(
    "--verbose", is_flag=True, help="Name all that is passed over, even if nothing changes."
)


@click.group("import")
def group() -> None:
    """Import schools into the configuration. The change is shown first."""


@group.command("csv")
@click.argument("table", type=click.Path(dir_okay=False, path_type=Path))
@config_option
@yes_option
def from_csv(table: Path, config: Path, yes: bool) -> None:  # noqa: FBT001  # click passes flags by name
    """Import the schools of TABLE, which has a header line. Schools are matched by number.

    Columns: number, and optionally id, name, type, district, latitude, longitude, profile, network,
    router, switches; German names work, too. Decimal commas, semicolons, tabs and encodings are
    accepted as spreadsheets save them.
    """
    with _refusals():
        take_in(read_sheet(_text(table), str(table)), config, yes=yes)


@group.command("netbox")
@click.argument("sources", nargs=-1, required=True)
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"File with the token for a running NetBox; otherwise ${NETBOX_VARIABLE}.",
)
@click.option(
    "--number-from",
    metavar="FIELD",
    default=FACILITY,
    show_default=True,
    help="Field of a site that has the school's number: slug, custom_fields.NAME, ...",
)
@config_option
@verbose_option
@yes_option
def from_netbox(  # noqa: PLR0913, PLR0917  # one per option, passed by name
    sources: tuple[str, ...],
    token_file: Path | None,
    number_from: str,
    config: Path,
    verbose: bool,  # noqa: FBT001  # click passes flags by name
    yes: bool,  # noqa: FBT001  # click passes flags by name
) -> None:
    """Import sites and devices of NetBox. A running one by its URL, or files of its responses.

    The files are the responses to GET /api/dcim/sites/?limit=0 and, for routers and switches, GET
    /api/dcim/devices/?limit=0. The school's number is the site's facility, or what --number-from
    names; its type, profile and network are the custom fields school_type, school_profile and
    school_network; its district is the region.
    """
    known = known_in(configured(config))
    with _refusals():
        if not any(map(is_address, sources)):
            for one in sources:
                if not is_there(Path(one)):
                    cure = "name a file that is here, or an address that begins with https://"
                    fail(f"{one}: there is no such file; {cure}", Exit.WRONG)
            texts = {one: _text(Path(one)) for one in sources}
            taken = read_netbox(texts, known, number_from)
            take_in(taken, config, yes=yes, verbose=verbose)
            return
        if len(sources) > 1:
            fail("name one address, or files", Exit.USAGE)
        if sources[0].casefold().startswith("http://"):
            say("warning: without TLS, anyone on the path can read the token", err=True)
        sites, devices = ask_netbox(sources[0], _token(token_file))
        taken = schools_of(sites, devices, known, number_from)
        take_in(taken, config, yes=yes, verbose=verbose)


def _token(file: Path | None) -> str:
    """Return the token for NetBox, which is never an argument: others could read it there."""
    if file is None:
        token = os.environ.get(NETBOX_VARIABLE, "").strip()
        if not token:
            fail(f"a token is needed: set ${NETBOX_VARIABLE}, or name --token-file", Exit.USAGE)
        return token
    return read_file(file).decode("ascii", "replace").strip()


@group.command("librenms")
@_export_argument
@config_option
@verbose_option
@yes_option
def from_librenms(export: Path, config: Path, verbose: bool, yes: bool) -> None:  # noqa: FBT001  # click passes flags by name
    """Import routers and switches of LibreNMS. EXPORT is its response to GET /api/v0/devices.

    A device belongs to the configured school whose number, id or name is in its location, its
    name or its notes.
    """
    known = known_in(configured(config))
    with _refusals():
        taken = read_librenms(_text(export), str(export), known)
        take_in(taken, config, yes=yes, verbose=verbose)


@group.command("zabbix")
@_export_argument
@config_option
@verbose_option
@yes_option
def from_zabbix(export: Path, config: Path, verbose: bool, yes: bool) -> None:  # noqa: FBT001  # click passes flags by name
    """Import routers and switches of Zabbix. EXPORT has its hosts, exported as JSON.

    A host belongs to the configured school whose number, id or name is in its tag `school`, its
    inventory's location, its groups or its name.
    """
    known = known_in(configured(config))
    with _refusals():
        taken = read_zabbix(_text(export), str(export), known)
        take_in(taken, config, yes=yes, verbose=verbose)


@contextmanager
def _refusals() -> Iterator[None]:
    """Print every mistake of an import, and exit."""
    try:
        yield
    except ImportProblemError as error:
        for problem in error.problems[:-1]:
            say(f"error: {problem}", err=True)
        fail(error.problems[-1], Exit.WRONG)


def _text(path: Path) -> str:
    """Return the text of a file to import, whatever its encoding."""
    text, guessed = decoded(read_file(path), str(path))
    if guessed:
        say(f"{path}: read as {guessed}; save it as UTF-8 if letters are wrong", err=True)
    return text
