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
# Of what counts. A line of which no minute counted has kept nothing and broken nothing.
KEPT: Final = f"(1 - {DOWN} / ({minutes('up|down')} > 0))"
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
