"""When a certificate that a server presents is near its end.

The rules in `deploy/prometheus/rules` have the same limit; a test compares them.

Must not know: how certificates are read, or how an end is shown.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from monitor.status.alerts import alert_status
from monitor.status.model import CertificateStatus

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from monitor.verdict import LastRun, Subject

NEAR: Final = timedelta(days=14)
"""A certificate that ends sooner is reported; renewing one can take a city's office days."""
OF_CERTIFICATE: Final = "CertificateExpiring"


def is_near(ends: datetime | None, now: datetime) -> bool:
    """Return whether a certificate has ended or ends soon; not without one."""
    return ends is not None and ends - now < NEAR


def certificates_near(
    runs: Iterable[tuple[Subject, LastRun]], now: datetime, runbooks: str
) -> tuple[CertificateStatus, ...]:
    """Return the certificates near their end that the last runs of checks saw, the next first."""
    found = [
        CertificateStatus(
            school=subject.school,
            site=subject.site,
            device=subject.device,
            check=run.check.name,
            ends=run.certificate_ends,
            alert=alert_status(OF_CERTIFICATE, runbooks),
        )
        for subject, run in runs
        if run.certificate_ends is not None and is_near(run.certificate_ends, now)
    ]
    return tuple(sorted(found, key=lambda one: one.ends))
