"""A router whose uplink carries known traffic, and its readings as SNMP would bring them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.observation import DeviceReading
from monitor.uplink import Poll, UplinkLoad, UplinkMeter
from tests import build

if TYPE_CHECKING:
    from monitor.inventory.city import Contract

MORNING = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
GIGABIT = build.contract(10**9, 5 * 10**8, minimum_down_bps=10**8, minimum_up_bps=10**8)
PACKET = 800


def poll(ended: float, begun: float | None = None) -> Poll:
    begun = ended - 0.05 if begun is None else begun
    return Poll(begun, ended, MORNING + timedelta(seconds=begun))


@dataclass
class Router:
    """Counts without limit inside; `reading` truncates the counters to their width.

    `packets_down` and `packets_up` are what `octets` would be in packets of 800 octets.
    """

    octets_down: int = 0
    octets_up: int = 0
    errors: int = 0
    discards: int = 0
    uptime_ticks: float = 360_000
    speed_mbps: int = 1000
    width: int = 64
    if_index: int = 4
    name: bytes = b"wan0"
    sys_name: str = "router"
    oper_status: int = 1
    admin_status: int = 1

    def pass_time(self, seconds: float, down_bps: float = 0, up_bps: float = 0) -> None:
        self.uptime_ticks += seconds * 100
        self.octets_down += int(down_bps * seconds / 8)
        self.octets_up += int(up_bps * seconds / 8)

    def reset_counters(self) -> None:
        self.octets_down = self.octets_up = self.errors = self.discards = 0

    def restart(self) -> None:
        self.reset_counters()
        self.uptime_ticks = 0

    def reading(self, **columns: dict[int, int | bytes]) -> DeviceReading:
        if_index, other = self.if_index, self.if_index + 1
        prefix, mask = ("ifHC", 2**64 - 1) if self.width == 64 else ("if", 2**32 - 1)
        numbers = {
            "ifHighSpeed" if self.width == 64 else "ifSpeed": (
                self.speed_mbps if self.width == 64 else min(self.speed_mbps * 10**6, 2**32 - 1)
            ),
            f"{prefix}InOctets": self.octets_down & mask,
            f"{prefix}OutOctets": self.octets_up & mask,
            f"{prefix}InUcastPkts": self.octets_down // PACKET & mask,
            f"{prefix}OutUcastPkts": self.octets_up // PACKET & mask,
            "ifInErrors": self.errors % 2**32,
            "ifOutErrors": 0,
            "ifInDiscards": 0,
            "ifOutDiscards": self.discards % 2**32,
            "ifOperStatus": self.oper_status,
            "ifAdminStatus": self.admin_status,
        }
        table: dict[str, dict[int, int | bytes]] = {
            "ifName": {if_index: self.name, other: b"lan0"},
            "ifDescr": {if_index: b"Ethernet towards provider", other: b"Ethernet towards school"},
        }
        table |= {name: {if_index: value, other: 7} for name, value in numbers.items()}
        uptime = int(self.uptime_ticks) % 2**32
        return DeviceReading(self.sys_name, "Router", "1.3.6.1.4.1.9", uptime, table | columns)


def measured(
    router: Router,
    seconds: float = 60,
    down_bps: float = 0,
    up_bps: float = 0,
    *,
    errors: int = 0,
    discards: int = 0,
    contract: Contract = GIGABIT,
) -> UplinkLoad:
    """Return the load after that time of traffic."""
    meter = UplinkMeter("wan0", contract)
    meter.measure(router.reading(), poll(1000))
    router.pass_time(seconds, down_bps, up_bps)
    router.errors += errors
    router.discards += discards
    return meter.measure(router.reading(), poll(1000 + seconds))
