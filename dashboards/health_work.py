"""The work of the monitor: how long it takes, what comes of it, what it watches.

Must not know: Grafana's JSON.
"""

from __future__ import annotations

from typing import Final

from dashboards.panel import (
    BAD_FROM_ONE,
    GOOD_OR_BAD,
    Colour,
    Column,
    Kind,
    Panel,
    Query,
    Row,
    Series,
    Step,
)
from dashboards.sentence import sentences_of_nothing
from dashboards.shared import (
    NO_IS_BAD,
    NO_SERIES,
    NONE,
    NOTHING_YET,
    SILENT_ROW,
    TO_SCHOOL_OF_ROW,
    UNREAD_ROW,
    YES_IS_BAD,
    called,
    moved,
    or_unread,
    with_name,
    words,
    zero_line,
)
from monitor.words import terms
from monitor.words.text import Text, same


def _flag(title: Text, what: Text, expr: str, *, good_is_one: bool) -> Panel:
    return Panel(
        Kind.STAT,
        title,
        what,
        (Query(expr, title, instant=True),),
        "none",
        NOTHING_YET,
        width=4,
        steps=GOOD_OR_BAD if good_is_one else BAD_FROM_ONE,
        values=NO_IS_BAD if good_is_one else YES_IS_BAD,
    )


_OUTCOMES: Final = {"ok": Colour.GOOD, "failed": Colour.BAD, "unknown": Colour.UNKNOWN}
_DROPPED: Final = moved("monitor_replies_dropped_total", "protocol, reason")
_REFUSED: Final = moved("monitor_web_refusals_total", "reason")

WHY: Final = Row(
    Text("Its work", "Seine Arbeit"),
    (
        Panel(
            Kind.TIME_SERIES,
            Text("How long runs take", "Dauer der Läufe"),
            Text(
                "95th percentile of the run duration. Good: well below the time-outs.",
                "95 % der Läufe dauern höchstens so lange. Gut: deutlich unter der Frist.",
            ),
            (
                Query(
                    "histogram_quantile(0.95, sum by (kind, le) "
                    "(rate(monitor_run_duration_seconds_bucket[$__rate_interval])))"
                    f" and on (kind) {moved('monitor_runs_total', 'kind')}",
                    same("{{kind}}"),
                ),
            ),
            "s",
            NOTHING_YET,
            width=8,
            height=8,
            series=called(terms.CHECKS),
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Discarded an hour", "Verworfen je Stunde"),
            Text(
                "Discarded datagrams: forged, late, malformed. Good: near 0.",
                "Unerwartete oder ungültige Datagramme: gefälscht, zu spät. Gut: nahe 0.",
            ),
            (
                Query(
                    "3600 * sum by (protocol, reason) "
                    "(rate(monitor_replies_dropped_total[$__rate_interval]))"
                    f" and on (protocol, reason) {_DROPPED}",
                    same("{{protocol}} {{reason}}"),
                ),
                zero_line("monitor_replies_dropped_total"),
            ),
            "none",
            NOTHING_YET,
            width=8,
            height=8,
            series=(*called(terms.DROPS), NO_SERIES),
            meaning=Colour.CARE,
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Outcomes a second", "Ergebnisse je Sekunde"),
            Text(
                "Runs by outcome; unknown is caused by the monitor. Good: unknown near 0.",
                "Läufe nach Ergebnis; unbekannt liegt an uns. Gut: unbekannt nahe 0.",
            ),
            (
                Query(
                    "sum by (outcome) (rate(monitor_runs_total[$__rate_interval]))"
                    f" and on (outcome) {moved('monitor_runs_total', 'outcome')}",
                    same("{{outcome}}"),
                ),
            ),
            "none",
            NOTHING_YET,
            width=8,
            height=8,
            stacked=True,
            decimals=1,
            series=tuple(
                Series(outcome, text, _OUTCOMES[outcome])
                for outcome, text in terms.OUTCOMES.items()
            ),
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Processor time", "Prozessorzeit"),
            Text(
                "Share of one CPU core. Good: under 20 % for a city.",
                "Anteil eines Prozessors. Gut: unter 20 % für eine Stadt.",
            ),
            (
                Query(
                    'sum(rate(process_cpu_seconds_total{job="schulnetz"}[$__rate_interval]))',
                    same("CPU"),
                ),
            ),
            "percentunit",
            NOTHING_YET,
            width=8,
            height=8,
            steps=(Step(None, Colour.GOOD), Step(0.5, Colour.BAD)),
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Memory", "Speicher"),
            Text(
                "Resident memory. Good: flat, about 300 MB for a city.",
                "Belegter Speicher. Gut: flach, etwa 300 MB für eine Stadt.",
            ),
            (
                Query(
                    'max(process_resident_memory_bytes{job="schulnetz"})',
                    Text("resident", "belegt"),
                ),
            ),
            "bytes",
            NOTHING_YET,
            width=8,
            height=8,
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Waiting for the disk", "Warten auf die Platte"),
            Text(
                "Ledger entries waiting to be stored. Good: 0.",
                "Einträge des Messprotokolls, die noch nicht dauerhaft sind. Gut: 0.",
            ),
            (Query("max(monitor_ledger_waiting)", Text("waiting", "warten")),),
            "none",
            NOTHING_YET,
            width=8,
            height=8,
            steps=(Step(None, Colour.GOOD), Step(1000, Colour.BAD)),
        ),
    ),
)

