"""The daemon as the web sees it: read-only, and nothing free is ever probed.

Must not know: HTTP.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.exposition.blackbox import blackbox_text
from monitor.inventory import Role, checks_of_school
from monitor.web.view import UnknownTargetError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from monitor.daemon import Daemon
    from monitor.exposition.gate import ScrapeGate
    from monitor.inventory import Check, Inventory


class DaemonView:
    """What the web may ask of a daemon (see `monitor.web.view.View`)."""

    def __init__(self, daemon: Daemon, gate: ScrapeGate) -> None:
        self._daemon = daemon
        self._gate = gate

    def knows_school(self, school_id: str) -> bool:
        """Return whether a school with that id is configured."""
        return self._daemon.inventory.school(school_id) is not None

    def school_ids(self) -> tuple[str, ...]:
        """Return the ids of all configured schools."""
        return tuple(school.id for school in self._daemon.inventory.schools)

    def metrics(self, school_id: str | None, *, gzip: bool) -> AsyncIterator[bytes]:
        """Yield the exposition, compressed if so asked."""
        return self._gate.body(school_id, gzip=gzip)

    def not_ready(self) -> str:
        """Return why the daemon is not ready, empty when it is."""
        return self._daemon.not_ready()

    async def probe(self, target: str, module: str) -> str:
        """Run a configured check of a site now; return its result as exposition text."""
        check = find_check(self._daemon.inventory, target, module)
        observation = await self._daemon.probe_now(check)
        return blackbox_text(observation)


def find_check(inventory: Inventory, target: str, module: str) -> Check:
    """Return a site's check of that name: `school` or `school/site`, at its uplink.

    Raises:
        UnknownTargetError: if there is no such site or no such check; nothing free is probed.
    """
    school_id, _, site_id = target.partition("/")
    school = inventory.school(school_id)
    if school is None:
        raise UnknownTargetError(f"no school {school_id!r} is configured")
    checks = [
        check
        for check in checks_of_school(school)
        if check.target.role is Role.UPLINK and site_id in ("", check.target.site)
    ]
    if not checks:
        sites = ", ".join(site.id for site in school.sites)
        raise UnknownTargetError(f"school {school_id} has no site {site_id!r}, only {sites}")
    for check in checks:
        if check.name == module:
            return check
    names = ", ".join(dict.fromkeys(check.name for check in checks))
    raise UnknownTargetError(f"{target} has no check {module!r}, only {names}")
