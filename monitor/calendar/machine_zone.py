"""The time zone of the machine, for a city that names none.

Must not know: cities.
Source: tzset(3), timedatectl(1); /etc/timezone is Debian's.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

FALLBACK: Final = "UTC"

_LINK: Final = Path("/etc/localtime")
_NAMED: Final = Path("/etc/timezone")


def machine_zone(link: Path = _LINK, named: Path = _NAMED) -> str:
    """Return the IANA name of the machine's time zone, `UTC` if it has none.

    The variable TZ takes precedence, then the target of /etc/localtime, then /etc/timezone.
    """
    asked = [os.environ.get("TZ", "").removeprefix(":")]
    # Not a link: a container, or a copy of the zone's file, which has no name.
    with suppress(OSError):
        asked.append(str(link.readlink()).partition("zoneinfo/")[2])
    with suppress(OSError, UnicodeDecodeError):
        asked.append(named.read_text("utf-8").strip())
    return next((name for name in asked if name and _is_zone(name)), FALLBACK)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, malformed, or a folder such as "Europe"
        return False
    return True
