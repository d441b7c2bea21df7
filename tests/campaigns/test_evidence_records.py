"""Evidence survives the ledger unchanged, and entries that are not evidence are refused."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.campaigns.evidence import Direction, Measurement, PassivePeak
from monitor.campaigns.records import (
    CampaignPhase,
    CampaignStep,
    campaign_entry,
    campaigns_from,
    measurement_entry,
    peak_entry,
    read_campaign,
    read_measurement,
    read_peak,
)
from monitor.ledger.chain import Entry, MalformedEntryError, require_valid
from monitor.rollout.line_records import (
    LineChange,
    line_day_entry,
    line_entry,
    read_line,
    read_line_day,
)
from monitor.rollout.stage import Stage
from monitor.rollout.stage_records import (
    ReportedFigure,
    StageChange,
    latest_stages,
    read_reported,
    read_stage,
    reported_entry,
    stage_entry,
)
from tests.campaigns.evidence import GIGABIT, SITE, START, VALID, line_day, of_days

if TYPE_CHECKING:
    from collections.abc import Callable

STEP = CampaignStep("c1", SITE, START, CampaignPhase.STARTED, GIGABIT, GIGABIT)
CHANGE = StageChange(SITE, START, Stage.LIVE, START - timedelta(days=1), "why", ("minutes:a/b",))
FIGURE = ReportedFigure("tablets", date(2020, 12, 31), 9000, "press release")
PROMISE = ReportedFigure("funding", date(2020, 9, 11), None, "press release", planned=21_100_000)
LINE = LineChange(SITE, START, right=False, expected="sys_name 'gw'", why="sysName is 'old'")

PAIRS: list[tuple[Entry, Callable[[Entry], object], object]] = [
    (campaign_entry(STEP), read_campaign, STEP),
    (measurement_entry(VALID), read_measurement, VALID),
    (stage_entry(CHANGE), read_stage, CHANGE),
    (reported_entry(FIGURE), read_reported, FIGURE),
    (reported_entry(PROMISE), read_reported, PROMISE),
    (line_entry(LINE), read_line, LINE),
    (line_day_entry(line_day(START)), read_line_day, line_day(START)),
    (line_day_entry(line_day(START, right=None)), read_line_day, line_day(START, right=None)),
    (
        peak_entry(PassivePeak(SITE, START, Direction.UP, 8.1e8)),
        read_peak,
        PassivePeak(SITE, START, Direction.UP, 8.1e8),
    ),
]


def through_json(entry: Entry) -> Entry:
    require_valid([entry])
    payload = json.loads(json.dumps(entry.payload))
    return Entry(entry.at, entry.kind, entry.subject, payload)


@pytest.mark.parametrize(
    ("entry", "read", "value"), PAIRS, ids=lambda one: getattr(one, "kind", "")
)
def test_written_values_are_read_back(
    entry: Entry, read: Callable[[Entry], object], value: object
) -> None:
    assert read(through_json(entry)) == value


@pytest.mark.parametrize(
    ("entry", "read", "value"), PAIRS, ids=lambda one: getattr(one, "kind", "")
)
def test_entry_with_a_missing_key_or_wrong_type_is_refused(
    entry: Entry, read: Callable[[Entry], object], value: object
) -> None:
    del value
    for key in entry.payload.keys() - {"invalid"}:
        rest = {name: item for name, item in entry.payload.items() if name != key}
        broken: list[dict[str, Any]] = [{**rest, key: [1]}]
        if key not in {"down_others_bps", "up_others_bps", "planned"}:  # older entries have none
            broken.append(rest)
        for payload in broken:
            with pytest.raises(MalformedEntryError, match=f"{entry.kind} entry of"):
                read(Entry(entry.at, entry.kind, entry.subject, payload))


def test_entry_of_another_kind_is_refused() -> None:
    with pytest.raises(MalformedEntryError, match="is not a stage entry"):
        read_stage(campaign_entry(STEP))


@given(
    st.builds(
        Measurement,
        site=st.just(SITE),
        at=st.datetimes(datetime(2018, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001
            lambda at: at.replace(tzinfo=UTC, microsecond=0)
        ),
        method=st.sampled_from(["iperf3", "http"]),
        down_bps=st.none() | st.floats(0, 1e11),
        up_bps=st.none() | st.floats(0, 1e11),
        streams=st.integers(0, 128),
        seconds=st.floats(0, 3600),
        cross_traffic_share=st.none() | st.floats(0, 2),
        clock_stepped=st.booleans(),
        held_slot=st.booleans(),
        campaign=st.text(max_size=20),
        detail=st.text(max_size=50),
    )
)
def test_every_measurement_is_read_back_unchanged(measurement: Measurement) -> None:
    read = read_measurement(through_json(measurement_entry(measurement)))
    assert read == measurement
    assert read.invalidities() == measurement.invalidities()


def test_an_entry_without_cross_traffic_gets_the_credit_its_share_allows() -> None:
    old = measurement_entry(replace(VALID, cross_traffic_share=0.04))
    kept = {key: one for key, one in old.payload.items() if not key.endswith("others_bps")}
    entry = Entry(old.at, old.kind, old.subject, kept)
    assert read_measurement(entry).down_others_bps is None
    (campaign,) = campaigns_from([campaign_entry(STEP), entry])
    assert campaign.measurements[0].down_others_bps == 0.04 * GIGABIT.maximum_bps
    assert campaign.measurements[0].up_others_bps == 0.04 * GIGABIT.maximum_bps


def test_campaign_is_assembled_from_its_steps_and_measurements() -> None:
    measurements = of_days(0, 2)
    stray = replace(VALID, campaign="never-begun")
    other_site = replace(VALID, site="second-school/main")
    skipped = replace(
        STEP, phase=CampaignPhase.SKIPPED, at=START + timedelta(hours=1), reason="lessons"
    )
    entries = [
        *(measurement_entry(one) for one in reversed(measurements)),
        measurement_entry(stray),
        measurement_entry(other_site),
        campaign_entry(skipped),
        campaign_entry(STEP),
    ]
    (campaign,) = campaigns_from(entries)
    assert (campaign.id, campaign.site, campaign.down) == ("c1", SITE, GIGABIT)
    assert campaign.measurements == tuple(measurements)


def test_contract_at_the_start_of_a_campaign_stays_binding() -> None:
    lower = replace(GIGABIT, maximum_bps=1.0)
    again = replace(STEP, at=START + timedelta(days=1), down=lower)
    (campaign,) = campaigns_from([campaign_entry(STEP), campaign_entry(again)])
    assert campaign.down == GIGABIT


def test_last_recorded_stage_of_each_site_is_current() -> None:
    later = replace(CHANGE, stage=Stage.VERIFIED)
    other = replace(CHANGE, site="second-school/main")
    entries = [stage_entry(one) for one in (CHANGE, other, later)]
    assert latest_stages(entries) == {SITE: later, "second-school/main": other}
