"""Does the ISP keep its contract: each line against its own, by provider."""

from __future__ import annotations

from typing import Final

from dashboards.as_of import as_of
from dashboards.contract_lines import CAMPAIGNS_OF_LINES, DETAIL, LINES, OUTAGES_OF_LINES, OVER_TIME
from dashboards.contract_terms import (
    BELOW,
    COUNTED,
    ENOUGH,
    KEPT,
    OF,
    OWED,
    RECORDED,
    SETTLED_AFTER,
)
from dashboards.panel import Board, Choice, Kind, Panel, Query, Row
from dashboards.sentence import (
    BAD,
    GOOD,
    NOTHING,
    SENTENCE_STEPS,
    SPANS,
    UNKNOWN,
    numbered,
    sentence,
    sentences_of_nothing,
    unbroken,
)
from dashboards.shared import (
    CAMPAIGNS,
    ISOLATED,
    MAINTENANCE,
    NOTHING_YET,
    OUTAGES,
    PROVIDER,
    of_city,
    or_dash,
    with_place,
)
from monitor.words.terms import NO_CONTRACT
from monitor.words.text import Text

_PROVIDERS: Final = Choice(PROVIDER.name, PROVIDER.label, PROVIDER.query, several=True)

# A line without a contract is measured, and keeps or misses nothing.
_JUDGED: Final = f"(({KEPT} {OF}) and on (school, site) {OWED})"
_NONE_OWED: Final = f"(count(max by (school, site) (school_site_info)) unless on () count({OWED}))"


def _not_judged(said: Text) -> Query:
    """Return the sentence where no line has a contract."""
    return sentence(_NONE_OWED, UNKNOWN, said)


# How much of the time range was measured: a monitor may be younger than what it is asked of.
_MEASURED: Final = f"round(60 * max(({RECORDED}) {OF}), 60)"
_WHOLE: Final = f"{_MEASURED} + {SETTLED_AFTER} > {ENOUGH} * $__range_s"

_KEEPS: Final = Panel(
    Kind.STAT,
    Text("Met in this time range?", "In diesem Zeitraum gehalten?"),
    Text(
        "How many lines miss their contracted availability in the dashboard's time range (top "
        "right). Grey: none does, but a tenth of the range or more was not measured. Good: none.",
        "Wie viele Leitungen im Zeitraum der Tafel (oben rechts) die Verfügbarkeit ihres eigenen "
        "Vertrags verfehlen. Grau: keine, aber ein Zehntel des Zeitraums oder mehr ist nicht "
        "gemessen. Gut: keine.",
    ),
    (
        sentence(
            f"{numbered(lines=f'count({_JUDGED})')} and on () ({_WHOLE}) unless on () ({BELOW})",
            GOOD,
            Text("yes: all {{lines}} lines", "ja: alle {{lines}} Leitungen"),
        ),
        *(
            sentence(
                f"{numbered(lines=f'count({_JUDGED})', span=span.whole(_MEASURED))}"
                f" unless on () ({_WHOLE} or on () ({BELOW}))",
                NOTHING,
                Text(
                    f"all {{{{lines}}}} in {{{{span}}}} measured {span.unit.en}",
                    f"alle {{{{lines}}}} in {{{{span}}}} gemessenen {span.unit.de}",
                ),
            )
            for span in SPANS
        ),
        sentence(
            numbered(lines=f"count({_JUDGED})", below=f"count({BELOW})"),
            BAD,
            Text("no: {{below}} of {{lines}} missed", "nein: {{below}} von {{lines}} verfehlt"),
        ),
        _not_judged(Text("no contract: not judged", "kein Vertrag: kein Urteil")),
        *sentences_of_nothing(f"{_JUDGED} or on () {_NONE_OWED}", NOTHING_YET),
    ),
    "none",
    NOTHING_YET,
    width=8,
    height=4,
    steps=SENTENCE_STEPS,
    in_words=True,
)

_FURTHEST: Final = f"({KEPT} {OF}) and on (school, site) topk(2, ({OWED} - ({KEPT} {OF})) > 0)"
_PROVIDER_OF: Final = or_dash("max by (school, site, provider) (school_site_info)", "provider")
_OF_PROVIDER: Final = (
    f"{with_place(_FURTHEST)} * on (school, site) group_left (provider) {_PROVIDER_OF}"
)
# The time range, or how much of it counted.
_COUNTED: Final = f"round(60 * max({COUNTED} {OF}), 60)"
_OF_WHAT: Final = (
    f"(vector($__range_s) and on () {_COUNTED} > {ENOUGH} * $__range_s or on () {_COUNTED})"
)


