"""The last day's round-trip times per site, in intervals of five minutes; lost at a restart.

Prometheus keeps the history; this is for readers without access to it. Memory is bounded by the
number of intervals in a day.

Must not know: how it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from monitor.inventory.checks import CheckKind, Role
from monitor.observation import EchoRound
from monitor.status.model import RoundTrip

if TYPE_CHECKING:
    from monitor.inventory.city import Inventory
    from monitor.inventory.site_key import SiteKey
    from monitor.observation import Observation

PIECE_SECONDS: Final = 300
PIECES: Final = 24 * 3600 // PIECE_SECONDS
_PIECES_OF_HOUR: Final = 3600 // PIECE_SECONDS


@dataclass(slots=True)
class _Piece:
    number: int
    first: datetime
    sent: int = 0
    answered: int = 0
    measured: int = 0
    seconds: float = 0.0


class RoundTripHistory:
    """Collects the pings of uplinks, and returns a site's last day."""

    def __init__(self, inventory: Inventory) -> None:
        self._sites: dict[SiteKey, list[_Piece]] = {}
        self.reconfigure(inventory)

    def reconfigure(self, inventory: Inventory) -> None:
        """Apply another inventory; sites that remain keep their history."""
        keys = [school.key(site) for school, site in inventory.sites()]
        self._sites = {key: self._sites.get(key, []) for key in keys}

    def observe(self, observation: Observation) -> None:
        """Process one round of pings to an uplink; other observations are ignored."""
        check, values = observation.check, observation.values
        if check.kind is not CheckKind.ICMP or check.target.role is not Role.UPLINK:
            return
        pieces = self._sites.get(check.target.site_key)
        if pieces is None or not isinstance(values, EchoRound):
            return
        number = int(observation.started.timestamp()) // PIECE_SECONDS
        # After the clock was set back by an hour at most, results are added to the newest interval.
        # Otherwise it had been wrong, and so are the times of what was measured meanwhile.
        if pieces and pieces[-1].number - number > _PIECES_OF_HOUR:
            pieces[:] = [piece for piece in pieces if piece.number <= number]
        if not pieces or pieces[-1].number < number:
            pieces.append(_Piece(number, observation.started))
            del pieces[:-PIECES]
        piece = pieces[-1]
        piece.sent += values.sent
        piece.answered += values.answered
        piece.measured += len(values.rtts)
        piece.seconds += sum(values.rtts)

    def last_day(self, site: SiteKey, now: datetime) -> tuple[RoundTrip, ...]:
        """Return the intervals of the last day in which pings were sent, the oldest first."""
        oldest = int(now.timestamp()) // PIECE_SECONDS - PIECES
        return tuple(
            RoundTrip(
                starts=datetime.fromtimestamp(piece.number * PIECE_SECONDS, UTC),
                rtt_seconds=piece.seconds / piece.measured if piece.measured else None,
                loss_ratio=1 - piece.answered / piece.sent,
                packets=piece.sent,
                packets_lost=piece.sent - piece.answered,
                first=piece.first,
            )
            for piece in self._sites.get(site, [])
            if piece.number > oldest and piece.sent
        )
