"""Mails as a real Alertmanager sends them with the deployed files, read by Python's parser."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from monitor.words.text import LANGUAGES
from tests.integration.alertmanager import mailing
from tests.integration.mailbox import mailbox
from tests.mails.city import line_down, over, provider_down, write_template

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from monitor.words.text import Language
    from tests.integration.alertmanager import Alertmanager
    from tests.integration.mailbox import Mailbox

pytestmark = pytest.mark.integration

A_TIME = re.compile(r"\d?\d:\d\d")


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    text: str = found.get_content()
    return text.replace("\r\n", "\n")


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as one:
        yield one


@pytest.fixture
def german(tmp_path: Path, box: Mailbox) -> Iterator[Alertmanager]:
    write_template(tmp_path)
    with mailing(tmp_path, box.address, "de") as one:
        yield one


PAGE = Path(__file__).parents[2] / "docs" / "mails.md"
SHOWN = PAGE.read_text(encoding="utf-8").split("```\n")[1]


def test_mail_about_one_dead_line_and_its_recovery_in_german(
    german: Alertmanager, box: Mailbox
) -> None:
    alert = line_down("koellerholz", "main", "Köllerholz-Schule")
    german.alert(alert)
    mail = box.next()
    assert mail["Subject"] == "Köllerholz-Schule: kein Internet"
    assert mail["To"] == "bereitschaft@example.org"
    assert part(mail, "plain").strip() == SHOWN.strip()
    page = part(mail, "html")
    assert "Jörg Müller &amp; Co.," in page
    assert '<a href="http://pages.test/schools/koellerholz">Statusseite</a>' in page
    assert page.count("03:12") == 1
    german.alert(over(alert))
    end = box.next()
    assert end["Subject"] == "vorbei: Köllerholz-Schule: kein Internet"
    text = part(end, "plain")
    assert "Sie antwortet nicht" not in text
    found = re.search(r"^Seit: 25.11.2026, 03:12 Uhr, bis: (.{17}) Uhr$", text, re.MULTILINE)
    assert found
    # The city's time, although Alertmanager runs with Auckland's.
    ended = datetime.strptime(found[1], "%d.%m.%Y, %H:%M").replace(tzinfo=ZoneInfo("Europe/Berlin"))
    # One hour in October occurs twice.
    ends = (ended, ended.replace(fold=1))
    assert min(abs(datetime.now(UTC) - one) for one in ends) < timedelta(hours=1)


def test_no_time_is_repeated_or_has_seconds(german: Alertmanager, box: Mailbox) -> None:
    german.alert(line_down("koellerholz", "main", "Köllerholz-Schule"))
    mail = box.next()
    for kind in ("plain", "html"):
        assert A_TIME.findall(part(mail, kind).replace("http:", "")) == ["03:12"]


def test_a_provider_outage_names_schools_contracts_and_the_hotline(
    german: Alertmanager, box: Mailbox
) -> None:
    german.alert(provider_down())
    mail = box.next()
    assert mail["Subject"].startswith("Provider A: Mindestens 2 Schulen")
    text = part(mail, "plain")
    assert "Betroffen: Goethe-Schule (annex), Köllerholz-Schule\n" in text
    assert "Verträge: V-2021-0815, V-7\n" in text
    assert text.count("Störungshotline: +49 800 1234567 (Kundennummer K-4711)\n") == 1
    assert "Statusseite" not in text


def test_a_group_is_one_mail_naming_provider_and_city_once(
    german: Alertmanager, box: Mailbox
) -> None:
    lines = (("koellerholz", "main", "Köllerholz-Schule"), ("goethe", "annex", "Goethe-Schule"))
    alerts = [line_down(*line) for line in lines]
    for one in alerts:
        one["labels"]["severity"] = "ticket"
    german.alert(*alerts)
    mail = box.next()
    assert re.fullmatch(r".+: kein Internet \(und 1 weitere\)", mail["Subject"])
    text = part(mail, "plain")
    assert text.count(": kein Internet\n") == 2
    assert text.count("Störungshotline") == text.count("Netzleitstelle") == 1
    assert "Standort: annex\nAnschrift: Am Markt 3\nVertrag: V-7\n" in text
    assert "Kontakt am Standort: Herr Groß, 0234 55502\n" in text
    german.alert(over(alerts[0]))
    rest = part(box.next(), "plain")
    before, after = rest.split("Vorbei:\n")
    assert "Goethe-Schule: kein Internet" in before
    assert "Köllerholz-Schule: kein Internet" in after


def test_english_mails_without_contacts_and_about_the_monitor(tmp_path: Path, box: Mailbox) -> None:
    alert = line_down("koellerholz", "main", "Köllerholz-Schule", since="", switches="")
    with mailing(tmp_path, box.address, "en") as alertmanager:
        alertmanager.alert(alert)
        mail = box.next()
        assert mail["Subject"] == "Köllerholz-Schule: no broadband"
        text = part(mail, "plain")
        assert re.search(r"^Since: \d{4}-\d\d-\d\d \d\d:\d\d$", text, re.MULTILINE)
        assert "School: Köllerholz-Schule\nSite: main\n" in text
        assert "Provider: Provider A\n" in text
        alert["labels"] = {"alertname": "MonitorDown", "severity": "page", "product": "schulnetz"}
        alertmanager.alert(alert)
        text = part(box.next(), "plain")
        assert "School" not in text
        assert "Provider" not in text
        assert "What to do: http" in text


@pytest.mark.parametrize(("language", "word"), [("de", "Überwachung"), ("en", "Daemon")])
def test_a_mail_about_several_daemons_names_each(
    tmp_path: Path, box: Mailbox, language: Language, word: str
) -> None:
    shards = ("shard-1:9822", "shard-2:9822")
    alerts = [line_down("koellerholz", "main", "Köllerholz-Schule") for _ in shards]
    for alert, shard in zip(alerts, shards, strict=True):
        labels = {"alertname": "LedgerUnhealthy", "severity": "ticket", "product": "schulnetz"}
        alert["labels"] = labels | {"instance": shard}
    with mailing(tmp_path, box.address, language) as alertmanager:
        alertmanager.alert(*alerts)
        mail = box.next()
    for shard in shards:
        assert f"\n{word}: {shard}\n" in part(mail, "plain")
        assert f"\n{word}: {shard}\n" in part(mail, "html")


def test_english_mail_with_every_detail(tmp_path: Path, box: Mailbox) -> None:
    write_template(tmp_path)
    with mailing(tmp_path, box.address, "en") as alertmanager:
        alertmanager.alert(line_down("koellerholz", "main", "Köllerholz-Schule"))
        text = part(box.next(), "plain")
    assert "Since: 2026-11-25 03:12\n" in text
    assert "Affected: the line and all behind it, switches: 12\n" in text
    assert "School: Köllerholz-Schule (Grundschule, no. 128480)\n" in text
    assert "Contact at the school: Ayşe Çelik, Hausmeisterin, 0234 55501\n" in text
    assert "Hotline: +49 800 1234567 (customer number K-4711)\n" in text


@pytest.mark.parametrize(
    ("language", "subject", "row"),
    [
        (
            "de",
            "Köllerholz-Schule: kein Internet (geplante Arbeiten)",
            "Geplante Arbeiten bis: 25.11.2026, 18:00 Uhr; der Grund steht auf der Statusseite\n",
        ),
        (
            "en",
            "Köllerholz-Schule: no broadband (planned work)",
            "Planned work until: 2026-11-25 18:00; the reason is on the status page\n",
        ),
    ],
)
def test_planned_work_is_in_the_subject_and_says_until_when(
    tmp_path: Path, box: Mailbox, language: Language, subject: str, row: str
) -> None:
    alert = line_down("koellerholz", "main", "Köllerholz-Schule", planned_until="2026-11-25 18:00")
    alert["labels"]["severity"] = "ticket"
    with mailing(tmp_path, box.address, language) as alertmanager:
        alertmanager.alert(alert)
        mail = box.next()
    assert mail["Subject"] == subject
    assert row in part(mail, "plain")
    assert row.strip() in part(mail, "html")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mail_has_no_line_for_what_an_alert_lacks(
    tmp_path: Path, box: Mailbox, language: Language
) -> None:
    """No provider without a contract, no board without Grafana, and an alert of the city's own."""
    alert = line_down("koellerholz", "main", "Köllerholz-Schule", switches="")
    del alert["labels"]["provider"]
    for name in ("dashboard", "runbook_url", "status_page"):
        del alert["annotations"][name]
    with mailing(tmp_path, box.address, language) as alertmanager:
        alertmanager.alert(alert)
        mail = box.next()
    text = part(mail, "plain")
    assert re.search(r":\s*$", text, re.MULTILINE) is None
    for word in ("Grafana", "Provider", "Anbieter", "href"):
        assert word not in text + part(mail, "html")
