"""The words of a month's availability report, for the terminal and in its explanation.

Must not know: the report, or how words are combined.
"""
# ruff: noqa: E501  # a sentence is translated in one piece

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from monitor.words.terms import CAUSES, MINUTES
from monitor.words.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

TITLE: Final = Text("availability", "Verfügbarkeit")
IN_PART: Final = Text("recorded in part", "nur zum Teil aufgezeichnet")
NOT_OVER: Final = Text("month not over", "Monat noch nicht zu Ende")
PART: Final = Text("part", "Teil")
PART_MEANS: Final = Text(
    "(part): the site was recorded during a part of the month only, and the word holds for that part",
    "(Teil): der Standort wurde nur einen Teil des Monats aufgezeichnet, und nur für ihn gilt das Wort",
)
OPEN: Final = Text("open", "offen")
OPEN_MEANS: Final = Text(
    "(open): unknown minutes could change it",
    "(offen): unbekannte Minuten könnten es noch ändern",
)
TOO_EARLY: Final = Text("too early", "zu früh")
TOO_EARLY_MEANS: Final = Text(
    "too early: so few minutes are counted that the contract does not allow one of outage yet",
    "zu früh: bei so wenigen gezählten Minuten erlaubt der Vertrag noch keine Minute Ausfall",
)
TOTAL: Final = Text("{count} sites: {counts}.", "{count} Standorte: {counts}.")
RECORDED_SHARE: Final = Text("{share} % of the month", "{share} % des Monats")
UNKNOWN_SHARE: Final = Text(
    "Unknown: {share} % of the minutes owed.",
    "Unbekannt: {share} % der geschuldeten Minuten.",
)
MADE: Final = Text("Local time of {zone}; made at {at}.", "Ortszeit von {zone}; erstellt am {at}.")
SINCE: Final = Text(
    "Recorded since {at}. A restart loses the 5 minutes before it.",
    "Aufgezeichnet seit {at}. Bei einem Neustart gehen die 5 Minuten davor verloren.",
)
NOTHING: Final = Text(
    "Nothing is recorded of this month.", "Von diesem Monat ist nichts aufgezeichnet."
)
NOTHING_YET: Final = Text(
    "Nothing is recorded of this month so far; a minute is recorded 5 to 10 minutes after its end, and a restart loses the 5 minutes before it.",
    "Von diesem Monat ist bisher nichts aufgezeichnet; eine Minute wird 5 bis 10 Minuten nach ihrem Ende aufgezeichnet, und bei einem Neustart gehen die 5 Minuten davor verloren.",
)
BROKEN: Final = Text(
    "THE LEDGER DOES NOT HOLD: these figures are no evidence. `schulnetz ledger verify` names the place.",
    "DAS MESSPROTOKOLL HÄLT DER PRÜFUNG NICHT STAND: diese Zahlen sind kein Nachweis. `schulnetz ledger verify` nennt die Stelle.",
)
LEDGER: Final = Text("Ledger", "Messprotokoll")

# The table of sites, by what a column has.
SITES: Final[Mapping[str, Text]] = {
    "site": Text("Site", "Standort"),
    "provider": Text("Provider", "Anbieter"),
    "recorded": Text("Recorded", "Aufgezeichnet"),
    "up": Text("Up", "Online"),
    "down": Text("Down", "Ausfall"),
    "unknown": Text("Unknown", "Unbek."),
    "maintenance": Text("Maint.", "Wartung"),
    "outside": Text("Outside", "Außerh."),
    "excused": Text("Excused", "Entsch."),
    "charged": Text("Charged", "Angel."),
    "owed": Text("Owed %", "Soll %"),
    "found": Text("Is %", "Ist %"),
    "left": Text("Left", "Übrig"),
    "contract": Text("Contract", "Vertrag"),
}
VERDICTS: Final[Mapping[str, Text]] = {
    "kept": Text("kept", "eingehalten"),
    "broken": Text("broken", "verletzt"),
    "no data": Text("no data", "keine Daten"),
    "no contract": Text("no contract", "kein Vertrag"),
}
OUTAGES: Final[Mapping[str, Text]] = {
    "title": Text("Outages", "Ausfälle"),
    "begins": Text("Begins", "Beginn"),
    "ends": Text("Ends", "Ende"),
    "minutes": Text("Minutes", "Minuten"),
    "reason": Text("Reason", "Grund"),
    "then": Text("Then", "Danach"),
}
DOWN_SINCE: Final = Text("down since {at}", "ausgefallen seit {at}")
WHY: Final[Mapping[str, Text]] = {**CAUSES, "reclassified": Text("reclassified", "umgewertet")}
FOLLOWED_BY: Final[Mapping[str, Text]] = {
    **MINUTES,
    "up": Text("up", "online"),
    "outside": Text("outside", "außerhalb"),
    "ahead": Text("not settled yet", "noch offen"),
    "before": Text("before", "davor"),
    "excused": Text("excused", "entschuldigt"),
    "end of month": Text("end of month", "Monatsende"),
}
EXCUSES: Final[Mapping[str, Text]] = {
    "title": Text("Minutes reclassified by a person", "Von Menschen umgewertete Minuten"),
    "excuse": Text("Excuse", "Kennung"),
    "sites": Text("Sites", "Standorte"),
    "from": Text("From", "Von"),
    "until": Text("Until", "Bis"),
    "into": Text("Into", "Zu"),
    "by": Text("By", "Durch"),
    "why": Text("Why", "Warum"),
    "withdrawn": Text(
        "; withdrawn {at} by {by}: {reason}", "; zurückgezogen {at} durch {by}: {reason}"
    ),
}
INTO: Final[Mapping[str, Text]] = {
    "unknown": Text("unknown", "unbekannt"),
    "down": Text("down", "Ausfall"),
}

