"""What answers and works badly, on several boards: by the daemon's verdict, and nothing else.

A line that loses packets loses those of the switches behind it, too: they are counted in the line's
row instead of hiding it.

Must not know: when a device is degraded, Grafana's JSON.
"""

from __future__ import annotations

from typing import Final

from dashboards.panel import Colour, Column, Value
from dashboards.shared import words
from monitor.words import terms
from monitor.words.text import Text

_FAMILY: Final = "school_degraded_since_timestamp_seconds"
_BY: Final = "school, site, device, check, reason, part"
_DEVICE: Final = "school, site, device"
_SITE: Final = "school, site"

# The three queries of a table in their order: `is_line`, `since`, `behind`.
KIND: Final = Column(
    "Value #A",
    Text("Kind", "Art"),
    values=(
        Value(1, Text("line", "Leitung"), Colour.PLAIN),
        Value(0, Text("switch", "Switch"), Colour.PLAIN),
    ),
    coloured=False,
    width=90,
)
REASON: Final = Column(
    "reason", Text("Reason", "Grund"), values=words(terms.TROUBLES, {}, Colour.CARE)
)
CHECK: Final = Column(
    "check", Text("Check", "Prüfung"), values=words(terms.CHECKS, {}), coloured=False
)
PART: Final = Column("part", Text("Part", "Teil"), coloured=False)
SINCE: Final = Column("Value #B", Text("Since", "Seit"), "since")
BEHIND: Final = Column("Value #C", Text("Switches behind", "Switches dahinter"), "none", width=150)


def _found(selector: str) -> str:
    return f"min by ({_BY}) ({_FAMILY}{{{selector}}})"


def _loss(selector: str) -> str:
    return _found(", ".join(filter(None, (selector, 'reason="packet_loss"'))))


def _of_lines(selector: str) -> str:
    uplinks = ", ".join(filter(None, (selector, 'role="uplink"')))
    return f"on ({_DEVICE}) school_device_info{{{uplinks}}}"


def _lossy_lines(selector: str) -> str:
    return f"({_loss(selector)} and {_of_lines(selector)})"


def _lossy_behind(selector: str) -> str:
    """Return PromQL of the packet loss of switches whose line loses packets."""
    of_switches = f"{_loss(selector)} unless {_of_lines(selector)}"
    return f"({of_switches} and on ({_SITE}) {_lossy_lines(selector)})"


def _shown(selector: str) -> str:
    return f"({_found(selector)} unless {_lossy_behind(selector)})"


def is_line(selector: str = "") -> str:
    """Return PromQL of what is degraded, one series for each reason: 1 of a line, 0 of a switch."""
    shown = _shown(selector)
    return f"({shown} ^ 0 and {_of_lines(selector)}) or {shown} * 0"


def since(selector: str = "") -> str:
    """Return PromQL of since when (ms) devices are degraded: one series for each reason."""
    return f"{_shown(selector)} * 1000"


def line_since() -> str:
    """Return PromQL of since when (s) each line has been degraded, by school and site."""
    return f"min by ({_SITE}) ({_found('')} and {_of_lines('')})"


def behind(selector: str = "") -> str:
    """Return PromQL of how many switches lose packets behind each line that loses packets."""
    switches = f"count by ({_DEVICE}) ({_lossy_behind(selector)})"
    counted = f"count by ({_SITE}) ({switches})"
    return f"0 * {_lossy_lines(selector)} + on ({_SITE}) group_left () {counted}"
