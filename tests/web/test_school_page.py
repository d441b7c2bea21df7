"""The page of one school: its lines, switches, checks and evidence."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from monitor.inventory.checks import CheckKind
from monitor.observation import Outcome, Reason, State
from monitor.rollout.stage import Stage
from monitor.status.alerts import alert_status
from monitor.status.model import StageStatus
from monitor.status.uptime import Uptime
from monitor.verdict import Cause, Trouble
from tests.web import answers
from tests.web.showing import (
    HOSTILE,
    Ill,
    ThreeLines,
    page,
    words_of,
)
from tests.web.test_app import Shown, client

if TYPE_CHECKING:
    from monitor.status.model import CityStatus, SchoolStatus


async def test_a_school_has_its_line_its_switches_and_its_evidence() -> None:
    text = await page("/schools/goethe", "en-GB,de;q=0.3")
    for said in (
        '<html lang="en">',
        "<dd>verified",
        "<dd>campaign 1</dd>",
        "1 Gbit/s down, 1 Gbit/s up",
        "250 Mbit/s down (25.0 % of the contract)",
        "Aruba 2930F",
        "17 of 28",
        "96 / 370 W",
        "2021-12-07 11:00",
        "switch-02",
        "still lasts",
        "new router",
        "4.0 to 6.0 ms",
    ):
        assert said in text, said


async def test_a_line_has_what_is_owed_and_how_it_is_paid() -> None:
    english, german = (
        words_of(await page("/schools/goethe", "en")),
        words_of(await page("/schools/goethe")),
    )
    assert "1 Gbit/s up; 99.900 % availability; contract 2024-17 Lot Lot 1" in english
    assert "Funding programme DigitalPakt Schule" in english
    assert "1 Gbit/s Upload; 99,900 % Verfügbarkeit; contract 2024-17 Los Lot 1" in german
    assert "Förderprogramm DigitalPakt Schule" in german
    bare = words_of(await page("/schools/goethe", "en", view=ThreeLines()))
    assert "Lot" not in bare
    assert "Funding" not in bare


async def test_the_chart_of_round_trip_times_shows_its_start_time() -> None:
    (site,) = answers.school().sites
    begin = site.last_day[0].first.astimezone(ZoneInfo("Europe/Berlin"))
    text = await page("/schools/goethe", "en")
    assert f"(recorded since {begin:%Y-%m-%d %H:%M}; kept for a day, until the" in text
    text = await page("/schools/goethe")
    assert f"(aufgezeichnet seit {begin:%d.%m.%Y %H:%M}; einen Tag lang" in text


async def test_a_school_of_three_lines_says_what_is_unknown_and_why() -> None:
    text = await page("/schools/goethe", view=ThreeLines())
    said = "noch keine 24 Stunden auf der richtigen Leitung sind bewiesen"
    assert f"kein Meilenstein ist erreicht; {said}" in text
    assert "kein Unterricht bekannt" in text
    assert "jetzt kein Unterricht" not in text
    text = await page("/schools/goethe", "en", view=ThreeLines())
    assert "no lessons known" in text
    assert "no milestone is reached; no 24 hours on the right line are proven yet" in text


async def test_an_unknown_school_gets_a_page_too() -> None:
    async with client() as web, web.get("/schools/weimar") as answer:
        assert answer.status == 404
        assert "Diese Schule gibt es nicht" in await answer.text()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("de", "Diese Schule beobachtet eine andere Überwachung: Teil 2/2."),
        ("en", "Another daemon monitors this school: shard 2/2."),
    ],
)
async def test_a_school_of_another_shard_is_not_called_unknown(language: str, said: str) -> None:
    wish = {"Accept-Language": language}
    async with client() as web, web.get("/schools/schule-3", headers=wish) as answer:
        assert answer.status == 404
        assert said in await answer.text()


async def test_a_school_says_why_it_is_degraded_and_what_every_check_found_last() -> None:
    text = words_of(await page("/schools/goethe", view=Ill()))
    assert "▲ gestört seit 07.03.2022 10:40" in text
    assert "Dienst gestört (website), seit 07.03.2022 10:40" in text
    assert "switch-01 Aruba 2930F ▲ gestört Hardware defekt (SNMP-Hardware, fan 2), seit" in text
    assert (
        "router website HTTP-Abruf ✕ fehlgeschlagen unerwarteter HTTP-Status "
        "seit 07.03.2022 10:40, zuletzt um 10:59:30" in text
    )
    assert "router Ping ● in Ordnung seit 07.03.2022 10:40, zuletzt um 10:59:30" in text
    english = words_of(await page("/schools/goethe", "en", Ill()))
    assert "▲ degraded since 2022-03-07 10:40" in english
    assert "a service fails (website), since 2022-03-07 10:40" in english


async def test_a_check_that_has_not_run_shows_its_interval() -> None:
    class Young(Shown):
        async def school(self, school_id: str) -> SchoolStatus | None:
            whole = answers.school(id=school_id)
            new = {"at": None, "since": None, "outcome": Outcome.UNKNOWN, "reason": Reason.NOT_RUN}
            checks = tuple(
                answers.check(check=name, interval_seconds=seconds, **new)
                for name, seconds in (
                    *(("icmp", 10.0), ("hardware", 300.0), ("website", 1.5)),
                    *(("throughput", 86400.0), ("dns", 3600.0)),
                )
            )
            site = whole.sites[0].model_copy(update={"checks": checks})
            return whole.model_copy(update={"sites": (site,)})

    english = words_of(await page("/schools/goethe", "en", Young()))
    assert "not run yet; it runs every 10 s" in english
    assert "not run yet; it runs every 5 min" in english
    german = words_of(await page("/schools/goethe", "de", Young()))
    assert "noch nicht gelaufen; sie läuft alle 5 min" in german
    assert "noch nicht gelaufen; sie läuft alle 1,5 s" in german
    assert "noch nicht gelaufen; sie läuft alle 24 h" in german
    assert "noch nicht gelaufen; sie läuft alle 60 min" in german


async def test_every_check_shows_its_last_day_by_hour() -> None:
    text = await page("/schools/goethe", "en")
    row = text[text.index("website") : text.index("website") + 1500]
    # No data for 20 hours, healthy for three, half of this hour's runs failed.
    bar = re.search(r'<svg class="bar" viewBox="0 0 24 1".*?</svg>', row)
    assert bar is not None
    assert re.findall(r'class="(\w+)" x="(\d+)" width="(\d+)"', bar[0]) == [
        ("none", "0", "20"),
        ("up", "20", "3"),
        ("partly", "23", "1"),
    ]
    assert "90.9 %" in words_of(row)


async def test_device_part_names_stay_text() -> None:
    class Named(Ill):
        def city(self) -> CityStatus:
            bad = answers.trouble(part=HOSTILE, check=HOSTILE, detail=HOSTILE)
            return answers.city(degraded=(answers.finding(degraded=(bad,)),))

    text = await page("/", view=Named())
    assert "<script>alert" not in text


async def test_each_region_of_a_school_with_two_sites_has_its_own_name() -> None:
    class Two(Shown):
        async def school(self, school_id: str) -> SchoolStatus | None:
            whole = answers.school(id=school_id)
            (site,) = whole.sites
            annex = site.model_copy(update={"id": "annex"})
            return whole.model_copy(update={"sites": (site, annex)})

    regions = re.findall(
        r'role="region" aria-label="([^"]+)"', await page("/schools/goethe", "en", Two())
    )
    assert "Table: Checks, annex" in regions
    assert len(regions) == len(set(regions))


async def test_switches_behind_a_dead_uplink_share_one_line() -> None:
    class Cut(Shown):
        async def school(self, school_id: str) -> SchoolStatus | None:
            whole = answers.school(id=school_id)
            (site,) = whole.sites
            behind = tuple(
                answers.finding(State.UNKNOWN, cause=Cause.BEHIND_UPLINK, device=one, kind="switch")
                for one in ("sw-1", "sw-2", "sw-3")
            )
            line = answers.finding(State.DOWN)
            site = site.model_copy(update={"uplink": line, "switches": behind})
            return whole.model_copy(update={"sites": (site,)})

    text = words_of(await page("/schools/goethe", view=Cut()))
    assert "? unbekannt 3 hinter der ausgefallenen Leitung: sw-1, sw-2, sw-3" in text
    assert text.count("sw-2") == 1


async def test_failed_checks_behind_a_dead_line_are_not_failures_of_their_own() -> None:
    class Cut(Shown):
        async def school(self, school_id: str) -> SchoolStatus | None:
            whole = answers.school(id=school_id)
            (site,) = whole.sites
            box = answers.finding(
                State.UNKNOWN, cause=Cause.BEHIND_UPLINK, device="sw-1", kind="switch"
            )
            silent = {"kind": CheckKind.ICMP, "check": "icmp", "reason": Reason.TIMEOUT}
            web = {"kind": CheckKind.HTTP, "check": "website", "reason": Reason.TIMEOUT}
            checks = (
                answers.check(device="sw-1", **silent),
                answers.check(device="router", **web),
                answers.check(device="router", **silent),
            )
            changed = {"uplink": answers.finding(State.DOWN), "switches": (box,), "checks": checks}
            return whole.model_copy(update={"sites": (site.model_copy(update=changed),)})

    text = words_of(await page("/schools/goethe", "en", Cut()))
    assert "sw-1 ping ? behind the line that is down; last run at 10:59:30" in text
    assert text.count("✕ failed") == 1
    assert text.index("router ping ✕ failed") < text.index("sw-1 ping")
    assert "router website HTTP request ? behind the line that is down" in text
    german = words_of(await page("/schools/goethe", "de", Cut()))
    assert "sw-1 Ping ? hinter der ausgefallenen Leitung; zuletzt um 10:59:30" in german


async def test_a_certificate_near_its_end_is_in_the_line_of_its_check() -> None:
    class Ending(Shown):
        async def school(self, school_id: str) -> SchoolStatus | None:
            whole = answers.school(id=school_id)
            alert = alert_status("CertificateExpiring", answers.RUNBOOKS)
            ends = answers.NOW + timedelta(days=5)
            check = answers.check(
                outcome=Outcome.OK,
                reason=Reason.NONE,
                detail="",
                certificate_ends=ends,
                certificate_alert=alert,
            )
            site = whole.sites[0].model_copy(update={"checks": (check,)})
            return whole.model_copy(update={"sites": (site,)})

    text = words_of(await page("/schools/goethe", "en", Ending()))
    said = "● ok certificate near its end it ends on 2022-03-12 11:00, in 5 days"
    assert f"{said} Alert: CertificateExpiring" in text
    assert "Zertifikat läuft ab" in await page("/schools/goethe", "de", Ending())


async def test_a_share_of_a_short_record_says_how_short_it_is() -> None:
    class Young(Shown):
        async def uptime(self) -> dict[str, Uptime]:
            whole = answers.uptime()
            day = replace(whole.day, ratio=1.0, counted=2)
            return {"goethe": Uptime(day, replace(whole.month, ratio=1.0, counted=2))}

    text = words_of(await page("/schools/goethe", "en", Young()))
    assert text.count("100 % counted: 2 min") == 2
    text = words_of(await page("/schools/goethe"))
    assert text.count("gezählt:") == 1, "the day is whole, the month is not"
    assert "99,5 % gezählt: 20 Tage" in text


async def test_a_finding_is_said_once_and_an_agent_is_not_the_router() -> None:
    class Unread(Shown):
        async def school(self, school_id: str) -> SchoolStatus | None:
            whole = answers.school(id=school_id)
            said = "ICMP error: Connection refused"
            bad = answers.trouble(reason=Trouble.SNMP, check="interfaces", detail=said)
            line = answers.finding(degraded=(bad,), detail=f"interfaces: {said}")
            check = answers.check(
                check="interfaces",
                kind=CheckKind.INTERFACES,
                reason=Reason.UNREACHABLE,
                detail=said,
            )
            changed = {"uplink": line, "checks": (check,)}
            site = whole.sites[0].model_copy(update=changed)
            return whole.model_copy(update={"sites": (site,)})

    text = words_of(await page("/schools/goethe", "en", Unread()))
    assert text.count("Connection refused") == 2, "in the state, and in the list of checks"
    assert "✕ failed SNMP agent unreachable" in text


async def test_a_stated_stage_has_its_day_once_and_no_key() -> None:
    class Ordered(Shown):
        async def school(self, school_id: str) -> SchoolStatus | None:
            whole = answers.school(id=school_id)
            rollout = StageStatus(
                stage=Stage.ORDERED,
                since=answers.NOW,
                why="ordered on 2022-03-07 by contract 7",
                evidence=("milestone:ordered/2022-03-07/contract 7",),
            )
            site = whole.sites[0].model_copy(update={"rollout": rollout})
            return whole.model_copy(update={"sites": (site,)})

    text = words_of(await page("/schools/goethe", "en", Ordered()))
    assert "Stage ordered ordered on 2022-03-07 by contract 7 Provider" in text
    assert "milestone:" not in text


async def test_evidence_of_minutes_has_local_times() -> None:
    class Live(Shown):
        async def school(self, school_id: str) -> SchoolStatus | None:
            whole = answers.school(id=school_id)
            rollout = StageStatus(
                stage=Stage.LIVE,
                since=answers.NOW,
                why="",
                evidence=("minutes:2022-03-06T10:00Z/2022-03-07T10:00Z",),
            )
            site = whole.sites[0].model_copy(update={"rollout": rollout})
            return whole.model_copy(update={"sites": (site,)})

    text = await page("/schools/goethe", "en", Live())
    assert "<dd>the minutes 2022-03-06 11:00 to 2022-03-07 11:00</dd>" in text


@pytest.mark.parametrize(
    ("language", "excused", "charged", "recorded"),
    [
        (
            "de",
            (
                "nachträglich entschuldigt, 05.03.2022 11:00 bis 05.03.2022 12:00: 46 min, "
                "our own digger (Kennung 20220307-1a2b3c)"
            ),
            "Nicht als Ausfall aufgezeichnet, nachträglich angelastet, 05.03.2022 11:00 bis",
            "Ausfälle und Zeit online sind gezeigt wie aufgezeichnet",
        ),
        (
            "en",
            (
                "excused afterwards, 2022-03-05 11:00 to 2022-03-05 12:00: 46 min, "
                "our own digger (excuse 20220307-1a2b3c)"
            ),
            "Not recorded as an outage, charged afterwards, 2022-03-05 11:00 to",
            "Outages and time online are shown as recorded",
        ),
    ],
)
async def test_reclassified_minutes_are_at_their_outage(
    language: str, excused: str, charged: str, recorded: str
) -> None:
    class Reclassified(Shown):
        async def school(self, school_id: str) -> SchoolStatus | None:
            whole = answers.school(id=school_id)
            (outage,) = whole.outages
            one, other = answers.excuse(), answers.excuse("down", id="20220307-4d5e6f")
            marked = outage.model_copy(update={"excuses": (one.id,)})
            return whole.model_copy(update={"outages": (marked,), "excuses": (one, other)})

    text = words_of(await page("/schools/goethe", language, Reclassified()))
    for said in (excused, charged, recorded):
        assert text.count(said) == 1, said
        assert said not in words_of(await page("/schools/goethe", language))
