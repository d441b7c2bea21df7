"""`schulnetz export`: the files that Prometheus, Grafana and others need for the monitor.

Must not know: what is in the files.
"""

from __future__ import annotations

import pwd
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from monitor.cli import export_files
from monitor.cli.common import Exit, base_url, fail, is_there, listen_option, sentence
from monitor.cli.export_addresses import (
    SHIPPED_GRAFANA,
    SHIPPED_MONITOR,
    SHIPPED_PROMETHEUS,
    SHIPPED_RUNBOOKS,
    Addresses,
    HttpAddress,
    MonitorAddress,
)
from monitor.cli.output import say
from monitor.cli.unit import INSTALLED_CONFIG
from monitor.state.whole_file import whole_text
from monitor.words.plural import count_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.cli.export_files import Files

Command = TypeVar("Command", bound="Callable[..., Any]")

_FOR_ALL: Final = 0o644
_NAMED: Final = 10
_NEEDED_FLAG: Final = (
    "Prometheus needs --rules.alert.resend-delay=30s (docs/alerts.md, the dead-man's switch)"
)

folder_argument = click.argument(
    "folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path)
)
force_option = click.option("--force", is_flag=True, help="Overwrite existing files.")
monitor_option = click.option(
    "--monitor",
    type=MonitorAddress(),
    default=SHIPPED_MONITOR,
    show_default=True,
    metavar="HOST:PORT",
    help="Address of the daemon; prefixed with https:// if it uses TLS.",
)


monitors_option = click.option(
    "--monitor",
    "monitors",
    type=MonitorAddress(),
    multiple=True,
    default=[SHIPPED_MONITOR],
    show_default=True,
    metavar="HOST:PORT",
    help="Address of a daemon; prefixed with https:// if it uses TLS. May be given several times.",
)


def link_options(command: Command) -> Command:
    """Add the options for the addresses that alerts link to."""
    for option in (
        click.option(
            "--language",
            type=click.Choice(export_files.LANGUAGES),
            default="de",
            show_default=True,
            help="Language of the boards that alerts link to.",
        ),
        click.option(
            "--runbooks",
            type=HttpAddress(),
            default=SHIPPED_RUNBOOKS,
            show_default=True,
            metavar="URL",
            help="Base URL of the runbooks.",
        ),
        click.option("--no-grafana", is_flag=True, help="Alerts link to no boards."),
        click.option(
            "--grafana",
            type=HttpAddress(),
            default=SHIPPED_GRAFANA,
            show_default=True,
            metavar="URL",
            help="URL of Grafana.",
        ),
        click.option(
            "--pages",
            type=HttpAddress(),
            metavar="URL",
            help="URL of the status pages for people, such as a proxy's.  [default: --monitor]",
        ),
        monitor_option,
    ):
        command = option(command)
    return command


@click.group("export")
def group() -> None:
    """Write boards, rules, jobs and service files into a folder."""


@group.command()
@folder_argument
@click.option(
    "--prometheus",
    type=HttpAddress(),
    default=SHIPPED_PROMETHEUS,
    show_default=True,
    metavar="URL",
    help="The Prometheus that Grafana queries.",
)
@force_option
def boards(folder: Path, prometheus: str, force: bool) -> None:  # noqa: FBT001  # click passes flags by name
    """Write Grafana's boards in both languages. Provisioning files are beside them."""
    _write(folder, export_files.boards(folder, prometheus), force=force)
    say(
        "import the boards in Grafana (Dashboards > Import), or copy "
        f"{folder / 'provisioning'} into Grafana's folder of that name"
    )


@group.command()
@folder_argument
@link_options
@force_option
def rules(  # noqa: PLR0913, PLR0917  # one per option, passed by name
    folder: Path,
    monitor: str,
    pages: str | None,
    grafana: str,
    no_grafana: bool,  # noqa: FBT001  # click passes flags by name
    runbooks: str,
    language: str,
    force: bool,  # noqa: FBT001  # click passes flags by name
) -> None:
    """Write Prometheus's recording and alerting rules. Links have the addresses given here."""
    boards = "" if no_grafana else grafana
    addresses = Addresses(monitor, boards, runbooks, language, pages or "")
    _write(folder, export_files.rules(addresses), force=force)
    say(f"add {folder.absolute() / '*.yml'} to `rule_files` of prometheus.yml; {_NEEDED_FLAG}")
    _warn_of_links(addresses)


@group.command("runbooks")
@folder_argument
@force_option
def runbooks_(folder: Path, force: bool) -> None:  # noqa: FBT001  # click passes flags by name
    """Write the runbooks that alerts link to. They are Markdown in UTF-8."""
    _write(folder, export_files.runbooks(), force=force)
    say(
        "put them where the person on call can read them, and name that address with "
        "`schulnetz export rules --runbooks` and as `city.runbooks`"
    )


