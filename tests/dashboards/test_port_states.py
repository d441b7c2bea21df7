"""What the switch board shows about a port, as calculated by a real Prometheus."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from dashboards import switch
from dashboards.panel import Colour
from dashboards.ports import (
    DAMAGED,
    JUDGED_WINDOW,
    POWER,
    STATES,
    beyond,
    faulty,
    powered,
    state_code,
)
from dashboards.ports import HERE as CHOSEN
from tests.dashboards.promtool import Samples, expect
from tests.deploy.rules import alerts

if TYPE_CHECKING:
    from pathlib import Path

HERE = 'school="a", site="main", device="switch-01"'
MINUTES = 20
WORDS = {one.text.en: one.value for one in STATES}
POWER_WORDS = {one.text.en: one.value for one in POWER}
FAULTS = {one.text.en for one in STATES if one.colour is Colour.BAD}
VARIABLES = {
    "$school": "a",
    "$site": "main",
    "$device": "switch-01",
    "$__rate_interval": "4m",
    "$__range": "20m",
}


def port(name: str, *, oper: str = "1x20", admin: int = 1, damaged: float = 0.0) -> dict[str, str]:
    """Return the series of a port by its ifName; `damaged` packets a minute."""
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
    expect(tmp_path, series, expected, minutes=MINUTES, interval=1, variables=VARIABLES)


@pytest.mark.parametrize("last", range(MINUTES - 4, MINUTES))
def test_a_faulty_port_stays_so_for_as_long_as_its_link_is_known(tmp_path: Path, last: int) -> None:
    """Of a switch that answered last some minutes ago, it was "in use", and green, for two."""
    series = {
        f"school_device_read_timestamp_seconds{{{HERE}}}": f"0+60x{last}",
        **{
            name: re.sub(r"x20$", f"x{last}", values)
            for name, values in port("1", damaged=60).items()
        },
    }
    named = '{ifName="1", ifDescr="port 1", port="1"}'
    expected: dict[str, Samples] = {
        state_code(): [{"labels": named, "value": WORDS["DAMAGED PACKETS"]}],
        f"count({faulty()})": [{"labels": "{}", "value": 1}],
    }
    expect(tmp_path, series, expected, minutes=MINUTES, interval=1, variables=VARIABLES)


@pytest.mark.parametrize(("way", "other"), [("In", "Out"), ("Out", "In")])
@pytest.mark.parametrize(
    ("event", "a_minute", "packets", "said"),
    [
        ("Errors", 1, {}, "in use"),
        ("Errors", 4, {}, "DAMAGED PACKETS"),
        # One in 1,500, and one in 500.
        ("Errors", 4, {"ifHC{}UcastPkts": 6000}, "in use"),
        ("Errors", 4, {"ifHC{}UcastPkts": 2000}, "DAMAGED PACKETS"),
        ("Errors", 4, {"if{}UcastPkts": 6000}, "in use"),
        ("Errors", 4, {"if{}UcastPkts": 2000}, "DAMAGED PACKETS"),
        ("Discards", 9, {}, "in use"),
        ("Discards", 12, {"ifHC{}UcastPkts": 1500}, "in use"),
        ("Discards", 12, {"ifHC{}UcastPkts": 500}, "drops packets"),
    ],
)
def test_few_damaged_or_dropped_packets_are_no_fault_of_a_port(
    tmp_path: Path,
    way: str,
    other: str,
    event: str,
    a_minute: int,
    packets: dict[str, int],
    said: str,
) -> None:
    """One damaged packet in minutes painted a port red that no alert would ever mention."""
    labels = f'{HERE}, ifName="1", ifDescr="port 1"'
    series = {
        f"school_device_read_timestamp_seconds{{{HERE}}}": "0+60x20",
        **port("1"),
        f"if{way}{event}{{{labels}}}": f"0+{a_minute}x20",
        f"if{other}{event}{{{labels}}}": "0x20",
    }
    for counter, grows in packets.items():
        series[f"{counter.format(way)}{{{labels}}}"] = f"0+{grows}x20"
    named = '{ifName="1", ifDescr="port 1", port="1"}'
    expected: dict[str, Samples] = {
        state_code(): [{"labels": named, "value": WORDS[said]}],
        f"count({faulty()})": [{"labels": "{}", "value": 1}] if said in FAULTS else [],
    }
    expect(tmp_path, series, expected, minutes=MINUTES, interval=1, variables=VARIABLES)


def test_a_faulty_port_says_since_when_not_for_how_long_its_link_has_been_there(
    tmp_path: Path,
) -> None:
    read = f"school_device_read_timestamp_seconds{{{HERE}}}"
    basis = {'up{job="schulnetz"}': "1x20", read: "0+60x20"}
    always, lately, never = port("1", damaged=60), port("2"), port("3")
    [errors] = [name for name in lately if name.startswith("ifInErrors")]
    lately[errors] = "0x8 60+60x11"
    [tile] = [one for one in switch.ANSWER.panels if one.title.en == "Faulty since"]
    [table] = switch.PORTS.panels
    [column] = [one.name for one in table.columns if one.title == tile.title]
    of_ports = table.queries[ord(column[-1]) - ord("A")].expr
    [newest] = (query.expr for query in tile.queries)
    expected: dict[str, Samples] = {
        of_ports: [
            {"labels": '{port="1"}', "value": 120_000},
            {"labels": '{port="2"}', "value": 480_000},
        ],
        newest: [{"labels": "{}", "value": 480_000}],
    }
    series = basis | always | lately | never
    expect(tmp_path, series, expected, minutes=MINUTES, interval=1, variables=VARIABLES)
    calm: dict[str, Samples] = {of_ports: [], newest: [{"labels": "{}", "value": 0}]}
    expect(tmp_path, basis | never, calm, minutes=MINUTES, interval=1, variables=VARIABLES)
    assert [one.text.en for one in tile.values if one.value == 0] == ["no port"]


def test_a_port_is_red_by_the_limits_of_the_alert() -> None:
    """PortErrors queries the same about the packets that each port receives, over half an hour."""
    [alert] = [rule for rule in alerts() if rule.alert == "PortErrors"]
    asked = (
        beyond(DAMAGED, "In", "Errors").replace(f"{{{CHOSEN}}}", "").replace(JUDGED_WINDOW, "[30m]")
    )
    assert _without_layout(asked) in _without_layout(alert.expression)


def _without_layout(expression: str) -> str:
    return re.sub(r"[\s()]", "", expression)
