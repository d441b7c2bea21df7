"""A daemon that has measured nothing yet exposes every counter that it will ever count, at 0.

Prometheus sees no increase in a series' first sample: a counter that appears with its first event
hides it, and a line that was never down would have no `down` minutes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp

from monitor.clock import SystemClock
from monitor.config import load
from monitor.config.secrets import Secret
from monitor.daemon.open import open_daemon
from monitor.daemon.settings import Loaded, Settings
from monitor.exposition.catalogue import CATALOGUE
from monitor.exposition.interfaces import INTERFACE_METRICS
from monitor.exposition.metric import Kind
from monitor.inventory.checks import CheckKind
from monitor.probes.echo.match import Drop
from monitor.probes.echo.socket import EchoSocket
from monitor.snmp.client import DROP_REASONS
from monitor.snmp.model import LeftOut
from monitor.snmp.traps import REASONS
from monitor.web.refusals import Refusal
from tests.exposition.support import exact_names
from tests.integration.running import Town

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from monitor.exposition.metric import Metric
    from monitor.inventory.city import Inventory

TOWN = Town(161, {"voede": 1, "goethe": 2}, switches=1)
# The devices' own counters, of interfaces and objects that only the device knows.
OF_DEVICES = {metric.name for metric in INTERFACE_METRICS} | {"dot1dStpTopChanges"}
# Labelled by counter and reason: the labels are known where it is counted.
DROPS: set[tuple[str, ...]] = {
    *(("icmp", reason) for reason in (*Drop, "no_buffer")),
    *(("snmp", reason) for reason in DROP_REASONS),
    *(("trap", reason) for reason in REASONS),
}
ELSEWHERE: Mapping[str, set[tuple[str, ...]]] = {
    "monitor_replies_dropped_total": DROPS,
    "monitor_web_refusals_total": {(reason,) for reason in Refusal},
    "monitor_snmp_values_left_out_total": {(reason,) for reason in LeftOut},
}
# Written by the start itself: the goal, the scope.
COUNTED_AT_THE_START = {"monitor_ledger_recorded_total"}


def places(inventory: Inventory, metric: Metric) -> Iterator[tuple[str, ...]]:
    """Yield the values of the labels that the configuration gives: sites, devices, checks."""
    labels = [label for label in metric.labels if label not in metric.known]
    if labels == ["school", "site"]:
        yield from ((one.id, site.id) for one in inventory.schools for site in one.sites)
    elif labels[:3] == ["school", "site", "device"]:
        kind = CheckKind.ICMP if "check" in labels else CheckKind.INTERFACES
        for check in inventory.checks():
            if check.kind is kind:
                target = check.target
                place = (target.school, target.site, target.device, check.name, target.host)
                yield place[: len(labels)]
    else:
        assert not labels, metric.name
        yield ()


async def scraped(folder: Path) -> tuple[Inventory, dict[tuple[str, frozenset[str]], float]]:
    inventory = load(TOWN.write(folder / "town.yaml"))
    settings = Settings(folder / "state", port=0, traps=("127.0.0.1", 0))
    loaded = Loaded(inventory, {name: Secret("public") for name in inventory.credentials})
    async with (
        open_daemon(settings, lambda: loaded, SystemClock(), EchoSocket.open) as daemon,
        aiohttp.ClientSession(raise_for_status=True) as session,
        session.get(f"http://127.0.0.1:{daemon.port}/metrics") as response,
    ):
        samples = exact_names(await response.text())
    return inventory, {
        (name, frozenset(value for _, value in labels)): total
        for (name, labels), total in samples.items()
    }


async def test_a_new_daemon_exposes_every_counter_at_zero(tmp_path: Path) -> None:
    inventory, samples = await scraped(tmp_path)
    for metric in CATALOGUE.values():
        if metric.kind not in {Kind.COUNTER, Kind.HISTOGRAM} or metric.name in OF_DEVICES:
            continue
        name = metric.name if metric.kind is Kind.COUNTER else f"{metric.name}_count"
        wanted = ELSEWHERE.get(metric.name) or {
            (*place, *known) for place in places(inventory, metric) for known in metric.known_values
        }
        assert wanted, name
        for values in wanted:
            found = samples.get((name, frozenset(values)))
            assert found is not None, f"{name} of {values} is not there"
            assert found == 0 or name in COUNTED_AT_THE_START, f"{name} of {values} is {found}"
        there = [key for key in samples if key[0] == name]
        assert len(there) == len(wanted), f"{name} has unexpected series"
