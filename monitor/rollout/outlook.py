"""The forecast as the ledger and the configuration have it now.

Must not know: how a finish is forecast, or who shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.rollout.forecast import Step, forecast
from monitor.rollout.goal_records import configured_scope
from monitor.rollout.history import read_history

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.inventory import Inventory
    from monitor.rollout.chain import EntrySource
    from monitor.rollout.forecast import Forecast
    from monitor.rollout.history import History


def forecast_now(source: EntrySource, inventory: Inventory, now: datetime) -> Forecast | None:
    """Return the forecast from a ledger's history; None where no goal is configured.

    Raises:
        LedgerError: if the ledger cannot be read.
    """
    configured = configured_scope(inventory, now)
    if configured is None:
        return None
    history = read_history(source, now, configured)
    return forecast_from(history, inventory, now, configured.denominator)


def forecast_from(
    history: History, inventory: Inventory, now: datetime, denominator: int
) -> Forecast:
    """Return the forecast from a history; `denominator` stands where that names no goal."""
    zone = ZoneInfo(inventory.calendar.timezone)
    progress, scope = history.steps(zone)
    today = now.astimezone(zone).date()
    target = inventory.goal.target if inventory.goal else None
    known_scope = scope if history.points else [Step(today, denominator)]
    return forecast(progress, known_scope, today, target=target)
