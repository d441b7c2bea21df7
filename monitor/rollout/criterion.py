"""What a line has to carry for a goal: the rates that a campaign is judged by.

The 90 % of the two fixed criteria is what the test itself leaves of a line: 1 Gbit/s of
Ethernet carries about 957 Mbit/s of payload.

Source: NRW, directive of 2018-09-12 (1 Gbit/s symmetric); Bund, 30 Mbit/s for each class.

Must not know: measurements, stages.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from monitor.inventory import Criterion
from monitor.rollout.evidence import Rates

if TYPE_CHECKING:
    from monitor.rollout.evidence import Campaign

GIGABIT_BPS: Final = 1_000_000_000
CLASS_BPS: Final = 30_000_000


def measured_by(campaign: Campaign, criterion: Criterion, classes: int | None) -> Campaign | None:
    """Return the campaign with the rates that the criterion asks for.

    None if the criterion is per class and nobody says how many classes there are: then no
    campaign can show anything.
    """
    if criterion is Criterion.CONTRACT:
        return campaign
    if criterion is Criterion.GIGABIT:
        down, up = _floor(campaign.down, GIGABIT_BPS), _floor(campaign.up, GIGABIT_BPS)
        return replace(campaign, down=down, up=up)
    if classes is None:
        return None
    # The federal floor speaks of the way to the school; the other way stays the contract's.
    return replace(campaign, down=_floor(campaign.down, CLASS_BPS * classes))


def _floor(contract: Rates, bps: float) -> Rates:
    """Return rates that ask for `bps`; the contract's minimum stays, below that, the excuse."""
    normal = bps * 9 / 10
    return Rates(bps, normal, min(contract.minimum_bps, normal))
