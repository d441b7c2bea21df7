"""The status pages: whole without a script, in both languages, with nothing taken for markup."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.observation import State
from monitor.report.forecast import Outlook
from monitor.rollout.stage import Stage
from monitor.status.alerts import alert_status
from monitor.status.model import CommonOutageStatus, ProviderOutageStatus, StageStatus
from monitor.status.uptime import Uptime
from monitor.verdict import Cause, Trouble
from monitor.web.language import preferred
from monitor.web.pages import POLICY
from monitor.words.report import WORDS
from tests.web import answers
from tests.web.test_app import Shown, client

if TYPE_CHECKING:
    from monitor.status.model import CityStatus, SchoolStatus, SchoolSummary

HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}"


class Hostile(Shown):
    """A city in which every text is an attack."""

    def schools(self) -> tuple[SchoolSummary, ...]:
        return (answers.summary(name=HOSTILE, type=HOSTILE, district=HOSTILE),)

    async def school(self, school_id: str) -> SchoolStatus | None:
        whole = answers.school(id=school_id, name=HOSTILE)
        (site,) = whole.sites
        device = answers.finding(State.DOWN, device=HOSTILE, detail=HOSTILE, kind="switch")
        site = site.model_copy(update={"provider": HOSTILE, "switches": (device,)})
        return whole.model_copy(update={"sites": (site,)})


async def page(path: str, language: str = "de", view: Shown | None = None) -> str:
    wish = {"Accept-Language": language}
    async with client(view) as web, web.get(path, headers=wish) as answer:
        assert answer.content_type == "text/html"
        assert answer.headers["Content-Security-Policy"] == POLICY
        return await answer.text()


async def test_the_city_is_seen_at_a_glance() -> None:
    text = await page("/")
    assert '<html lang="de">' in text
    assert "41 von 82 Schulen sind durch Messung nachgewiesen" in text
    assert "keine Antwort" in text
    assert re.search(r'<a href="./schools/goethe\?lang=de"[^>]*>Goethe-Schule</a>', text)
    # By word and by sign, never by colour alone.
    assert re.search(r'<span aria-hidden="true">✕</span> Ausfall', text)


class Standing(Shown):
    """A city whose forecast is of another status."""

    def __init__(self, outlook: Outlook) -> None:
        super().__init__()
        self._outlook = outlook

    def city(self) -> CityStatus:
        whole = answers.city()
        assert whole.goal is not None
        dates = {} if self._outlook is Outlook.EXPECTED else dict.fromkeys(("early", "late"))
        update = {"outlook": self._outlook, "pause_days": 99, **dates}
        return whole.model_copy(update={"goal": whole.goal.model_copy(update=update)})


@pytest.mark.parametrize(
    ("outlook", "said"),
    [
        (Outlook.EXPECTED, "zwischen 10.03.2023 und 05.01.2024 gebaut"),
        (Outlook.UNREACHABLE, "Das Ziel ist nicht erreichbar: Es verlangt 82, aufgeführt sind 80."),
        (Outlook.STALLED, "Der Bau steht still: seit 99 Tagen nichts"),
        (Outlook.TOO_LITTLE_EVIDENCE, "zu wenige Belege"),
    ],
)
async def test_the_city_says_what_can_be_said_of_the_finish(outlook: Outlook, said: str) -> None:
    text = await page("/", view=Standing(outlook))
    assert "44 von 82 Schulen haben ihre Leitung." in text
    assert said in text


@pytest.mark.parametrize("outlook", Outlook)
@pytest.mark.parametrize("language", ["de", "en"])
async def test_there_is_a_sentence_for_every_forecast_status(
    outlook: Outlook, language: str
) -> None:
    text = await page("/", language, Standing(outlook))
    assert "outlook." not in text
    assert f"outlook_{outlook.value}" in WORDS["de"].keys() & WORDS["en"].keys()


class Failing(Shown):
    """A city with an outage of a provider, or of all of them."""

    def __init__(self, **changes: object) -> None:
        super().__init__()
        self.changes = changes

    def city(self) -> CityStatus:
        return answers.city(**self.changes)


async def test_a_shard_that_cannot_read_the_others_names_no_number_of_the_city() -> None:
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


async def test_a_common_outage_is_said_on_top_with_its_suspects() -> None:
    common = CommonOutageStatus(
        since=answers.NOW,
        detail="suspects: our hub, or the providers",
        alert=alert_status("CommonOutage", ""),
    )
    view = Failing(common_outage=common)
    assert "Alle Anbieter sind zugleich verstummt" in await page("/", view=view)
    english = await page("/", "en", view)
    assert "All providers stopped answering together" in english
    assert "suspects: our hub, or the providers" in english
    # Without an address it is a name alone.
    assert "Alert: CommonOutage</span>" in english


async def test_what_is_found_names_its_alert_and_leads_to_its_runbook() -> None:
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


async def test_a_school_has_its_line_its_switches_and_its_evidence() -> None:
    text = await page("/schools/goethe", "en-GB,de;q=0.3")
    for said in (
        '<html lang="en">',
        "<dd>verified",
        "campaign:1",
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


class ThreeLines(Shown):
    """A city of three lines: no lessons, no milestone."""

    async def school(self, school_id: str) -> SchoolStatus | None:
        whole = answers.school()
        rollout = StageStatus(stage=Stage.UNKNOWN, since=None, why="no milestone", evidence=())
        site = whole.sites[0].model_copy(update={"rollout": rollout})
        news = {"sites": (site,), "in_lessons": False, "lessons_known": False}
        return whole.model_copy(update=news) if school_id == whole.id else None


async def test_a_school_of_three_lines_says_what_is_not_known_and_why() -> None:
    text = await page("/schools/goethe", view=ThreeLines())
    assert "kein Meilenstein ist erreicht, und noch beweist keine Messung" in text
    assert "kein Unterricht bekannt" in text
    assert "jetzt kein Unterricht" not in text
    text = await page("/schools/goethe", "en", view=ThreeLines())
    assert "no lessons known" in text
    assert "no milestone" in text


async def test_times_are_the_citys() -> None:
    assert "07.03.2022 11:00" in await page("/")
    assert "2022-03-07 11:00" in await page("/", "en")


@pytest.mark.parametrize("path", ["/", "/schools/goethe"])
async def test_hostile_names_stay_text(path: str) -> None:
    text = await page(path, view=Hostile())
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&amp;{{7*7}}" in text


@pytest.mark.parametrize(
    "query", ["q=%3Cscript%3Ealert(1)", "lang=%22%3E%3Cscript%3Ealert(1)", "state=%3Cscript%3E"]
)
async def test_what_the_address_says_stays_text(query: str) -> None:
    assert "<script>alert" not in await page(f"/?{query}")


@pytest.mark.parametrize(
    ("query", "is_found"),
    [("q=goethe", True), ("q=MITTE+gym", True), ("q=169614", True), ("q=schiller", False),
     ("state=up", True), ("state=down", False), ("state=nonsense", True)],
)  # fmt: skip
async def test_search_finds_by_all_words(query: str, *, is_found: bool) -> None:
    text = await page(f"/?{query}")
    assert ("Goethe-Schule</a>" in text) is is_found
    assert ("Keine Schule passt" in text) is not is_found


async def test_no_such_school_is_a_page_too() -> None:
    async with client() as web, web.get("/schools/weimar") as answer:
        assert answer.status == 404
        assert "Diese Schule gibt es nicht" in await answer.text()


@pytest.mark.parametrize(
    ("path", "accepted", "kind", "said"),
    [
        ("/nowhere/at/all", "text/html,*/*;q=0.8", "text/html", 'href="../../?lang=de"'),
        ("/nowhere", "*/*", "text/plain", "this path does not exist"),
        ("/api/v1/nowhere", "text/html", "application/json", '"error":"this path does not exist'),
    ],
)
async def test_a_path_that_does_not_exist_is_answered_as_the_client_reads(
    path: str, accepted: str, kind: str, said: str
) -> None:
    async with client() as web, web.get(path, headers={"Accept": accepted}) as answer:
        assert (answer.status, answer.content_type) == (404, kind)
        assert said in await answer.text()


@pytest.mark.parametrize("path", ["/", "/schools/goethe", "/schools/weimar"])
async def test_no_click_leads_to_the_whole_exposition(path: str) -> None:
    text = await page(path)
    assert re.search(r'href="[./]*metrics/monitor"', text)
    whole = r'href="[^"]*(metrics|sd/prometheus)"'
    assert not re.search(whole, text)


@pytest.mark.parametrize("path", ["/", "/schools/goethe"])
async def test_a_german_page_has_no_english_sentence(path: str) -> None:
    text = words_of(await page(path, view=Ill()))
    for foreign in ("no reply", "the answer is", "a campaign passed", "icmp", "uplink"):
        assert foreign not in text, foreign


async def test_nothing_is_loaded_from_elsewhere() -> None:
    for path in ("/", "/schools/goethe"):
        text = await page(path)
        # A link to a runbook is followed by a person, and by nobody else.
        links = set(re.findall(r'<a [^>]*href="([^"#]+)"', text))
        assert all(one.startswith(("./", "../", "?", answers.RUNBOOKS)) for one in links), links
        without_links = re.sub(r"<a [^>]*>", "", text)
        loaded = re.findall(r'(?:src|href)="([^"#]+)"', without_links)
        assert loaded
        assert all(one.startswith(("./static/", "../static/")) for one in loaded), loaded
        assert "style=" not in text
        assert "onclick" not in text


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("static/status.css", "text/css"),
        ("static/status.js", "text/javascript"),
        ("static/icon.svg", "image/svg+xml"),
        ("favicon.ico", "image/svg+xml"),
    ],
)
async def test_style_script_and_icon_are_served(path: str, kind: str) -> None:
    async with client() as web, web.get(f"/{path}") as answer:
        assert (answer.status, answer.content_type) == (200, kind)


@pytest.mark.parametrize(
    ("accepted", "wished", "language"),
    [
        ("", "", "de"),
        ("en", "", "en"),
        ("de-DE,de;q=0.9,en;q=0.8", "", "de"),
        ("fr,en;q=0.2", "", "en"),
        ("fr", "", "de"),
        ("en;q=0,de;q=0", "", "de"),
        ("de", "en", "en"),
        ("de", "xx", "de"),
        ("en;q=abc", "", "de"),
    ],
)
def test_the_language_is_the_browsers(accepted: str, wished: str, language: str) -> None:
    assert preferred(accepted, wished) == language


class Ill(Shown):
    """A city whose school answers and works badly."""

    def city(self) -> CityStatus:
        ill = answers.finding(degraded=(answers.trouble(),))
        return answers.city(schools_up=2, schools_down=0, schools_degraded=1, degraded=(ill,))

    def schools(self) -> tuple[SchoolSummary, ...]:
        since = answers.trouble().since
        return (
            answers.summary(degraded_since=since),
            answers.summary(id="kant", name="Kant-Schule"),
        )

    async def school(self, school_id: str) -> SchoolStatus | None:
        whole = answers.school(id=school_id, degraded_since=answers.trouble().since)
        (site,) = whole.sites
        ill = answers.finding(degraded=(answers.trouble(),))
        fan = answers.trouble(reason=Trouble.HARDWARE, check="hardware", part="fan 2", detail="")
        box = answers.finding(device="switch-01", kind="switch", degraded=(fan,))
        site = site.model_copy(update={"uplink": ill, "switches": (box,)})
        return whole.model_copy(update={"sites": (site,)})


def words_of(page: str) -> str:
    """Return a page's text without its marks, blanks joined."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


