"""Is the monitor itself well: the daemon, its line, its evidence, its clockwork."""

from __future__ import annotations

from typing import Final

from dashboards.health_work import DETAIL, WHY
from dashboards.panel import (
    BAD_FROM_ONE,
    GOOD_OR_BAD,
    Board,
    Colour,
    Kind,
    Panel,
    Query,
    Row,
    Step,
)
from dashboards.shared import (
    NO_IS_BAD,
    NOTHING_YET,
    RELOADS,
    YES_IS_BAD,
    called,
    moved,
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


_SKIPPED: Final = moved("monitor_runs_skipped_total", "kind")

ANSWER: Final = Row(
    Text("Is the monitor well?", "Geht es dem Monitor gut?"),
    (
        _flag(
            Text("Answers", "Antwortet"),
            Text(
                "Whether Prometheus reaches the daemon. Good: yes.",
                "Ob Prometheus den Daemon erreicht. Gut: ja.",
            ),
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
            Text("Config used", "Konfig gilt"),
            Text(
                "Whether the configuration that is on disk runs. Good: yes.",
                "Ob die Konfiguration auf der Platte auch läuft. Gut: ja.",
            ),
            "min(monitor_config_last_reload_successful)",
            good_is_one=True,
        ),
        _flag(
            Text("Ledger", "Nachweise"),
            Text("Evidence is made durable. Good: yes.", "Nachweise sind dauerhaft. Gut: ja."),
            "min(monitor_ledger_healthy)",
            good_is_one=True,
        ),
        _flag(
            Text("Damaged", "Beschädigt"),
            Text(
                "Whether a damaged ledger waits to be looked at. Good: no.",
                "Ob ein beschädigtes Nachweisbuch angesehen werden muss. Gut: nein.",
            ),
            "max(monitor_ledger_quarantined)",
            good_is_one=False,
        ),
        Panel(
            Kind.STAT,
            Text("References", "Referenzen"),
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
            Text("Checks a second", "Prüfungen je Sekunde"),
            Text(
                "Checks that ended, a second. Good: flat.",
                "Beendete Prüfungen je Sekunde. Gut: gleichbleibend.",
            ),
            (
                Query(
                    "sum by (kind) (rate(monitor_runs_total[$__rate_interval]))"
                    f" and on (kind) {moved('monitor_runs_total', 'kind')}",
                    same("{{kind}}"),
                ),
            ),
            "none",
            NOTHING_YET,
            width=8,
            height=8,
            decimals=1,
            series=called(terms.CHECKS),
        ),
        Panel(
            Kind.TIME_SERIES,
            Text("Event loop delay", "Verzug der Ereignisschleife"),
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
            Text("Runs skipped an hour", "Ausgelassen je Stunde"),
            Text(
                "Checks due while the one before still ran. Good: 0.",
                "Prüfungen, die fällig waren, während die vorige noch lief. Gut: 0.",
            ),
            (
                Query(
                    "3600 * sum by (kind) (rate(monitor_runs_skipped_total[$__rate_interval]))"
                    f" and on (kind) {_SKIPPED}",
                    same("{{kind}}"),
                ),
                zero_line(_SKIPPED, Text("none", "keine")),
            ),
            "none",
            NOTHING_YET,
            width=8,
            height=8,
            steps=(Step(None, Colour.GOOD), Step(360, Colour.BAD)),
            series=called(terms.CHECKS),
        ),
    ),
)

BOARD: Final = Board(
    "schulnetz-monitor",
    Text("Is the monitor itself well?", "Geht es dem Monitor selbst gut?"),
    Text(
        "Whether what the other boards show can be relied on.",
        "Ob man sich auf die anderen Tafeln verlassen kann.",
    ),
    (ANSWER, WHY, DETAIL),
    marks=(RELOADS,),
    since="now-6h",
)
