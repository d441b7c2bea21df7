"""Is the monitor itself well: the daemon, its line, its evidence, its clockwork."""

from __future__ import annotations

from typing import Final

from dashboards.panel import (
    BAD_FROM_ONE,
    GOOD_OR_BAD,
    Board,
    Colour,
    Column,
    Kind,
    Panel,
    Query,
    Row,
    Step,
)
from dashboards.shared import NO_IS_BAD, NOTHING_YET, RELOADS, YES_IS_BAD
from dashboards.text import Text, same


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


ANSWER: Final = Row(
    Text("Is the monitor well?", "Geht es dem Monitor gut?"),
    (
        _flag(
            Text("Answers Prometheus", "Antwortet Prometheus"),
            Text("The daemon is scraped. Good: yes.", "Der Daemon wird gelesen. Gut: ja."),
            'min(up{job="schulnetz"})',
            good_is_one=True,
        ),
        _flag(
            Text("Isolated", "Isoliert"),
            Text("Our own line is dead. Good: no.", "Unsere eigene Leitung ist tot. Gut: nein."),
            "max(monitor_isolated)",
            good_is_one=False,
        ),
        _flag(
            Text("Last reload taken", "Letzte Konfiguration gültig"),
            Text(
                "Whether the configuration that is on disk runs. Good: yes.",
                "Ob die Konfiguration auf der Platte auch läuft. Gut: ja.",
            ),
            "min(monitor_config_last_reload_successful)",
            good_is_one=True,
        ),
        _flag(
            Text("Ledger can be written", "Nachweise werden geschrieben"),
            Text("Evidence is made durable. Good: yes.", "Nachweise sind dauerhaft. Gut: ja."),
            "min(monitor_ledger_healthy)",
            good_is_one=True,
        ),
        _flag(
            Text("Ledger set aside", "Nachweise beiseite gelegt"),
            Text(
                "Whether a damaged ledger waits to be looked at. Good: no.",
                "Ob ein beschädigtes Nachweisbuch angesehen werden muss. Gut: nein.",
            ),
            "max(monitor_ledger_quarantined)",
            good_is_one=False,
        ),
        Panel(
            Kind.STAT,
            Text("References answering", "Antwortende Referenzen"),
            Text(
                "Targets outside the schools that answer. Good: all; none means isolated.",
                "Ziele außerhalb der Schulen, die antworten. Gut: alle; keines heißt isoliert.",
            ),
            (
                Query(
                    "min(monitor_references_answering)",
                    Text("answering", "antworten"),
                    instant=True,
                ),
            ),
            "none",
            NOTHING_YET,
            width=4,
            steps=(Step(None, Colour.BAD), Step(1, Colour.CARE), Step(3, Colour.GOOD)),
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Runs by kind", "Läufe nach Art"),
            Text("Checks that ended, a second. Good: flat.", "Beendete Prüfungen je Sekunde."),
            (
                Query(
                    "sum by (kind) (rate(monitor_runs_total[$__rate_interval]))", same("{{kind}}")
                ),
            ),
            "ops",
            NOTHING_YET,
            width=8,
            height=8,
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Event-loop lag", "Verzug der Ereignisschleife"),
            Text(
                "99 % of wake-ups are later by at most this. Good: under 5 ms.",
                "99 % der Weckungen kommen höchstens so viel später. Gut: unter 5 ms.",
            ),
            (
                Query(
                    "histogram_quantile(0.99, sum by (le) "
                    "(rate(monitor_loop_lag_seconds_bucket[$__rate_interval])))",
                    Text("99 %", "99 %"),
                ),
            ),
            "s",
            NOTHING_YET,
            width=8,
            height=8,
            steps=(Step(None, Colour.GOOD), Step(0.1, Colour.BAD)),
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Runs skipped", "Ausgelassene Läufe"),
            Text(
                "Checks due while the one before still ran. Good: 0.",
                "Prüfungen, die fällig waren, während die vorige noch lief. Gut: 0.",
            ),
            (
                Query(
                    "sum by (kind) (rate(monitor_runs_skipped_total[$__rate_interval]))",
                    same("{{kind}}"),
                ),
            ),
            "ops",
            NOTHING_YET,
            width=8,
            height=8,
            steps=(Step(None, Colour.GOOD), Step(0.1, Colour.BAD)),
        ),
    ),
)

