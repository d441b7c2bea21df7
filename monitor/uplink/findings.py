"""Problems of an uplink by its load, each with a sentence for a person.

Must not know: polls other than the last, or who is notified.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from monitor.uplink.model import ADMIN_DOWN, GAP_SENTENCES, OPER_UP, Gap
from monitor.words.rate import rate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.inventory.city import Contract
    from monitor.uplink.meter import DirectionLoad, UplinkLoad

# Octets are counted without preamble and gap (24 octets a frame): a full line shows 98.4 % of
# its rate in frames of 1514 octets, and less in smaller ones.
SATURATED_RATIO = 0.9
# With one packet in a thousand lost, a TCP connection over 20 ms gets no more than 22 Mbit/s
# (Mathis et al., 1997: MSS / RTT * 1.22 / sqrt(loss)).
ERROR_RATIO = 0.001
# Queues drop packets normally when TCP fills them; 1 % is more than that.
DISCARD_RATIO = 0.01
# One damaged packet among ten in a quiet night is not significant.
FEWEST_PACKETS = 10

_OPER_STATUS = {
    2: "down",
    3: "testing",
    5: "dormant",
    6: "not present",
    7: "down because a lower layer is",
}
_OPER_UNKNOWN = 4


class FindingKind(StrEnum):
    """The problems that an uplink may have."""

    SLOWER_THAN_CONTRACT = "slower_than_contract"
    ERRORS = "errors"
    DISCARDS = "discards"
    SATURATED = "saturated"
    INTERFACE_DOWN = "interface_down"
    INTERFACE_NOT_FOUND = "interface_not_found"
    INTERFACE_AMBIGUOUS = "interface_ambiguous"


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem, and a sentence with the details."""

    kind: FindingKind
    sentence: str


def findings(load: UplinkLoad, contract: Contract | None) -> tuple[Finding, ...]:
    """Return the problems, in the order of `FindingKind`."""
    found = assess(load, contract)
    return tuple(Finding(kind, found[kind]) for kind in FindingKind if found.get(kind))


def assess(load: UplinkLoad, contract: Contract | None) -> Mapping[FindingKind, str]:
    """Return kind -> sentence: an empty one if there is no problem, no entry if it is unknown."""
    assessed: dict[FindingKind, str] = {}
    if load.gap is not Gap.NOT_CONFIGURED:
        for gap, kind in (
            (Gap.NOT_FOUND, FindingKind.INTERFACE_NOT_FOUND),
            (Gap.AMBIGUOUS, FindingKind.INTERFACE_AMBIGUOUS),
        ):
            sentence = f"{GAP_SENTENCES[gap]}, {load.interface!r}"
            assessed[kind] = sentence if load.gap is gap else ""
    if contract is not None and load.is_slower_than_contract is not None:
        assessed[FindingKind.SLOWER_THAN_CONTRACT] = _slower(load, contract)
    if load.oper_status not in {None, _OPER_UNKNOWN}:
        assessed[FindingKind.INTERFACE_DOWN] = _down(load)
    if load.seconds is None or load.down is None or load.up is None:
        return assessed
    if contract is not None:
        both = (("down", load.down, contract.down_bps), ("up", load.up, contract.up_bps))
        assessed[FindingKind.SATURATED] = _joined(
            f"{name} at {one.utilisation:.0%} of the contracted {rate(contracted, figures=6)}"
            for name, one, contracted in both
            if one.utilisation is not None and one.utilisation > SATURATED_RATIO
        )
    for kind, most in (
        (FindingKind.ERRORS, ERROR_RATIO),
        (FindingKind.DISCARDS, DISCARD_RATIO),
    ):
        assessed |= _spoilt(kind, most, load.seconds, (("down", load.down), ("up", load.up)))
    return assessed


def _slower(load: UplinkLoad, contract: Contract) -> str:
    if not load.is_slower_than_contract:
        return ""
    owed = f"{rate(contract.down_bps, figures=6)} down and {rate(contract.up_bps, figures=6)} up"
    return (
        f"{load.interface} runs at {rate(load.speed_bps or 0, figures=6)}, the contract says {owed}"
    )


def _down(load: UplinkLoad) -> str:
    if load.oper_status == OPER_UP:
        return ""
    status = _OPER_STATUS.get(load.oper_status or 0, f"in state {load.oper_status}")
    by_whom = ", switched off by its configuration" if load.admin_status == ADMIN_DOWN else ""
    return f"{load.interface} is {status}{by_whom}"


def _spoilt(
    kind: FindingKind, most: float, seconds: float, both: Iterable[tuple[str, DirectionLoad]]
) -> Mapping[FindingKind, str]:
    """Return the sentence on errors or discards; None if no direction counts them."""
    said: list[str] = []
    is_known = False
    for name, one in both:
        rate = one.errors_per_second if kind is FindingKind.ERRORS else one.discards_per_second
        if rate is None or one.packets_per_second is None:
            continue
        is_known = True
        # RFC 2863: packets sent include those that were dropped, packets received do not.
        good = one.packets_per_second
        ratio = rate / (max(good, rate) if name == "up" else good + rate) if rate else 0.0
        if ratio > most and rate * seconds >= FEWEST_PACKETS:
            said.append(f"{name} {100 * ratio:.2f} % of the packets ({rate:.3g} a second)")
    if not is_known:
        return {}
    return {kind: f"{kind.value}: {_joined(said)}" if said else ""}


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(parts)
