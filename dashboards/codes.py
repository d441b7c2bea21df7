"""States and causes as codes that a table sorts by and a tile shows: what is wrong is the highest.

The words are those of `monitor/words`; here they get their order and their colours.

Must not know: Grafana's JSON, single boards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboards import fields
from dashboards.panel import Colour, Query, Value
from dashboards.sentence import (
    ALIVE,
    BAD,
    CARE,
    GOOD,
    MONITOR_SILENT,
    REMEMBERED,
    UNKNOWN,
    sentence,
    unbroken,
)
from dashboards.shared import CAUSES, NOTHING_YET, code_of, labelled, or_dash, with_place, words
from monitor.words import terms
from monitor.words.text import Text, same

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NOT_KNOWN: Final = Text("not known", "nicht bekannt")
MAIN_SITE: Final = Value("main", fields.MAIN_SITE, Colour.PLAIN)


def _states(
    said: Mapping[str, Text], order: Iterable[str], colours: Mapping[str, Colour]
) -> tuple[Value, ...]:
    """Return a state set's values in their order; what is bad is in capitals."""
    values = []
    for code, name in enumerate(order):
        text, colour = said[name], colours.get(name, Colour.UNKNOWN)
        if colour is Colour.BAD:
            text = Text(text.en.upper(), text.de.upper())
        values.append(Value(code, text, colour))
    return tuple(values)


NO_REASON: Final = Value("none", same("–"), Colour.PLAIN)
REASONS: Final = (
    NO_REASON,
    *(value for value in words(terms.REASONS, {}) if value.value != NO_REASON.value),
)
UNREAD: Final = Value(
    "unread", Text("the router was not read", "der Router wurde nicht gelesen"), Colour.UNKNOWN
)
UNNAMED_CONTRACT: Final = Value(
    "unnamed", Text("no reference configured", "kein Aktenzeichen eingetragen"), Colour.PLAIN
)

_OUTCOMES: Final = ("ok", "unknown", "failed")
_STAGES: Final = (
    "verified",
    "live",
    "reported",
    "built",
    "ordered",
    "planned",
    "unknown",
    "live_stale",
    "regressed",
)
_CAMPAIGNS: Final = ("passed", "incomplete", "failed")
_FAILED: Final = Text("FAILED", "FEHLER")
# How the last run of a check ended, by `result_code`; that of the line's router comes first.
RESULTS: Final = (
    Value(0, terms.OUTCOMES["ok"], Colour.GOOD),
    Value(1, terms.OUTCOMES["unknown"], Colour.UNKNOWN),
    Value(2, _FAILED, Colour.BAD),
    Value(3, _FAILED, Colour.BAD),
)
# How far a site's connection is, by `stage_code`.
STAGES: Final = _states(
    terms.STAGES,
    _STAGES,
    {
        "verified": Colour.GOOD,
        "live": Colour.LIVE,
        "reported": Colour.CARE,
        "built": Colour.BUILT,
        "ordered": Colour.ORDERED,
        "planned": Colour.PLANNED,
        "live_stale": Colour.CARE,
        "regressed": Colour.BAD,
    },
)
# How a measuring campaign ended, by `campaign_code`.
CAMPAIGNS: Final = _states(
    terms.CAMPAIGNS, _CAMPAIGNS, {"passed": Colour.GOOD, "failed": Colour.BAD}
)

_ORDER: Final = (Colour.GOOD, Colour.UNKNOWN, Colour.BAD)
_BY_SEVERITY: Final = sorted(CAUSES, key=lambda cause: _ORDER.index(cause.colour))


def _verdict(code: int, cause: Value) -> Value:
    if cause.colour is Colour.GOOD:
        return Value(code, terms.STATES["up"], cause.colour)
    state, why = terms.STATES["unknown"], cause.text
    if cause.colour is Colour.BAD:
        state = Text("DOWN", "AUSFALL")
    return Value(code, Text(f"{state.en}: {why.en}", f"{state.de}: {why.de}"), cause.colour)


# A verdict with its cause, by `verdict_code`; what is up may be degraded.
DEGRADED: Final = "degraded"
_BY_RANK: Final = [str(cause.value) for cause in _BY_SEVERITY]
_BY_RANK.insert(1, DEGRADED)
_CAUSE_OF: Final = {str(cause.value): cause for cause in _BY_SEVERITY}
VERDICTS: Final = tuple(
    Value(code, terms.DEGRADED, Colour.CARE)
    if name == DEGRADED
    else _verdict(code, _CAUSE_OF[name])
    for code, name in enumerate(_BY_RANK)
)


