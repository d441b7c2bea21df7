"""Degraded lines and switches in the tables of city and school, by a real Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dashboards import city, degraded, school
from dashboards.sentence import CARE, GOOD
from tests.dashboards.promtool import Samples, expect
from tests.dashboards.test_first_rows import line, panel_of

if TYPE_CHECKING:
    from pathlib import Path

    from dashboards.panel import Board

TITLE = "Degraded lines and switches"
HARDWARE = "hardware"
LOSS = "packet_loss"


def device(school: str, name: str, *found: tuple[str, int]) -> dict[str, str]:
    """Return the series of a device of a school's only site: reason and since when, in seconds."""
    here = f'school="{school}", site="main", device="{name}"'
    role = "uplink" if name == "router" else "switch"
    checks = {LOSS: "icmp", HARDWARE: "hardware"}
    family = "school_degraded_since_timestamp_seconds"
    return {
        f'school_device_info{{{here}, role="{role}"}}': "1x20",
        **{
            f'{family}{{{here}, check="{checks[reason]}", reason="{reason}"}}': f"{since}x20"
            for reason, since in found
        },
    }


# The line of `a` loses packets, and so do its switches; one has a broken fan, too. That of `b` is
# well, and one of its switches loses packets by itself.
CITY = {
    'up{job="schulnetz"}': "1x20",
    "monitor_isolated": "0x20",
    "school_common_outage": "0x20",
    **{f'school_uplink_state{{school="{one}", site="main", state="up"}}': "1x20" for one in "ab"},
    **{f'school_info{{school="{one}", name="{one.upper()}"}}': "1x20" for one in "ab"},
    **device("a", "router", (LOSS, 60)),
    **device("a", "switch-01", (LOSS, 120), (HARDWARE, 300)),
    **device("a", "switch-02", (LOSS, 180)),
    **device("a", "switch-03"),
    **device("b", "router"),
    **device("b", "switch-01", (LOSS, 240)),
}


def row(*labels: str, place: bool, value: float) -> dict[str, object]:
    """Return a sample of the table by school, device, check, reason."""
    names = dict(zip(("school", "device", "check", "reason"), labels, strict=True))
    names["site"] = "main"
    if place:
        names["place"] = names["name"] = names["school"].upper()
    inside = ", ".join(f'{name}="{said}"' for name, said in names.items())
    return {"labels": f"{{{inside}}}", "value": value}


@pytest.mark.parametrize("board", [city.BOARD, school.BOARD], ids=["city", "school"])
def test_switches_behind_a_lossy_line_are_counted_in_its_row(tmp_path: Path, board: Board) -> None:
    """Six rows of its switches hid the line that lost the packets, and every other line."""
    is_city = board is city.BOARD
    line, fan, alone = (
        ("a", "router", "icmp", LOSS),
        ("a", "switch-01", "hardware", HARDWARE),
        ("b", "switch-01", "icmp", LOSS),
    )
    shown = [(line, 1, 60), (fan, 0, 300), *([(alone, 0, 240)] if is_city else [])]
    expected: tuple[Samples, ...] = (
        [row(*labels, place=is_city, value=kind) for labels, kind, _ in shown],
        [row(*labels, place=is_city, value=since * 1000) for labels, _, since in shown],
        [row(*line, place=is_city, value=2)],
    )
    asked = [query.expr for query in panel_of(board, TITLE).queries]
    expect(
        tmp_path,
        CITY,
        dict(zip(asked, expected, strict=True)),
        minutes=20,
        interval=1,
        variables={"$school": "a", "$sites": ".*"},
    )


@pytest.mark.parametrize(
    ("together", "dead"),
    [(False, 0), (False, 3), (False, 4), (True, 0)],
    ids=["alone", "with three dead", "with four dead", "with another"],
)
def test_the_only_degraded_line_is_named_in_the_first_row(
    tmp_path: Path, *, together: bool, dead: int
) -> None:
    """As a dead one is; of several the tile above says how many."""
    series = {
        **CITY,
        'school_uplink_degraded{school="a", site="main"}': "1x20",
        'school_uplink_degraded{school="b", site="main"}': f"{int(together)}x20",
    }
    for one in "wxyz"[:dead]:
        series |= line(one, one, "down", "no_answer")
    named = '{place="A", school="a", site="main", length="19"}'
    expected: dict[str, Samples] = {}
    for query in panel_of(city.BOARD, "Which, why, and for how long").queries:
        if ": degraded for" in query.legend.en:
            is_said = "{{length}} min" in query.legend.en and not together and dead < 4
            expected[query.expr] = [{"labels": named, "value": CARE}] if is_said else []
        if query.legend.en == "no line is known to be down":
            expected[query.expr] = [] if dead else [{"labels": "{}", "value": GOOD}]
    expect(tmp_path, series, expected, minutes=20, interval=1, variables={})


@pytest.mark.parametrize("board", [city.BOARD, school.BOARD], ids=["city", "school"])
def test_lines_come_first(board: Board) -> None:
    panel = panel_of(board, TITLE)
    first, then = (panel.first_by, panel.then_by)
    assert (first, then) == (degraded.KIND.title, degraded.SINCE.title)
    assert max(degraded.KIND.values, key=lambda one: one.value).text.en == "line"
    # Grafana sorts by no column that is not there.
    assert {first, then} <= {one.title for one in panel.columns if not one.hidden}
