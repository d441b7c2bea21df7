"""Whether a device that answers is degraded: from runs of its checks to problems.

Only measurements while the device is up count. If its pings are not answered, a failed run is the
line's fault and shows nothing about the service or the agent.

Must not know: other devices, the inventory, or who is notified.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.inventory.checks import BACK_OFF_KINDS, BACK_OFF_LIMIT_SECONDS
from monitor.inventory.device_profile import Quantity
from monitor.observation import EchoRound, HardwareReading, Outcome
from monitor.uplink import FindingKind
from monitor.verdict.cases import Cases, Rule
from monitor.verdict.model import Moment
from monitor.verdict.trouble import Trouble
from monitor.verdict.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from monitor.inventory.checks import Check
    from monitor.inventory.limits import Limits
    from monitor.observation import Observation
    from monitor.uplink import Measured
    from monitor.verdict.cases import Key
    from monitor.verdict.trouble import Degradation

# Hysteresis: packet loss ends at half its limit, a full line at 10 % below, a temperature at 5
# degrees below, so that values near a limit do not flap.
_LOSS_ENDS: Final = 0.5
_LOAD_ENDS: Final = 0.9
_COOLER: Final = 5.0
# One lost packet among twenty is chance.
_FEWEST_LOST: Final = 3
_ROUNDS: Final = 10
# One reading is enough to report a stopped fan; two are needed to clear it.
_GOOD_RUNS: Final = 2
_LINE_POLLS: Final = 3
_MISSED_RUNS: Final = 3
_FAULTY_POWER: Final = 3

# Measurements of the line itself restart when the line is back.
_OF_THE_LINE: Final = frozenset({Trouble.PACKET_LOSS, Trouble.LINE_FULL})
_LINE_FINDINGS: Final = {
    FindingKind.ERRORS: Trouble.LINE_ERRORS,
    FindingKind.SLOWER_THAN_CONTRACT: Trouble.SLOWER_THAN_CONTRACT,
}
_FLAPPING: Final = (Trouble.FLAPPING, "icmp", "")
_PARTS: Final = {
    Quantity.FAN_GOOD: "fan",
    Quantity.POWER_SUPPLY_GOOD: "power supply",
}


class Condition:
    """The condition of one device beyond up and down."""

    def __init__(self, limits: Limits, *, is_up: bool = False) -> None:
        self.limits = limits
        self._is_up = is_up
        # When it was last up: nothing runs out while the device cannot be asked.
        self._left: float | None = None
        self._cases = Cases()
        self._falls: list[Moment] = []
        self._silent_packets = 0
        self._losses: Window | None = None
        self._loads: dict[str, Window] = {}

    @property
    def findings(self) -> tuple[Degradation, ...]:
        """Return the problems; none while the device is down or unknown."""
        return self._cases.findings() if self._is_up and self._cases else ()

    @property
    def has_cases(self) -> bool:
        """Return whether there are cases, so that it must be checked again."""
        return bool(self._cases) or bool(self._falls)

    @property
    def held(self) -> tuple[Degradation, ...]:
        """Return every open problem, and those from before the start that are undecided."""
        return self._cases.held()

    @property
    def falls(self) -> tuple[datetime, ...]:
        """Return the outages that make the device flap; none if it does not."""
        is_flapping = self._cases.is_held(_FLAPPING)
        return tuple(fall.instant for fall in self._falls) if is_flapping else ()

    def remember(
        self,
        found: Iterable[Degradation],
        falls: Iterable[datetime],
        checks: Mapping[str, Check],
        now: Moment,
    ) -> None:
        """Restore the open problems from before the start, so that they keep their start times."""
        if not self._is_up:
            self._left = now.monotonic
        for one in found:
            check = checks.get(one.check)
            if one.since < now.instant and (check or one.trouble is Trouble.FLAPPING):
                self._cases.remember(one, now.monotonic + self._patience(one.trouble, check))
        for at in falls:
            seconds = (now.instant - at).total_seconds()
            self._falls.append(Moment(now.monotonic - seconds, at))

    def _patience(self, trouble: Trouble, check: Check | None) -> float:
        """Return how many seconds after the start a problem's runs take to decide on it."""
        interval = check.interval if check else 0.0
        windows = {
            Trouble.PACKET_LOSS: max(self.limits.loss_seconds, _ROUNDS * interval),
            Trouble.FLAPPING: self.limits.outages_seconds,
            Trouble.LINE_FULL: self.limits.load_seconds,
        }
        pace = max(interval, BACK_OFF_LIMIT_SECONDS)
        return windows.get(trouble, 0.0) + _MISSED_RUNS * pace

    def turned(self, now: Moment, *, is_up: bool, fell: bool) -> None:
        """Process another verdict on the device; `fell` says that an outage began."""
        if self._is_up and not is_up:
            self._silent_packets = 0
            self._losses = None
            self._loads = {}
            self._cases.drop(_OF_THE_LINE)
            self._left = now.monotonic
        if is_up and self._left is not None:
            self._cases.postpone(now.monotonic - self._left)
            self._left = None
        self._is_up = is_up
        if fell:
            self._falls.append(now)
            del self._falls[: -self.limits.outages]
            self._judge_falls(now)

    def tick(self, now: Moment) -> bool:
        """Advance the time; return whether the problems changed."""
        is_away = self._left is not None
        return self._judge_falls(now) or (not is_away and self._cases.forget(now.monotonic))

    def pinged(self, observation: Observation, now: Moment) -> bool:
        """Process a round of pings; return whether the problems changed."""
        values = observation.values
        if (
            not self._is_up
            or not isinstance(values, EchoRound)
            or observation.outcome is Outcome.UNKNOWN
        ):
            return False
        sent, answered = values.sent, values.answered
        if not answered:
            # The next rounds show whether this is loss or the start of an outage.
            self._silent_packets += sent
            return False
        sent, lost = sent + self._silent_packets, sent - answered + self._silent_packets
        self._silent_packets = 0
        losses = self._losses
        if losses is None:
            seconds = max(self.limits.loss_seconds, _ROUNDS * observation.check.interval)
            losses = self._losses = Window(seconds)
        losses.add(now.monotonic, sent, lost)
        return bool(losses.amount or self._cases) and self._judge_losses(
            losses, observation.check, now
        )

    def asked(self, observation: Observation, now: Moment) -> bool:
        """Process a run of any other check; return whether the problems changed."""
        if not self._is_up or self._silent_packets or observation.outcome is Outcome.UNKNOWN:
            return False
        check, monotonic = observation.check, now.monotonic
        is_snmp = check.kind in BACK_OFF_KINDS
        key = (Trouble.SNMP if is_snmp else Trouble.SERVICE, check.name, "")
        pace = max(check.interval, BACK_OFF_LIMIT_SECONDS) if is_snmp else check.interval
        if observation.outcome is Outcome.OK:
            # There is almost never a case to close, so nothing is allocated for it.
            rule = Rule(1, _GOOD_RUNS, _MISSED_RUNS * pace) if self._cases else None
            changed = rule is not None and self._cases.good(key, rule, monotonic)
        else:
            runs = self.limits.failed_runs
            detail = observation.detail or observation.reason.value
            detail = f"{detail} (failed {runs} times in a row)" if runs > 1 else detail
            rule = Rule(runs, _GOOD_RUNS, _MISSED_RUNS * pace)
            changed = self._cases.bad(key, rule, monotonic, observation.started, detail)
        if isinstance(observation.values, HardwareReading):
            for key, said in _problems_of_parts(check, observation.values, self).items():
                changed |= self._judge_part(key, said, check, now, observation.started)
        return changed

    def measured(self, measured: Measured, check: Check, now: Moment) -> bool:
        """Process the line's load; return whether the problems changed."""
        load = measured.load
        if not self._is_up or load is None:
            return False
        changed = False
        found = {one.kind: one.sentence for one in measured.findings}
        rule = Rule(_LINE_POLLS, _GOOD_RUNS, _MISSED_RUNS * check.interval)
        for kind, trouble in _LINE_FINDINGS.items():
            # An inconclusive poll is neither good nor bad.
            if kind is FindingKind.ERRORS and load.seconds is None:
                continue
            if kind is FindingKind.SLOWER_THAN_CONTRACT and load.is_slower_than_contract is None:
                continue
            changed |= self._judge((trouble, check.name, ""), rule, now, found.get(kind, ""))
        for name, one in (("down", load.down), ("up", load.up)):
            if one is None or load.seconds is None:
                continue
            window = self._loads.get(name)
            if window is None:
                window = self._loads[name] = Window(self.limits.load_seconds)
            if one.utilisation is not None:
                window.add(now.monotonic, load.seconds, one.utilisation * load.seconds)
            changed |= self._judge_load((Trouble.LINE_FULL, check.name, name), window, now)
        return changed

    def is_held(self, key: Key) -> bool:
        """Return whether this problem is present, or was before the start and is undecided."""
        return self._cases.is_held(key)

    def _judge(
        self, key: Key, rule: Rule, now: Moment, said: str, begun: datetime | None = None
    ) -> bool:
        """Count one run: bad if there is a detail."""
        if said:
            return self._cases.bad(key, rule, now.monotonic, begun or now.instant, said)
        return self._cases.good(key, rule, now.monotonic)

    def _judge_losses(self, losses: Window, check: Check, now: Moment) -> bool:
        key, limit = (Trouble.PACKET_LOSS, check.name, ""), self.limits.loss
        rule = Rule(1, 1, losses.seconds)
        if not (self._cases.is_open(key) or losses.is_telling(now.monotonic)):
            return False
        if self._cases.is_held(key):
            is_bad = losses.ratio > limit * _LOSS_ENDS
        else:
            is_bad = losses.ratio > limit and losses.amount >= _FEWEST_LOST
        if not is_bad:
            return self._cases.good(key, rule, now.monotonic)
        begun = losses.above_since(limit)
        said = (
            f"{_share(losses.ratio)} of {losses.weight:.0f} packets lost in "
            f"{_minutes(losses.known(now.monotonic))}, limit {_share(limit)}"
        )
        return self._judge(key, rule, now, said, _instant(begun, now))

    def _judge_load(self, key: Key, window: Window, now: Moment) -> bool:
        limit = self.limits.load
        if not (self._cases.is_open(key) or window.is_telling(now.monotonic)):
            return False
        is_bad = window.ratio > (limit * _LOAD_ENDS if self._cases.is_held(key) else limit)
        said = (
            f"{key[2]} at {_share(window.ratio)} of the contracted rate over "
            f"{_minutes(window.known(now.monotonic))}, limit {_share(limit)}"
        )
        rule, begun = Rule(1, 1, window.seconds), _instant(window.above_since(limit), now)
        return self._judge(key, rule, now, said if is_bad else "", begun)

    def _judge_falls(self, now: Moment) -> bool:
        limits, falls = self.limits, self._falls
        oldest = now.monotonic - limits.outages_seconds
        while falls and falls[0].monotonic < oldest:
            falls.pop(0)
        rule = Rule(1, 1, limits.outages_seconds)
        if len(falls) < limits.outages:
            return self._cases.good(_FLAPPING, rule, now.monotonic)
        said = f"{limits.outages} outages or more within {_minutes(limits.outages_seconds)}"
        return self._judge(_FLAPPING, rule, now, said, falls[0].instant)

    def _judge_part(self, key: Key, said: str, check: Check, now: Moment, begun: datetime) -> bool:
        rule = Rule(1, _GOOD_RUNS, _MISSED_RUNS * check.interval)
        return self._judge(key, rule, now, said, begun)