async def test_the_city_counts_and_lists_what_is_degraded() -> None:
    text = words_of(await page("/", view=Ill()))
    assert "0 ✕ Ausfall 1 ▲ gestört 0 ? unbekannt 1 ● online" in text
    assert "▲ gestört Goethe-Schule Leitung Dienst gestört (website), seit" in text
    assert "the answer is 503" not in text
    assert "the answer is 503, not 200 (failed 3 times in a row)" in await page("/", "en", Ill())
    found = words_of(await page("/?state=degraded", view=Ill()))
    assert "Kant-Schule" not in found
    assert "Goethe-Schule" in found
    others = await page("/?state=up", view=Ill())
    assert "/schools/kant" in others
    assert others.count("/schools/goethe") == 1, "in the list of what is degraded alone"


async def test_a_city_in_which_all_is_well_says_so() -> None:
    assert "Nichts ist gestört." in await page("/")
    assert "Nothing is degraded." in await page("/", "en")


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


async def test_every_check_has_its_last_day_by_the_hour() -> None:
    text = await page("/schools/goethe", "en")
    row = text[text.index("website") : text.index("website") + 1500]
    # Nothing for 20 hours, well for three, half of this hour's runs failed.
    bar = re.search(r'<svg class="bar" viewBox="0 0 24 1".*?</svg>', row)
    assert bar is not None
    assert re.findall(r'class="(\w+)" x="(\d+)" width="(\d+)"', bar[0]) == [
        ("none", "0", "20"),
        ("up", "20", "3"),
        ("partly", "23", "1"),
    ]
    assert "90.9 %" in words_of(row)