WHY: Final = Row(
    Text("Its work", "Seine Arbeit"),
    (
        Panel(
            Kind.TIME_SERIES,
            Text("How long runs take", "Dauer der Läufe"),
            Text(
                "95 % of runs take at most this. Good: well below their time-outs.",
                "95 % der Läufe dauern höchstens so lange. Gut: deutlich unter der Frist.",
            ),
            (
                Query(
                    "histogram_quantile(0.95, sum by (kind, le) "
                    "(rate(monitor_run_duration_seconds_bucket[$__rate_interval])))",
                    same("{{kind}}"),
                ),
            ),
            "s",
            NOTHING_YET,
            width=8,
            height=8,
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Replies not believed", "Nicht geglaubte Antworten"),
            Text(
                "Packets dropped by reason: forged, late, malformed. Good: near 0.",
                "Verworfene Pakete nach Grund: gefälscht, zu spät, kaputt. Gut: nahe 0.",
            ),
            (
                Query(
                    "sum by (protocol, reason) "
                    "(rate(monitor_replies_dropped_total[$__rate_interval]))",
                    same("{{protocol}} {{reason}}"),
                ),
            ),
            "pps",
            NOTHING_YET,
            width=8,
            height=8,
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Outcomes", "Ergebnisse"),
            Text(
                "Runs by outcome; unknown is our doing. Good: unknown near 0.",
                "Läufe nach Ergebnis; unbekannt liegt an uns. Gut: unbekannt nahe 0.",
            ),
            (
                Query(
                    "sum by (outcome) (rate(monitor_runs_total[$__rate_interval]))",
                    same("{{outcome}}"),
                ),
            ),
            "ops",
            NOTHING_YET,
            width=8,
            height=8,
            stacked=True,
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Processor time", "Prozessorzeit"),
            Text(
                "CPU seconds a second. Good: under 0.2 for a city.",
                "CPU-Sekunden je Sekunde. Gut: unter 0,2 für eine Stadt.",
            ),
            (
                Query(
                    'sum(rate(process_cpu_seconds_total{job="schulnetz"}[$__rate_interval]))',
                    same("CPU"),
                ),
            ),
            "none",
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
            Text("Entries waiting for the disk", "Einträge, die auf die Platte warten"),
            Text("Good: 0.", "Gut: 0."),
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
            Text("Checks in the configuration", "Prüfungen in der Konfiguration"),
            Text("How many of each kind.", "Wie viele von jeder Art."),
            (Query("max by (kind) (monitor_checks)", same(""), instant=True),),
            "none",
            NOTHING_YET,
            width=8,
            height=8,
            columns=(
                Column("kind", Text("Kind", "Art")),
                Column("Value", Text("Checks", "Prüfungen")),
            ),
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Turned away by the web server", "Vom Webserver abgewiesen"),
            Text(
                "Connections and requests refused by reason. Good: near 0.",
                "Abgewiesene Verbindungen und Anfragen nach Grund. Gut: nahe 0.",
            ),
            (
                Query(
                    "sum by (reason) (rate(monitor_web_refusals_total[$__rate_interval]))",
                    same("{{reason}}"),
                ),
            ),
            "ops",
            NOTHING_YET,
            width=8,
            height=8,
        ),
        Panel(
            Kind.TABLE,
            Text("Devices read in clear", "Unverschlüsselt gelesene Geräte"),
            Text(
                "Schools with devices that are not read by SNMPv3 with encryption. Good: empty.",
                "Schulen mit Geräten ohne verschlüsseltes SNMPv3. Gut: leer.",
            ),
            (
                Query(
                    "sum by (school) (max by (school, site, device) "
                    "(school_device_snmp_insecure)) > 0",
                    same(""),
                    instant=True,
                ),
            ),
            "none",
            Text("none", "keine"),
            width=8,
            height=8,
            columns=(
                Column("school", Text("School", "Schule")),
                Column("Value", Text("Devices", "Geräte")),
            ),
        ),
        Panel(
            Kind.TABLE,
            Text("Version", "Version"),
            Text("What runs.", "Was läuft."),
            (Query("max by (version, python) (monitor_build_info)", same(""), instant=True),),
            "none",
            NOTHING_YET,
            width=8,
            height=8,
            columns=(
                Column("version", Text("Version", "Version")),
                Column("python", same("Python")),
            ),
        ),
    ),
)

BOARD: Final = Board(
    "schulnetz-monitor",
    Text("Schulnetz: is the monitor itself well", "Schulnetz: geht es dem Monitor selbst gut"),
    Text(
        "Whether what the other boards show can be relied on.",
        "Ob man sich auf die anderen Tafeln verlassen kann.",
    ),
    (ANSWER, WHY, DETAIL),
    marks=(RELOADS,),
    since="now-6h",
)
