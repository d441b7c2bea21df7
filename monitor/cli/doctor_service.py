"""The `schulnetz doctor` checks of the installed service: user, addresses, web configuration.

Must not know: anything about the machine itself.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from monitor.cli.addresses import addresses_of, blocked, destinations, hosts_of, resolvers
from monitor.cli.finding import Finding, Health
from monitor.cli.service import is_service, own_name
from monitor.cli.unit import UNIT, active_state, is_booted
from monitor.config.secrets import own_copy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from monitor.cli.unit import Unit
    from monitor.inventory.city import Inventory

_SHOWN: Final = 3
_INSTALL: Final = "apt install ./build/schulnetz-monitor_*.deb"
# systemctl(1), is-active.
_RUNS: Final = frozenset({"active", "activating", "reloading"})


def service_state(unit: Unit | None) -> Finding:
    """Return whether the service is installed and runs; a host without systemd has none."""
    if not is_booted():
        return Finding("service", Health.GOOD, "no systemd here: `schulnetz run` is the daemon")
    if unit is None:
        return Finding(
            "service",
            Health.WARNING,
            "none is installed: nothing starts the daemon with the machine",
            f"`make deb` in a clone, then {_INSTALL}; or by hand, as docs/operation.md says",
        )
    state = active_state()
    if state in _RUNS:
        return Finding("service", Health.GOOD, f"{UNIT} is {state}")
    if state == "failed":
        cure = f"journalctl -u {UNIT} -n 50 says why; then systemctl restart {UNIT}"
        return Finding("service", Health.BAD, f"{UNIT} has failed", cure)
    seen = f"{UNIT} is installed and does not run" + (f" ({state})" if state else "")
    return Finding("service", Health.WARNING, seen, f"systemctl enable --now {UNIT}")


def service_user(unit: Unit) -> Finding:
    """Check whether this process has exactly the service's permissions."""
    if is_service(unit):
        return Finding("user", Health.GOOD, f"{unit.user or 'root'}, as the service")
    seen = f"{own_name()}, and the service is {unit.user}: the rest is not what it would see"
    return Finding("user", Health.WARNING, seen, "sudo schulnetz doctor")


def service_addresses(unit: Unit, inventory: Inventory) -> Finding:
    """Check whether the unit lets the service reach everything that is configured."""
    found = destinations([*hosts_of(inventory, unit.ledger), *resolvers()], addresses_of)
    kept_out = blocked(unit, (one for networks in found.networks.values() for one in networks))
    if not kept_out:
        return Finding("addresses", Health.GOOD, "the unit allows all configured addresses")
    shown = ", ".join(str(one).removesuffix("/32") for one in kept_out[:_SHOWN])
    more = f" and {len(kept_out) - _SHOWN} more" if len(kept_out) > _SHOWN else ""
    return Finding(
        "addresses",
        Health.BAD,
        f"IPAddressDeny= of {UNIT} keeps the daemon from {shown}{more}",
        f"schulnetz unit > /etc/systemd/system/{UNIT}.d/addresses.conf, "
        "then systemctl daemon-reload and restart",
    )


def web_file(
    named: Path | None, config: Path, host: str, now: datetime, unit: Unit | None = None
) -> Iterator[Finding]:
    """Check whether a daemon that listens at `host` would accept the web configuration.

    This includes its certificate and key. A file next to the schools that no option names is a
    finding, too, and so is an address that requires a login without any file.
    """
    # They import cryptography and bcrypt, which only a host with such a file needs.
    from monitor.web.changes import certificate_in  # noqa: PLC0415
    from monitor.web.tls import (  # noqa: PLC0415
        EMPTY,
        Audience,
        StrangersError,
        WebAccess,
        WebFileError,
    )
    from monitor.web.web_file import read_web_file  # noqa: PLC0415

    what = "web configuration"
    flags = unit.command if unit is not None else []
    audience = Audience(host, "--without-login" in flags, "--enable-reload" in flags)
    if named is None:
        # Unlike Path.exists(), it raises nothing if this user may not search the folder.
        if os.path.lexists(beside := config.with_name("web.config.yml")):
            yield _forgotten(what, beside, unit)
        try:
            audience.refuse_strangers(WebAccess())
        except StrangersError as error:
            yield Finding(what, Health.BAD, f"none is named: {error}")
        return
    try:
        access = read_web_file(own_copy(named, os.environ))
        if access == WebAccess():
            seen = f"{named}: {EMPTY}; a running daemon rejects it"
            cure = "restore the file; without it, a daemon requires no login and speaks no TLS"
            yield Finding(what, Health.BAD, seen, cure)
            return
        audience.refuse_strangers(access)
    except WebFileError as error:
        yield Finding(what, Health.BAD, str(error))
        return
    except StrangersError as error:
        yield Finding(what, Health.BAD, f"{named}: {error}")
        return
    warnings = [f"{named}: {warning}" for warning in audience.warnings(access, now)]
    yield from (Finding(what, Health.WARNING, warning) for warning in warnings)
    if not warnings:
        said = "; ".join(part for part in (access.summary, certificate_in(access)) if part)
        yield Finding(what, Health.GOOD, f"{named}: {said}")


def _forgotten(what: str, beside: Path, unit: Unit | None) -> Finding:
    if unit is None:
        seen = f"{beside} exists and was not checked"
        cure = f"name it: schulnetz doctor --web-config {beside}, and the same for schulnetz run"
        return Finding(what, Health.WARNING, seen, cure)
    seen = f"{beside} exists, but the daemon does not read it: no login, no TLS"
    return Finding(what, Health.WARNING, seen, f"schulnetz run --web-config {beside}")
