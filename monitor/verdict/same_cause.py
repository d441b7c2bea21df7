"""Which findings of a site have the same cause: the rule for pages, API, metrics and alerts.

A line that loses packets loses those of SNMP, too, whichever device they are for.

Must not know: how problems are detected or shown.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.verdict.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.verdict.trouble import Degradation


def is_lossy(of_line: Iterable[Degradation]) -> bool:
    """Return whether a line with these findings explains failing SNMP behind it."""
    return any(one.trouble is Trouble.PACKET_LOSS for one in of_line)


def without_what_follows(found: tuple[Degradation, ...]) -> tuple[Degradation, ...]:
    """Return a device's own findings if its line is lossy."""
    return tuple(one for one in found if one.trouble is not Trouble.SNMP)


def with_what_follows(
    of_line: tuple[Degradation, ...], devices: tuple[str, ...]
) -> tuple[Degradation, ...]:
    """Return a line's findings, the loss with the devices whose SNMP fails because of it."""
    return tuple(
        replace(one, devices=devices) if one.trouble is Trouble.PACKET_LOSS else one
        for one in of_line
    )