async def test_switches_that_are_degraded_alike_are_one_line() -> None:
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
    assert "Goethe-Schule Line packet loss (ping), since 2022-03-07 10:40 40 % lost" in text
    assert "Goethe-Schule sw-1, sw-2, sw-3 packet loss (ping), since 2022-03-07 10:40" in text
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


async def test_what_is_wrong_during_maintenance_is_marked_so() -> None:
    class Maintained(Shown):
        def schools(self) -> tuple[SchoolSummary, ...]:
            return (answers.summary(in_maintenance=True), answers.summary(id="abel", name="Abel"))

        def city(self) -> CityStatus:
            causes = (answers.finding(State.DOWN), answers.finding(State.DOWN, school="abel"))
            badly = answers.finding(degraded=(answers.trouble(),))
            return answers.city(root_causes=causes, degraded=(badly,))

    text = words_of(await page("/", "en", Maintained()))
    wrong = text[text.index("What is wrong") : text.index("The goal")]
    assert wrong.count("Goethe-Schule maintenance") == 2
    assert "Abel" in wrong
    assert "Abel maintenance" not in text


async def test_what_a_device_calls_its_parts_stays_text() -> None:
    class Named(Ill):
        def city(self) -> CityStatus:
            bad = answers.trouble(part=HOSTILE, check=HOSTILE, detail=HOSTILE)
            return answers.city(degraded=(answers.finding(degraded=(bad,)),))

    text = await page("/", view=Named())
    assert "<script>alert" not in text


