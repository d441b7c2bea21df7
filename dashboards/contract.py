"""Does the ISP keep its contract: each line against its own, by provider."""

from __future__ import annotations

from typing import Final

from dashboards.contract_lines import CAMPAIGNS_OF_LINES, DETAIL, LINES, OUTAGES_OF_LINES, OVER_TIME
from dashboards.contract_terms import BELOW, KEPT, OF, OWED
from dashboards.panel import BAD_FROM_ONE, Board, Choice, Kind, Panel, Query, Row
from dashboards.sentence import (
    BAD,
    GOOD,
    SENTENCE_STEPS,
    numbered,
    sentence,
    sentences_of_nothing,
    unbroken,
)
from dashboards.shared import (
    CAMPAIGNS,
    MAINTENANCE,
    NOTHING_YET,
    OUTAGES,
    PROVIDER,
    of_city,
    or_zero,
    with_place,
)
from monitor.words.text import Text

_PROVIDERS: Final = Choice(PROVIDER.name, PROVIDER.label, PROVIDER.query, several=True)
_FAILED: Final = 'max by (school, site) (rollout_campaign_verdict{verdict="failed"}) == 1'

_KEEPS: Final = Panel(
    Kind.STAT,
    Text("Kept, in this time range?", "In diesem Zeitraum gehalten?"),
    Text(
        "How many lines miss the availability of their own contract in the board's time range, "
        "which is at its top right. Good: none.",
        "Wie viele Leitungen im Zeitraum der Tafel (oben rechts) die Verfügbarkeit ihres eigenen "
        "Vertrags verfehlen. Gut: keine.",
    ),
    (
        sentence(
            f"{numbered(lines=f'count({KEPT} {OF})')} unless on () ({BELOW})",
            GOOD,
            Text("yes: all {{lines}} lines", "ja: alle {{lines}} Leitungen"),
        ),
        sentence(
            numbered(lines=f"count({KEPT} {OF})", below=f"count({BELOW})"),
            BAD,
            Text("no: {{below}} of {{lines}} missed", "nein: {{below}} von {{lines}} verfehlt"),
        ),
        *sentences_of_nothing(f"{KEPT} {OF}", NOTHING_YET),
    ),
    "none",
    NOTHING_YET,
    width=8,
    height=5,
    steps=SENTENCE_STEPS,
    in_words=True,
)

_FURTHEST: Final = f"({KEPT} {OF}) and on (school, site) topk(1, ({OWED} - ({KEPT} {OF})) > 0)"

# A tile's line may be broken at a space and behind a hyphen, and has no room for a second one.
_WORST: Final = Panel(
    Kind.STAT,
    Text("Furthest below its contract", "Am weitesten unter Vertrag"),
    Text(
        "Availability in the time range of the line that misses its own contract by most. Good: "
        "none does.",
        "Verfügbarkeit im Zeitraum der Leitung, die ihren eigenen Vertrag am weitesten verfehlt. "
        "Gut: keine.",
    ),
    (
        sentence(
            unbroken(
                f'count_values by (place) ("share", round(100 * {with_place(_FURTHEST)}, 0.01))'
            ),
            BAD,
            Text("{{place}}: {{share}} % available", "{{place}}: {{share}} % verfügbar"),
        ),
        sentence(
            f"max({KEPT} {OF}) unless on () ({BELOW})", GOOD, Text("no line", "keine Leitung")
        ),
        *sentences_of_nothing(f"{KEPT} {OF}", NOTHING_YET),
    ),
    "none",
    NOTHING_YET,
    width=8,
    height=5,
    steps=SENTENCE_STEPS,
    in_words=True,
)

_DOWN_NOW: Final = Panel(
    Kind.STAT,
    Text("Lines down", "Ausgefallen"),
    Text("Dead lines at this moment. Good: 0.", "Tote Leitungen in diesem Augenblick. Gut: 0."),
    (
        Query(
            f'sum((max by (school, site) (school_uplink_state{{state="down"}})) {OF})',
            Text("down", "ausgefallen"),
            instant=True,
        ),
    ),
    "none",
    NOTHING_YET,
    width=4,
    height=5,
    steps=BAD_FROM_ONE,
)

_SLOW: Final = Panel(
    Kind.STAT,
    Text("Too slow", "Zu langsam"),
    Text(
        "Lines whose last measuring campaign failed. Good: 0.",
        "Leitungen, deren letzte Messkampagne nicht bestanden ist. Gut: 0.",
    ),
    (
        Query(
            or_zero(f"count(({_FAILED}) {OF})"),
            Text("lines", "Leitungen"),
            instant=True,
        ),
    ),
    "none",
    NOTHING_YET,
    width=4,
    height=5,
    steps=BAD_FROM_ONE,
)

ANSWER: Final = Row(
    Text("Is the contract kept?", "Wird der Vertrag eingehalten?"),
    (_KEEPS, _WORST, _DOWN_NOW, _SLOW),
)
WHY: Final = Row(
    Text("Why not", "Warum nicht"), (LINES, OUTAGES_OF_LINES, CAMPAIGNS_OF_LINES, OVER_TIME)
)

BOARD: Final = Board(
    "schulnetz-contract",
    Text("Does the ISP keep its contract?", "Hält der Anbieter den Vertrag?"),
    Text(
        "Availability, rates and errors of each line against its own contract.",
        "Verfügbarkeit, Raten und Fehler jeder Leitung gegen ihren eigenen Vertrag.",
    ),
    (ANSWER, WHY, DETAIL),
    choices=(_PROVIDERS,),
    marks=(of_city(OUTAGES), of_city(MAINTENANCE), of_city(CAMPAIGNS)),
    since="now-30d",
    refresh="5m",
)
