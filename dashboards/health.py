"""Is the monitor itself well: the daemon, its line, its evidence, its clockwork."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from dashboards.as_of import as_of
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
    Value,
)
from dashboards.sentence import (
    BAD,
    CARE,
    GOOD,
    SENTENCE_STEPS,
    SILENT,
    numbered,
    sentence,
    sentences_of_nothing,
)
from dashboards.shared import (
    NO_SERIES,
    NOTHING_YET,
    RELOADS,
    called,
    moved,
    zero_line,
)
from monitor.words import terms
from monitor.words.sla import LEDGER
from monitor.words.text import Text, same


def _flag(
    title: Text, what: Text, expr: str, said: tuple[Text, Text], *, good_is: int = 1
) -> Panel:
    """Return a tile of a flag, which has a word for what is good and one for what is not."""
    good, bad = said
    return Panel(
        Kind.STAT,
        title,
        what,
        (Query(expr, title, instant=True),),
        "none",
        NOTHING_YET,
        width=8,
        height=3,
        steps=GOOD_OR_BAD if good_is else BAD_FROM_ONE,
        values=(
            Value(good_is, good, Colour.GOOD),
            Value(1 - good_is, bad.loud(), Colour.BAD),
        ),
    )


_LINE_FLAG: Final = _flag(
    Text("Own line", "Eigene Leitung"),
    Text(
        "Whether the monitor's own line works; while it is down, verdicts are suspended. "
        "Unknown: not measured enough yet. Good: alive.",
        "Ob die eigene Leitung des Monitors lebt; ist sie tot, wird nichts beurteilt. "
        "Unbekannt: noch nicht genug gemessen. Gut: sie lebt.",
    ),
    "max(monitor_isolated) == 1"
    ' or (max(monitor_line_state{state="unknown"}) == 1) + 1'
    " or max(monitor_isolated)",
    (Text("alive", "lebt"), Text("dead", "tot")),
    good_is=0,
)
_OWN_LINE: Final = replace(
    _LINE_FLAG,
    values=(*_LINE_FLAG.values, Value(2, terms.STATES["unknown"], Colour.UNKNOWN)),
)

_SKIPPED: Final = moved("monitor_runs_skipped_total", "kind")
_REFERENCES: Final = "count(max by (device) (monitor_reference_info))"
_ANSWERING: Final = "min(monitor_references_answering)"
_OF_REFERENCES: Final = numbered(whole=_REFERENCES, number=_ANSWERING)


def _references(holds: str, code: int) -> Query:
    return sentence(
        f"{_OF_REFERENCES} and on () {holds}",
        code,
        Text("{{number}} of {{whole}} answer", "{{number}} von {{whole}} antworten"),
    )


ANSWER: Final = Row(
    Text("Is the monitor well?", "Geht es dem Monitor gut?"),
    (
        Panel(
            Kind.STAT,
            same("Daemon"),
            Text(
                "Whether Prometheus can reach the daemon, or all daemons if there are several. "
                "Good: it answers.",
                "Ob Prometheus den Daemon erreicht, oder alle von mehreren. Gut: er antwortet.",
            ),
            (
                Query(
                    'min(up{job="schulnetz"}) + max(up{job="schulnetz"})',
                    same("Daemon"),
                    instant=True,
                ),
            ),
            "none",
            SILENT,
            width=8,
            height=3,
            values=(
                Value(2, Text("answers", "antwortet"), Colour.GOOD),
                Value(1, Text("NOT ALL ANSWER", "NICHT ALLE"), Colour.BAD),
                Value(0, SILENT, Colour.SILENT),
            ),
        ),
        _OWN_LINE,
        _flag(
            Text("Configuration", "Konfiguration"),
            Text(
                "Whether the configuration on disk is in use. Good: current.",
                "Ob die Konfiguration auf der Platte auch läuft. Gut: aktuell.",
            ),
            "min(monitor_config_last_reload_successful)",
            (Text("current", "aktuell"), Text("not current", "nicht aktuell")),
        ),
        replace(
            _flag(
                LEDGER,
                Text(
                    "Whether evidence is made durable. Good: written.",
                    "Ob Nachweise dauerhaft werden. Gut: wird geschrieben.",
                ),
                "min(monitor_ledger_healthy)",
                (
                    Text("written", "wird geschrieben"),
                    Text("not written", "wird nicht geschrieben"),
                ),
            ),
            width=6,
        ),
        replace(
            _flag(
                Text("Ledger's chain", "Kette des Protokolls"),
                Text(
                    "Whether a damaged or missing ledger waits to be dealt with. Good: intact.",
                    "Ob ein beschädigtes oder fehlendes Messprotokoll angesehen werden muss. Gut: "
                    "unversehrt.",
                ),
                "max(monitor_ledger_quarantined)",
                (Text("intact", "unversehrt"), Text("damaged or lost", "beschädigt, verloren")),
                good_is=0,
            ),
            width=6,
        ),
        Panel(
            Kind.STAT,
            Text("References", "Referenzen"),
            Text(
                "References (targets outside the schools) that answer. Good: all; none means "
                "isolated.",
                "Ziele außerhalb der Schulen, die antworten. Gut: alle; keines heißt isoliert.",
            ),
            (
                _references(f"{_ANSWERING} >= {_REFERENCES}", GOOD),
                _references(f"({_ANSWERING} < {_REFERENCES}) > 0", CARE),
                _references(f"{_ANSWERING} == 0", BAD),
                *sentences_of_nothing(_REFERENCES, NOTHING_YET),
            ),
            "none",
            NOTHING_YET,
            width=6,
            height=3,
            steps=SENTENCE_STEPS,
            in_words=True,
        ),
        as_of(6, 3),
        Panel(
            Kind.TIME_SERIES,
            Text("Checks a second", "Prüfungen je Sekunde"),
            Text(
                "Finished checks per second. Good: flat.",
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
                "99th percentile of the event loop's scheduling delay. Good: under 5 ms.",
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
                "Checks skipped because the previous run was not finished. Good: 0.",
                "Prüfungen, die fällig waren, während die vorige noch lief. Gut: 0.",
            ),
            (
                Query(
                    "3600 * sum by (kind) (rate(monitor_runs_skipped_total[$__rate_interval]))"
                    f" and on (kind) {_SKIPPED}",
                    same("{{kind}}"),
                ),
                zero_line("monitor_runs_skipped_total"),
            ),
            "none",
            NOTHING_YET,
            width=8,
            height=8,
            steps=(Step(None, Colour.GOOD), Step(360, Colour.BAD)),
            series=(*called(terms.CHECKS), NO_SERIES),
            meaning=Colour.CARE,
        ),
    ),
)

BOARD: Final = Board(
    "schulnetz-monitor",
    Text("Is the monitor itself healthy?", "Geht es dem Monitor selbst gut?"),
    Text(
        "Whether the other dashboards are reliable.",
        "Ob man sich auf die anderen Tafeln verlassen kann.",
    ),
    (ANSWER, WHY, DETAIL),
    marks=(RELOADS,),
    since="now-6h",
)
