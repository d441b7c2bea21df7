"""The first row of the goal's board: how many are verified, and whether it will be in time.

Must not know: Grafana's JSON.
"""

from __future__ import annotations

from typing import Final

from dashboards.panel import BAD_FROM_ONE, Kind, Panel, Query, Row
from dashboards.sentence import (
    BAD,
    CARE,
    GOOD,
    SENTENCE_STEPS,
    UNKNOWN,
    numbered,
    sentence,
    sentences_of_nothing,
)
from dashboards.shared import NOTHING_YET
from monitor.words.terms import OUTLOOKS, UNITS
from monitor.words.text import Text, same

NO_GOAL: Final = Text("no goal is configured", "kein Ziel eingestellt")
# Whether for want of a goal or of a monitor.
NOT_KNOWN: Final = Text("not known", "nicht bekannt")
NO_FORECAST: Final = Text("no forecast yet", "noch keine Prognose")
VERIFIED: Final = "max(rollout_goal_verified)"
BUILT: Final = "max(rollout_goal_built)"
GOAL: Final = "max(rollout_goal_denominator)"
TARGET: Final = "max(rollout_goal_target_timestamp_seconds)"
_ON_THE_LIST: Final = "max(rollout_goal_listed)"
_OUTLOOK: Final = "max by (outlook) (rollout_forecast_outlook) == 1"
_OVERDUE: Final = "max(rollout_goal_overdue_seconds)"
_DAY: Final = 86_400
_MONTH: Final = 2_629_746
# From then on one speaks of months.
_MONTHS_FROM: Final = 61 * _DAY
# From the end of a day into that day, whatever zone the reader is in.
INTO_THE_DAY: Final = _DAY // 2


def finish(quantile: str) -> str:
    """Return PromQL of the day's end by which that share of possible courses has all built."""
    return f'max(rollout_forecast_finish_timestamp_seconds{{quantile="{quantile}"}})'


def as_day(instant: str) -> str:
    """Return PromQL of a day for people (milliseconds), of the instant at which it ends."""
    return f"({instant} - {INTO_THE_DAY}) * 1000"


def _is(outlook: str) -> str:
    return f'max(rollout_forecast_outlook{{outlook="{outlook}"}}) == 1'


def _in_months(seconds: str) -> str:
    return numbered(
        months=f"round((round({seconds} / {_DAY}) >= {_MONTHS_FROM // _DAY}) * {_DAY} / {_MONTH})"
    )


def _in_days(seconds: str) -> str:
    return numbered(days=f"(round({seconds} / {_DAY}) > 1) < {_MONTHS_FROM // _DAY}")


def _one_day(seconds: str) -> str:
    return f"round(({seconds} > 0) / {_DAY}) <= 1"


def _of_goal(expr: str, below: int, said: Text, too_few: Text | None = None) -> tuple[Query, ...]:
    """Return the sentence of a number against the goal's: `{{number}} of {{goal}}`."""
    numbers = numbered(goal=GOAL, number=expr)
    return (
        sentence(f"{numbers} and on () {expr} >= {GOAL}", GOOD, said),
        sentence(f"{numbers} and on () {expr} < {GOAL}", below, too_few or said),
    )


_OF: Final = Text("{{number}} of {{goal}}", "{{number}} von {{goal}}")


def _of_unit(unit: Text) -> Text:
    return Text(f"{_OF.en} {unit.en}", f"{_OF.de} {unit.de}")


_PAUSE_SECONDS: Final = "max(rollout_building_pause_seconds)"
# By how much the last line was behind the target day, and its day, once that is past.
_BUILT_LATE: Final = f"(({_OVERDUE} > 0) - {_PAUSE_SECONDS})"
_BUILT_AT: Final = f"({TARGET} + {_BUILT_LATE} - {INTO_THE_DAY})"
_BUILT_IN: Final = numbered(month=f"month({_BUILT_AT})", year=f"year({_BUILT_AT})")
_LATE: Final = f"({finish('0.5')} - {TARGET})"
_EXPECTED: Final = _is("expected")
_SAID: Final = {
    "no goal": UNKNOWN,
    "unreachable": BAD,
    "too little evidence": UNKNOWN,
    "stalled": BAD,
    "no end in sight": BAD,
}

_HOW_MANY: Final = Panel(
    Kind.STAT,
    Text("Verified by measurement", "Per Messung nachgewiesen"),
    Text(
        "How many of the goal a measuring campaign has verified. Good: all of them.",
        "Wie viele des Ziels eine Messkampagne nachgewiesen hat. Gut: alle.",
    ),
    (
        *(
            query
            for unit, said in UNITS.items()
            for query in _of_goal(
                f'({VERIFIED} and on () rollout_goal_info{{unit="{unit}"}})',
                CARE,
                _of_unit(said),
            )
        ),
        *sentences_of_nothing(GOAL, NO_GOAL),
    ),
    "none",
    NOT_KNOWN,
    width=8,
    height=5,
    steps=SENTENCE_STEPS,
    in_words=True,
)

