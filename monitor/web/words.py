"""The words of the status pages in both languages.

Must not know: HTML, HTTP.
"""

from __future__ import annotations

from typing import Final, Literal

Language = Literal["de", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("de", "en")

_WORDS: Final[dict[str, tuple[str, str]]] = {
    # key: English, German
    "title": ("School network", "Schulnetz"),
    "skip": ("Skip to content", "Zum Inhalt springen"),
    "language": ("Deutsch", "English"),
    "city": ("All schools", "Alle Schulen"),
    "as_of": ("As of", "Stand"),
    "updates": ("updates itself", "aktualisiert sich selbst"),
    "up": ("connected", "verbunden"),
    "down": ("down", "gestört"),
    "unknown": ("unknown", "unbekannt"),
    "schools": ("Schools", "Schulen"),
    "school": ("School", "Schule"),
    "state": ("State", "Zustand"),
    "since": ("Since", "Seit"),
    "since_when": ("since {when}", "seit {when}"),
    "table": ("Table: {what}", "Tabelle: {what}"),
    "all_lost": ("all packets lost", "alle Pakete verloren"),
    "switches": ("Switches", "Switches"),
    "stage": ("Stage", "Stufe"),
    "stages.unknown": ("nothing known", "nichts bekannt"),
    "stages.planned": ("planned", "geplant"),
    "stages.ordered": ("ordered", "bestellt"),
    "stages.built": ("built", "gebaut"),
    "stages.reported": ("reported ready", "als fertig gemeldet"),
    "stages.live": ("live, not yet verified", "in Betrieb, noch nicht nachgewiesen"),
    "stages.verified": ("verified by measurement", "durch Messung nachgewiesen"),
    "stages.live_stale": ("live, proof is old", "in Betrieb, Nachweis veraltet"),
    "stages.regressed": ("failed a later measurement", "bei späterer Messung durchgefallen"),
    "goal": ("The goal", "Das Ziel"),
    "goal_reached": (
        "{verified} of {denominator} {unit} are verified by measurement",
        "{verified} von {denominator} {unit} sind durch Messung nachgewiesen",
    ),
    "goal_target": ("due by {day}", "fällig bis {day}"),
    "goal_built": (
        "{built} of {denominator} {unit} have their line.",
        "{built} von {denominator} {unit} haben ihre Leitung.",
    ),
    "outlook.reached": ("The goal is reached.", "Das Ziel ist erreicht."),
    "outlook.built": ("Only measuring is left.", "Nur die Messungen stehen noch aus."),
    "outlook.expected": (
        "At the pace so far all are built between {early} and {late} (8 of 10 possible courses).",
        "Im bisherigen Tempo sind alle zwischen {early} und {late} gebaut (8 von 10 Verläufen).",
    ),
    "outlook.open": ("an unknown day", "einem unbekannten Tag"),
    "outlook.no goal": ("The goal is empty.", "Das Ziel ist leer."),
    "outlook.unreachable": (
        "The goal cannot be reached: it asks for {denominator}, and {listed} are listed.",
        "Das Ziel ist nicht erreichbar: Es verlangt {denominator}, aufgeführt sind {listed}.",
    ),
    "outlook.too little evidence": (
        "There is too little evidence for a forecast.",
        "Für eine Prognose gibt es zu wenige Belege.",
    ),
    "outlook.stalled": (
        "Building stands still: nothing for {days} days, longer than nine in ten pauses before.",
        "Der Bau steht still: seit {days} Tagen nichts, länger als neun von zehn Pausen davor.",
    ),
    "outlook.no end in sight": (
        "At the pace so far there is no end in sight.",
        "Im bisherigen Tempo ist kein Ende abzusehen.",
    ),
    "unit.schools": ("schools", "Schulen"),
    "unit.sites": ("sites", "Standorte"),
    "no_goal": ("No goal is configured.", "Es ist kein Ziel eingetragen."),
    "broken": ("What is broken", "Was gestört ist"),
    "nothing_broken": ("Nothing is down.", "Nichts ist gestört."),
    "isolated": (
        "The monitor's own line is dead: nobody is judged until it is back.",
        "Die eigene Leitung des Monitors ist tot: bis sie zurück ist, wird niemand beurteilt.",
    ),
    "common_outage": (
        "All providers fell silent together, our own line answers. Their schools are not judged.",
        "Alle Anbieter sind zugleich verstummt. Die eigene Leitung antwortet: Urteile ruhen.",
    ),
    "provider_outage": (
        "Outage of {provider}: {down} of {sites} sites are down",
        "Ausfall bei {provider}: {down} von {sites} Standorten sind gestört",
    ),
    "starting": (
        "The monitor has just started: what it has not measured yet is unknown.",
        "Der Monitor ist gerade gestartet: was er noch nicht gemessen hat, ist unbekannt.",
    ),
    "search": ("Search", "Suchen"),
    "search_hint": ("name, number or district", "Name, Nummer oder Stadtteil"),
    "only": ("Only", "Nur"),
    "all": ("all", "alle"),
    "show": ("Show", "Anzeigen"),
    "none_found": ("No school matches.", "Keine Schule passt dazu."),
    "map": ("Map", "Karte"),
    "map_text": (
        "Where the schools are, north is up; the table says the same.",
        "Wo die Schulen liegen, Norden ist oben; die Tabelle sagt dasselbe.",
    ),
    "lessons": ("lessons now", "jetzt Unterricht"),
    "no_lessons": ("no lessons now", "jetzt kein Unterricht"),
    "maintenance": ("maintenance", "Wartung"),
    "maintenance_windows": ("Maintenance windows", "Wartungsfenster"),
    "until": ("until", "bis"),
    "now": ("now", "jetzt"),
    "site": ("Site", "Standort"),
    "uplink": ("Line", "Leitung"),
    "provider": ("Provider", "Anbieter"),
    "contract": ("Contract", "Vertrag"),
    "load": ("Load now", "Auslastung jetzt"),
    "rates": ("{down} down, {up} up", "{down} hinab, {up} hinauf"),
    "no_load": ("not known", "nicht bekannt"),
    "evidence": ("Evidence", "Nachweis"),
    "last_day": ("Round-trip time of the last day", "Antwortzeit des letzten Tages"),
    "rtt": (
        "{low} to {high} ms, on average {mean} ms; {loss} % of the packets lost",
        "{low} bis {high} ms, im Mittel {mean} ms; {loss} % der Pakete verloren",
    ),
    "no_rtt": ("Nothing measured yet.", "Noch nichts gemessen."),
    "rtt_forgets": (
        "since the monitor's start, at most a day",
        "seit dem Start des Monitors, höchstens ein Tag",
    ),
    "outages": ("Outages of the last 30 days", "Ausfälle der letzten 30 Tage"),
    "no_outages": ("None.", "Keine."),
    "begins": ("Begin", "Beginn"),
    "ends": ("End", "Ende"),
    "lasts": ("still lasts", "dauert an"),
    "reason": ("Reason", "Grund"),
    "device": ("Device", "Gerät"),
    "router": ("router", "Router"),
    "district": ("District", "Stadtteil"),
    "number": ("number", "Nummer"),
    "all_up": ("all {count} connected", "alle {count} verbunden"),
    "some_down": ("{down} of {count} down", "{down} von {count} gestört"),
    "no_switches": ("none", "keine"),
    "not_found": ("There is no such school.", "Diese Schule gibt es nicht."),
    "api": ("For programs", "Für Programme"),
    "metrics": ("Metrics", "Messwerte"),
}


def word(language: Language, key: str, **values: object) -> str:
    """Return a text in a language, with its values filled in.

    Raises:
        KeyError: if there is no such text.
    """
    return _WORDS[key][language == "de"].format(**values)


def preferred(accepted: str, wished: str = "") -> Language:
    """Return the language that a browser asks for; German if it asks for neither.

    `wished` is what the address says, and goes first. Source: RFC 9110 §12.5.4.
    """
    for language in LANGUAGES:
        if wished == language:
            return language
    weights: dict[Language, float] = {}
    for entry in accepted.lower()[:500].split(","):
        tag, _, weight = entry.strip().partition(";q=")
        for language in LANGUAGES:
            if tag.partition("-")[0] == language:
                try:
                    weights[language] = max(weights.get(language, 0.0), float(weight or 1))
                except ValueError:
                    continue
    return max(weights, key=lambda one: weights[one]) if any(weights.values()) else "de"
