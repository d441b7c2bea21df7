"""One school whose devices answer their pings but are degraded as a test wants."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from monitor.inventory.checks import (
    CheckKind,
    HardwareOptions,
    HttpOptions,
    InterfacesOptions,
    SnmpAccess,
    TcpOptions,
)
from monitor.inventory.device_profile import Quantity
from monitor.inventory.limits import Limits
from monitor.observation import (
    DeviceReading,
    EchoRound,
    HardwareReading,
    HttpReading,
    Observation,
    Outcome,
    PowerSupplyGroup,
    Reason,
    Sensor,
)
from monitor.uplink import DirectionLoad, FindingKind, Measured, UplinkLoad
from monitor.uplink.findings import Finding
from monitor.uplink.model import Gap
from monitor.verdict import Conditions, Trouble, VerdictBoard
from tests.build import plan
from tests.verdict.world import CONTRACT, icmp, moment, numbered_city, switch, uplink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.inventory.checks import Check
    from monitor.inventory.city import Inventory
    from monitor.observation import Values
    from monitor.verdict import Degradation, Subject

ROUTER = uplink(0)
SWITCH = switch(0, 0)
ACCESS = SnmpAccess("2c", "city")


def one_school(limits: Limits | None = None, switch_limits: Limits | None = None) -> Inventory:
    """Return a city of one school: a router with a website and a TCP port, and a switch."""
    limits = limits or Limits()
    interfaces = plan(InterfacesOptions(ACCESS))
    hardware = plan(HardwareOptions(ACCESS), interval=300.0)
    web = plan(HttpOptions("http://10.0.0.1/"), name="website", timeout=10.0)
    port = plan(TcpOptions(25), name="mail", timeout=10.0)
    whole = numbered_city(1, 1, interval=10.0)
    [one] = whole.schools
    [site] = one.sites
    box = replace(
        site.switches[0],
        checks=(icmp(60.0), interfaces, hardware),
        limits=switch_limits or limits,
    )
    line = replace(site.uplink, checks=(icmp(10.0), interfaces, web, port), limits=limits)
    place = replace(site, uplink=line, switches=(box,))
    return replace(whole, schools=(replace(one, sites=(place,)),))


@dataclass
class Runs:
    """Simulates every check of the school with the results a test sets; times in seconds."""

    inventory: Inventory = field(default_factory=one_school)
    answered: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, tuple[Reason, str]] = field(default_factory=dict)
    hardware: HardwareReading = field(default_factory=lambda: HardwareReading({}, {}))
    load: float = 0.1
    is_slow: bool = False
    has_errors: bool = False
    now: float = 0.0

    def __post_init__(self) -> None:
        self.board = VerdictBoard(self.inventory, moment(self.now))
        self.conditions = Conditions(self.inventory, self.board)
        self.changed_at: list[float] = []
        self._polls = 0

    def restarted(self, after: float, **set_: object) -> Runs:
        """Return the school as another daemon with the same ledger finds it this much later."""
        again = replace(self, now=self.now + after, **set_)  # type: ignore[arg-type]  # fields
        again.conditions.remember(dict(self.conditions.held()), {}, moment(again.now))
        return again

    def run(self, seconds: float) -> None:
        """Let every check run at its interval for this long; one round of pings is ten seconds."""
        until = self.now + seconds
        while self.now < until:
            for check in self.inventory.checks():
                if self.now % check.interval == 0:
                    self._observe(self._observation(check))
            self.now += 10.0
            for change in self.board.tick(moment(self.now)):
                self.conditions.changed(change, moment(self.now))
            if self.conditions.tick(moment(self.now)):
                self.changed_at.append(self.now)

    def found(self, subject: Subject = ROUTER) -> tuple[Degradation, ...]:
        return self.conditions.of(subject)

    def troubles(self, subject: Subject = ROUTER) -> list[Trouble]:
        return [one.trouble for one in self.found(subject)]

    def _observe(self, observation: Observation) -> None:
        now = moment(self.now + observation.duration)
        for change in self.board.observe(observation, now):
            self.conditions.changed(change, now)
        is_news = self.conditions.observe(observation, now)
        if observation.check.kind is CheckKind.INTERFACES and observation.outcome is Outcome.OK:
            is_news |= self.conditions.measured(self._measured(), now)
        if is_news:
            self.changed_at.append(self.now)

    def _observation(self, check: Check) -> Observation:
        started = moment(self.now).instant
        if check.kind is CheckKind.ICMP:
            answered = self.answered.get(check.target.device, 5)
            values = EchoRound(check.target.host, 5, (0.004,) * answered)
            outcome = Outcome.OK if answered else Outcome.FAILED
            reason = Reason.NONE if answered else Reason.TIMEOUT
            return Observation(check, started, 2.0, outcome, reason, "", values)
        if check.name in self.failed:
            reason, detail = self.failed[check.name]
            outcome = Outcome.UNKNOWN if reason is Reason.NO_SOCKET else Outcome.FAILED
            return Observation(check, started, 2.0, outcome, reason, detail)
        read: Mapping[CheckKind, Values] = {
            CheckKind.INTERFACES: DeviceReading("box", "", "", 1, {}),
            CheckKind.HARDWARE: self.hardware,
            CheckKind.HTTP: HttpReading("10.0.0.1", 4, status=200),
        }
        return Observation(check, started, 1.0, Outcome.OK, values=read.get(check.kind))

    def _measured(self) -> Measured:
        down = DirectionLoad(self.load * CONTRACT.down_bps, self.load, None, None, None)
        up = DirectionLoad(0.0, 0.0, None, None, None)
        slow = Finding(FindingKind.SLOWER_THAN_CONTRACT, "wan runs at 100 Mbit/s")
        errors = Finding(FindingKind.ERRORS, "down 1 % of the packets")
        self._polls += 1
        found = (slow,) * self.is_slow + (errors,) * (self.has_errors and self._polls > 1)
        # The first poll after a start has nothing to compare with.
        load = UplinkLoad("wan", Gap.FIRST_POLL, is_slower_than_contract=self.is_slow)
        if self._polls > 1:
            load = replace(load, gap=None, seconds=60.0, down=down, up=up)
        return Measured("s0", "main", CONTRACT, load, found)


def hardware(
    *, fan: float = 1.0, celsius: float = 40.0, power: int = 1, is_working: bool = True
) -> HardwareReading:
    """Return the hardware reading of a switch."""
    return HardwareReading(
        {1: PowerSupplyGroup(370, 40, power)},
        {4: Sensor("inlet", "celsius", celsius, is_working)},
        parts={(Quantity.FAN_GOOD, "2"): fan, (Quantity.POWER_SUPPLY_GOOD, "1"): 1.0},
    )
