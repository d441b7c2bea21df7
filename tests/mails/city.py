"""A small city with contacts, and alerts about it as Prometheus sends them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.config import load_text
from monitor.config.contacts import read_contacts
from monitor.mails.template import template

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.inventory.city import Inventory

SCHOOLS = """\
version: 1
city: {name: Bochum, timezone: Europe/Berlin, state: NW}
credentials: {devices: {environment: COMMUNITY}}
providers: {a: {name: Provider A}, b: {name: "Übertragung & Söhne"}}
references: [{name: r1, host: 192.0.2.1}, {name: r2, host: 192.0.2.2}, {name: r3, host: 192.0.2.3}]
lessons: {Grundschule: [{weekdays: [mon], hours: 07:45-13:30}]}
defaults:
  snmp: {credential: devices}
  contract: {provider: a, down: 1 Gbit/s, up: 1 Gbit/s, normal_down: 900 Mbit/s,
    normal_up: 900 Mbit/s, minimum_down: 600 Mbit/s, minimum_up: 600 Mbit/s,
    availability: 99.5 %, reference: V-2021-0815}
schools:
  - {id: koellerholz, number: "128480", name: Köllerholz-Schule, type: Grundschule, district: Süd,
     location: [51.4, 7.2], network: 10.82.1.0/24}
  - id: goethe
    name: Goethe-Schule
    type: Grundschule
    district: Mitte
    sites:
      - {id: haus, location: [51.5, 7.2], network: 10.82.2.0/24}
      - {id: annex, location: [51.5, 7.2], network: 10.82.3.0/24, contract: {reference: V-7}}
...
"""
CONTACTS = """\
city:
  contacts: [{name: Netzleitstelle, phone: "+49 234 910-1234", note: rund um die Uhr}]
providers:
  Provider A:
    hotline: "+49 800 1234567"
    customer: K-4711
    contacts: [{name: Jörg Müller & Co., email: stoerung@provider-a.example.org}]
schools:
  koellerholz:
    address: Köllerholzweg 61, 44879 Bochum
    contacts: [{name: Ayşe Çelik, role: Hausmeisterin, phone: "0234 55501"}]
  goethe:
    address: Goethestr. 1, 44787 Bochum
    sites: {annex: {address: Am Markt 3, contacts: [{name: Herr Groß, phone: "0234 55502"}]}}
"""
# Data that must be in no metric and no log.
PERSONAL = ("Netzleitstelle", "910-1234", "Müller", "K-4711", "1234567", "Çelik", "55501", "Groß")


def city() -> Inventory:
    """Return the city's inventory."""
    return load_text(SCHOOLS.encode(), "schools.yaml")


def write_template(place: Path) -> None:
    """Write the city's part of the mail templates below a folder."""
    (place / "contacts.yaml").write_text(CONTACTS, encoding="utf-8")
    contacts = read_contacts(place / "contacts.yaml", city())
    text = template(city(), contacts, datetime.now(UTC))
    (place / "templates").mkdir()
    (place / "templates" / "schulnetz_city.tmpl").write_text(text, encoding="utf-8")


def line_down(school: str, site: str, name: str, **more: str) -> dict[str, Any]:
    """Return an alert as `deploy/prometheus/rules` and Prometheus produce it."""
    return {
        "labels": {
            "alertname": "UplinkDown",
            "severity": "page",
            "product": "schulnetz",
            "school": school,
            "site": site,
            "provider": "Provider A",
            "name": name,
        },
        "annotations": {
            "summary": f"{name}: no broadband",
            "summary_de": f"{name}: kein Internet",
            "description": "It does not answer.",
            "description_de": "Sie antwortet nicht.",
            "since": "2026-11-25 03:12",
            "switches": "12",
            "dashboard": f"http://grafana.test/d/school?var-school={school}&var-site={site}",
            "status_page": f"http://pages.test/schools/{school}",
            "runbook_url": "http://runbooks.test/UplinkDown.md",
            **more,
        },
        "startsAt": datetime.now(UTC).isoformat(),
    }


def provider_down() -> dict[str, Any]:
    """Return the alert of a provider's outage."""
    return {
        "labels": {
            "alertname": "ProviderOutage",
            "severity": "page",
            "product": "schulnetz",
            "provider": "Provider A",
        },
        "annotations": {
            "summary": "Provider A: at least 2 schools lost their line together",
            "summary_de": "Provider A: Mindestens 2 Schulen haben zugleich ihre Leitung verloren",
            "description": "They fell within minutes.",
            "description_de": "Sie sind innerhalb weniger Minuten ausgefallen.",
            "since": "2026-11-25 03:12",
            "schools": "Goethe-Schule (annex), Köllerholz-Schule",
            "dashboard": "http://grafana.test/d/contract?var-provider=Provider+A",
            "runbook_url": "http://runbooks.test/ProviderOutage.md",
        },
        "startsAt": datetime.now(UTC).isoformat(),
    }


def over(alert: dict[str, Any]) -> dict[str, Any]:
    """Return the alert's end, now."""
    ends = datetime.now(UTC) - timedelta(seconds=1)
    return {**alert, "endsAt": ends.isoformat()}