def verdict_code(kind: str, selector: str, by: str) -> str:
    """Return PromQL of the verdict with its cause on lines (`uplink`) or switches (`switch`)."""
    code = code_of(f"school_{kind}_cause_info", "cause", _BY_RANK, selector, by)
    degraded = f"(max by ({by}) (school_{kind}_degraded{{{selector}}}) == 1)"
    return f"{degraded} * {_BY_RANK.index(DEGRADED)} or {code}"


_SENTENCE_CODES: Final = {
    Colour.GOOD: GOOD,
    Colour.CARE: CARE,
    Colour.BAD: BAD,
    Colour.UNKNOWN: UNKNOWN,
}


def _of_no_verdict(what: str, name: str) -> tuple[Query, ...]:
    """Return what a tile says of the board's school, or its switch, while `what` has nothing.

    The school has the name that it last had, or else its id.
    """
    seen = f'max_over_time(timestamp(school_info{{school="$school"}})[{REMEMBERED}:1m])'
    latest = f"topk(1, max by (name) ({seen}))"
    named = f'label_replace({latest}, "place", "$1", "name", "(.*)")'
    place = f"({named} or on () {labelled('-1', place='$school')})"
    if "{{device}}" in name:
        place = f'label_replace({place}, "device", "$device", "", "")'
    labels = [label for label in ("place", "device") if f"{{{{{label}}}}}" in name]
    for label in labels:
        place = unbroken(or_dash(place, label), label)
    nothing = f"(0 * max by ({', '.join(labels)}) ({place}) - 1)"
    return tuple(
        Query(f"{nothing} {holds}", Text(f"{name}: {said.en}", f"{name}: {said.de}"), instant=True)
        for holds, said in (
            (f"unless on () ({what}) and on () {ALIVE}", NOTHING_YET),
            (f"unless on () {ALIVE}", MONITOR_SILENT),
        )
    )


def verdict_sentences(kind: str, selector: str, by: str, name: str) -> tuple[Query, ...]:
    """Return what a tile says of lines (`uplink`) or switches (`switch`): name, verdict, cause.

    `by` has school and site at least, `name` is their legend and may have the label `place`.
    """
    causes = f"school_{kind}_cause_info"
    degraded = f"max by ({by}) (school_{kind}_degraded{{{selector}}}) == 1"
    queries = []
    for rank, value in zip(_BY_RANK, VERDICTS, strict=True):
        holds = f'max by ({by}) ({causes}{{{selector}, cause="{rank}"}}) == 1'
        if rank == DEGRADED:
            holds = degraded
        elif value.colour is Colour.GOOD:
            holds = f"{holds} unless on ({by}) ({degraded})"
        said = Text(*(f"{name}: {one}" for one in (value.text.en, value.text.de)))
        named = unbroken(with_place(holds))
        if "{{device}}" in name:
            named = unbroken(named, "device")
        queries.append(sentence(named, _SENTENCE_CODES[value.colour], said))
    return (*queries, *_of_no_verdict(f"{causes}{{{selector}}}", name))


def stage_code(selector: str, by: str) -> str:
    """Return PromQL of the stage of sites, which reads as `STAGES` say."""
    return code_of("rollout_stage", "stage", _STAGES, selector, by)


def campaign_code(selector: str, by: str) -> str:
    """Return PromQL of the outcome of sites' last campaign, which reads as `CAMPAIGNS` say."""
    return code_of("rollout_campaign_verdict", "verdict", _CAMPAIGNS, selector, by)


def result_code(selector: str) -> str:
    """Return PromQL of each check's last result and its `reason`, which read as `RESULTS` say."""
    by = "site, device, check"
    code = code_of("probe_outcome", "outcome", _OUTCOMES, selector, by)
    router = f'max by (site, device) (school_device_info{{{selector}, role="uplink"}})'
    first = f"(({code}) == 2) * on (site, device) group_left () {router} + 1"
    ranked = f"({first} or ({code}))"
    why = f"max by ({by}, reason) (probe_failure_reason{{{selector}}})"
    plain = f'label_replace({ranked}, "reason", "{NO_REASON.value}", "", "")'
    return f"({why} * on ({by}) group_left () {ranked}) or on ({by}) {plain}"
