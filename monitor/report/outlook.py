"""The current forecast, from the ledger and the configuration.

Must not know: the forecast's method, or how it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.report.building import course_of
from monitor.report.forecast import forecast
from monitor.report.history import read_history
from monitor.rollout.goal_records import configured_scope

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from monitor.inventory.city import Inventory
    from monitor.ledger.chain import EntrySource
    from monitor.report.forecast import Forecast
    from monitor.report.history import History
    from monitor.rollout.goal_records import GoalScope
    from monitor.rollout.stage import Stage


def forecast_now(source: EntrySource, inventory: Inventory, now: datetime) -> Forecast | None:
    """Return the forecast from a ledger's history; None if no goal is configured.

    Raises:
        LedgerError: if the ledger cannot be read.
    """
    configured = configured_scope(inventory, now)
    if configured is None:
        return None
    return forecast_from(read_history(source, now, configured), inventory, now, configured)


def forecast_from(
    history: History, inventory: Inventory, now: datetime, scope: GoalScope
) -> Forecast:
    """Return the forecast from a history for the current goal."""
    zone = ZoneInfo(inventory.calendar.timezone)
    today = now.astimezone(zone).date()
    target = inventory.goal.target if inventory.goal else None
    return forecast(course_of(history, inventory, scope, today, zone), today, target=target)


@dataclass(frozen=True, slots=True)
class CityView:
    """A daemon's view of the whole city; `stages` is None if it is not complete enough to count."""

    inventory: Inventory
    stages: Mapping[str, Stage] | None
    forecast: Forecast | None = None
