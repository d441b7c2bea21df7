"""The `schulnetz doctor` checks of secrets: which are unreadable, or readable by others.

Must not know: what a secret is for, or its content.
"""

from __future__ import annotations

import grp
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.cli.finding import Finding, Health
from monitor.cli.unit import CREDENTIALS, UNIT
from monitor.config.secrets import SecretError, read_credentials
from monitor.words.plural import count_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.cli.unit import Unit
    from monitor.inventory.city import CredentialSource, Inventory


def secrets(inventory: Inventory, unit: Unit | None) -> Iterator[Finding]:
    """Yield a finding for each secret that is unreadable, or readable by too many users."""
    missing = 0
    for name, source in inventory.credentials.items():
        what = f"credential {name}"
        try:
            read_credentials({name: source})
        except SecretError as error:
            missing += 1
            seen = str(error).removeprefix(f"{what}: ")
            yield Finding(what, Health.BAD, seen, _cure(name, source, unit))
        if source.kind == "file" and _is_open_to_others(Path(source.place)):
            seen = f"{source.place} can be read by other users"
            cure = f"chmod o-rwx {source.place}, and give it to the daemon's user or group"
            yield Finding(what, Health.WARNING, seen, cure)
    if not missing:
        count = count_of(len(inventory.credentials), "secret")
        yield Finding("credentials", Health.GOOD, f"{count} can be read")


def _cure(name: str, source: CredentialSource, unit: Unit | None) -> str:
    """Return how to provide a secret at its source, so that the service's group may read it."""
    group = (unit.last("Group") or unit.user) if unit is not None else ""
    if source.kind == "environment":
        if unit is None:
            return f"export {source.place}=... before the daemon starts"
        file = f"/etc/schulnetz/secrets/{name}"
        return f"a service takes it from a file: {{file: {file}}}, and {_install(file, group)}"
    place = Path(source.place)
    if place.parent == CREDENTIALS:
        return (
            f"systemctl edit {UNIT}: [Service] LoadCredential={place.name}:"
            f"/etc/schulnetz/secrets/{place.name}, a file that root alone may read; then restart"
        )
    if _is_closed(place):
        return f"{_owner(place)}: chgrp {group or _own_group()} {place}; chmod 640 {place}"
    loaded = (
        f"; or root's alone, handed over by LoadCredential={name}:{place} in the unit, "
        f"with {{file: {CREDENTIALS / name}}} in the configuration"
    )
    return _install(source.place, group) + (loaded if unit is not None else "")


def _install(file: str, group: str) -> str:
    """Return the command that writes a secret for its readers, and who they are."""
    if not group:
        return f"install -m 600 /dev/stdin {file}, type it, then Ctrl-D, as the daemon's user"
    return (
        f"install -m 640 -g {group} /dev/stdin {file}, type it, then Ctrl-D: "
        f"root and the group {group} may read it"
    )


def _owner(place: Path) -> str:
    """Return the owner of a file that this process may not read, and its permissions."""
    try:
        found = place.stat()
        return f"it is {place.owner()}:{place.group()} {stat.S_IMODE(found.st_mode):04o}"
    except (OSError, KeyError):
        return "it is another's"


def _own_group() -> str:
    try:
        return grp.getgrgid(os.getegid()).gr_name
    except KeyError:
        return str(os.getegid())


def _is_closed(place: Path) -> bool:
    """Return whether a file exists, or is in a closed folder, and this process may not read it."""
    try:
        place.stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return not os.access(place, os.R_OK)


def _is_open_to_others(path: Path) -> bool:
    """Return whether users other than the owner and this process's own group can read a file."""
    try:
        found = path.stat()
    except OSError:
        return False
    of_group = found.st_mode & stat.S_IRGRP and found.st_gid != os.getegid()
    return bool(found.st_mode & stat.S_IROTH or of_group)
