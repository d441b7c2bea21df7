"""`schulnetz run`: the daemon on the real network, from start to a clean stop.

Must not know: how the daemon works.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from hashlib import sha256
from typing import TYPE_CHECKING, NoReturn

from monitor.cli import logs
from monitor.cli.common import (
    Exit,
    base_url,
    config_error_text,
    fail,
    reachable_host,
    say_config_error,
    sentence,
)
from monitor.clock import SystemClock
from monitor.config import ConfigError, load_text, read
from monitor.config.secrets import SecretError, read_credentials
from monitor.daemon.open import open_daemon
from monitor.daemon.settings import Loaded, Settings, TrapAddressError
from monitor.daemon.systemd import READY, Supervisor
from monitor.ledger.chain import LedgerError
from monitor.probes.echo.port import EchoPermissionError
from monitor.probes.echo.socket import EchoSocket
from monitor.schedule import CapacityError
from monitor.state.directory import StateDirectoryError
from monitor.web.app import AddressInUseError
from monitor.web.tls import StrangersError, WebFileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.daemon.daemon import Daemon
    from monitor.inventory.shard import Shard

audit = logging.getLogger("monitor.audit")

# Each has a one-line message that names the remedy.
START_ERRORS = (
    AddressInUseError,
    StrangersError,
    WebFileError,
    StateDirectoryError,
    TrapAddressError,
    EchoPermissionError,
    SecretError,
    CapacityError,
    LedgerError,
)


def run(config: Path, settings: Settings, *, log_format: str, shard: Shard | None) -> None:
    """Run until SIGTERM or SIGINT; exit with a code and a one-line error if it cannot start.

    With `log_format` `json`, the error is a line of the log.
    """
    logs.set_up(log_format, time.monotonic)
    try:
        asyncio.run(_run(config, settings, shard))
    except ConfigError as error:
        if log_format == "json":
            _end(config_error_text(error, config), Exit.WRONG, log_format)
        say_config_error(error, config)
        raise SystemExit(Exit.WRONG) from None
    except START_ERRORS as error:
        _end(sentence(error), Exit.CANNOT_START, log_format)
    except Exception as error:  # noqa: BLE001  # unforeseen errors end in one line as well
        audit.critical("the daemon stops because of a bug in the monitor", exc_info=error)
        message = f"a bug of the monitor: {'; '.join(_leaves(error))}"
        _end(message, Exit.CANNOT_START, log_format)


def _end(message: str, code: Exit, log_format: str) -> NoReturn:
    """Exit with an error: of a log in JSON, a collector reads every line as JSON."""
    if log_format == "text":
        fail(message, code)
    for line in message.split("\n"):
        audit.critical("%s", line)
    raise SystemExit(code)


def _leaves(error: Exception) -> Iterator[str]:
    """Yield the messages of all errors; an exception group has none itself."""
    if isinstance(error, ExceptionGroup):
        for one in error.exceptions:
            yield from _leaves(one)
    else:
        yield f"{type(error).__name__}: {error}"


def read_all(config: Path, shard: Shard | None = None) -> Loaded:
    """Return the inventory, or a shard of it, with its secrets.

    Raises:
        ConfigError: with every error; the daemon must survive a bad reload.
        SecretError: with every secret that cannot be read.
    """
    # Read only once: the file might change before a second read for the digest.
    text = read(config)
    city = load_text(text, str(config))
    digest = sha256(text).hexdigest()
    credentials = read_credentials(city.credentials)
    if shard is None or shard.count == 1:
        return Loaded(city, credentials, digest)
    return Loaded(shard.of(city), credentials, digest, city)


async def _run(config: Path, settings: Settings, shard: Shard | None) -> None:
    clock = SystemClock()
    opened = open_daemon(settings, lambda: read_all(config, shard), clock, EchoSocket.open)
    async with opened as daemon:
        stop = asyncio.Event()
        handle_signals(daemon, stop)
        base = base_url(reachable_host(settings.host), daemon.port, daemon.scheme)
        logging.getLogger(__name__).info("serving pages on %s/, metrics on %s/metrics", base, base)
        supervisor = Supervisor()
        supervisor.tell(READY)
        await daemon.run(stop, supervisor)


def handle_signals(daemon: Daemon, stop: asyncio.Event) -> None:
    """SIGTERM and SIGINT stop the daemon, SIGHUP reloads its files."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, daemon.request_reload, "SIGHUP")
