"""Verdicts and degraded devices as log lines and metrics.

Must not know: how a verdict is reached, or how a metric is written.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from monitor.availability.minutes import minute_of
from monitor.daemon.consumer import Consumer
from monitor.exposition.degraded import DegradedRenderer
from monitor.exposition.verdicts import VerdictRenderer, city_blocks
from monitor.observation import State
from monitor.verdict.conditions import told

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from monitor.daemon.consumers.verdicts import Verdicts
    from monitor.daemon.swap import Swap
    from monitor.exposition.store import Exposition
    from monitor.inventory.city import Inventory
    from monitor.observation import Observation
    from monitor.verdict import Change, Degradation, Moment, Subject

log = logging.getLogger(__name__)

_OWNER: Final = "verdicts"


class VerdictOutput(Consumer):
    """Logs every change, and exposes the verdicts every few seconds."""

    def __init__(self, inventory: Inventory, verdicts: Verdicts, exposition: Exposition) -> None:
        self._inventory = inventory
        self._verdicts = verdicts
        self._exposition = exposition
        self._renderer = VerdictRenderer()
        self._degraded_renderer = DegradedRenderer()
        self._degraded: Mapping[Subject, tuple[Degradation, ...]] = {}
        self._shown: tuple[int, int] | None = None

    def reconfigure(self, inventory: Inventory, _: Swap) -> None:
        """Use another inventory: the next tick exposes all verdicts again."""
        self._inventory = inventory
        self._renderer = VerdictRenderer()
        self._degraded_renderer = DegradedRenderer()
        self._shown = None

    def observe(self, _: Observation, __: Moment) -> None:
        """Log the changes caused by the observation."""
        for change in self._verdicts.changes:
            _tell(change)

    def tick(self, moment: Moment) -> None:
        """Log the changes, and expose the verdicts."""
        for change in self._verdicts.changes:
            _tell(change)
        found, now = self._verdicts, moment.instant
        of_city = city_blocks(found.board, found.calendar, found.maintenance, now)
        self._exposition.set_blocks("", _OWNER, of_city)
        # Lessons and windows begin and end on the minute, without a change of a verdict.
        to_show = (minute_of(now), found.news)
        if to_show != self._shown:
            self._shown = to_show
            self._show(now)

    def _show(self, now: datetime) -> None:
        found = self._verdicts
        before, self._degraded = self._degraded, found.conditions.degraded()
        for subject, one, is_new in told(before, self._degraded):
            _tell_degraded(subject, one, is_new=is_new)
        changed = self._renderer.blocks(
            found.board, self._inventory, found.calendar, found.maintenance, now
        )
        for school, texts in changed.items():
            self._exposition.set_blocks(school, _OWNER, texts)
        for school, texts in self._degraded_renderer.blocks(found.board, self._degraded).items():
            self._exposition.set_blocks(school, _OWNER, texts)


def _tell(change: Change) -> None:
    verdict = change.after
    level = logging.WARNING if verdict.state is State.DOWN else logging.INFO
    log.log(
        level,
        "%s: %s (%s) since %s%s",
        change.subject,
        verdict.state,
        verdict.cause,
        verdict.since.isoformat(timespec="seconds"),
        f": {verdict.detail}" if verdict.detail else "",
    )


def _tell_degraded(subject: Subject, found: Degradation, *, is_new: bool) -> None:
    about = " ".join(part for part in (found.check, found.part) if part)
    since = found.since.isoformat(timespec="seconds")
    said = (
        "%s: degraded (%s, %s) since %s: %s"
        if is_new
        else "%s: no longer degraded (%s, %s); it had been since %s: %s"
    )
    log.info(said, subject, found.trouble, about, since, found.detail)
