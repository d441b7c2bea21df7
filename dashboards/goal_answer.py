"""The first row of the goal's board: how many are verified, and whether it will be in time.

Must not know: Grafana's JSON.
"""

from __future__ import annotations

from typing import Final

from dashboards.as_of import as_of
from dashboards.goal_terms import (
    BUILT,
    DONE,
    EXPECTED,
    GOAL,
    IN_TIME,
    INTO_THE_DAY,
    NO_FORECAST,
    NO_GOAL,
    NOT_KNOWN,
    OVERDUE,
    TARGET,
    VERIFIED,
    finish,
    in_days,
    in_months,
    of_goal,
    one_day,
    outlook_is,
)
from dashboards.panel import Colour, Kind, Panel, Query, Row, Step
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
from monitor.words.terms import OUTLOOKS
from monitor.words.text import Text, same

_OUTLOOK: Final = "max by (outlook) (rollout_forecast_outlook) == 1"


# The end of the day on which the last line was built, and by how much that missed the target day.
_BUILT_AT: Final = "max(rollout_building_last_timestamp_seconds)"
_BUILT_LATE: Final = f"({_BUILT_AT} - {TARGET})"
_BUILT_IN: Final = numbered(
    month=f"month({_BUILT_AT} - {INTO_THE_DAY})", year=f"year({_BUILT_AT} - {INTO_THE_DAY})"
)
_LATE: Final = f"({finish('0.5')} - {TARGET})"
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
        "How many of the goal's schools or sites have been verified by a campaign. Good: all of "
        "them.",
        "Wie viele des Ziels eine Messkampagne nachgewiesen hat. Gut: alle.",
    ),
    (
        *of_goal(VERIFIED, CARE),
        *sentences_of_nothing(GOAL, NO_GOAL),
    ),
    "none",
    NOT_KNOWN,
    width=12,
    height=4,
    steps=SENTENCE_STEPS,
    in_words=True,
)

# Of lines beyond the goal's number it is not exported which one reached it.
_DATED: Final = f"{DONE} and on () {BUILT} == {GOAL} and on () {_BUILT_LATE}"


def _late(how_long: str, said: Text) -> Query:
    return sentence(f"{how_long} and on () ({_DATED})", BAD, said)


_WHEN_BUILT: Final = (
    sentence(
        f"{_BUILT_IN} and on () {_BUILT_LATE} <= 0 and on () ({_DATED})",
        GOOD,
        Text("yes: built {{month}}/{{year}}", "ja: gebaut {{month}}/{{year}}"),
    ),
    sentence(
        f"{DONE} and on () {OVERDUE} == 0 unless on () ({_DATED})",
        GOOD,
        Text("yes: day not recorded", "ja: Tag nicht erfasst"),
    ),
    _late(one_day(_BUILT_LATE), Text("no: 1 day late", "nein: 1 Tag zu spät")),
    _late(in_days(_BUILT_LATE), Text("no: {{days}} days late", "nein: {{days}} Tage zu spät")),
    _late(
        in_months(_BUILT_LATE),
        Text("no: {{months}} months late", "nein: {{months}} Monate zu spät"),
    ),
    sentence(
        f"{DONE} unless on () {OVERDUE} == 0 unless on () ({_DATED})",
        UNKNOWN,
        Text("built: day not recorded", "gebaut: Tag nicht erfasst"),
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
        "before. Day not recorded: of all built, it is not known which one made the goal's number "
        "full. Good: on time.",
        "Die Prognose gegen den Zieltag; sind alle gebaut, der letzte Bautag gegen ihn. Wohl: die "
        "Mitte der Spanne liegt davor, ihr Ende nicht. "
        "Zu spät: um wie viel die Mitte. Nicht erreichbar: das Ziel verlangt mehr als "
        "aufgeführt sind. Stillstand: länger nichts gebaut als in neun von zehn Pausen davor. "
        "Tag nicht erfasst: von allen gebauten ist nicht bekannt, welche die Zahl des Ziels voll "
        "machte. Gut: pünktlich.",
    ),
    (
        sentence(
            IN_TIME,
            GOOD,
            Text("forecast: on time", "Prognose: pünktlich"),
        ),
        sentence(
            f"({finish('0.5')} <= {TARGET} unless on () {finish('0.9')} <= {TARGET})"
            f" and on () {EXPECTED}",
            CARE,
            Text("forecast: probably on time", "Prognose: wohl pünktlich"),
        ),
        sentence(
            f"{one_day(_LATE)} and on () {EXPECTED}",
            CARE,
            Text("forecast: 1 day late", "Prognose: 1 Tag zu spät"),
        ),
        sentence(
            f"{in_days(_LATE)} and on () {EXPECTED}",
            CARE,
            Text("forecast: {{days}} days late", "Prognose: {{days}} Tage zu spät"),
        ),
        sentence(
            f"{in_months(_LATE)} and on () {EXPECTED}",
            BAD,
            Text("forecast: {{months}} months late", "Prognose: {{months}} Monate zu spät"),
        ),
        *_WHEN_BUILT,
        *(sentence(outlook_is(name), code, OUTLOOKS[name]) for name, code in _SAID.items()),
        *sentences_of_nothing(_OUTLOOK, NO_FORECAST),
    ),
    "none",
    NOT_KNOWN,
    width=12,
    height=4,
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
        "In 8 of 10 simulated futures the last line is built between these months. Good: both "
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
        sentence(
            f"{DONE} unless on () {_EARLY}",
            GOOD,
            Text("nothing left to build", "nichts mehr zu bauen"),
        ),
        *sentences_of_nothing(f"{_EARLY} or {DONE}", Text("no range", "keine Spanne")),
    ),
    "none",
    NOT_KNOWN,
    width=10,
    height=4,
    steps=SENTENCE_STEPS,
    in_words=True,
)


def _in_digits(instant: str) -> str:
    """Return PromQL of one series with the day of an instant as labels, as one writes a date."""
    inside = f"{instant} - {INTO_THE_DAY}"
    day = numbered(year=f"year({inside})", month=f"month({inside})", day=f"day_of_month({inside})")
    for label in ("month", "day"):
        day = f'label_replace({day}, "{label}", "0$1", "{label}", "(.)")'
    return day


_TARGET_IN_DIGITS: Final = _in_digits(TARGET)

_TARGET_DAY: Final = Panel(
    Kind.STAT,
    Text("Target day", "Zieltag"),
    Text(
        "Last day on which the goal is reached in time, and whether it is past.",
        "Letzter Tag, an dem das Ziel rechtzeitig erreicht ist, und ob er vorbei ist.",
    ),
    (
        *(
            sentence(
                f"{_TARGET_IN_DIGITS} and on () {TARGET} {holds} time()",
                GOOD,
                Text(
                    f"{{{{year}}}}-{{{{month}}}}-{{{{day}}}}, {said.en}",
                    f"{{{{day}}}}.{{{{month}}}}.{{{{year}}}}, {said.de}",
                ),
            )
            for holds, said in (
                ("<", Text("past", "vorbei")),
                (">=", Text("still ahead", "noch nicht vorbei")),
            )
        ),
        *sentences_of_nothing(TARGET, NO_GOAL),
    ),
    "none",
    NOT_KNOWN,
    width=7,
    height=4,
    # Neither good nor bad.
    steps=(Step(None, Colour.SILENT), Step(GOOD, Colour.PLAIN)),
    in_words=True,
)

ANSWER: Final = Row(
    Text("Are we there yet?", "Sind wir am Ziel?"),
    (_HOW_MANY, _WHETHER, _WHEN, _TARGET_DAY, as_of(7, 4, "moment")),
)