@group.command()
@folder_argument
@force_option
def alertmanager(folder: Path, force: bool) -> None:  # noqa: FBT001  # click passes flags by name
    """Write Alertmanager's configuration and mail templates."""
    _write(folder, export_files.alertmanager(), force=force)
    say(
        "replace the addresses in alertmanager.yml: mail relay, mailboxes, and the webhooks of "
        "pager and heartbeat at 127.0.0.1:9095, where nothing listens yet"
    )


@group.command()
@folder_argument
@monitors_option
@force_option
def prometheus(folder: Path, monitors: tuple[str, ...], force: bool) -> None:  # noqa: FBT001  # click passes flags by name
    """Write the two scrape jobs to add to a Prometheus. They are for one daemon or several."""
    daemons = [Addresses(one) for one in dict.fromkeys(monitors)]
    if len({one.scheme for one in daemons}) > 1:
        raise click.UsageError("a job has one scheme: name all daemons by https://, or none")
    _write(folder, export_files.scrape_jobs(*daemons), force=force)
    say("add both jobs to `scrape_configs` of prometheus.yml, under these names")


@group.command()
@folder_argument
@listen_option
@force_option
def unit(folder: Path, listen: tuple[str, int], force: bool) -> None:  # noqa: FBT001  # click passes flags by name
    """Write the systemd unit and the kernel's settings for it."""
    own = _own_path()
    place = base_url(*listen).partition("://")[2]
    _write(folder, export_files.unit(own, place), force=force)
    say(
        "as root: useradd --system schulnetz; copy schulnetz.service into /etc/systemd/system, "
        f"50-schulnetz.conf into /etc/sysctl.d, the schools into {INSTALLED_CONFIG}; "
        "sysctl --system; systemctl enable --now schulnetz"
    )
    # The unit's ProtectHome= hides /home and /root.
    if any(Path(own).is_relative_to(home) for home in ("/home", pwd.getpwuid(0).pw_dir)):
        say(
            f"{own} is in a home folder, which the service cannot read: install it in /opt",
            err=True,
        )


@group.command()
@folder_argument
@force_option
def compose(folder: Path, force: bool) -> None:  # noqa: FBT001  # click passes flags by name
    """Write a folder for `docker compose up`. Daemon, Prometheus, Alertmanager, Grafana."""
    _write(folder, export_files.compose(), force=force)
    say(f"put the wheel (schulnetz_monitor-*.whl) into {folder}")
    say(f"put the schools into {folder / 'config/schools.yaml'}")


@group.command()
@folder_argument
@link_options
@click.option(
    "--namespace",
    default="default",
    show_default=True,
    metavar="NAME",
    help="The namespace of the daemons.",
)
@force_option
def kubernetes(  # noqa: PLR0913, PLR0917  # one per option, passed by name
    folder: Path,
    monitor: str,
    pages: str | None,
    grafana: str,
    no_grafana: bool,  # noqa: FBT001  # click passes flags by name
    runbooks: str,
    language: str,
    namespace: str,
    force: bool,  # noqa: FBT001  # click passes flags by name
) -> None:
    """Write Kubernetes manifests. StatefulSet, scrape jobs, PrometheusRules, boards."""
    if not namespace.replace("-", "").isalnum() or not namespace.isascii():
        raise click.UsageError(f"{namespace!r} is not the name of a namespace, such as monitoring")
    boards = "" if no_grafana else grafana
    addresses = Addresses(monitor, boards, runbooks, language, pages or "")
    namespace = namespace.lower()
    _write(folder, export_files.kubernetes(addresses, namespace), force=force)
    say(f"kubectl apply --server-side --recursive --namespace {namespace} -f {folder}")
    say(_NEEDED_FLAG)
    _warn_of_links(addresses)


def _write(folder: Path, files: Files, *, force: bool) -> None:
    """Write world-readable files; exit before the first one if one of them exists."""
    there = [] if force else [name for name in files if is_there(folder / name)]
    if there:
        more = f" and {len(there) - _NAMED} more" if len(there) > _NAMED else ""
        fail(
            f"{', '.join(str(folder / name) for name in there[:_NAMED])}{more}: there "
            "already; name another folder, or overwrite with --force",
            Exit.WRONG,
        )
    try:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole_text(path, mode=_FOR_ALL) as out:
                out.write(text)
    except OSError as error:
        fail(f"{folder} cannot be written: {sentence(error)}", Exit.WRONG)
    say(f"{folder}: {count_of(len(files), 'file')} written")


def _own_path() -> str:
    """Return the absolute path of this program; systemd searches others only in a few folders."""
    found = shutil.which("schulnetz", path=str(Path(sys.executable).parent))
    return found or shutil.which("schulnetz") or "schulnetz"


def _warn_of_links(addresses: Addresses) -> None:
    for warning in addresses.not_for_others():
        say(warning, err=True)
