"""Certificates near their end: from the run of a check to city, school and API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.inventory.checks import HttpOptions
from monitor.observation import CertificateChain, HttpReading, Observation, Outcome
from monitor.status.certificates import NEAR, certificates_near, is_near
from monitor.status.degraded import checks_of
from monitor.status.outcomes import OutcomeHistory
from monitor.verdict import Conditions, VerdictBoard
from tests.verdict.runs import ROUTER, one_school
from tests.verdict.world import moment

NOW = moment(60.0).instant
RUNBOOKS = "https://runbooks.example.org"


def seen(ends: datetime | None) -> Conditions:
    """Return the school's condition after its website showed a certificate, or none."""
    inventory = one_school()
    found = Conditions(inventory, VerdictBoard(inventory, moment(0.0)))
    [web] = [one for one in inventory.checks() if isinstance(one.options, HttpOptions)]
    chain = CertificateChain(ends, None, "ab", "CN=web", "CN=ca") if ends else None
    values = HttpReading("10.0.0.1", 4, status=200, certificate=chain)
    found.observe(Observation(web, NOW, 0.1, Outcome.OK, values=values), moment(60.0))
    return found


@pytest.mark.parametrize(
    ("ends", "is_told"),
    [
        (NOW + timedelta(days=5), True),
        (NOW - timedelta(days=5), True),
        (NOW + NEAR, False),
        (NOW + NEAR - timedelta(seconds=1), True),
        (None, False),
    ],
)
def test_a_certificate_near_its_end_is_shown_with_its_alert(
    ends: datetime | None, *, is_told: bool
) -> None:
    conditions = seen(ends)
    found = certificates_near(conditions.certificates(), NOW, RUNBOOKS)
    assert [(one.school, one.check, one.ends) for one in found] == (
        [("s0", "website", ends)] if is_told else []
    )
    history = OutcomeHistory(one_school())
    checks = checks_of(conditions, history, (ROUTER,), NOW, RUNBOOKS)
    [web] = [one for one in checks if one.check == "website"]
    assert web.certificate_ends == ends
    alerts = [one.alert for one in found] if is_told else [None]
    assert [web.certificate_alert] == alerts
    if web.certificate_alert is not None:
        assert web.certificate_alert.runbook == f"{RUNBOOKS}/CertificateExpiring.md"


def test_a_run_without_a_certificate_ends_what_was_shown() -> None:
    conditions = seen(NOW)
    assert list(conditions.certificates())
    [web] = [one for one in one_school().checks() if isinstance(one.options, HttpOptions)]
    values = HttpReading("", None)
    conditions.observe(Observation(web, NOW, 0.1, Outcome.FAILED, values=values), moment(70.0))
    conditions.observe(Observation(web, NOW, 0.1, Outcome.FAILED), moment(80.0))
    assert not list(conditions.certificates())


def test_without_a_certificate_nothing_is_near() -> None:
    assert not is_near(None, datetime(2026, 1, 1, tzinfo=UTC))
