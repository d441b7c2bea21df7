"""The settings of a daemon from command line and configuration, and the errors that reject them.

Must not know: what the daemon does with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.config import ConfigError
from monitor.config.secrets import SecretError
from monitor.inventory.changes import ReloadRefusedError
from monitor.ledger.place import LEDGER_FILE, SqlitePlace
from monitor.schedule import DEFAULT_CONCURRENCY, CapacityError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from monitor.config.secrets import Secret
    from monitor.inventory.city import Inventory
    from monitor.ledger.place import LedgerPlace

FORECAST_SECONDS = 3600.0


class TrapAddressError(OSError):
    """The address for receiving traps is not available; the message names the remedy."""


# Errors of a configuration, each with its own message; all others are bugs.
REFUSALS = (ConfigError, SecretError, CapacityError, ReloadRefusedError)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of the command line; all others are in the configuration."""

    state_directory: Path
    host: str = "127.0.0.1"
    port: int = 9822
    concurrency: int = DEFAULT_CONCURRENCY
    allow_fewer_schools: bool = False
    ledger: LedgerPlace | None = None
    forecast_seconds: float = FORECAST_SECONDS
    traps: tuple[str, int] | None = None
    web_config: Path | None = None
    host_names: tuple[str, ...] = ()
    without_login: bool = False
    reload_by_http: bool = False

    @property
    def ledger_place(self) -> LedgerPlace:
        """Return the place of the ledger: a file in the state directory, unless set otherwise."""
        return self.ledger or SqlitePlace(self.state_directory / LEDGER_FILE)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that was read completely: the inventory and the secrets that it names.

    `digest` is that of the file, SHA-256 in hex; empty if not needed. If the inventory is a shard,
    `city` is the whole city's inventory, else None.
    """

    inventory: Inventory
    credentials: Mapping[str, Secret]
    digest: str = ""
    city: Inventory | None = None

    @property
    def whole(self) -> Inventory:
        """Return the whole city's inventory."""
        return self.city or self.inventory
