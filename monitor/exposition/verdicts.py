"""Verdicts, calendar and maintenance as sample lines.

Must not know: how verdicts are reached; HELP and TYPE, which the catalogue has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.calendar import DayKind
from monitor.observation import State
from monitor.verdict import MONITOR, SubjectKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from monitor.calendar import SchoolCalendar
    from monitor.inventory import Inventory
    from monitor.maintenance import MaintenanceBook
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

_Lines = dict[str, dict[str, list[str]]]


class VerdictRenderer:
    """Renders the whole city every few seconds, and afresh only the verdicts that changed.

    A verdict's lines stand for hours, and there is one for every switch: 1,096 of them cost
    4 ms, all made anew.
    """

    __slots__ = ("_told",)

    def __init__(self) -> None:
        self._told: dict[Subject, _Told] = {}

    def blocks(
        self,
        board: VerdictBoard,
        inventory: Inventory,
        calendar: SchoolCalendar,
        maintenance: MaintenanceBook,
        now: datetime,
    ) -> Mapping[str, Mapping[str, bytes]]:
        """Return family -> school id -> sample lines; the id is empty for what is the city's.

        Every family has an entry for every school, an empty one where nothing is to be said, so
        that lines of the time before are dropped by putting all entries in their place.
        """
        lines: _Lines = {
            family: {school.id: [] for school in inventory.schools}
            for family in (*UPLINK_FAMILIES, *SWITCH_FAMILIES, *SCHOOL_FAMILIES)
        }
        told = self._told
        self._told = {}
        for subject, verdict in board.findings():
            if subject.school not in lines["school_in_lessons"]:
                continue
            said = told.get(subject)
            if said is None or not said.still_holds(verdict):
                said = _Told(verdict, _verdict_lines(subject, verdict))
            self._told[subject] = said
            for family, text in said.lines.items():
                lines[family][subject.school].append(text)
        _add_schools(lines, inventory, calendar, maintenance, now)
        for family, text in _city_lines(board, calendar, maintenance, now).items():
            lines[family] = {"": [text]}
        return {
            family: {school: "".join(texts).encode() for school, texts in by_school.items()}
            for family, by_school in lines.items()
        }


@dataclass(frozen=True, slots=True)
class _Told:
    """A verdict and its lines, family to text."""

    verdict: Verdict
    lines: Mapping[str, str]

    def still_holds(self, verdict: Verdict) -> bool:
        before = self.verdict
        return before is verdict or (
            before.is_same_finding(verdict) and before.since == verdict.since
        )


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


def _add_schools(
    lines: _Lines,
    inventory: Inventory,
    calendar: SchoolCalendar,
    maintenance: MaintenanceBook,
    now: datetime,
) -> None:
    types = {school.type for school in inventory.schools}
    in_lessons = {school_type: calendar.in_lessons(school_type, now) for school_type in types}
    for school in inventory.schools:
        labels = f'{{school="{_escape(school.id)}"}}'
        lines["school_in_lessons"][school.id].append(
            f"school_in_lessons{labels} {in_lessons[school.type]:d}\n"
        )
        window = maintenance.active(school.id, now)
        lines["school_maintenance"][school.id].append(
            f"school_maintenance{labels} {window is not None:d}\n"
        )
        if window is not None:
            family = "school_maintenance_ends_timestamp_seconds"
            lines[family][school.id].append(f"{family}{labels} {window.ends.timestamp()!r}\n")


def _city_lines(
    board: VerdictBoard, calendar: SchoolCalendar, maintenance: MaintenanceBook, now: datetime
) -> dict[str, str]:
    today = calendar.day_kind(calendar.local_day(now))
    _, end_of_data = calendar.bounds_of_day(calendar.data_ends)
    answering, _ = board.references()
    monitor = board.verdict(MONITOR)
    line = State.UNKNOWN if monitor is None else monitor.state
    single = {
        "monitor_isolated": f"{board.is_isolated:d}",
        "monitor_references_answering": f"{answering}",
        "monitor_maintenance_file_healthy": f"{not maintenance.problem:d}",
        "school_calendar_running_out": f"{calendar.is_running_out(now):d}",
        "school_calendar_ends_timestamp_seconds": f"{end_of_data.timestamp()!r}",
    }
    texts = {family: f"{family} {value}\n" for family, value in single.items()}
    texts["monitor_line_state"] = "".join(
        f'monitor_line_state{{state="{state.value}"}} {state is line:d}\n' for state in State
    )
    texts["school_calendar_day"] = "".join(
        f'school_calendar_day{{kind="{kind.value}"}} {kind is today:d}\n' for kind in DayKind
    )
    return texts


def _escape(value: str) -> str:
    if value.isprintable() and '"' not in value and "\\" not in value:
        return value
    printable = "".join(char for char in value if char.isprintable())
    return printable.replace("\\", "\\\\").replace('"', '\\"')
