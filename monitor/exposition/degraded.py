"""Degraded devices as sample lines.

Must not know: when a device is degraded; HELP and TYPE, which are in the catalogue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.exposition.metric import DEVICE, SITE, Kind, Metric
from monitor.exposition.text import Blocks
from monitor.observation import State
from monitor.verdict import SubjectKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.verdict import Degradation, Subject, VerdictBoard

SCHOOL_UPLINK_DEGRADED: Final = Metric(
    "school_uplink_degraded",
    Kind.GAUGE,
    "",
    "Whether a site's uplink is degraded: 1 yes, 0 no, absent while down or unknown",
    SITE,
)
SCHOOL_SWITCH_DEGRADED: Final = Metric(
    "school_switch_degraded",
    Kind.GAUGE,
    "",
    "Whether a switch is degraded: 1 yes, 0 no, absent while down or unknown",
    DEVICE,
)
SCHOOL_DEGRADED_SINCE_TIMESTAMP_SECONDS: Final = Metric(
    "school_degraded_since_timestamp_seconds",
    Kind.GAUGE,
    "seconds",
    "Since when a device has been degraded, one series for each reason, Unix time",
    (*DEVICE, "check", "reason", "part"),
)

DEGRADED_METRICS: Final = (
    SCHOOL_UPLINK_DEGRADED,
    SCHOOL_SWITCH_DEGRADED,
    SCHOOL_DEGRADED_SINCE_TIMESTAMP_SECONDS,
)

NO_LINES: Final = {metric.name: b"" for metric in DEGRADED_METRICS}


_Line = tuple["Subject", tuple["Degradation", ...]]


class DegradedRenderer:
    """Renders the schools whose lines have changed."""

    __slots__ = ("_told",)

    def __init__(self) -> None:
        self._told: dict[str, list[_Line]] = {}

    def blocks(
        self, board: VerdictBoard, degraded: Mapping[Subject, tuple[Degradation, ...]]
    ) -> Mapping[str, Mapping[str, bytes]]:
        """Return school id -> family -> sample lines of each changed school; at first of every one.

        A school has an entry for every family, an empty one if it has no samples.
        """
        found: dict[str, list[_Line]] = {}
        for subject, verdict in board.findings():
            lines = found.setdefault(subject.school, [])
            if verdict.state is State.UP:
                lines.append((subject, degraded.get(subject, ())))
        before, self._told = self._told, found
        return {
            school: _lines(lines)
            for school, lines in found.items()
            if school not in before or not _are_same(before[school], lines)
        }


def _are_same(before: list[_Line], after: list[_Line]) -> bool:
    return len(before) == len(after) and all(
        one[0] == other[0]
        and len(one[1]) == len(other[1])
        and all(was.is_same_finding(now) for was, now in zip(one[1], other[1], strict=True))
        for one, other in zip(before, after, strict=True)
    )


def _lines(lines: list[_Line]) -> dict[str, bytes]:
    blocks = Blocks()
    for subject, found in lines:
        device = (subject.school, subject.site, subject.device)
        if subject.kind is SubjectKind.UPLINK:
            blocks.add(SCHOOL_UPLINK_DEGRADED, device[:2], int(bool(found)))
        else:
            blocks.add(SCHOOL_SWITCH_DEGRADED, device, int(bool(found)))
        for one in found:
            labels = (*device, one.check, one.trouble.value, one.part)
            blocks.add(SCHOOL_DEGRADED_SINCE_TIMESTAMP_SECONDS, labels, one.since.timestamp())
    return NO_LINES | blocks.text()
