"""Changes of stages and reported figures as ledger entries, and how they are read back.

Must not know: where entries are kept, or how a stage follows from evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Final

from monitor.ledger.chain import Entry, Json, MalformedEntryError, milliseconds
from monitor.ledger.payload import Payload
from monitor.rollout.site_names import site_named
from monitor.rollout.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.inventory.city import ReportedEntry

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
    """What somebody says of a goal that nobody measures, and who says so.

    `value` was reached in all until `day`, `planned` was only promised; None is not said.
    """

    goal: str
    day: date
    value: float | None
    source: str
    planned: float | None = None


def stage_entry(change: StageChange) -> Entry:
    """Return the entry of a change of stage."""
    payload: dict[str, Json] = {
        "stage": change.stage.value,
        "since": milliseconds(change.since),
        "why": change.why,
        "evidence": list(change.evidence),
    }
    return Entry(change.at, STAGE, change.site, payload)


def read_stage(entry: Entry) -> StageChange:
    """Return the change of an entry.

    Raises:
        MalformedEntryError: if it is another kind of entry, or malformed.
    """
    payload = Payload(entry, STAGE)
    return StageChange(
        site=site_named(entry, entry.subject),
        at=entry.at,
        stage=Stage(payload.one_of("stage", tuple(Stage))),
        since=payload.instant("since"),
        why=payload.text("why"),
        evidence=payload.texts("evidence"),
    )


def reported_figure(goal: str, entry: ReportedEntry) -> ReportedFigure:
    """Return what the configuration reports of the goal with that id, as the ledger keeps it."""
    return ReportedFigure(goal, entry.day, entry.value, entry.source, entry.planned)


def reported_entry(figure: ReportedFigure) -> Entry:
    """Return the entry of a reported figure; its instant is the day's beginning in UTC."""
    payload: dict[str, Json] = {
        "goal": figure.goal,
        "day": figure.day.isoformat(),
        "value": figure.value,
        "source": figure.source,
    }
    if figure.planned is not None:
        payload["planned"] = figure.planned
    return Entry(datetime.combine(figure.day, time(), UTC), REPORTED_GOAL, "", payload)


def read_reported(entry: Entry) -> ReportedFigure:
    """Return the figure of an entry.

    Raises:
        MalformedEntryError: if it is another kind of entry, or malformed.
    """
    payload = Payload(entry, REPORTED_GOAL)
    try:
        day = date.fromisoformat(payload.text("day"))
    except ValueError as error:
        raise MalformedEntryError(f"{entry.kind} entry at {entry.at}: {error}") from error
    return ReportedFigure(
        payload.text("goal"),
        day,
        payload.number_or_none("value"),
        payload.text("source"),
        payload.number_if_any("planned"),
    )


def latest_stages(entries: Iterable[Entry]) -> dict[str, StageChange]:
    """Return the last recorded change of each site among entries in the order of recording.

    Raises:
        MalformedEntryError: if a `stage` entry is not what this program writes.
    """
    changes = (read_stage(entry) for entry in entries if entry.kind == STAGE)
    return {change.site: change for change in changes}
