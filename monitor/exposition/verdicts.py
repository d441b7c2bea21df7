"""Verdicts, calendar and maintenance as sample lines.

Must not know: how verdicts are reached; HELP and TYPE, which are in the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from monitor.calendar.school_days import DayKind
from monitor.exposition.metric import DEVICE, SITE, Kind, Metric
from monitor.exposition.text import Blocks, LineBegins, labels
from monitor.observation import State
from monitor.verdict import MONITOR, SubjectKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from monitor.calendar.maintenance import MaintenanceBook
    from monitor.calendar.school_days import SchoolCalendar
    from monitor.inventory.city import Inventory, MaintenanceWindow
    from monitor.verdict import Subject, Verdict, VerdictBoard

SCHOOL_UPLINK_UP: Final = Metric(
    "school_uplink_up",
    Kind.GAUGE,
    "",
    "Verdict on a site's uplink: 1 up, 0 down, absent while unknown",
    SITE,
)
SCHOOL_UPLINK_STATE: Final = Metric(
    "school_uplink_state",
    Kind.GAUGE,
    "",
    "Verdict on a site's uplink, one series per state: 1 for the current one",
    (*SITE, "state"),
)
SCHOOL_UPLINK_STATE_SINCE_TIMESTAMP_SECONDS: Final = Metric(
    "school_uplink_state_since_timestamp_seconds",
    Kind.GAUGE,
    "seconds",
    "When the verdict on a site's uplink last changed, Unix time",
    SITE,
)
SCHOOL_UPLINK_CAUSE_INFO: Final = Metric(
    "school_uplink_cause_info",
    Kind.INFO,
    "",
    "Cause of the verdict on a site's uplink",
    (*SITE, "cause"),
)
SCHOOL_SWITCH_UP: Final = Metric(
    "school_switch_up",
    Kind.GAUGE,
    "",
    "Verdict on a switch: 1 up, 0 down, absent while unknown (as while its site's uplink is down)",
    DEVICE,
)
SCHOOL_SWITCH_STATE: Final = Metric(
    "school_switch_state",
    Kind.GAUGE,
    "",
    "Verdict on a switch, one series per state: 1 for the current one",
    (*DEVICE, "state"),
)
SCHOOL_SWITCH_STATE_SINCE_TIMESTAMP_SECONDS: Final = Metric(
    "school_switch_state_since_timestamp_seconds",
    Kind.GAUGE,
    "seconds",
    "When the verdict on a switch last changed, Unix time",
    DEVICE,
)
SCHOOL_SWITCH_CAUSE_INFO: Final = Metric(
    "school_switch_cause_info",
    Kind.INFO,
    "",
    "Cause of the verdict on a switch",
    (*DEVICE, "cause"),
)
SCHOOL_PROVIDER_OUTAGE: Final = Metric(
    "school_provider_outage",
    Kind.GAUGE,
    "",
    "Whether most of a provider's sites stopped answering while references answer: 1 yes, 0 no",
    ("provider",),
)
SCHOOL_COMMON_OUTAGE: Final = Metric(
    "school_common_outage",
    Kind.GAUGE,
    "",
    "Whether most sites of every provider stopped answering together while references answer, "
    "so that verdicts on them are suspended: 1 yes, 0 no",
)
MONITOR_ISOLATED: Final = Metric(
    "monitor_isolated",
    Kind.GAUGE,
    "",
    "Whether the monitor is isolated, so that verdicts are suspended: 1 yes, 0 no",
)
MONITOR_LINE_STATE: Final = Metric(
    "monitor_line_state",
    Kind.GAUGE,
    "",
    "Verdict on the monitor's own line, one series per state: 1 for the current one",
    ("state",),
)
MONITOR_REFERENCES_ANSWERING: Final = Metric(
    "monitor_references_answering",
    Kind.GAUGE,
    "targets",
    "Reference targets outside the schools that currently answer",
)

VERDICT_METRICS: Final = (
    SCHOOL_UPLINK_UP,
    SCHOOL_UPLINK_STATE,
    SCHOOL_UPLINK_STATE_SINCE_TIMESTAMP_SECONDS,
    SCHOOL_UPLINK_CAUSE_INFO,
    SCHOOL_SWITCH_UP,
    SCHOOL_SWITCH_STATE,
    SCHOOL_SWITCH_STATE_SINCE_TIMESTAMP_SECONDS,
    SCHOOL_SWITCH_CAUSE_INFO,
    SCHOOL_PROVIDER_OUTAGE,
    SCHOOL_COMMON_OUTAGE,
    MONITOR_ISOLATED,
    MONITOR_LINE_STATE,
    MONITOR_REFERENCES_ANSWERING,
)

SCHOOL_IN_LESSONS: Final = Metric(
    "school_in_lessons",
    Kind.GAUGE,
    "",
    "Whether a school has lessons now, by its type's hours and the holidays: 1 yes, 0 no",
    ("school",),
)
SCHOOL_CALENDAR_DAY: Final = Metric(
    "school_calendar_day",
    Kind.GAUGE,
    "",
    "Kind of day in the city, one series per kind: 1 for today's",
    ("kind",),
)
SCHOOL_CALENDAR_UTC_OFFSET_SECONDS: Final = Metric(
    "school_calendar_utc_offset_seconds",
    Kind.GAUGE,
    "seconds",
    "Current offset of the city's local time from UTC, so that rules can show local times",
)
SCHOOL_CALENDAR_ENDS_TIMESTAMP_SECONDS: Final = Metric(
    "school_calendar_ends_timestamp_seconds",
    Kind.GAUGE,
    "seconds",
    "End of the last day whose school holidays are known, Unix time",
)
SCHOOL_CALENDAR_RUNNING_OUT: Final = Metric(
    "school_calendar_running_out",
    Kind.GAUGE,
    "",
    "Whether school holidays are known for less than 90 days ahead: 1 yes, 0 no",
)
SCHOOL_MAINTENANCE: Final = Metric(
    "school_maintenance",
    Kind.GAUGE,
    "",
    "Whether a school is in a maintenance window: 1 yes, 0 no",
    ("school",),
)
SCHOOL_MAINTENANCE_ENDS_TIMESTAMP_SECONDS: Final = Metric(
    "school_maintenance_ends_timestamp_seconds",
    Kind.GAUGE,
    "seconds",
    "End of the maintenance window that a school is in, Unix time",
    ("school",),
)
MONITOR_MAINTENANCE_FILE_HEALTHY: Final = Metric(
    "monitor_maintenance_file_healthy",
    Kind.GAUGE,
    "",
    "Whether the maintenance windows added by command can be read: 1 yes, 0 no",
)

CALENDAR_METRICS: Final = (
    SCHOOL_IN_LESSONS,
    SCHOOL_CALENDAR_DAY,
    SCHOOL_CALENDAR_UTC_OFFSET_SECONDS,
    SCHOOL_CALENDAR_ENDS_TIMESTAMP_SECONDS,
    SCHOOL_CALENDAR_RUNNING_OUT,
    SCHOOL_MAINTENANCE,
    SCHOOL_MAINTENANCE_ENDS_TIMESTAMP_SECONDS,
    MONITOR_MAINTENANCE_FILE_HEALTHY,
)

_UPLINK: Final = (
    SCHOOL_UPLINK_UP,
    SCHOOL_UPLINK_STATE,
    SCHOOL_UPLINK_STATE_SINCE_TIMESTAMP_SECONDS,
    SCHOOL_UPLINK_CAUSE_INFO,
)
_SWITCH: Final = (
    SCHOOL_SWITCH_UP,
    SCHOOL_SWITCH_STATE,
    SCHOOL_SWITCH_STATE_SINCE_TIMESTAMP_SECONDS,
    SCHOOL_SWITCH_CAUSE_INFO,
)
SCHOOL_METRICS: Final = (
    *_UPLINK,
    *_SWITCH,
    SCHOOL_IN_LESSONS,
    SCHOOL_MAINTENANCE,
    SCHOOL_MAINTENANCE_ENDS_TIMESTAMP_SECONDS,
)


class VerdictRenderer:
    """Renders the schools whose lines have changed.

    A verdict lasts for hours, and there is one for every switch.
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
        """Return school id -> family -> sample lines of each changed school; at first of every one.

        A school has an entry for every family, empty if there is nothing to report, so that
        replacing all entries removes older lines.
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
    """All values that the lines of a school show."""

    verdicts: Sequence[tuple[Subject, Verdict]]
    in_lessons: bool
    window: MaintenanceWindow | None

    def still_holds(self, now: _Told) -> bool:
        return (
            self.in_lessons == now.in_lessons
            and self.window == now.window
            and len(self.verdicts) == len(now.verdicts)
            and all(map(_is_unchanged, self.verdicts, now.verdicts))
        )


def _is_unchanged(before: tuple[Subject, Verdict], now: tuple[Subject, Verdict]) -> bool:
    """Return whether two verdicts have the same lines."""
    (known, old), (subject, new) = before, now
    return known == subject and (
        old is new or (old.is_same_finding(new) and old.since == new.since)
    )


def _school_lines(school_id: str, found: _Told) -> dict[str, bytes]:
    lines: dict[Metric, list[str]] = {metric: [] for metric in SCHOOL_METRICS}
    sites: dict[str, str] = {}
    for subject, verdict in found.verdicts:
        site = sites.get(subject.site)
        if site is None:
            site = sites[subject.site] = labels(SITE, (school_id, subject.site))
        _add_verdict(lines, site, subject, verdict)
    named = labels(SITE[:1], (school_id,))
    _add(lines, SCHOOL_IN_LESSONS, named, int(found.in_lessons))
    _add(lines, SCHOOL_MAINTENANCE, named, int(found.window is not None))
    if found.window is not None:
        ends = found.window.ends.timestamp()
        _add(lines, SCHOOL_MAINTENANCE_ENDS_TIMESTAMP_SECONDS, named, ends)
    return {metric.name: "".join(said).encode() for metric, said in lines.items()}


def _add_verdict(
    lines: Mapping[Metric, list[str]], site: str, subject: Subject, verdict: Verdict
) -> None:
    """Add a verdict's lines; `site` are the labels of its site.

    When a provider fails, thousands of verdicts change in one second, and labels are most of the
    cost of their lines.
    """
    is_uplink = subject.kind is SubjectKind.UPLINK
    up, state, since, cause = _UPLINK if is_uplink else _SWITCH
    own = DEVICE[len(SITE) :]
    named = site if is_uplink else f"{site[:-1]},{labels(own, (subject.device,))[1:]}"
    begin = named[:-1]
    is_up, is_down = verdict.state is State.UP, verdict.state is State.DOWN
    name = state.name
    lines[state].append(
        f'{name}{begin},state="up"}} {is_up:d}\n'
        f'{name}{begin},state="down"}} {is_down:d}\n'
        f'{name}{begin},state="unknown"}} {not (is_up or is_down):d}\n'
    )
    lines[since].append(f"{since.name}{named} {verdict.since.timestamp()!r}\n")
    lines[cause].append(f'{cause.name}{begin},cause="{verdict.cause.value}"}} 1\n')
    if is_up or is_down:
        lines[up].append(f"{up.name}{named} {is_up:d}\n")


def _add(lines: Mapping[Metric, list[str]], metric: Metric, named: str, value: float) -> None:
    lines[metric].append(f"{metric.name}{named} {value!r}\n")


def city_blocks(
    board: VerdictBoard,
    calendar: SchoolCalendar,
    maintenance: MaintenanceBook,
    now: datetime,
    known: LineBegins | None = None,
) -> dict[str, bytes]:
    """Return family -> sample lines of the city: outages, our own line, the calendar.

    `school_provider_outage` has an entry even if no provider is known. `known` keeps the beginnings
    of lines for the next call.
    """
    today = calendar.day_kind(calendar.local_day(now))
    _, end_of_data = calendar.bounds_of_day(calendar.data_ends)
    answering, _ = board.references()
    monitor = board.verdict(MONITOR)
    line = State.UNKNOWN if monitor is None else monitor.state
    blocks = Blocks(known)
    blocks.add(MONITOR_ISOLATED, (), int(board.is_isolated))
    blocks.add(SCHOOL_COMMON_OUTAGE, (), int(board.common_outage is not None))
    blocks.add(MONITOR_REFERENCES_ANSWERING, (), answering)
    blocks.add(MONITOR_MAINTENANCE_FILE_HEALTHY, (), int(not maintenance.problem))
    blocks.add(SCHOOL_CALENDAR_UTC_OFFSET_SECONDS, (), calendar.utc_offset_seconds(now))
    blocks.add(SCHOOL_CALENDAR_RUNNING_OUT, (), int(calendar.is_running_out(now)))
    blocks.add(SCHOOL_CALENDAR_ENDS_TIMESTAMP_SECONDS, (), end_of_data.timestamp())
    blocks.add_states(MONITOR_LINE_STATE, (), State, line)
    for name in board.providers:
        blocks.add(SCHOOL_PROVIDER_OUTAGE, (name,), int(name in board.provider_outages))
    blocks.add_states(SCHOOL_CALENDAR_DAY, (), DayKind, today)
    return {SCHOOL_PROVIDER_OUTAGE.name: b""} | blocks.text()