def _furthest() -> tuple[Query, ...]:
    """Return the sentences of the two that miss most, each for a length of the time range."""
    share = f'count_values by (place, provider) ("share", round(100 * {_OF_PROVIDER}, 0.01))'
    shares = unbroken(unbroken(share), "provider")
    line, percent = "{{place}}, {{provider}}", "{{share}} %"
    return tuple(
        sentence(
            f"{shares} * on () group_left (span) {numbered(span=span.whole(_OF_WHAT))}",
            BAD,
            Text(
                f"{line}: available {percent} of {{{{span}}}} {span.unit.en}",
                f"{line}: in {{{{span}}}} {span.unit.de} zu {percent} verfügbar",
            ),
        )
        for span in SPANS
    )


# A tile's line may be broken at a space and behind a hyphen, and has no room for a second one.
_WORST: Final = Panel(
    Kind.STAT,
    Text("Furthest below its contract", "Am weitesten unter Vertrag"),
    Text(
        "Availability in the time range, or in as much of it as was measured, of the two lines "
        "that miss their own contracts by most, with their providers. Good: none does.",
        "Verfügbarkeit im Zeitraum, oder in dem Teil, der gemessen ist, der beiden Leitungen, die "
        "ihre eigenen Verträge am weitesten verfehlen, mit ihrem Anbieter. Gut: keine.",
    ),
    (
        *_furthest(),
        sentence(
            f"max({_JUDGED}) and on () ({_WHOLE}) unless on () ({BELOW})",
            GOOD,
            Text("no line", "keine Leitung"),
        ),
        sentence(
            f"max({_JUDGED}) unless on () ({_WHOLE} or on () ({BELOW}))",
            NOTHING,
            Text("no line, as far as measured", "keine, soweit gemessen"),
        ),
        _not_judged(NO_CONTRACT),
        *sentences_of_nothing(f"{_JUDGED} or on () {_NONE_OWED}", NOTHING_YET),
    ),
    "none",
    NOTHING_YET,
    width=24,
    height=4,
    steps=SENTENCE_STEPS,
    in_words=True,
)


def _share(title: Text, description: Text, wrong: str, of: str, known: str) -> Panel:
    """Return the tile of how many lines of those chosen have something wrong, of how many.

    `known` are those of which it is known whether they have.
    """
    whole = f"count(({of}) {OF})"
    number = f"(count(({wrong}) {OF}) or 0 * {whole})"
    numbers = numbered(whole=whole, number=number)
    said = Text("{{number}} of {{whole}}", "{{number}} von {{whole}}")
    return Panel(
        Kind.STAT,
        title,
        description,
        (
            sentence(f"{numbers} and on () {number} > 0", BAD, said),
            sentence(f"{numbers} and on () {number} == 0 and on () ({known} {OF})", GOOD, said),
            sentence(f"{whole} unless on () ({known} {OF})", UNKNOWN, ISOLATED.text),
            *sentences_of_nothing(whole, NOTHING_YET),
        ),
        "none",
        NOTHING_YET,
        width=6,
        height=4,
        steps=SENTENCE_STEPS,
        in_words=True,
    )


_DOWN_NOW: Final = _share(
    Text("Lines down", "Tote Leitungen"),
    Text(
        "Dead lines at this moment, of all. Good: 0.",
        "Tote Leitungen in diesem Augenblick, von allen. Gut: 0.",
    ),
    'max by (school, site) (school_uplink_state{state="down"}) == 1',
    "max by (school, site) (school_uplink_state)",
    'max by (school, site) (school_uplink_state{state=~"up|down"}) == 1',
)

_MEASURED_ONCE: Final = "max by (school, site) (rollout_campaign_verdict)"
_SLOW: Final = _share(
    Text("Lines too slow", "Langsame Leitungen"),
    Text(
        "Lines whose last measuring campaign failed, of those that were ever measured. Good: 0.",
        "Leitungen, deren letzte Messkampagne nicht bestanden ist, von den je gemessenen. Gut: 0.",
    ),
    'max by (school, site) (rollout_campaign_verdict{verdict="failed"}) == 1',
    _MEASURED_ONCE,
    _MEASURED_ONCE,
)

ANSWER: Final = Row(
    Text("Is the contract kept?", "Wird der Vertrag eingehalten?"),
    (_KEEPS, _DOWN_NOW, _SLOW, as_of(4, 4), _WORST),
)
WHY: Final = Row(
    Text("Why not", "Warum nicht"), (LINES, OUTAGES_OF_LINES, CAMPAIGNS_OF_LINES, OVER_TIME)
)

BOARD: Final = Board(
    "schulnetz-contract",
    Text("Does the ISP meet its contract?", "Hält der Anbieter den Vertrag?"),
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
