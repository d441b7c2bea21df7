"""The second row of the goal's board: what is built, how fast, what was lost, what is listed.

Must not know: Grafana's JSON.
"""

from __future__ import annotations

from typing import Final

from dashboards.goal_terms import (
    BUILT,
    DAY,
    DONE,
    GOAL,
    IN_TIME,
    NO_FORECAST,
    NO_GOAL,
    NOT_KNOWN,
    OVERDUE,
    in_days,
    in_months,
    of_goal,
    one_day,
)
from dashboards.panel import Kind, Panel, Query
from dashboards.sentence import (
    BAD,
    CARE,
    GOOD,
    NOTHING,
    SENTENCE_STEPS,
    numbered,
    sentence,
    sentences_of_nothing,
)
from dashboards.shared import NOTHING_YET
from monitor.words.text import Text

_ON_THE_LIST: Final = "max(rollout_goal_listed)"

_NOT_DUE: Final = Text("not due yet", "noch nicht fällig")

_PAST: Final = Panel(
    Kind.STAT,
    Text("Past the target day by", "Zieltag überschritten um"),
    Text(
        "Until today, or until the goal was reached. How late the last line will be built is the "
        "forecast above. Grey: not due yet, but not safely on time by the forecast. Good: not at "
        "all.",
        "Bis heute, oder bis das Ziel erreicht war; um wie viel zu spät alle gebaut sind, sagt die "
        "Prognose oben. Grau: noch nicht fällig, laut Prognose nicht sicher pünktlich. Gut: gar "
        "nicht.",
    ),
    (
        sentence(f"{OVERDUE} == 0 and on () ({DONE})", GOOD, Text("not at all", "gar nicht")),
        sentence(f"{OVERDUE} == 0 and on () ({IN_TIME}) unless on () ({DONE})", GOOD, _NOT_DUE),
        sentence(f"{OVERDUE} == 0 unless on () ({DONE} or {IN_TIME})", NOTHING, _NOT_DUE),
        sentence(one_day(OVERDUE), BAD, Text("1 day", "1 Tag")),
        sentence(in_days(OVERDUE), BAD, Text("{{days}} days", "{{days}} Tage")),
        sentence(in_months(OVERDUE), BAD, Text("{{months}} months", "{{months}} Monate")),
        *sentences_of_nothing(OVERDUE, NO_FORECAST),
    ),
    "none",
    NOT_KNOWN,
    width=12,
    height=3,
    steps=SENTENCE_STEPS,
    in_words=True,
)

_BUILT: Final = Panel(
    Kind.STAT,
    Text("Built", "Gebaut"),
    Text(
        "How many of the goal have their line, measured or not. Good: all of them.",
        "Wie viele des Ziels ihre Leitung haben, gemessen oder nicht. Gut: alle.",
    ),
    (
        *of_goal(BUILT, CARE),
        *sentences_of_nothing(BUILT, NO_FORECAST),
    ),
    "none",
    NOTHING_YET,
    width=8,
    height=3,
    steps=SENTENCE_STEPS,
    in_words=True,
)

_PAUSE: Final = Panel(
    Kind.STAT,
    Text("Last line built", "Letzter Bau"),
    Text(
        "How long ago, and how long nine in ten pauses before were at most. A school counts with "
        "its last line. Good: the first is below the second.",
        "Wie lange es her ist, und wie lang neun von zehn Pausen davor höchstens waren. Eine "
        "Schule zählt mit ihrer letzten Leitung. Gut: das erste liegt unter dem zweiten.",
    ),
    (
        Query(
            f"max(rollout_building_pause_seconds) / {DAY}",
            Text("days ago", "Tage her"),
            instant=True,
        ),
        Query(
            f"max(rollout_building_usual_pause_seconds) / {DAY}",
            Text("days at most, as a rule", "Tage sind üblich"),
            instant=True,
        ),
    ),
    "none",
    NOT_KNOWN,
    width=12,
    height=3,
)

_LOST: Final = 'max(rollout_sites{stage="regressed"})'

_REGRESSED: Final = Panel(
    Kind.STAT,
    Text("Regressed", "Nachweis verloren"),
    Text(
        "Sites that were verified and failed a campaign since. Good: 0.",
        "Standorte, die nachgewiesen waren und seither durchgefallen sind. Gut: 0.",
    ),
    (
        sentence(f"{_LOST} == 0", GOOD, Text("no site", "kein Standort")),
        sentence(f"{_LOST} == 1", BAD, Text("1 site", "1 Standort")),
        sentence(
            numbered(sites=f"{_LOST} > 1"), BAD, Text("{{sites}} sites", "{{sites}} Standorte")
        ),
        *sentences_of_nothing(_LOST, NOTHING_YET),
    ),
    "none",
    NOTHING_YET,
    width=8,
    height=3,
    steps=SENTENCE_STEPS,
    in_words=True,
)

_LISTED: Final = Panel(
    Kind.STAT,
    Text("Listed", "Aufgeführt"),
    Text(
        "How many of the goal the configuration lists. Fewer than the goal: it cannot be reached.",
        "Wie viele des Ziels in der Konfiguration stehen. Weniger als das Ziel: nicht erreichbar.",
    ),
    (
        *of_goal(
            _ON_THE_LIST,
            BAD,
            Text("only {{number}} of {{goal}}", "nur {{number}} von {{goal}}"),
        ),
        *sentences_of_nothing(GOAL, NO_GOAL),
    ),
    "none",
    NOT_KNOWN,
    width=8,
    height=3,
    steps=SENTENCE_STEPS,
    in_words=True,
)

TILES: Final = (_BUILT, _LISTED, _REGRESSED, _PAUSE, _PAST)
