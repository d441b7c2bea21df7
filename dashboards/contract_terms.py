"""What a line owes and kept, as PromQL by school and site, of the chosen providers.

Must not know: panels.
"""

from __future__ import annotations

from typing import Final

OF: Final = 'and on (school, site) max by (school, site) (school_site_info{provider=~"$provider"})'


def minutes(classes: str) -> str:
    """Return PromQL of the minutes in the time range of some classes (`up|down`)."""
    counted = f'increase(school_minutes_total{{class=~"{classes}"}}[$__range])'
    return f"sum by (school, site) ({counted})"


DOWN: Final = minutes("down")
# What is known, whether or not it counts.
RECORDED: Final = minutes("up|down|maintenance|outside")
# This share of a time range is all of it, and so are the last minutes, which are not settled yet.
ENOUGH: Final = 0.9
SETTLED_AFTER: Final = 600
_MISSING: Final = f"($__range_s / 60 - {RECORDED})"
# Of a line that was not measured throughout, all minutes of which nothing is known.
NOT_KNOWN: Final = (
    f"(({_MISSING} > ({1 - ENOUGH:.1f} * $__range_s + {SETTLED_AFTER}) / 60)"
    f" or {minutes('unknown')})"
)

# How much of an excuse lies in the time range: whole excuses have minutes, not single ones.
_BEGINS: Final = "max by (excuse) (school_excuse_begins_timestamp_seconds)"
_ENDS: Final = "max by (excuse) (school_excuse_ends_timestamp_seconds)"
IN_RANGE: Final = (
    f"clamp((clamp_max({_ENDS}, time()) - clamp_min({_BEGINS}, time() - $__range_s))"
    f" / ({_ENDS} - {_BEGINS}), 0, 1)"
)


_TURNED: Final = 'max by (school, site, excuse) (school_excuse_minutes{{into="{}"}})'
_OF_RANGE: Final = f"* on (excuse) group_left () {IN_RANGE}"
_EXCUSED, _CHARGED = _TURNED.format("excused"), _TURNED.format("down")
EXCUSED: Final = f"sum by (school, site) ({_EXCUSED} {_OF_RANGE})"


def _as_decided(classes: str) -> str:
    """Return minutes of classes with down among them: without those excused, with those charged."""
    recorded = f'increase(school_minutes_total{{class=~"{classes}"}}[$__range])'
    decided = f"({_CHARGED} or -{_EXCUSED}) {_OF_RANGE}"
    return f"clamp_min(sum by (school, site) ({recorded} or {decided}), 0)"


COUNTED: Final = f"({_as_decided('up|down')} > 0)"
# A line of which no minute counted has kept nothing and broken nothing.
KEPT: Final = f"(1 - {_as_decided('down')} / {COUNTED})"
OWED: Final = "max by (school, site) (school_contract_availability_ratio)"
BELOW: Final = f"({KEPT} {OF}) < {OWED}"

_UPLINKS: Final = (
    "* on (school, site, device) group_left ()"
    ' max by (school, site, device) (school_device_info{role="uplink"})'
)


def _pings(counter: str) -> str:
    return (
        f"sum by (school, site) (sum by (school, site, device) (increase({counter}[$__range]))"
        f" {_UPLINKS})"
    )


# Of pings to the line's own router: a dead switch behind it loses nothing of the line.
LOST: Final = f"({_pings('probe_icmp_lost_total')} / ({_pings('smokeping_requests_total')} > 0))"


def against_contract(direction: str) -> str:
    """Return PromQL of the last campaign's median against the contracted rate, `down` or `up`."""
    rate = (
        "max by (school, site) (rollout_campaign_rate_bits_per_second"
        f'{{direction="{direction}", statistic="median"}})'
    )
    return f"{rate} / max by (school, site) (school_contract_{direction}_bits_per_second)"
