"""Changes of stages and reported figures as ledger entries, and how they are read back.

Must not know: where entries are kept, or how a stage follows from evidence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Final

from monitor.ledger.codec import Codec
from monitor.rollout.site_names import site_named
from monitor.rollout.stage import Stage  # noqa: TC001  # read by the codec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.inventory.city import ReportedEntry
    from monitor.ledger.chain import Entry

STAGE: Final = "stage"
REPORTED_GOAL: Final = "reported_goal"


@dataclass(frozen=True, slots=True)
class StageChange:
    """A site's stage changed: known at `at`, in force since `since`, with sentence and evidence."""

    site: str
    at: datetime
    stage: Stage
    since: datetime
    why: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportedFigure:
    """A published figure of a goal that is not measured here, and its source.

    `value` was reached in total by `day`, `planned` was only promised; None if not stated.
    """

    goal: str
    day: date
    value: float | None
    source: str
    planned: float | None = None


_STAGE: Final = Codec(STAGE, StageChange, subject="site")
stage_entry: Final = _STAGE.entry

_REPORTED: Final = Codec(
    REPORTED_GOAL, ReportedFigure, at=lambda figure: datetime.combine(figure.day, time(), UTC)
)
read_reported: Final = _REPORTED.read


def read_stage(entry: Entry) -> StageChange:
    """Return the change of an entry.

    Raises:
        MalformedEntryError: if it is another kind of entry, or malformed.
    """
    change = _STAGE.read(entry)
    return replace(change, site=site_named(entry, change.site))


def reported_figure(goal: str, entry: ReportedEntry) -> ReportedFigure:
    """Return the record of a configured figure of the goal with that id."""
    return ReportedFigure(goal, entry.day, entry.value, entry.source, entry.planned)


def reported_entry(figure: ReportedFigure) -> Entry:
    """Return the entry of a reported figure; its instant is the beginning of the day in UTC."""
    entry = _REPORTED.entry(figure)
    if figure.planned is not None:
        return entry
    stated = {key: value for key, value in entry.payload.items() if key != "planned"}
    return replace(entry, payload=stated)


def latest_stages(entries: Iterable[Entry]) -> dict[str, StageChange]:
    """Return the last recorded change of each site among entries in the order of recording.

    Raises:
        MalformedEntryError: if a `stage` entry has an invalid payload.
    """
    changes = (read_stage(entry) for entry in entries if entry.kind == STAGE)
    return {change.site: change for change in changes}
