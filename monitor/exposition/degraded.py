"""What works badly though it answers, as sample lines.

Must not know: when a device is degraded; HELP and TYPE, which the catalogue has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.exposition.text import Blocks
from monitor.observation import State
from monitor.verdict import SubjectKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.verdict import Degradation, Subject, VerdictBoard

UPLINK: Final = "school_uplink_degraded"
SWITCH: Final = "school_switch_degraded"
SINCE: Final = "school_degraded_since_timestamp_seconds"
FAMILIES: Final = (UPLINK, SWITCH, SINCE)

_Line = tuple["Subject", tuple["Degradation", ...]]


class DegradedRenderer:
    """Renders those schools of which something else is to be said than before."""

    __slots__ = ("_told",)

    def __init__(self) -> None:
        self._told: dict[str, list[_Line]] = {}

    def blocks(
        self, board: VerdictBoard, degraded: Mapping[Subject, tuple[Degradation, ...]]
    ) -> Mapping[str, Mapping[str, bytes]]:
        """Return school id -> family -> sample lines of each school that changed; at first, of all.

        A school has an entry for every family, an empty one where nothing is to be said.
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
            blocks.add(UPLINK, device[:2], int(bool(found)))
        else:
            blocks.add(SWITCH, device, int(bool(found)))
        for one in found:
            labels = (*device, one.check, one.trouble.value, one.part)
            blocks.add(SINCE, labels, one.since.timestamp())
    texts = blocks.text()
    return {family: texts.get(family, b"") for family in FAMILIES}
