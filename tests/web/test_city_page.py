"""The page of all schools: problems, the goal, the list."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.observation import State
from monitor.report.forecast import Outlook
from monitor.status.alerts import alert_status
from monitor.status.model import (
    CertificateStatus,
    CommonOutageStatus,
    EarlierLedgerStatus,
    ProviderOutageStatus,
)
from monitor.verdict import Trouble
from monitor.words.report import WORDS
from tests.web import answers
from tests.web.showing import (
    HOSTILE,
    Failing,
    Fresh,
    Ill,
    Locked,
    Measured,
    Standing,
    page,
    words_of,
)
from tests.web.test_app import Shown

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.status.model import CityStatus, SchoolSummary
    from monitor.status.uptime import Uptime


async def test_the_city_is_visible_at_a_glance() -> None:
    text = await page("/")
    assert '<html lang="de">' in text
    assert "41 von 82 Schulen sind durch Messung nachgewiesen" in text
    assert "keine Antwort" in text
    assert re.search(r'<a href="./schools/goethe\?lang=de"[^>]*>Goethe-Schule</a>', text)
    # By word and symbol, never by colour alone.
    assert re.search(r'<span aria-hidden="true">✕</span> Ausfall', text)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("de", "Die Datei für Anmeldung und TLS wird seit 10:00 abgelehnt"),
        ("en", "The file of logins and TLS has been rejected since 10:00"),
    ],
)
async def test_a_rejected_file_of_logins_is_on_the_page(language: str, said: str) -> None:
    assert said in words_of(await page("/", language, Locked()))
    assert said[:25] not in words_of(await page("/", language))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("de", "Die Konfiguration wird seit 10:00 abgelehnt; es gilt die bisherige."),
        ("en", "The configuration has been rejected since 10:00; the previous one"),
    ],
)
async def test_a_rejected_configuration_is_on_the_page(language: str, said: str) -> None:
    class Outdated(Shown):
        def config_rejected_since(self) -> datetime:
            return answers.NOW - timedelta(hours=1)

    assert said in words_of(await page("/", language, Outdated()))
    assert said[:25] not in words_of(await page("/", language))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("de", "Das Messprotokoll lässt sich nicht schreiben: Minuten und Urteile warten"),
        ("en", "The ledger cannot be written: minutes and verdicts wait in memory"),
    ],
)
async def test_a_ledger_that_cannot_be_written_is_on_the_page(language: str, said: str) -> None:
    class Full(Shown):
        def ledger_is_written(self) -> bool:
            return False

    assert said in words_of(await page("/", language, Full()))
    assert said[:25] not in words_of(await page("/", language))


@pytest.mark.parametrize(
    ("outlook", "said"),
    [
        (Outlook.EXPECTED, "zwischen 10.03.2023 und 05.01.2024 gebaut"),
        (Outlook.UNREACHABLE, "Das Ziel ist nicht erreichbar: Es verlangt 82, aufgeführt sind 80."),
        (Outlook.STALLED, "Der Bau steht still: seit 99 Tagen werden keine Schulen fertig"),
        (Outlook.TOO_LITTLE_EVIDENCE, "zu wenige Belege"),
    ],
)
async def test_the_city_page_shows_the_forecast_status(outlook: Outlook, said: str) -> None:
    text = await page("/", view=Standing(outlook))
    assert "44 von 82 Schulen haben ihre Leitung." in text
    assert said in text


@pytest.mark.parametrize("outlook", Outlook)
@pytest.mark.parametrize("language", ["de", "en"])
async def test_every_forecast_status_has_a_sentence(outlook: Outlook, language: str) -> None:
    text = await page("/", language, Standing(outlook))
    assert "outlook." not in text
    assert f"outlook_{outlook.value}" in WORDS["de"].keys() & WORDS["en"].keys()


async def test_more_than_the_goal_is_not_a_part_of_it() -> None:
    whole = answers.city()
    assert whole.goal is not None
    view = Failing(goal=whole.goal.model_copy(update={"denominator": 40, "outlook": "built"}))
    german, english = await page("/", view=view), await page("/", "en", view)
    assert "41 Schulen sind durch Messung nachgewiesen, mehr als das Ziel von 40" in german
    assert "44 Schulen haben ihre Leitung, mehr als das Ziel von 40." in german
    assert "44 schools have their line, more than the goal of 40." in english


async def test_a_shard_that_cannot_read_the_others_shows_no_city_totals() -> None:
    whole = answers.city()
    assert whole.goal is not None
    view = Failing(
        goal=whole.goal.model_copy(update={"verified": None, "built": None, "outlook": None})
    )
    german, english = await page("/", view=view), await page("/", "en", view)
    assert "die Zahl der Stadt ist hier nicht bekannt" in german
    assert "the city&#39;s number is not known here" in english
    for text in (german, english):
        assert whole.goal.name in text
        assert "<progress" not in text
        assert ">None" not in text
        assert "41 " not in text


async def test_the_page_of_a_shard_says_that_it_shows_a_part_of_the_schools() -> None:
    view = Failing(shard="1/2", schools_elsewhere=3)
    own = len(view.schools())
    german, english = await page("/", view=view), await page("/", "en", view)
    assert f"Teil 1/2: {own} von {own + 3} Schulen; die übrigen beobachten andere" in german
    assert f"Shard 1/2: {own} of {own + 3} schools; other daemons monitor the rest." in english
    assert "Teil 1/2" not in await page("/")


async def test_an_outage_of_a_provider_is_one_line_in_both_languages() -> None:
    outage = ProviderOutageStatus(
        provider=HOSTILE,
        since=answers.NOW,
        sites=99,
        sites_down=80,
        detail="80 of 99 sites",
        alert=alert_status("ProviderOutage", answers.RUNBOOKS),
    )
    view = Failing(provider_outages=(outage,), root_causes=())
    german, english = await page("/", view=view), await page("/", "en", view)
    assert "80 von 99 Standorten sind ausgefallen" in german
    assert "80 of 99 sites are down" in english
    assert "Nichts ist ausgefallen" not in german
    assert f'<a href="{answers.RUNBOOKS}/ProviderOutage.md">ProviderOutage</a>' in german
    assert HOSTILE not in german


async def test_a_common_outage_is_shown_at_the_top_with_its_suspects() -> None:
    common = CommonOutageStatus(
        since=answers.NOW,
        detail="suspects: our hub, or all providers (A, B)",
        alert=alert_status("CommonOutage", ""),
    )
    view = Failing(common_outage=common)
    assert "Alle Anbieter sind zugleich verstummt" in await page("/", view=view)
    english = await page("/", "en", view)
    assert "All providers stopped answering together" in english
    assert "suspects: our hub, or all providers (A, B)" in english
    german = await page("/", view=view)
    assert "verdächtig: unser Netzknoten oder alle Anbieter (A, B)" in german
    # Without a URL it is only a name.
    assert "Alert: CommonOutage</span>" in english


async def test_a_ledger_that_was_set_aside_is_shown_at_the_top() -> None:
    earlier = EarlierLedgerStatus(
        name="ledger.sqlite.missing-20261005T060000.000000Z",
        begins=answers.NOW,
        alert=alert_status("LedgerQuarantined", answers.RUNBOOKS),
    )
    view = Failing(earlier_ledger=earlier)
    german, english = await page("/", view=view), await page("/", "en", view)
    assert "Das frühere Messprotokoll war beschädigt oder fehlte" in german
    assert "The earlier ledger failed its check or was missing" in english
    for text in (german, english):
        assert f"({earlier.name})" in text
        assert f'<a href="{answers.RUNBOOKS}/LedgerQuarantined.md">' in text
    of_database = earlier.model_copy(update={"name": "chain 1 of writer shard-2"})
    assert "(Kette 1 des Schreibers shard-2)" in await page(
        "/", view=Failing(earlier_ledger=of_database)
    )


async def test_each_finding_names_its_alert_and_links_to_its_runbook() -> None:
    city = await page("/", "en")
    assert f'Alert: <a href="{answers.RUNBOOKS}/UplinkDown.md">UplinkDown</a>' in city
    badly = answers.finding(degraded=(answers.trouble(devices=("router", "sw-1")),))
    view = Failing(degraded=(badly,))
    for language, said in (
        ("en", "SNMP fails for that reason at: router, sw-1"),
        ("de", "Deshalb scheitert SNMP bei: router, sw-1"),
    ):
        text = await page("/", language, view)
        assert said in text
        assert f'<a href="{answers.RUNBOOKS}/ServiceDown.md">ServiceDown</a>' in text


async def test_the_city_counts_and_lists_what_is_degraded() -> None:
    text = words_of(await page("/", view=Ill()))
    assert "0 ✕ Ausfall 1 ▲ gestört 0 ? unbekannt 2 ● online" in text
    assert "▲ gestört Goethe-Schule Leitung Dienst gestört (website), seit" in text
    assert "die Antwort ist 503, nicht 200 (3-mal in Folge)" in text
    assert "the answer is 503, not 200 (failed 3 times in a row)" in await page("/", "en", Ill())
    found = words_of(await page("/?state=degraded", view=Ill()))
    assert "Kant-Schule" not in found
    assert "Goethe-Schule" in found
    # A degraded school is online, too.
    online = words_of(await page("/?state=up", view=Ill()))
    assert "▲ gestört: 1" in online
    assert "● online, nicht gestört: 1" in online
    assert "● online: 1" in words_of(await page("/"))


async def test_nothing_is_called_down_or_not_while_a_school_is_unknown() -> None:
    text = words_of(await page("/", "en", Failing(root_causes=(), schools_unknown=1)))
    assert "Unknown for now: 1. Nothing is degraded." in text
    assert "Nothing is down" not in text
    assert "Zurzeit unbekannt: 1." in await page("/", "de", Failing(schools_unknown=1))


async def test_a_healthy_city_says_so() -> None:
    assert "Nichts ist gestört." in await page("/")
    assert "Nothing is degraded." in await page("/", "en")


async def test_switches_with_the_same_degradation_share_one_line() -> None:
    class Lossy(Shown):
        def city(self) -> CityStatus:
            early = answers.trouble(reason=Trouble.PACKET_LOSS, check="icmp", detail="40 % lost")
            late = early.model_copy(update={"since": answers.NOW, "detail": "30 % lost"})
            line = answers.finding(degraded=(early,))
            found = [
                answers.finding(device=name, kind="switch", degraded=(one,))
                for name, one in (("sw-1", late), ("sw-2", early), ("sw-3", late))
            ]
            fan = answers.trouble(reason=Trouble.HARDWARE, check="hardware", part="fan 1")
            hot = answers.finding(device="sw-3", kind="switch", degraded=(fan,))
            return answers.city(degraded=(line, *found, hot), root_causes=())

    text = words_of(await page("/", "en", Lossy()))
    assert "Goethe-Schule Line packet loss (ping), since 10:40 40 % lost" in text
    assert "Goethe-Schule sw-1, sw-2, sw-3 packet loss (ping), since 10:40" in text
    assert "30 % lost" not in text
    assert text.count("packet loss") == 2
    assert "sw-3 hardware failure (SNMP hardware, fan 1)" in text


async def test_a_school_with_a_dead_switch_comes_first_among_those_online() -> None:
    class Cut(Shown):
        def schools(self) -> tuple[SchoolSummary, ...]:
            return (
                answers.summary(id="abel", name="Abel"),
                answers.summary(id="zoo", name="Zoo", switches=7, switches_down=2),
            )

    text = words_of(await page("/", "en", Cut()))
    assert text.index("Zoo ✓ verified ✕ 2 2 of 7 switches down") < text.rindex("Abel")


class Maintained(Shown):
    """A city with something wrong at two schools; those of `planned` are in maintenance."""

    def __init__(self, *planned: str, hours: int = 4) -> None:
        super().__init__()
        self.planned = planned
        self.ends = answers.NOW + timedelta(hours=hours)

    def schools(self) -> tuple[SchoolSummary, ...]:
        work = {
            "in_maintenance": True,
            "maintenance_ends": self.ends,
            "maintenance_reason": "a new <router>",
        }
        return tuple(
            answers.summary(id=school, name=name, **(work if school in self.planned else {}))
            for school, name in (("goethe", "Goethe-Schule"), ("abel", "Abel"))
        )

    def city(self) -> CityStatus:
        causes = (answers.finding(State.DOWN), answers.finding(State.DOWN, school="abel"))
        badly = answers.finding(degraded=(answers.trouble(),))
        return answers.city(root_causes=causes, degraded=(badly,))


async def test_a_school_in_maintenance_shows_end_and_reason_everywhere() -> None:
    for language, until in (("en", "maintenance until"), ("de", "Wartung bis")):
        said = f"{until} 15:00: a new &lt;router&gt;"
        text = words_of(await page("/", language, Maintained("goethe")))
        assert text.count(said) == 3, "twice among what is wrong, once in the list"
        assert text.count(f"Goethe-Schule {said}") == 2
        assert f"Abel {until}" not in text
    later = words_of(await page("/", "en", Maintained("goethe", hours=24)))
    assert "maintenance until 2022-03-08 11:00: a new" in later


async def test_maintenance_of_all_schools_is_shown_once() -> None:
    text = words_of(await page("/", "en", Maintained("goethe", "abel")))
    assert text.count("All schools: maintenance until 15:00: a new &lt;router&gt;") == 1
    assert text.count("a new") == 1
    assert text.count("maintenance") == 1 + 3, "the list does not repeat it"


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("", "kant ost abel zoo"),
        ("nonsense", "kant ost abel zoo"),
        ("name", "abel kant ost zoo"),
        ("since", "abel ost kant zoo"),
        ("day", "zoo kant abel ost"),
        ("month", "zoo kant abel ost"),
    ],
)
async def test_schools_are_sorted_by_trouble_or_as_chosen(order: str, names: str) -> None:
    text = await page(f"/?sort={order}", view=Measured())
    listed = text[text.index('class="groups"') :]
    assert " ".join(re.findall(r"schools/(\w+)\?", listed)) == names


async def test_numbers_in_names_are_sorted_numerically() -> None:
    names = ("Schule 10", "Schule 2", "2. Schule", "Schule", "10. Schule")

    class Numbered(Shown):
        def schools(self) -> tuple[SchoolSummary, ...]:
            return tuple(answers.summary(id=f"s{at}", name=name) for at, name in enumerate(names))

    text = await page("/?sort=name", view=Numbered())
    listed = re.findall(r'<a [^>]*title="([^",]+)', text[text.index('class="groups"') :])
    assert listed == ["2. Schule", "10. Schule", "Schule", "Schule 2", "Schule 10"]


async def test_each_school_shows_its_uptime_and_only_a_full_one_is_100_percent() -> None:
    text = words_of(await page("/?sort=name", view=Measured()))
    assert "Zoo ✓ nachgewiesen 89,6 % 99,5 %" in text
    assert "Kant ✓ nachgewiesen 60 min 100 % 99,9 %" in text
    assert "Abel ✓ nachgewiesen – –" in text


async def test_values_not_measured_yet_are_neither_good_nor_zero() -> None:
    text = words_of(await page("/", "en", Fresh()))
    assert "not yet measured; the goal is 82 schools" in text
    assert "0 of 82" not in text
    assert "Nothing is down" not in text
    assert text.count("Not yet measured.") == 1


async def test_a_city_without_a_name_does_not_repeat_its_title() -> None:
    class Nameless(Shown):
        def city(self) -> CityStatus:
            return answers.city(city="Schulnetz")

    assert "<h1>School network</h1>" in await page("/", "en", Nameless())
    assert "<h1>Schulnetz</h1>" in await page("/", "de", Nameless())
    assert "<h1>Bochum: Schulnetz</h1>" in await page("/")


async def test_the_goal_says_how_late_it_is() -> None:
    assert "in 299 Tagen" in words_of(await page("/"))
    late = answers.city(at=answers.NOW + timedelta(days=400))

    class Late(Shown):
        def city(self) -> CityStatus:
            return late

    assert "101 days late" in words_of(await page("/", "en", Late()))


@pytest.mark.parametrize(
    ("days", "german", "english"),
    [
        (-2, "2 Tage überfällig", "2 days late"),
        (-1, "1 Tag überfällig", "1 day late"),
        (0, "heute", "today"),
        (1, "in 1 Tag", "in 1 day"),
        (2, "in 2 Tagen", "in 2 days"),
    ],
)
async def test_days_around_the_target_day_are_plain(days: int, german: str, english: str) -> None:
    class Due(Shown):
        def city(self) -> CityStatus:
            goal = answers.city().goal
            assert goal is not None
            target = answers.NOW.date() + timedelta(days=days)
            return answers.city(goal=goal.model_copy(update={"target": target}))

    for language, said in (("de", german), ("en", english)):
        assert re.search(rf", {said} ?\.", words_of(await page("/", language, Due()))), said


async def test_a_certificate_near_its_end_is_among_what_is_wrong() -> None:
    soon = CertificateStatus(
        school="goethe",
        site="main",
        device="router",
        check="website",
        ends=answers.NOW + timedelta(days=5),
        alert=alert_status("CertificateExpiring", answers.RUNBOOKS),
    )
    over = soon.model_copy(update={"ends": answers.NOW - timedelta(days=5)})
    view = Failing(certificates=(over, soon))
    english, german = await page("/", "en", view), await page("/", "de", view)
    words = words_of(english)
    said = "Goethe-Schule website certificate near its end it ends on 2022-03-12 11:00, in 5 days"
    assert f"{said} Alert: CertificateExpiring" in words
    assert "certificate has expired it ended on 2022-03-02 11:00" in words
    assert f'<a href="{answers.RUNBOOKS}/CertificateExpiring.md">' in english
    assert "Zertifikat läuft ab es endet am 12.03.2022 11:00, noch 5 Tage" in words_of(german)


async def test_tiles_say_how_many_are_counted_twice_or_planned() -> None:
    class Planned(Measured):
        def schools(self) -> tuple[SchoolSummary, ...]:
            work = {
                "in_maintenance": True,
                "maintenance_ends": answers.NOW,
                "maintenance_reason": "new router",
            }
            return tuple(one.model_copy(update=work) for one in super().schools())

        def city(self) -> CityStatus:
            return answers.city(schools_up=2, schools_down=1, schools_degraded=1)

    text = words_of(await page("/", "en", Planned()))
    assert "1 ✕ down 1 of them in maintenance 1 ▲ degraded" in text
    assert "2 ● online 1 of them degraded" in text
    text = words_of(await page("/", "de", Planned()))
    assert "1 ✕ Ausfall davon 1 in Wartung 1 ▲ gestört" in text
    assert "2 ● online davon 1 gestört" in text
    assert "of them" not in words_of(await page("/", "en"))


async def test_a_switch_that_is_down_is_not_called_like_a_school() -> None:
    view = Failing(root_causes=(answers.finding(State.DOWN, kind="switch", device="sw-1"),))
    assert "✕ switch down Goethe-Schule" in words_of(await page("/", "en", view))
    assert "✕ Switch ausgefallen Goethe-Schule" in words_of(await page("/", "de", view))


async def test_a_goal_without_any_milestone_says_what_is_missing() -> None:
    goal = answers.city().goal
    assert goal is not None
    bare = goal.model_copy(update={"is_evidence_configured": False, "built": 0})
    for language, said in (
        ("en", "no site has &#34;milestones&#34; or"),
        ("de", "„milestones“ oder"),
    ):
        text = await page("/", language, Failing(goal=bare))
        assert said in text
        assert " 0 " not in words_of(text[text.index('id="goal"') :][:1500])


async def test_suspended_verdicts_are_not_called_unmeasured() -> None:
    blind = {"schools_unknown": 2, "schools_up": 0, "schools_down": 0, "root_causes": ()}
    text = words_of(await page("/", "en", Failing(is_isolated=True, **blind)))
    assert "Verdicts are suspended, so nothing can be told" in text
    assert "Not yet measured" not in text


async def test_signs_are_explained_only_where_they_occur() -> None:
    assert "✓ verified. Bars: online" in words_of(await page("/", "en"))

    class Bare(Fresh):
        async def uptime(self) -> dict[str, Uptime]:
            return {}

    text = words_of(await page("/", "en", Bare()))
    assert "Bars:" not in text
    assert "✓" not in text
