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
from monitor.words.text import Text, same

_PROVIDERS: Final = Choice(PROVIDER.name, PROVIDER.label, PROVIDER.query, several=True)
_FAILED: Final = 'max by (school, site) (rollout_campaign_verdict{verdict="failed"}) == 1'

_KEEPS: Final = Panel(
    Kind.STAT,
    Text("Is the contract kept?", "Wird der Vertrag eingehalten?"),
    Text(
        "Lines whose availability in the time range is below that of their own contract. Good: all "
        "lines keep it.",
        "Leitungen, deren Verfügbarkeit im Zeitraum unter der ihres eigenen Vertrags liegt. Gut: "
        "alle Leitungen halten ihn ein.",
    ),
    (
        sentence(
            f"{numbered(lines=f'count({KEPT} {OF})')} unless on () ({BELOW})",
            GOOD,
            Text("all {{lines}} keep it", "alle {{lines}} halten ihn"),
        ),
        sentence(
            numbered(lines=f"count({KEPT} {OF})", below=f"count({BELOW})"),
            BAD,
            Text(
                "{{below}} of {{lines}} lines below", "{{below}} von {{lines}} Leitungen darunter"
            ),
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
_UNBROKEN: Final = {"-": "\N{NON-BREAKING HYPHEN}", " ": "\N{NO-BREAK SPACE}"}


def _unbroken(expr: str) -> str:
    """Return `expr` with the label `place`, whose last three spaces and hyphens break no line."""
    placed = with_place(expr)
    for old, new in (*_UNBROKEN.items(),) * 3:
        placed = f'label_replace({placed}, "place", "$1{new}$2", "place", "(.*){old}(.*)")'
    return placed


_WORST: Final = Panel(
    Kind.STAT,
    Text("Worst line", "Schlechteste Leitung"),
    Text(
        "Availability of the line that misses its own contract by most. Good: none does.",
        "Verfügbarkeit der Leitung, die ihren eigenen Vertrag am weitesten verfehlt. Gut: keine.",
    ),
    (
        sentence(
            f'count_values by (place) ("share", round(100 * {_unbroken(_FURTHEST)}, 0.01))',
            BAD,
            same("{{place}}: {{share}}\N{NO-BREAK SPACE}%"),
        ),
        sentence(
            f"max({KEPT} {OF}) unless on () ({BELOW})", GOOD, Text("none below", "keine darunter")
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
    Text("Down now", "Ausgefallen"),
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
