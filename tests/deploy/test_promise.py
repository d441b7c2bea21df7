"""The share of the promised 3 min 30 s that the verdict takes, measured on the verdicts."""

from __future__ import annotations

import random

from tests.verdict.world import World, numbered_city

VERDICT_SECONDS = 80
PING_SECONDS = 10.0


def deaths(seed: int, dead: int, sites: int) -> tuple[list[float], list[float]]:
    """Return after how many seconds each dead line is down, and up again."""
    chance = random.Random(seed)
    phases: dict[str, float] = {}
    death = 120 + chance.random() * PING_SECONDS
    back = death + 300
    world = World(
        numbered_city(sites, 0, interval=PING_SECONDS),
        lambda check: phases.setdefault(check.id, chance.random()),
        {(f"s{number}", "router"): [(death, back)] for number in range(dead)},
    )
    world.run(back + 120)
    downs = [at - death for at, change in world.changes if change.after.state.value == "down"]
    ups = [at - back for at, change in world.changes if at > back]
    return sorted(downs), sorted(ups)


def test_a_line_pinged_every_10_s_is_down_within_80_s() -> None:
    slowest = max(deaths(seed, 1, 6)[0][0] for seed in range(60))
    assert 60 <= slowest <= VERDICT_SECONDS


def test_the_third_of_thirty_lines_is_down_before_the_first_can_page() -> None:
    """So ProviderOutage, which needs three, fires when UplinkDown's 30 s are over."""
    for seed in range(3):
        downs, ups = deaths(seed, 30, 82)
        assert len(downs) == len(ups) == 30
        assert downs[2] - downs[0] < 15
        assert ups[-1] - ups[0] < 30
