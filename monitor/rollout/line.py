"""Whether a site's line is the expected one, and whether it is live.

An old line that answers all day is not the new one. It is identified by what was observed: the
router's sysName, the ifAlias of its uplink interface, the answering address. If nothing is
expected, nothing is proven.

Must not know: probes, the ledger, stages.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from monitor.campaigns.evidence import LineDay
    from monitor.inventory.city import ExpectedLine

WINDOW_MINUTES: Final = 24 * 60
NO_EXPECTATION: Final = "nothing says which line is the right one: set `line` in the configuration"


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity seen at a line; None where it was not requested or not answered."""

    sys_name: str | None = None
    if_alias: str | None = None
    address: str | None = None


def right_line(expected: ExpectedLine, seen: Identity) -> tuple[bool | None, str]:
    """Return whether the line is the expected one, and why as text.

    One difference suffices for no; all expected values must be seen for yes; otherwise
    None, also if nothing is expected.
    """
    wanted = [
        ("sysName", expected.sys_name, seen.sys_name, _same),
        ("ifAlias", expected.if_alias, seen.if_alias, _within),
        ("address", expected.address, seen.address, _in_network),
    ]
    asked = [(name, text, found, test) for name, text, found, test in wanted if text]
    if not asked:
        return None, NO_EXPECTATION
    for name, text, found, test in asked:
        if found is not None and not test(text, found):
            return False, f"{name} is {found!r}, expected {text!r}"
    for name, text, found, _ in asked:
        if found is None:
            return None, f"{name} was not seen, expected {text!r}"
    return True, "seen as expected: " + ", ".join(
        f"{name} {found!r}" for name, _, found, _ in asked
    )


def expectation(expected: ExpectedLine) -> str:
    """Return the expectation as one line of text, empty if there is none."""
    parts = {
        "sys_name": expected.sys_name,
        "if_alias": expected.if_alias,
        "address": expected.address,
    }
    return ", ".join(f"{name} {text!r}" for name, text in parts.items() if text)


def is_live(day: LineDay) -> bool | None:
    """Return whether 24 hours of a line show that it is live; None if they are inconclusive.

    Live: up in at least 99 % of the minutes, and the right line. Not live: another line, or
    down in more than 1 % of the minutes. Unknown minutes count for neither.
    """
    down = day.counted_minutes - day.answered_minutes
    if day.right_line is False or 100 * down > WINDOW_MINUTES:
        return False
    if day.right_line and 100 * day.answered_minutes >= 99 * WINDOW_MINUTES:
        return True
    return None


def _same(expected: str, found: str) -> bool:
    return found.strip().casefold() == expected.strip().casefold()


def _within(expected: str, found: str) -> bool:
    return expected.casefold() in found.casefold()


def _in_network(expected: str, found: str) -> bool:
    try:
        return ipaddress.ip_address(found) in ipaddress.ip_network(expected)
    except ValueError:
        return False
