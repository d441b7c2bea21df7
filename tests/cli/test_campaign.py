"""`schulnetz campaign` from the shell, on a real ledger file."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from monitor.campaigns.evidence import Measurement, Rates
from monitor.campaigns.records import CampaignPhase, CampaignStep, campaign_entry, measurement_entry
from monitor.campaigns.requests import FILE_NAME, RequestFile
from monitor.cli import main
from monitor.clock import SystemClock
from monitor.ledger.ledger import Ledger
from monitor.ledger.place import LEDGER_FILE, SqlitePlace
from tests.campaigns.evidence import entries_of, failing, passing
from tests.cli.test_json import assert_same_form, documented

if TYPE_CHECKING:
    from click.testing import Result

    from monitor.campaigns.evidence import Campaign

CONFIG = Path(__file__).parents[1] / "config/corpus/good/throughput-by-both-tools.yaml"
WITHOUT = CONFIG.with_name("smallest.yaml")
SITE = "first-school/main"
OWED = Rates(1e9, 9e8, 6e8)


def schulnetz(state: Path, *arguments: str, config: Path = CONFIG) -> Result:
    options = () if arguments[0] == "plan" else ("--state-dir", str(state))
    command = ["campaign", *arguments, "--config", str(config), *options]
    return CliRunner().invoke(main, command)


def test_a_plan_shows_thirty_local_times_on_three_days(tmp_path: Path) -> None:
    shown = schulnetz(tmp_path, "plan", "first-school")
    assert shown.exit_code == 0
    days = [line for line in shown.output.splitlines() if line.startswith("  ")]
    assert len(days) == 3
    assert all(line.count(":") == 10 for line in days)


def test_a_site_is_named_in_any_case_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    assert schulnetz(tmp_path, "plan", "first-school", "--site", "MAIN").exit_code == 0
    shown = schulnetz(tmp_path, "plan", "first-school", "--site", "nord")
    assert (shown.exit_code, shown.output) == (
        1,
        "error: first-school has no site 'nord'; it has: main\n",
    )


def test_start_writes_a_request_and_cancel_removes_it(tmp_path: Path) -> None:
    assert schulnetz(tmp_path, "start", "first-school").exit_code == 0
    again = schulnetz(tmp_path, "start", "first-school")
    assert again.exit_code == 1
    assert "cancel it first" in again.output
    assert "the daemon has not taken it up yet" in schulnetz(tmp_path, "status", "123450").output
    assert schulnetz(tmp_path, "cancel", "first-school").exit_code == 0
    requests = RequestFile(tmp_path / FILE_NAME).read()
    assert [(one.action, one.site) for one in requests] == [("start", SITE), ("cancel", SITE)]
    assert requests[0].campaign == requests[1].campaign
    assert "no campaign runs" in schulnetz(tmp_path, "cancel", "first-school").output


def test_start_and_cancel_print_what_they_request_as_json(tmp_path: Path) -> None:
    def printed(command: str) -> Any:
        shown = schulnetz(tmp_path, command, "first-school", "--json")
        assert shown.exit_code == 0
        return json.loads(shown.stdout)

    started = printed("start")
    assert_same_form(documented("campaign start"), started)
    (one,) = started["requested"]
    assert one.startswith(f"{SITE}@")
    assert printed("status")["requested"] == [one]
    again = schulnetz(tmp_path, "start", "first-school", "--json")
    assert (again.exit_code, again.stdout) == (1, "")
    assert f"campaign {one} runs there" in again.stderr
    assert printed("cancel") == started
    assert printed("status")["requested"] == []


def test_start_says_which_key_is_missing(tmp_path: Path) -> None:
    refused = schulnetz(tmp_path, "start", "first-school", config=WITHOUT)
    assert refused.exit_code == 1
    assert "throughput.method" in refused.output
    three_lines = CONFIG.with_name("three-lines.yaml")
    refused = schulnetz(tmp_path, "start", "goethe-schule", config=three_lines)
    assert refused.exit_code == 1
    assert "goethe-schule/main has no contract in the configuration; set it" in refused.output
    planned = schulnetz(tmp_path, "plan", "goethe-schule", config=three_lines)
    assert "not possible yet: no contract in the configuration" in planned.output


async def test_status_shows_progress_results_and_refusals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    now = datetime.now(UTC)
    started = CampaignStep("c", SITE, now, CampaignPhase.STARTED, OWED, OWED)
    later = now + timedelta(minutes=20)
    held_up = CampaignStep("c", SITE, later, CampaignPhase.SKIPPED, OWED, OWED, "load: others")
    good = Measurement(
        SITE, now, "iperf3", 9.41e8, 9.4e8, 8, 10.0, 0.01,
        clock_stepped=False, held_slot=True, campaign="c",
    )  # fmt: skip
    async with Ledger.open(SqlitePlace(tmp_path / LEDGER_FILE), SystemClock()) as ledger:
        entries = (campaign_entry(started), measurement_entry(good), campaign_entry(held_up))
        await ledger.append(entries)
    shown = schulnetz(tmp_path, "status", "first-school").output
    assert "1 of 30 measured, 0 tests did not count" in shown
    assert "next: test 1 of 30" in shown
    assert "941.0 Mbit/s" in shown
    assert "1.0 %" in shown
    assert "skipped" in shown
    assert "load: others" in shown
    asked = schulnetz(tmp_path, "status", "first-school", "--json")
    document = json.loads(asked.stdout)
    assert_same_form(documented("campaign status"), document)
    (one,) = document["campaigns"]
    assert (one["measured"], one["wanted"], one["next"]["number"]) == (1, 30, 1)
    assert one["measurements"][0]["down_bps"] == 9.41e8
    assert one["held_up"][0]["reason"] == "load: others"


async def ended(state: Path, one: Campaign, reason: str = "") -> str:
    """Return the status of a campaign that is over."""
    over = one.measurements[-1].at + timedelta(minutes=1)
    end = CampaignStep(one.id, SITE, over, CampaignPhase.FINISHED, one.down, one.up, reason)
    async with Ledger.open(SqlitePlace(state / LEDGER_FILE), SystemClock()) as ledger:
        await ledger.append((*entries_of(one), campaign_entry(end)))
    return schulnetz(state, "status", "first-school").output


def ten_days_ago() -> datetime:
    return (datetime.now(UTC) - timedelta(days=10)).replace(hour=13, minute=0)


@pytest.mark.parametrize("reason", ["", "failed"])
async def test_status_of_a_failed_campaign_says_so_and_names_the_directions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    lines = (await ended(tmp_path, failing(begin=ten_days_ago()), reason)).splitlines()
    (finished,) = (line for line in lines if line.startswith("  finished "))
    assert finished.endswith(": failed")
    reasons = lines[lines.index(finished) + 1 :]
    assert [line.partition(":")[0].strip() for line in reasons[:6]] == [
        *("download", "download", "download", "upload", "upload", "upload")
    ]
    assert "the minimum 600 Mbit/s was undercut on 3 days, allowed on one" in reasons[2]
    assert reasons[6].split()[:3] == ["measured", "download", "upload"]


async def test_status_of_other_campaigns_has_their_outcome(tmp_path: Path) -> None:
    assert ": passed\n" in await ended(tmp_path, passing(begin=ten_days_ago()))
    (tmp_path / "other").mkdir()
    short = passing(begin=ten_days_ago())
    short = replace(short, measurements=short.measurements[:15])
    assert ": incomplete; 1 of 3 days have 10 valid measurements (15 in all)\n" in await ended(
        tmp_path / "other", short
    )
