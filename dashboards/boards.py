"""All boards, in the order in which one asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboards import city, contract, goal, health, school, switch

if TYPE_CHECKING:
    from dashboards.panel import Board

BOARDS: Final[tuple[Board, ...]] = (
    goal.BOARD,
    city.BOARD,
    school.BOARD,
    switch.BOARD,
    contract.BOARD,
    health.BOARD,
)
