"""The sentences of the status pages in both languages.

Must not know: HTML, or HTTP.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.words.terms import (
    CAUSES,
    CHECKS,
    DEGRADED,
    NO_CONTRACT,
    NO_LESSONS_KNOWN,
    OUTCOMES,
    REASONS,
    STAGES,
    STATES,
    TROUBLES,
    UNITS,
)
from monitor.words.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.words.text import Language

_SENTENCES: Final[Mapping[str, Text]] = {
    "title": Text("School network", "Schulnetz"),
    "skip": Text("Skip to content", "Zum Inhalt springen"),
    "language": Text("Deutsch", "English"),
    "city": Text("All schools", "Alle Schulen"),
    "as_of": Text("As of", "Stand"),
    "updates": Text("updates itself", "aktualisiert sich selbst"),
    "schools": Text("Schools", "Schulen"),
    "school": Text("School", "Schule"),
    "state": Text("State", "Zustand"),
    "since": Text("Since", "Seit"),
    "since_when": Text("since {when}", "seit {when}"),
    "alert": Text("Alert:", "Alarm:"),
    "snmp_with_it": Text(
        "SNMP fails for that reason at: {devices}", "Deshalb scheitert SNMP bei: {devices}"
    ),
    "table": Text("Table: {what}", "Tabelle: {what}"),
    "all_lost": Text("all packets lost", "alle Pakete verloren"),
    "switches": Text("Switches", "Switches"),
    "stage": Text("Stage", "Stufe"),
    "goal": Text("The goal", "Das Ziel"),
    "goal_reached": Text(
        "{verified} of {denominator} {unit} are verified by measurement",
        "{verified} von {denominator} {unit} sind durch Messung nachgewiesen",
    ),
    "goal_reached_more": Text(
        "{verified} {unit} are verified by measurement, more than the goal of {denominator}",
        "{verified} {unit} sind durch Messung nachgewiesen, mehr als das Ziel von {denominator}",
    ),
    "goal_unknown": Text(
        "the city's number is not known here: the other shards' ledgers cannot be read",
        "die Zahl der Stadt ist hier nicht bekannt: die übrigen Messprotokolle sind nicht lesbar",
    ),
    "by_stage": Text("Schools by stage:", "Schulen nach Stufe:"),
    "goal_not_measured": Text(
        "not yet measured; the goal is {denominator} {unit}",
        "noch nicht gemessen; das Ziel sind {denominator} {unit}",
    ),
    "goal_late": Text("{days} days late", "{days} Tage überfällig"),
    "goal_late_one": Text("1 day late", "1 Tag überfällig"),
    "goal_today": Text("today", "heute"),
    "goal_early_one": Text("in 1 day", "in 1 Tag"),
    "goal_early": Text("in {days} days", "in {days} Tagen"),
    "not_measured": Text("Not yet measured.", "Noch nicht gemessen."),
    "lasting.minutes": Text("{count} min", "{count} min"),
    "lasting.hours": Text("{count} h", "{count} h"),
    "lasting.days": Text("{count} days", "{count} Tage"),
    "sorted": Text("Sorted by:", "Sortiert nach:"),
    "order.trouble": Text("trouble", "Störung"),
    "order.name": Text("name", "Name"),
    "order.since": Text("latest change", "letzter Änderung"),
    "order.day": Text("24 hours", "24 Stunden"),
    "order.month": Text("30 days", "30 Tagen"),
    "list_verified": Text("✓ verified.", "✓ nachgewiesen."),
    "list_bars": Text(
        "Bars: online in 24 hours, 30 days.", "Balken: online in 24 Stunden, 30 Tagen."
    ),
    "switches_down": Text(
        "{down} of {count} switches down", "{down} von {count} Switches ausgefallen"
    ),
    "uptime": Text("Online", "Online"),
    "uptime_day": Text("in the last 24 hours", "in den letzten 24 Stunden"),
    "counted": Text("counted: {time}", "gezählt: {time}"),
    "uptime_month": Text("in the last 30 days", "in den letzten 30 Tagen"),
    "goal_target": Text("due by {day}", "fällig bis {day}"),
    "goal_built": Text(
        "{built} of {denominator} {unit} have their line.",
        "{built} von {denominator} {unit} haben ihre Leitung.",
    ),
    "goal_built_more": Text(
        "{built} {unit} have their line, more than the goal of {denominator}.",
        "{built} {unit} haben ihre Leitung, mehr als das Ziel von {denominator}.",
    ),
    "goal_not_configured": Text(
        'How many have their line is not known: no site has "milestones" or its "line" configured '
        "(docs/rollout.md).",
        "Wie viele ihre Leitung haben, ist nicht bekannt: Bei keinem Standort sind „milestones“ "
        "oder „line“ eingetragen (docs/rollout.md).",
    ),
    "outlook.reached": Text("The goal is reached.", "Das Ziel ist erreicht."),
    "outlook.built": Text("Only measuring is left.", "Nur die Messungen stehen noch aus."),
    "outlook.expected": Text(
        "At the current pace the lines of the goal will be built between {early} and {late} (8 of "
        "10 simulated futures).",
        "Im bisherigen Tempo sind die Leitungen des Ziels zwischen {early} und {late} gebaut "
        "(8 von 10 Verläufen).",
    ),
    "outlook.open": Text("an unknown day", "einem unbekannten Tag"),
    "outlook.no goal": Text("The goal is empty.", "Das Ziel ist leer."),
    "outlook.unreachable": Text(
        "The goal cannot be reached: it requires {denominator}, but only {listed} are listed.",
        "Das Ziel ist nicht erreichbar: Es verlangt {denominator}, aufgeführt sind {listed}.",
    ),
    "outlook.too little evidence": Text(
        "There is too little evidence for a forecast.",
        "Für eine Prognose gibt es zu wenige Belege.",
    ),
    "outlook.stalled": Text(
        "Building has stalled: no {unit} completed for {days} days, longer than nine in ten "
        "previous pauses.",
        "Der Bau steht still: seit {days} Tagen werden keine {unit} fertig, länger als neun von "
        "zehn Pausen davor.",
    ),
    "outlook.no end in sight": Text(
        "At the current pace there is no end in sight.",
        "Im bisherigen Tempo ist kein Ende abzusehen.",
    ),
    "no_goal": Text("No goal is configured.", "Es ist kein Ziel eingetragen."),
    "suspended": Text(
        "Verdicts are suspended, so nothing can be told of the schools.",
        "Die Urteile ruhen, über die Schulen lässt sich nichts sagen.",
    ),
    "switch_down": Text("switch down", "Switch ausgefallen"),
    "of_them_degraded": Text("{count} of them degraded", "davon {count} gestört"),
    "of_them_planned": Text("{count} of them in maintenance", "davon {count} in Wartung"),
    "certificate": Text("certificate near its end", "Zertifikat läuft ab"),
    "certificate_over": Text("certificate has expired", "Zertifikat ist abgelaufen"),
    "certificate_ends": Text("it ends on {when}, in {time}", "es endet am {when}, noch {time}"),
    "certificate_ended": Text("it ended on {when}", "es endete am {when}"),
    "wrong": Text("What is wrong", "Was nicht in Ordnung ist"),
    "nothing_works_badly": Text("Nothing is degraded.", "Nichts ist gestört."),
    "and_more": Text("and {count} more", "und {count} weitere"),
    "checks": Text("Checks", "Prüfungen"),
    "check": Text("Check", "Prüfung"),
    "result": Text("Last result", "Letztes Ergebnis"),
    "run_at": Text("last run at {clock}", "zuletzt um {clock}"),
    "check_day": Text("Last 24 hours", "Letzte 24 Stunden"),
    "check_day_text": Text(
        "The bars: runs that were ok, by the hour, since the monitor's start.",
        "Die Balken: gelungene Läufe je Stunde, seit dem Start des Monitors.",
    ),
    "never_run": Text("not run yet; it runs {pace}", "noch nicht gelaufen; sie läuft {pace}"),
    "every.seconds": Text("every {count} s", "alle {count} s"),
    "every.minutes": Text("every {count} min", "alle {count} min"),
    "every.hours": Text("every {count} h", "alle {count} h"),
    "stale": Text(
        "The monitor cannot be reached. This page shows the state at {clock}.",
        "Der Monitor ist nicht erreichbar. Diese Seite zeigt den Stand von {clock} Uhr.",
    ),
    "schools_unknown": Text("Unknown for now: {count}.", "Zurzeit unbekannt: {count}."),
    "nothing_broken": Text("Nothing is down.", "Nichts ist ausgefallen."),
    "isolated": Text(
        "The monitor's own line is down: verdicts are suspended until it is back.",
        "Die eigene Leitung des Monitors ist tot: bis sie zurück ist, wird niemand beurteilt.",
    ),
    "config_rejected": Text(
        "The configuration has been rejected since {when}; the previous one is still in force. The "
        "monitor's log names the place and the cure.",
        "Die Konfiguration wird seit {when} abgelehnt; es gilt die bisherige. Das Protokoll des "
        "Monitors nennt Stelle und Abhilfe.",
    ),
    "door_rejected": Text(
        "The file of logins and TLS has been rejected since {when}; the previous ones are still "
        "in force. The monitor's log names the place and the cure.",
        "Die Datei für Anmeldung und TLS wird seit {when} abgelehnt; es gelten die bisherigen "
        "Einstellungen. Das Protokoll des Monitors nennt Stelle und Abhilfe.",
    ),
    "common_outage": Text(
        "All providers stopped answering together while our own line works. Verdicts on their "
        "schools are suspended.",
        "Alle Anbieter sind zugleich verstummt, während die eigene Leitung antwortet. Urteile über "
        "ihre Schulen ruhen.",
    ),
    "provider_outage": Text(
        "Outage of {provider}: {down} of {sites} sites are down",
        "Ausfall bei {provider}: {down} von {sites} Standorten sind ausgefallen",
    ),
    "ledger_unwritten": Text(
        "The ledger cannot be written: minutes and verdicts wait in memory, and are lost if the "
        "monitor stops. The monitor's log says why.",
        "Das Messprotokoll lässt sich nicht schreiben: Minuten und Urteile warten im Speicher und "
        "gehen verloren, wenn der Monitor endet. Das Protokoll des Monitors nennt den Grund.",
    ),
    "earlier_ledger": Text(
        "The earlier ledger failed its check or was missing ({name}): availability begins on "
        "{when}.",
        "Das frühere Messprotokoll war beschädigt oder fehlte ({name}): die Verfügbarkeit "
        "beginnt am {when}.",
    ),
    "starting": Text(
        "The monitor has just started: states not measured yet are unknown.",
        "Der Monitor ist gerade gestartet: was er noch nicht gemessen hat, ist unbekannt.",
    ),
    "search": Text("Search", "Suchen"),
    "search_hint": Text("name, number or district", "Name, Nummer oder Stadtteil"),
    "only": Text("Only", "Nur"),
    "all": Text("all", "alle"),
    "show": Text("Show", "Anzeigen"),
    "none_found": Text("No school matches.", "Keine Schule passt dazu."),
    "map": Text("Map", "Karte"),
    "map_text": Text(
        "Map of the schools, north is up; the list contains the same data.",
        "Wo die Schulen liegen, Norden ist oben; die Liste sagt dasselbe.",
    ),
    "lessons": Text("lessons now", "jetzt Unterricht"),
    "no_lessons_known": NO_LESSONS_KNOWN,
    "no_lessons": Text("no lessons now", "jetzt kein Unterricht"),
    "maintenance": Text("maintenance", "Wartung"),
    "maintenance_until": Text("maintenance until {when}: {reason}", "Wartung bis {when}: {reason}"),
    "maintenance_of_all": Text(
        "All schools: maintenance until {when}: {reason}",
        "Alle Schulen: Wartung bis {when}: {reason}",
    ),
    "online_well": Text("online, not degraded", "online, nicht gestört"),
    "located": Text(
        "{located} of {schools} schools have a location.",
        "{located} von {schools} Schulen haben einen Ort.",
    ),
    "maintenance_windows": Text("Maintenance windows", "Wartungsfenster"),
    "until": Text("until", "bis"),
    "now": Text("now", "jetzt"),
    "site": Text("Site", "Standort"),
    "uplink": Text("Line", "Leitung"),
    "provider": Text("Provider", "Anbieter"),
    "contract": Text("Contract", "Vertrag"),
    "no_contract": NO_CONTRACT,
    "owed": Text("{share} % availability", "{share} % Verfügbarkeit"),
    "lot": Text("Lot", "Los"),
    "programme": Text("Funding programme", "Förderprogramm"),
    "load": Text("Load now", "Auslastung jetzt"),
    "rates": Text("{down} down, {up} up", "{down} Download, {up} Upload"),
    "load_down": Text(
        "{rate} down ({share} % of the contract)", "{rate} Download ({share} % des Vertrags)"
    ),
    "load_up": Text(
        "{rate} up ({share} % of the contract)", "{rate} Upload ({share} % des Vertrags)"
    ),
    "behind": Text(
        "{count} behind the line that is down: {names}",
        "{count} hinter der ausgefallenen Leitung: {names}",
    ),
    "behind_line": Text("behind the line that is down", "hinter der ausgefallenen Leitung"),
    "agent_unreachable": Text("SNMP agent unreachable", "SNMP-Agent nicht erreichbar"),
    "sideways": Text(
        "The table goes on to the right: swipe it.", "Die Tabelle geht rechts weiter: wischen."
    ),
    "window_id": Text("window {id}", "Fenster {id}"),
    "evidence.campaign": Text("campaign {id}", "Kampagne {id}"),
    "evidence.minutes": Text("the minutes {since} to {until}", "die Minuten {since} bis {until}"),
    "ports_up": Text("Ports in use", "Anschlüsse belegt"),
    "some_of": Text("{some} of {all}", "{some} von {all}"),
    "power": Text("Power over Ethernet", "Stromabgabe (PoE)"),
    "restarted": Text("Restarted", "Neustart"),
    "no_load": Text("not known", "nicht bekannt"),
    "evidence": Text("Evidence", "Nachweis"),
    "last_day": Text("Round-trip time of the last day", "Antwortzeit des letzten Tages"),
    "rtt": Text(
        "{mean} ms on average, five-minute means of {low} to {high} ms; {loss} % of all packets "
        "lost, outages included",
        "im Mittel {mean} ms, Fünf-Minuten-Mittel von {low} bis {high} ms; {loss} % aller Pakete "
        "verloren, Ausfälle eingerechnet",
    ),
    "no_rtt": Text("Nothing measured yet.", "Noch nichts gemessen."),
    "rtt_since": Text(
        "recorded since {since}; kept for a day, until the monitor restarts",
        "aufgezeichnet seit {since}; einen Tag lang behalten, bis der Monitor neu startet",
    ),
    "outages": Text("Outages of the last 30 days", "Ausfälle der letzten 30 Tage"),
    "no_outages": Text("None.", "Keine."),
    "excused": Text(
        "excused afterwards, {begins} to {ends}: {time}, {reason} (excuse {id})",
        "nachträglich entschuldigt, {begins} bis {ends}: {time}, {reason} (Kennung {id})",
    ),
    "charged": Text(
        "Not recorded as an outage, charged afterwards, {begins} to {ends}: {time}, {reason} "
        "(excuse {id})",
        "Nicht als Ausfall aufgezeichnet, nachträglich angelastet, {begins} bis {ends}: {time}, "
        "{reason} (Kennung {id})",
    ),
    "as_recorded": Text(
        "Outages and time online are shown as recorded; the availability under the contract counts "
        "what was reclassified afterwards.",
        "Ausfälle und Zeit online sind gezeigt wie aufgezeichnet; die Verfügbarkeit nach Vertrag "
        "rechnet mit dem, was nachträglich umgewertet wurde.",
    ),
    "begins": Text("Begin", "Beginn"),
    "ends": Text("End", "Ende"),
    "lasts": Text("still lasts", "dauert an"),
    "reason": Text("Reason", "Grund"),
    "device": Text("Device", "Gerät"),
    "router": Text("router", "Router"),
    "district": Text("District", "Stadtteil"),
    "number": Text("number", "Nummer"),
    "no_school": Text("There is no such school.", "Diese Schule gibt es nicht."),
    "no_ledger": Text(
        "The ledger cannot be read now, so this page cannot be shown; the city's page has the "
        "current state.",
        "Das Messprotokoll lässt sich gerade nicht lesen, und ohne es gibt es diese Seite nicht; "
        "den jetzigen Stand zeigt die Seite der Stadt.",
    ),
    "many_readers": Text(
        "Too many readers ask the ledger now; reload this page in a moment.",
        "Zu viele fragen gerade das Messprotokoll ab; die Seite bitte gleich neu laden.",
    ),
    "school_elsewhere": Text(
        "Another daemon monitors this school: shard {shard}.",
        "Diese Schule beobachtet eine andere Überwachung: Teil {shard}.",
    ),
    "shard": Text(
        "Shard {shard}: {own} of {all} schools; other daemons monitor the rest.",
        "Teil {shard}: {own} von {all} Schulen; die übrigen beobachten andere Überwachungen.",
    ),
    "no_page": Text("There is no such page.", "Diese Seite gibt es nicht."),
    "api": Text("For programs", "Für Programme"),
    "api_document": Text("API", "Schnittstelle (API)"),
    "own_metrics": Text("the monitor's own metrics", "Messwerte des Monitors selbst"),
}

PAGES: Final[Mapping[str, Text]] = {
    **_SENTENCES,
    **STATES,
    "degraded": DEGRADED,
    **{f"troubles.{trouble}": text for trouble, text in TROUBLES.items()},
    **{f"causes.{cause}": text for cause, text in CAUSES.items()},
    **{f"checks.{kind}": text for kind, text in CHECKS.items()},
    **{f"outcome.{outcome}": text for outcome, text in OUTCOMES.items()},
    **{f"reasons.{reason}": text for reason, text in REASONS.items()},
    **{f"stages.{stage}": text for stage, text in STAGES.items()},
    **{f"unit.{unit}": text for unit, text in UNITS.items()},
}


def word(language: Language, key: str, **values: object) -> str:
    """Return a text in a language, with its values filled in.

    Raises:
        KeyError: if there is no such text.
    """
    return PAGES[key].of(language).format(**values)
