from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.exposition.render import CheckRenderer
from tests.exposition.support import exact_names, interfaces_check, observed, two_ports, with_host

if TYPE_CHECKING:
    from monitor.observation import DeviceReading

FAMILY = "school_device_restarts_total"


def read(renderer: CheckRenderer, uptime: int | None, now: float, host: str = "10.0.0.2") -> float:
    """Return the restarts of the device after one more reading."""
    values: DeviceReading = replace(two_ports(), uptime_ticks=uptime)
    check = with_host(interfaces_check(), host)
    text = renderer.render(observed(check, values), now)[FAMILY].decode()
    (found,) = (
        value for (_, labels), value in exact_names(text).items() if ("kind", "device") in labels
    )
    return found


def test_restarts_are_counted_from_zero() -> None:
    renderer = CheckRenderer(interfaces_check())
    assert read(renderer, 1_000_000, 1000.0) == 0
    assert read(renderer, 1_006_000, 1060.0) == 0
    assert read(renderer, 2_000, 1120.0) == 1
    assert read(renderer, 8_000, 1180.0) == 1


def test_a_reading_without_uptime_keeps_the_previous_one_for_comparison() -> None:
    renderer = CheckRenderer(interfaces_check())
    read(renderer, 1_000_000, 1000.0)
    assert read(renderer, None, 1060.0) == 0
    assert read(renderer, 2_000, 1120.0) == 1


def test_a_changed_address_is_another_device_not_a_restart() -> None:
    renderer = CheckRenderer(interfaces_check())
    read(renderer, 1_000_000, 1000.0)
    assert read(renderer, 2_000, 1060.0, host="10.0.0.99") == 0
