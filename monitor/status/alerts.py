"""Which alert belongs to a finding, and where its runbook is.

The rules in `deploy/prometheus/rules` decide whether and when an alert fires; docs/alerts.md has
this table for people, and tests compare the three.

Must not know: rules, severities, how a link is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.inventory.checks import CheckKind
from monitor.status.model import AlertStatus
from monitor.verdict import Cause, SubjectKind, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.verdict import Degradation, LastRun

OF_CAUSE: Final[Mapping[Cause, Mapping[SubjectKind, str]]] = {
    Cause.NO_ANSWER: {SubjectKind.UPLINK: "UplinkDown", SubjectKind.SWITCH: "SwitchDown"},
    Cause.PROVIDER_OUTAGE: {SubjectKind.UPLINK: "ProviderOutage"},
    Cause.BEHIND_UPLINK: {SubjectKind.SWITCH: "UplinkDown"},
    Cause.COMMON_OUTAGE: dict.fromkeys((SubjectKind.UPLINK, SubjectKind.SWITCH), "CommonOutage"),
    Cause.ISOLATED: dict.fromkeys((SubjectKind.UPLINK, SubjectKind.SWITCH), "MonitorIsolated"),
}
OF_TROUBLE: Final[Mapping[Trouble, str]] = {
    Trouble.PACKET_LOSS: "PacketLoss",
    Trouble.FLAPPING: "UplinkFlapping",
    Trouble.SERVICE: "ServiceDown",
    Trouble.SNMP: "SnmpUnreadable",
    Trouble.LINE_FULL: "LineFull",
    Trouble.LINE_ERRORS: "PortErrors",
    Trouble.SLOWER_THAN_CONTRACT: "SlowerThanContract",
    Trouble.HARDWARE: "HardwareFault",
    Trouble.TEMPERATURE: "TemperatureHigh",
}
OF_LEDGER: Final = "LedgerQuarantined"
NAME_SERVICE: Final = "DnsBroken"
POWER_OVER_ETHERNET: Final = "PoeBudget"
# For a switch, only its alert on silence is about pings.
OF_LINES_ALONE: Final = frozenset({Trouble.PACKET_LOSS, Trouble.FLAPPING})


def alert_status(name: str, runbooks: str) -> AlertStatus | None:
    """Return an alert for display, None without a name; `runbooks` is their base URL."""
    if not name:
        return None
    return AlertStatus(name=name, runbook=f"{runbooks.rstrip('/')}/{name}.md" if runbooks else "")


def alert_of_cause(kind: SubjectKind, cause: Cause) -> str:
    """Return the alert on a verdict, empty if there is none."""
    return OF_CAUSE.get(cause, {}).get(kind, "")


def alert_of_trouble(kind: SubjectKind, found: Degradation, runs: Iterable[LastRun]) -> str:
    """Return the alert on a degradation of a device, empty if there is none."""
    if kind is SubjectKind.SWITCH and found.trouble in OF_LINES_ALONE:
        return ""
    checks = {run.check.name: run.check.kind for run in runs}
    if found.trouble is Trouble.SERVICE and checks.get(found.check) is CheckKind.DNS:
        return NAME_SERVICE
    if found.trouble is Trouble.HARDWARE and found.part.startswith("power over Ethernet"):
        return POWER_OVER_ETHERNET
    return OF_TROUBLE[found.trouble]
