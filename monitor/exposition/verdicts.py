"""Verdicts, calendar and maintenance as sample lines.

Must not know: how verdicts are reached; HELP and TYPE, which the catalogue has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.calendar.school_days import DayKind
from monitor.observation import State
from monitor.verdict import MONITOR, SubjectKind
from monitor.words.plain import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from monitor.calendar.maintenance import MaintenanceBook
    from monitor.calendar.school_days import SchoolCalendar
    from monitor.inventory.city import Inventory, MaintenanceWindow
    from monitor.verdict import Subject, Verdict, VerdictBoard

UPLINK_FAMILIES = (
    "school_uplink_up",
    "school_uplink_state",
    "school_uplink_state_since_timestamp_seconds",
    "school_uplink_cause_info",
)
SWITCH_FAMILIES = (
    "school_switch_up",
    "school_switch_state",
    "school_switch_state_since_timestamp_seconds",
    "school_switch_cause_info",
)
SCHOOL_FAMILIES = (
    "school_in_lessons",
    "school_maintenance",
    "school_maintenance_ends_timestamp_seconds",
)

FAMILIES = (*UPLINK_FAMILIES, *SWITCH_FAMILIES, *SCHOOL_FAMILIES)


class VerdictRenderer:
    """Renders those schools of which something else is to be said than before.

    A verdict stands for hours, and there is one for every switch.
    """

    __slots__ = ("_told",)

    def __init__(self) -> None:
        self._told: dict[str, _Told] = {}

    def blocks(
        self,
        board: VerdictBoard,
        inventory: Inventory,
        calendar: SchoolCalendar,
        maintenance: MaintenanceBook,
        now: datetime,
    ) -> Mapping[str, Mapping[str, bytes]]:
        """Return school id -> family -> sample lines of each school that changed; at first, of all.

        A school has an entry for every family, an empty one where nothing is to be said, so that
        lines of the time before are dropped by putting all entries in their place.
        """
        verdicts: dict[str, list[tuple[Subject, Verdict]]] = {
            school.id: [] for school in inventory.schools
        }
        for subject, verdict in board.findings():
            if subject.school in verdicts:
                verdicts[subject.school].append((subject, verdict))
        types = {school.type for school in inventory.schools}
        in_lessons = {school_type: calendar.in_lessons(school_type, now) for school_type in types}
        today = calendar.local_day(now)
        told, self._told = self._told, {}
        changed: dict[str, Mapping[str, bytes]] = {}
        for school in inventory.schools:
            window = maintenance.active(school.id, now)
            is_taught = in_lessons[school.type] and today not in school.days_off
            found = _Told(verdicts[school.id], is_taught, window)
            before = told.get(school.id)
            if before is None or not before.still_holds(found):
                before, changed[school.id] = found, _school_lines(school.id, found)
            self._told[school.id] = before
        return changed


@dataclass(frozen=True, slots=True)
class _Told:
    """All that is said of a school."""

    verdicts: Sequence[tuple[Subject, Verdict]]
    in_lessons: bool
    window: MaintenanceWindow | None

    def still_holds(self, now: _Told) -> bool:
        return (
            self.in_lessons == now.in_lessons
            and self.window == now.window
            and len(self.verdicts) == len(now.verdicts)
            and all(map(_is_said, self.verdicts, now.verdicts))
        )


def _is_said(told: tuple[Subject, Verdict], now: tuple[Subject, Verdict]) -> bool:
    """Return whether the lines of a verdict are those of another one."""
    (told_of, before), (subject, verdict) = told, now
    return told_of == subject and (
        before is verdict or (before.is_same_finding(verdict) and before.since == verdict.since)
    )


def _school_lines(school_id: str, found: _Told) -> dict[str, bytes]:
    lines: dict[str, list[str]] = {family: [] for family in FAMILIES}
    for subject, verdict in found.verdicts:
        for family, text in _verdict_lines(subject, verdict).items():
            lines[family].append(text)
    labels = f'{{school="{_escape(school_id)}"}}'
    lessons, maintenance, ends = SCHOOL_FAMILIES
    lines[lessons].append(f"{lessons}{labels} {found.in_lessons:d}\n")
    lines[maintenance].append(f"{maintenance}{labels} {found.window is not None:d}\n")
    if found.window is not None:
        lines[ends].append(f"{ends}{labels} {found.window.ends.timestamp()!r}\n")
    return {family: "".join(texts).encode() for family, texts in lines.items()}


def _verdict_lines(subject: Subject, verdict: Verdict) -> dict[str, str]:
    is_uplink = subject.kind is SubjectKind.UPLINK
    up, state, since, cause = UPLINK_FAMILIES if is_uplink else SWITCH_FAMILIES
    labels = f'school="{_escape(subject.school)}",site="{_escape(subject.site)}"'
    if not is_uplink:
        labels += f',device="{_escape(subject.device)}"'
    is_up, is_down = verdict.state is State.UP, verdict.state is State.DOWN
    lines = {
        state: (
            f'{state}{{{labels},state="up"}} {is_up:d}\n'
            f'{state}{{{labels},state="down"}} {is_down:d}\n'
            f'{state}{{{labels},state="unknown"}} {not (is_up or is_down):d}\n'
        ),
        since: f"{since}{{{labels}}} {verdict.since.timestamp()!r}\n",
        cause: f'{cause}{{{labels},cause="{verdict.cause.value}"}} 1\n',
    }
    if is_up or is_down:
        lines[up] = f"{up}{{{labels}}} {is_up:d}\n"
    return lines


def city_blocks(
    board: VerdictBoard, calendar: SchoolCalendar, maintenance: MaintenanceBook, now: datetime
) -> dict[str, bytes]:
    """Return family -> sample lines of what no school has: outages, our line, the calendar."""
    today = calendar.day_kind(calendar.local_day(now))
    _, end_of_data = calendar.bounds_of_day(calendar.data_ends)
    answering, _ = board.references()
    monitor = board.verdict(MONITOR)
    line = State.UNKNOWN if monitor is None else monitor.state
    single = {
        "monitor_isolated": f"{board.is_isolated:d}",
        "school_common_outage": f"{board.common_outage is not None:d}",
        "monitor_references_answering": f"{answering}",
        "monitor_maintenance_file_healthy": f"{not maintenance.problem:d}",
        "school_calendar_utc_offset_seconds": f"{calendar.utc_offset_seconds(now)}",
        "school_calendar_running_out": f"{calendar.is_running_out(now):d}",
        "school_calendar_ends_timestamp_seconds": f"{end_of_data.timestamp()!r}",
    }
    texts = {family: f"{family} {value}\n" for family, value in single.items()}
    texts["monitor_line_state"] = "".join(
        f'monitor_line_state{{state="{state.value}"}} {state is line:d}\n' for state in State
    )
    texts["school_provider_outage"] = "".join(
        f'school_provider_outage{{provider="{_escape(name)}"}} {name in board.provider_outages:d}\n'
        for name in board.providers
    )
    texts["school_calendar_day"] = "".join(
        f'school_calendar_day{{kind="{kind.value}"}} {kind is today:d}\n' for kind in DayKind
    )
    return {family: text.encode() for family, text in texts.items()}


def _escape(value: str) -> str:
    return plain(value).replace("\\", "\\\\").replace('"', '\\"')