_DONE: Final = f"({_is('built')} or {_is('reached')})"
# Of lines beyond the goal's number it is not recorded which one reached it.
_DATED: Final = f"{_is('built')} and on () {BUILT} == {GOAL} and on () {_BUILT_LATE}"


def _late(how_long: str, said: Text) -> Query:
    return sentence(f"{how_long} and on () {_DATED}", BAD, said)


_WHEN_BUILT: Final = (
    sentence(
        f"{_BUILT_IN} and on () {_BUILT_LATE} <= 0 and on () {_DATED}",
        GOOD,
        Text("yes: built {{month}}/{{year}}", "ja: gebaut {{month}}/{{year}}"),
    ),
    sentence(f"{_DONE} and on () {_OVERDUE} == 0", GOOD, Text("yes: all built", "ja: alle gebaut")),
    _late(_one_day(_BUILT_LATE), Text("no: 1 day late", "nein: 1 Tag zu spät")),
    _late(_in_days(_BUILT_LATE), Text("no: {{days}} days late", "nein: {{days}} Tage zu spät")),
    _late(
        _in_months(_BUILT_LATE),
        Text("no: {{months}} months late", "nein: {{months}} Monate zu spät"),
    ),
    sentence(
        f"{_DONE} unless on () {_OVERDUE} == 0 unless on () ({_DATED})",
        GOOD,
        Text("all are built", "alle sind gebaut"),
    ),
)

_WHETHER: Final = Panel(
    Kind.STAT,
    Text("Built in time?", "Rechtzeitig gebaut?"),
    Text(
        "The forecast against the target day; once all are built, their last day against it. "
        "Probably: the middle of the range is in time, its "
        "end is not. Late: by how much the middle is. Cannot be reached: the goal asks for "
        "more than are listed. Standing still: nothing built for longer than nine in ten pauses "
        "before. Good: on time.",
        "Die Prognose gegen den Zieltag; sind alle gebaut, der letzte Bautag gegen ihn. Wohl: die "
        "Mitte der Spanne liegt davor, ihr Ende nicht. "
        "Zu spät: um wie viel die Mitte. Nicht erreichbar: das Ziel verlangt mehr als "
        "aufgeführt sind. Stillstand: länger nichts gebaut als in neun von zehn Pausen davor. "
        "Gut: pünktlich.",
    ),
    (
        sentence(
            f"{finish('0.9')} <= {TARGET} and on () {_EXPECTED}", GOOD, Text("on time", "pünktlich")
        ),
        sentence(
            f"({finish('0.5')} <= {TARGET} unless on () {finish('0.9')} <= {TARGET})"
            f" and on () {_EXPECTED}",
            CARE,
            Text("probably on time", "wohl pünktlich"),
        ),
        sentence(
            f"{_one_day(_LATE)} and on () {_EXPECTED}",
            CARE,
            Text("late by 1 day", "1 Tag zu spät"),
        ),
        sentence(
            f"{_in_days(_LATE)} and on () {_EXPECTED}",
            CARE,
            Text("late by {{days}} days", "{{days}} Tage zu spät"),
        ),
        sentence(
            f"{_in_months(_LATE)} and on () {_EXPECTED}",
            BAD,
            Text("late by {{months}} months", "{{months}} Monate zu spät"),
        ),
        *_WHEN_BUILT,
        *(sentence(_is(name), code, OUTLOOKS[name]) for name, code in _SAID.items()),
        *sentences_of_nothing(_OUTLOOK, NO_FORECAST),
    ),
    "none",
    NOT_KNOWN,
    width=6,
    height=5,
    steps=SENTENCE_STEPS,
    in_words=True,
)

_EARLY: Final = finish("0.1")
_LATEST: Final = finish("0.9")
_FROM_TO: Final = numbered(
    early_month=f"month({_EARLY} - {INTO_THE_DAY})",
    early_year=f"year({_EARLY} - {INTO_THE_DAY})",
    late_month=f"month({_LATEST} - {INTO_THE_DAY})",
    late_year=f"year({_LATEST} - {INTO_THE_DAY})",
)
_NOT_BEFORE: Final = numbered(
    early_month=f"month({_EARLY} - {INTO_THE_DAY})", early_year=f"year({_EARLY} - {INTO_THE_DAY})"
)
_RANGE: Final = same("{{early_month}}/{{early_year}} – {{late_month}}/{{late_year}}")

