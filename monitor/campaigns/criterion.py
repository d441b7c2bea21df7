"""What a line must carry for a goal: the rates by which a campaign is judged.

Tests measure TCP payload, while contracts state line rates. 1 Gbit/s on a port of 1 Gbit/s carries
at most 941 Mbit/s of payload (`layers.py`), or 919 with PPPoE, tags and IPv6: 90 % are certain,
95 % are not. So the payload demanded of a line is at most 90 % of the contracted rate. Vfg. Nr.
99/2021 allows the same tenth for the maximum; the normal rate and the minimum get it only if the
contract states more than 90 %.

Source: NRW, directive of 2018-09-12 (1 Gbit/s symmetric); Bund and NRW, 30 Mbit/s for each class
and 30 for the administration (gigabit.nrw.de, "Aufgreifschwelle von Schulen", on section 4.5 of
the federal guide of 2017-07-17).

Must not know: measurements, stages.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from monitor.campaigns.evidence import Rates
from monitor.inventory.city import Criterion

if TYPE_CHECKING:
    from monitor.campaigns.evidence import Campaign

GIGABIT_BPS: Final = 1_000_000_000
CLASS_BPS: Final = 30_000_000


def measured_by(campaign: Campaign, criterion: Criterion, classes: int | None) -> Campaign | None:
    """Return the campaign with the rates that the criterion demands.

    None if the criterion is per class and the number of classes is not configured: then no
    campaign has a verdict.
    """
    if criterion is Criterion.GIGABIT:
        down, up = _gigabit(campaign.down), _gigabit(campaign.up)
    elif criterion is Criterion.CONTRACT:
        down, up = _of_contract(campaign.down), _of_contract(campaign.up)
    elif classes is None:
        return None
    else:
        # The federal minimum is about the download; for the upload the contract remains.
        down, up = _for_classes(campaign.down, classes), _of_contract(campaign.up)
    return replace(campaign, down=down, up=up)


def _of_contract(contract: Rates) -> Rates:
    return _at_most(contract, _certain(contract.maximum_bps))


def _gigabit(contract: Rates) -> Rates:
    """Return rates that demand a line of 1 Gbit/s; the contract's minimum stays if it is lower."""
    certain = _certain(GIGABIT_BPS)
    return Rates(GIGABIT_BPS, certain, min(contract.minimum_bps, certain))


def _for_classes(contract: Rates, classes: int) -> Rates:
    """Return rates that demand what the classes and the administration need, as payload.

    The full amount on a line with a faster contract; a line with exactly that contract need only
    reach what it can carry.
    """
    need = CLASS_BPS * (classes + 1)
    asked = need if need > contract.maximum_bps else min(need, _certain(contract.maximum_bps))
    return Rates(need, asked, min(contract.minimum_bps, asked))


def _at_most(rates: Rates, bps: float) -> Rates:
    return Rates(rates.maximum_bps, min(rates.normal_bps, bps), min(rates.minimum_bps, bps))


def _certain(line_bps: float) -> float:
    """Return the payload rate that a line of that rate carries for certain."""
    return line_bps * 9 / 10
