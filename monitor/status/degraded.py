"""Degraded devices and the last result of each check, as shown to readers.

Must not know: when a device is degraded, HTTP, pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.observation import Outcome
from monitor.status.alerts import alert_of_trouble, alert_status
from monitor.status.certificates import OF_CERTIFICATE, is_near
from monitor.status.model import CheckStatus, TroubleStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from monitor.status.outcomes import OutcomeHistory
    from monitor.verdict import Conditions, Degradation, LastRun, Subject

# Failures come first; a check that has not run yet comes before successful ones, and of these come
# first those whose certificate is near its end.
_WORST_OUTCOME = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.OK)


def troubles_of(
    found: Iterable[Degradation], subject: Subject, runs: Sequence[LastRun], runbooks: str
) -> tuple[TroubleStatus, ...]:
    """Return the reasons why a device is degraded, for display."""
    return tuple(
        TroubleStatus(
            reason=one.trouble,
            check=one.check,
            part=one.part,
            since=one.since,
            detail=one.detail,
            devices=one.devices,
            alert=alert_status(alert_of_trouble(subject.kind, one, runs), runbooks),
        )
        for one in found
    )


def checks_of(
    conditions: Conditions,
    outcomes: OutcomeHistory,
    subjects: Iterable[Subject],
    now: datetime,
    runbooks: str,
) -> tuple[CheckStatus, ...]:
    """Return the last results of these devices' checks and their day, those that failed first."""
    found = [
        CheckStatus(
            device=subject.device,
            check=run.check.name,
            kind=run.check.kind,
            outcome=run.outcome,
            reason=run.reason,
            interval_seconds=run.check.interval,
            at=run.started,
            since=run.since,
            seconds=run.seconds if run.started else None,
            detail=run.detail,
            ok_by_hour=ok,
            failed_by_hour=failed,
            certificate_ends=run.certificate_ends,
            certificate_alert=alert_status(OF_CERTIFICATE, runbooks)
            if is_near(run.certificate_ends, now)
            else None,
        )
        for subject in subjects
        for run in conditions.runs(subject)
        for ok, failed in (outcomes.last_day(run.check.id, now),)
    ]
    return tuple(
        sorted(
            found,
            key=lambda one: (_WORST_OUTCOME.index(one.outcome), one.certificate_alert is None),
        )
    )