_WHEN: Final = Panel(
    Kind.STAT,
    Text("All built between", "Alle gebaut zwischen"),
    Text(
        "In 8 of 10 possible courses the last line is built between these months. Good: both "
        "before the target day; orange: the target day is between them.",
        "In 8 von 10 möglichen Verläufen wird die letzte Leitung zwischen diesen Monaten gebaut. "
        "Gut: beide vor dem Zieltag; orange: der Zieltag liegt dazwischen.",
    ),
    (
        sentence(f"{_FROM_TO} and on () {_LATEST} <= {TARGET}", GOOD, _RANGE),
        sentence(
            f"{_FROM_TO} and on () {_LATEST} > {TARGET} and on () {_EARLY} <= {TARGET}",
            CARE,
            _RANGE,
        ),
        sentence(f"{_FROM_TO} and on () {_EARLY} > {TARGET}", BAD, _RANGE),
        sentence(
            f"{_NOT_BEFORE} unless on () {_LATEST}",
            BAD,
            Text("not before {{early_month}}/{{early_year}}", "ab {{early_month}}/{{early_year}}"),
        ),
        sentence(f"{_DONE} unless on () {_EARLY}", GOOD, Text("all built", "alle gebaut")),
        *sentences_of_nothing(f"{_EARLY} or {_DONE}", Text("no range", "keine Spanne")),
    ),
    "none",
    NOT_KNOWN,
    width=6,
    height=5,
    steps=SENTENCE_STEPS,
    in_words=True,
)

_TARGET_DAY: Final = Panel(
    Kind.STAT,
    Text("Target day", "Zieltag"),
    Text(
        "Last day on which the goal is reached in time, and whether it is past.",
        "Letzter Tag, an dem das Ziel rechtzeitig erreicht ist, und ob er vorbei ist.",
    ),
    (
        Query(
            f"{as_day(TARGET)} and on () {TARGET} < time()", Text("past", "vorbei"), instant=True
        ),
        Query(
            f"{as_day(TARGET)} and on () {TARGET} >= time()",
            Text("still ahead", "noch nicht vorbei"),
            instant=True,
        ),
    ),
    "day",
    NOT_KNOWN,
    width=4,
    height=5,
)

_PAST: Final = Panel(
    Kind.STAT,
    Text("Overdue by", "Überfällig"),
    Text(
        "How long ago the target day was, or by how much it was missed. Good: not past.",
        "Wie lange der Zieltag her ist oder wie weit er verfehlt wurde. Gut: gar nicht.",
    ),
    (
        sentence(f"{_OVERDUE} == 0", GOOD, Text("not due yet", "noch nicht fällig")),
        sentence(_one_day(_OVERDUE), BAD, Text("1 day", "1 Tag")),
        sentence(_in_days(_OVERDUE), BAD, Text("{{days}} days", "{{days}} Tage")),
        sentence(_in_months(_OVERDUE), BAD, Text("{{months}} months", "{{months}} Monate")),
        *sentences_of_nothing(_OVERDUE, NO_FORECAST),
    ),
    "none",
    NOT_KNOWN,
    width=4,
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
        *_of_goal(BUILT, CARE, _OF),
        *sentences_of_nothing(BUILT, NO_FORECAST),
    ),
    "none",
    NOTHING_YET,
    width=4,
    steps=SENTENCE_STEPS,
    in_words=True,
)

_PAUSE: Final = Panel(
    Kind.STAT,
    Text("Last line built", "Letzter Bau"),
    Text(
        "How long ago, and how long nine in ten pauses before were at most. Good: the first is "
        "below the second.",
        "Wie lange es her ist, und wie lang neun von zehn Pausen davor höchstens waren. Gut: das "
        "erste liegt unter dem zweiten.",
    ),
    (
        Query(
            f"max(rollout_building_pause_seconds) / {_DAY}",
            Text("days ago", "Tage her"),
            instant=True,
        ),
        Query(
            f"max(rollout_building_usual_pause_seconds) / {_DAY}",
            Text("days at most, as a rule", "Tage sind üblich"),
            instant=True,
        ),
    ),
    "none",
    NOT_KNOWN,
    width=5,
)

_REGRESSED: Final = Panel(
    Kind.STAT,
    Text("Regressed", "Nachweis verloren"),
    Text(
        "Sites that were verified and failed a campaign since. Good: 0.",
        "Standorte, die nachgewiesen waren und seither durchgefallen sind. Gut: 0.",
    ),
    (
        Query(
            'max(rollout_sites{stage="regressed"})',
            Text("regressed", "Nachweis verloren"),
            instant=True,
        ),
    ),
    "none",
    NOTHING_YET,
    width=6,
    steps=BAD_FROM_ONE,
)

_LISTED: Final = Panel(
    Kind.STAT,
    Text("Listed", "Aufgeführt"),
    Text(
        "How many of the goal the configuration lists. Fewer than the goal: it cannot be reached.",
        "Wie viele des Ziels in der Konfiguration stehen. Weniger als das Ziel: nicht erreichbar.",
    ),
    (
        *_of_goal(
            _ON_THE_LIST,
            BAD,
            _OF,
            Text("only {{number}} of {{goal}}", "nur {{number}} von {{goal}}"),
        ),
        *sentences_of_nothing(GOAL, NO_GOAL),
    ),
    "none",
    NOT_KNOWN,
    width=5,
    steps=SENTENCE_STEPS,
    in_words=True,
)

ANSWER: Final = Row(
    Text("Are we there yet?", "Sind wir am Ziel?"),
    (_HOW_MANY, _WHETHER, _WHEN, _TARGET_DAY),
)
WHY: Final = Row(
    Text("Why", "Warum"),
    (_BUILT, _PAUSE, _PAST, _REGRESSED, _LISTED),
)