def _problems_of_parts(
    check: Check, reading: HardwareReading, condition: Condition
) -> dict[Key, str]:
    """Return the problem of each part, empty for a good one.

    Parts of the same name are one: it is bad while any of them is.
    """
    found: dict[Key, str] = {}
    for trouble, part, said in _parts(check, reading, condition):
        key = (trouble, check.name, part)
        found[key] = found.get(key) or said
    return found


def _parts(
    check: Check, reading: HardwareReading, condition: Condition
) -> Iterator[tuple[Trouble, str, str]]:
    """Yield each part that can fail or be too hot: its name, and its problem."""
    temperatures: list[tuple[str, float]] = []
    for (quantity, name), value in reading.parts.items():
        if quantity in _PARTS:
            part = f"{_PARTS[quantity]} {name}".strip()
            yield Trouble.HARDWARE, part, "" if value else f"{part} has failed"
        elif quantity is Quantity.TEMPERATURE_CELSIUS:
            temperatures.append((name, value))
    for index, sensor in reading.sensors.items():
        name = sensor.name or f"sensor {index}"
        yield Trouble.HARDWARE, name, "" if sensor.is_working else f"{name} does not work"
        if sensor.unit == "celsius" and sensor.value is not None:
            temperatures.append((name, sensor.value))
    for group, power in reading.power.items():
        part = f"power over Ethernet {group}"
        yield Trouble.HARDWARE, part, f"{part} is faulty" if power.status == _FAULTY_POWER else ""
    limit = condition.limits.celsius
    for name, value in temperatures:
        is_hot = condition.is_held((Trouble.TEMPERATURE, check.name, name))
        is_bad = value > (limit - _COOLER if is_hot else limit)
        said = f"{name or 'the device'} has {value:g} °C, limit {limit:g} °C"
        yield Trouble.TEMPERATURE, name, said if is_bad else ""


def _instant(monotonic: float | None, now: Moment) -> datetime:
    return now.instant if monotonic is None else now.instant_of(monotonic)


def _minutes(seconds: float) -> str:
    return f"{round(seconds / 60, 1):g} min"


def _share(ratio: float) -> str:
    return f"{100 * ratio:.3g} %"
