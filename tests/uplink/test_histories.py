"""Random histories of traffic: whatever happens, no rate exceeds the traffic really sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto

from hypothesis import event, given, settings
from hypothesis import strategies as st

from monitor.uplink import Gap, UplinkMeter
from tests.uplink.router import GIGABIT, Router, poll


class Incident(Enum):
    NOTHING = auto()
    RESTART = auto()
    RESET = auto()
    RENUMBERED = auto()
    FROZEN_UPTIME = auto()


@dataclass(frozen=True)
class Spell:
    """Traffic, an incident in its middle, traffic again, a poll that takes `lasted` seconds."""

    before: float
    incident: Incident
    after: float
    down: float
    up: float
    lasted: float


SECONDS = st.floats(0.3, 400) | st.floats(50, 70) | st.floats(1000, 5000)
SPELLS = st.builds(
    Spell,
    before=SECONDS,
    incident=st.just(Incident.NOTHING) | st.sampled_from(Incident),
    after=st.just(0.0) | SECONDS,
    down=st.floats(0, 1),
    up=st.floats(0, 1),
    lasted=st.floats(0, 3),
)
ROUTERS = st.builds(
    Router,
    # The packet counters of 32 bits start below 2**31: a reset cannot be distinguished from a wrap
    # if octets and packets are both just below their maximum.
    octets_down=st.integers(0, 2**31 * 700) | st.integers(2**32 - 10**6, 2**32),
    octets_up=st.integers(0, 2**31 * 700),
    uptime_ticks=st.integers(0, 2**32 - 1).map(float)
    | st.integers(2**32 - 10**5, 2**32 - 1).map(float),
    speed_mbps=st.sampled_from([10, 16, 100, 1000]),
    width=st.sampled_from([32, 64]),
)


@dataclass
class Truth:
    """The traffic really sent since the start, in octets, and the time."""

    now: float = 1000.0
    down: int = 0
    up: int = 0


def pass_time(router: Router, truth: Truth, seconds: float, spell: Spell) -> None:
    down, up = router.octets_down, router.octets_up
    speed = router.speed_mbps * 10**6
    router.pass_time(seconds, spell.down * speed, spell.up * speed)
    truth.now += seconds
    truth.down += router.octets_down - down
    truth.up += router.octets_up - up


def happen(router: Router, incident: Incident) -> None:
    if incident is Incident.RESTART:
        router.restart()
    elif incident is Incident.RESET:
        router.reset_counters()
    elif incident is Incident.RENUMBERED:
        router.if_index = 5 if router.if_index == 4 else 4


@settings(max_examples=400)
@given(ROUTERS, st.lists(SPELLS, min_size=1, max_size=12))
def test_no_rate_exceeds_what_was_really_sent(router: Router, spells: list[Spell]) -> None:
    meter = UplinkMeter("wan0", GIGABIT)
    truth = Truth()
    uptime = router.reading().uptime_ticks
    meter.measure(router.reading(), poll(truth.now))
    compared, undisturbed, shown_peak = Truth(truth.now), True, 0.0
    for spell in spells:
        pass_time(router, truth, spell.before, spell)
        happen(router, spell.incident)
        pass_time(router, truth, spell.after, spell)
        undisturbed &= spell.incident is Incident.NOTHING
        reading = router.reading()
        if spell.incident is Incident.FROZEN_UPTIME:
            reading = replace(reading, uptime_ticks=uptime)
        uptime = reading.uptime_ticks
        load = meter.measure(reading, poll(truth.now + spell.lasted / 2, truth.now - spell.lasted))
        elapsed = truth.now - compared.now
        event(str(load.gap))
        if load.gap is None:
            assert load.down_bps is not None
            assert load.up_bps is not None
            assert load.seconds is not None
            sent = (truth.down - compared.down, truth.up - compared.up)
            shown = (load.down_bps * load.seconds / 8, load.up_bps * load.seconds / 8)
            for really, said in zip(sent, shown, strict=True):
                assert 0 <= said <= really * (1 + 1e-9), f"{said} octets instead of {really}"
            if undisturbed:
                assert [round(said) for said in shown] == list(sent)
                assert abs(load.seconds - elapsed) <= 0.011
            shown_peak = max(shown_peak, load.down_bps)
            assert load.down_peak is not None
            assert load.down_peak.bps == shown_peak
        elif undisturbed and router.width == 64:
            # Nothing happened, so only too short or too long an interval excuses a missing rate.
            assert elapsed < 1.02 + 1.5 * spell.lasted or elapsed > 3590
        if load.gap not in {Gap.TOO_SOON, Gap.UPTIME_STANDS_STILL}:
            compared = Truth(truth.now, truth.down, truth.up)
            undisturbed = spell.incident is not Incident.FROZEN_UPTIME
