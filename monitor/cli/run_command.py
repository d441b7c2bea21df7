"""`schulnetz run`: the options of the daemon.

Must not know: how the daemon works.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.common import (
    Listen,
    config_option,
    listen_option,
    state_option,
)
from monitor.cli.ledger_option import ledger_option
from monitor.cli.run_options import concurrency_option, shard_option
from monitor.cli.service import refuse_beside_service

if TYPE_CHECKING:
    from monitor.inventory.shard import Shard
    from monitor.ledger.place import LedgerPlace


@click.command()
@config_option
@listen_option
@state_option
@concurrency_option
@click.option(
    "--allow-fewer-schools",
    is_flag=True,
    help="Accept a reload that drops more than 20 % of the schools.",
)
@click.option(
    "--traps",
    type=Listen(),
    metavar="HOST:PORT",
    help="Receive SNMP traps and informs of the devices at this address. [default: off]",
)
@shard_option
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Format of the log.",
)
@click.option(
    "--web-config",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Users, TLS and headers, in the format of Prometheus exporters.",
)
@click.option(
    "--allowed-host",
    "host_names",
    multiple=True,
    metavar="NAME",
    help="An additional host name for browsers. May be given several times.",
)
@click.option(
    "--without-login",
    is_flag=True,
    help="Serve other machines even though no login is required.",
)
@click.option("--enable-reload", is_flag=True, help="Allow logged-in users to POST /-/reload.")
@ledger_option
def run(  # noqa: PLR0913, PLR0917  # one per option, passed by name
    config: Path,
    listen: tuple[str, int],
    state_dir: Path,
    concurrency: int,
    allow_fewer_schools: bool,  # noqa: FBT001  # click passes flags by name
    traps: tuple[str, int] | None,
    web_config: Path | None,
    host_names: tuple[str, ...],
    without_login: bool,  # noqa: FBT001  # the same
    enable_reload: bool,  # noqa: FBT001  # the same
    shard: Shard | None,
    log_format: str,
    ledger: LedgerPlace,
) -> None:
    """Run the daemon until SIGTERM. SIGHUP reloads the configuration."""
    # The daemon's libraries take a second of CPU, which its help does not need.
    from monitor.cli import run as daemon  # noqa: PLC0415
    from monitor.daemon.settings import Settings  # noqa: PLC0415

    refuse_beside_service(click.get_current_context(), state_dir)
    settings = Settings(
        state_dir,
        *listen,
        concurrency,
        allow_fewer_schools,
        ledger,
        traps=traps,
        web_config=web_config,
        host_names=host_names,
        without_login=without_login,
        reload_by_http=enable_reload,
    )
    daemon.run(config, settings, log_format=log_format, shard=shard)