# How the figures were computed; a sentence is shown if the month has what it explains.
COUNTED: Final = Text(
    "Availability is up / (up + down), in minutes. A minute is down when the line was down for 30 s of it or more; up when it was up for more than 30 s; otherwise unknown.",
    "Verfügbarkeit ist Online / (Online + Ausfall), in Minuten. Eine Minute zählt als Ausfall, wenn die Leitung mindestens 30 s von ihr ausgefallen war, als online, wenn sie mehr als 30 s antwortete, sonst als unbekannt.",
)
DOWN: Final = Text(
    "The line is down after several consecutive rounds without any answer of its router, and counts as down from the first of them.",
    "Eine Leitung ist ausgefallen nach mehreren Runden hintereinander ohne jede Antwort ihres Routers, und sie zählt von der ersten davon an als ausgefallen.",
)
LISTED: Final = Text(
    "Not counted, but listed: {classes}.", "Nicht gezählt, aber aufgeführt: {classes}."
)
LISTED_CLASSES: Final[Mapping[str, Text]] = {
    "maintenance": Text("minutes in announced maintenance", "Minuten in angekündigter Wartung"),
    "outside": Text(
        "minutes outside the contract's hours", "Minuten außerhalb der Zeiten des Vertrags"
    ),
    "unknown": Text(
        "unknown minutes (the monitor did not run, or its own line was dead)",
        "unbekannte Minuten (der Monitor lief nicht, oder seine eigene Leitung war tot)",
    ),
}
BEFORE: Final = Text(
    "Minutes before the monitor first recorded a site are in no class.",
    "Minuten vor der ersten Aufzeichnung eines Standorts gehören zu keiner Klasse.",
)
# The rule that attributed losses in that month.
RULE: Final = Text(
    "While all reference targets outside the schools were silent, or most lines while fewer than two references answered, no loss is attributed to any line. With two answering, a loss within one provider is that provider's, however many lines it affects. When most lines of every provider fell silent together, the minutes are unknown, except where a provider's own hand-over router was silent, too.",
    "Solange alle Referenzziele außerhalb der Schulen schwiegen, oder die meisten Leitungen bei weniger als zwei antwortenden Referenzen, wird keiner Leitung etwas angelastet. Antworten zwei, so ist ein Verlust innerhalb eines Anbieters dessen Verlust, wie viele Leitungen er auch trifft. Schwiegen die meisten Leitungen aller Anbieter zugleich, sind die Minuten unbekannt, außer wo auch der eigene Übergaberouter eines Anbieters schwieg.",
)
RULE_BEFORE: Final = Text(
    "If all reference targets outside the schools were silent too, or more than half of all lines fell silent at once, whatever their provider, no loss is attributed to any line.",
    "Schwiegen auch alle Referenzziele außerhalb der Schulen, oder mehr als die Hälfte aller Leitungen auf einmal, gleich welchen Anbieters, wird keiner Leitung etwas angelastet.",
)
UNTIL: Final = Text("Until {at}: {rule}", "Bis {at}: {rule}")
FROM: Final = Text("From {at} on: {rule}", "Ab {at}: {rule}")
EXCUSED: Final = Text(
    "A person may reclassify minutes afterwards, down → excused or unknown → down, with a reason; the record of the minutes stays as it was. Excused minutes count neither up nor down.",
    "Ein Mensch darf Minuten nachträglich umwerten, Ausfall → entschuldigt oder unbekannt → Ausfall, mit Begründung; die Aufzeichnung der Minuten bleibt, wie sie war. Entschuldigte Minuten zählen weder als online noch als Ausfall.",
)