class Measured(Shown):
    """A city of four schools: one down, one online, one degraded, one of which nothing is known."""

    def schools(self) -> tuple[SchoolSummary, ...]:
        since = answers.NOW
        return (
            answers.summary(id="zoo", name="Zoo", since=since - timedelta(hours=9)),
            answers.summary(id="kant", name="Kant", state=State.DOWN),
            answers.summary(id="abel", name="Abel", state=State.UNKNOWN, since=since),
            answers.summary(id="ost", name="Ost", degraded_since=since - timedelta(minutes=9)),
        )

    async def uptime(self) -> dict[str, Uptime]:
        whole = answers.uptime()
        best = Uptime(replace(whole.day, ratio=1.0), replace(whole.month, ratio=0.99996))
        return {"zoo": whole, "kant": best}


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
async def test_schools_are_sorted_by_trouble_or_as_one_likes(order: str, names: str) -> None:
    text = await page(f"/?sort={order}", view=Measured())
    listed = text[text.index('class="groups"') :]
    assert " ".join(re.findall(r"schools/(\w+)\?", listed)) == names


async def test_numbers_in_names_are_sorted_as_numbers() -> None:
    names = ("Schule 10", "Schule 2", "2. Schule", "Schule", "10. Schule")

    class Numbered(Shown):
        def schools(self) -> tuple[SchoolSummary, ...]:
            return tuple(answers.summary(id=f"s{at}", name=name) for at, name in enumerate(names))

    text = await page("/?sort=name", view=Numbered())
    listed = re.findall(r'<a [^>]*title="([^",]+)', text[text.index('class="groups"') :])
    assert listed == ["2. Schule", "10. Schule", "Schule", "Schule 2", "Schule 10"]


async def test_each_school_has_its_time_online_and_nothing_short_of_all_is_100_per_cent() -> None:
    text = words_of(await page("/?sort=name", view=Measured()))
    assert "Zoo ✓ nachgewiesen 89,5 % 99,4 %" in text
    assert "Kant ✓ nachgewiesen 60 min 100 % 99,9 %" in text
    assert "Abel ✓ nachgewiesen – –" in text


class Fresh(Shown):
    """A city that has just begun to be watched."""

    def city(self) -> CityStatus:
        goal = answers.city().goal
        assert goal is not None
        return answers.city(
            monitor=State.UNKNOWN,
            schools_up=0,
            schools_down=0,
            schools_unknown=2,
            root_causes=(),
            goal=goal.model_copy(update={"verified": 0}),
        )

    def schools(self) -> tuple[SchoolSummary, ...]:
        one = answers.summary(state=State.UNKNOWN, stage=Stage.UNKNOWN)
        return (one, one.model_copy(update={"id": "kant", "name": "Kant"}))


async def test_what_is_not_measured_yet_is_neither_well_nor_nought() -> None:
    text = words_of(await page("/", "en", Fresh()))
    assert "not yet measured; 82 schools are wanted" in text
    assert "0 of 82" not in text
    assert "Nothing is down" not in text
    assert text.count("Not yet measured.") == 1


async def test_a_city_without_a_name_is_not_called_the_same_twice() -> None:
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


async def test_each_region_of_a_school_with_two_sites_has_a_name_of_its_own() -> None:
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


async def test_switches_behind_a_dead_line_are_one_line() -> None:
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
