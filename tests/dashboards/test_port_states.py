"""What the switch board shows about a port, as calculated by a real Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.ports import POWER, STATES, powered, state_code
from tests.dashboards.promtool import expect

if TYPE_CHECKING:
    from pathlib import Path

HERE = 'school="a", site="main", device="switch-01"'
MINUTES = 20
WORDS = {one.text.en: one.value for one in STATES}
POWER_WORDS = {one.text.en: one.value for one in POWER}


def port(name: str, *, oper: str = "1x20", admin: int = 1, damaged: float = 0.0) -> dict[str, str]:
    """Return the series of a port by its ifName."""
    labels = f'{HERE}, ifName="{name}", ifDescr="port {name}"'
    return {
        f"ifOperStatus{{{labels}}}": oper,
        f"ifAdminStatus{{{labels}}}": f"{admin}x20",
        f"ifInErrors{{{labels}}}": f"0+{damaged}x20",
        f"ifOutErrors{{{labels}}}": "0x20",
        f"ifInDiscards{{{labels}}}": "0x20",
        f"ifOutDiscards{{{labels}}}": "0x20",
    }


def power(number: int, name: str, status: int) -> dict[str, str]:
    """Return the series of a port's power over Ethernet."""
    labels = f'{HERE}, pethPsePortGroupIndex="1", pethPsePortIndex="{number}", ifName="{name}"'
    return {f"pethPsePortDetectionStatus{{{labels}}}": f"{status}x20"}


def test_a_power_fault_is_shown_at_its_port(tmp_path: Path) -> None:
    series = {
        f"school_device_read_timestamp_seconds{{{HERE}}}": "0+60x20",
        **port("1"),
        **port("2"),
        **port("3", oper="1x5 2x15"),
        **port("4", oper="2x20", admin=2),
        **port("5", damaged=60),
        **port("6"),
        **power(1, "1", 3),
        **power(2, "2", 4),
        **power(6, "6", 6),
        # It is not certain which interface that is: no port is marked faulty.
        **power(7, "", 4),
    }
    states = {
        "1": "in use",
        "2": "NO POWER (PoE FAULT)",
        "3": "link lost",
        "4": "switched off",
        "5": "DAMAGED PACKETS",
        "6": "NO POWER (PoE FAULT)",
    }
    feeds = {"1": "gives power", "2": "FAULT", "6": "OTHER FAULT"}
    expected = {
        state_code(): [
            {
                "labels": f'{{ifName="{name}", ifDescr="port {name}", port="{name}"}}',
                "value": WORDS[said],
            }
            for name, said in states.items()
        ],
        powered(): [
            {"labels": f'{{ifName="{name}", port="{name}"}}', "value": POWER_WORDS[said]}
            for name, said in feeds.items()
        ],
    }
    variables = {
        "$school": "a",
        "$site": "main",
        "$device": "switch-01",
        "$__rate_interval": "4m",
        "$__range": "20m",
    }
    expect(tmp_path, series, expected, minutes=MINUTES, interval=1, variables=variables)