DETAIL: Final = Row(
    Text("What it watches", "Was er beobachtet"),
    (
        Panel(
            Kind.TABLE,
            Text("Checks", "Prüfungen"),
            Text("Number of each kind.", "Wie viele von jeder Art."),
            (Query("max by (kind) (monitor_checks) > 0", same(""), instant=True),),
            "none",
            NOTHING_YET,
            width=8,
            height=8,
            columns=(
                Column("kind", Text("Kind", "Art"), values=words(terms.CHECKS, {}), coloured=False),
                Column("Value", Text("Checks", "Prüfungen"), "none"),
            ),
            first_by=Text("Checks", "Prüfungen"),
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Web refusals an hour", "Web-Abweisungen je Std."),
            Text(
                "Connections and requests refused by reason. Good: near 0.",
                "Abgewiesene Verbindungen und Anfragen nach Grund. Gut: nahe 0.",
            ),
            (
                Query(
                    "3600 * sum by (reason) (rate(monitor_web_refusals_total[$__rate_interval]))"
                    f" and on (reason) {_REFUSED}",
                    same("{{reason}}"),
                ),
                zero_line("monitor_web_refusals_total"),
            ),
            "none",
            NOTHING_YET,
            width=8,
            height=8,
            series=(*called(terms.REFUSALS), NO_SERIES),
            meaning=Colour.CARE,
        ),
        Panel(
            Kind.TABLE,
            Text("Read in clear", "Unverschlüsselt"),
            Text(
                "Schools with devices that are not read by SNMPv3 with encryption. Good: empty.",
                "Schulen mit Geräten ohne verschlüsseltes SNMPv3. Gut: leer.",
            ),
            (
                Query(
                    or_unread(
                        with_name(
                            "sum by (school) (max by (school, site, device) "
                            "(school_device_snmp_insecure)) > 0"
                        ),
                        "max(school_info)",
                        "name",
                    ),
                    same(""),
                    instant=True,
                ),
            ),
            "none",
            NONE,
            width=8,
            height=8,
            columns=(
                Column(
                    "name",
                    Text("School", "Schule"),
                    values=(SILENT_ROW, UNREAD_ROW),
                    coloured=False,
                ),
                Column("school", same("school"), hidden=True),
                Column("Value", Text("Devices", "Geräte"), "none"),
            ),
            first_by=Text("Devices", "Geräte"),
            link=TO_SCHOOL_OF_ROW,
        ),
        Panel(
            Kind.STAT,
            same("Version"),
            Text("Version of the product and of Python.", "Was läuft, und in welchem Python."),
            (
                Query(
                    "max by (version, python) (monitor_build_info)",
                    same("{{version}}, Python {{python}}"),
                    instant=True,
                ),
                *sentences_of_nothing("monitor_build_info", NOTHING_YET),
            ),
            "none",
            NOTHING_YET,
            width=12,
            # Neither good nor bad.
            steps=(Step(None, Colour.SILENT), Step(0, Colour.PLAIN)),
            in_words=True,
        ),
        Panel(
            Kind.STAT,
            Text("Holidays", "Ferien"),
            Text(
                "How long the shipped school holidays last. Good: more than 90 days.",
                "Bis wann die mitgelieferten Schulferien bekannt sind. Gut: mehr als 90 Tage.",
            ),
            (
                Query(
                    "max(school_calendar_ends_timestamp_seconds) * 1000",
                    Text("until", "bis"),
                    instant=True,
                ),
            ),
            "day",
            NOTHING_YET,
            width=12,
        ),
    ),
)
