"""The availability entries in the ledger, and how they are read back.

Three kinds of entries: `scope` lists the sites, in an order that its id stands for;
`minutes` gives the class of every site for a run of equal minutes; `transition` is a
confirmed change of a site's verdict, with the instant at which it really began.

A `minutes` entry is complete in itself (given its scope): losing one costs only its own minutes.
The first record of a minute is final; a later one changes nothing.

Must not know: where entries are kept, or how classes were decided.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from itertools import groupby
from typing import TYPE_CHECKING, Final

from monitor.availability.minutes import CODES, MISSING, start_of
from monitor.ledger.chain import Entry, MalformedEntryError, instant, milliseconds
from monitor.observation import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from monitor.ledger.chain import Json

SCOPE: Final = "scope"
MINUTES: Final = "minutes"
TRANSITION: Final = "transition"
# By which rule it is decided whose loss a loss is, from this instant on.
RULE: Final = "rule"
RULE_NAME: Final = "references for each provider"


_ENCODED: Final = re.compile(rf"(\d*)([{re.escape(''.join(CODES.values()))}])")


@dataclass(frozen=True, slots=True)
class MinuteRun:
    """`minutes` equal minutes from minute `first` on: one code per site of the scope."""

    first: int
    minutes: int
    scope: str
    codes: str


@dataclass(frozen=True, slots=True)
class Transition:
    """A confirmed change of a site's verdict: known at `at`, in force since `since`."""

    site: str
    state: State
    since: datetime
    at: datetime
    reason: str = ""
    detail: str = ""


def scope_id(sites: Sequence[str]) -> str:
    """Return the name of a list of sites: 16 hex digits, the same for the same list."""
    return blake2b("\n".join(sites).encode(), digest_size=8).hexdigest()


def scope_entry(sites: Sequence[str], at: datetime) -> Entry:
    """Return the entry that says which sites a scope id stands for, in their order."""
    return Entry(at, SCOPE, "", {"scope": scope_id(sites), "sites": list(sites)})


def rule_entry(at: datetime) -> Entry:
    """Return the entry that says that verdicts follow the present rule from an instant on."""
    return Entry(at, RULE, "", {"rule": RULE_NAME})


def minutes_entry(run: MinuteRun) -> Entry:
    """Return the entry of a run of minutes; its instant is the first minute's beginning."""
    payload: dict[str, Json] = {
        "first": run.first,
        "minutes": run.minutes,
        "scope": run.scope,
        "states": _packed(run.codes),
    }
    return Entry(start_of(run.first), MINUTES, "", payload)


def transition_entry(transition: Transition) -> Entry:
    """Return the entry of a transition; its instant is that of the confirmation."""
    payload: dict[str, Json] = {
        "state": transition.state.value,
        "since": milliseconds(transition.since),
        "reason": transition.reason,
        "detail": transition.detail,
    }
    return Entry(transition.at, TRANSITION, transition.site, payload)


def read_transition(entry: Entry) -> Transition:
    """Return the transition of an entry.

    Raises:
        MalformedEntryError: if it is another kind of entry, or malformed.
    """
    state, since = entry.payload.get("state"), entry.payload.get("since")
    if not isinstance(state, str) or not isinstance(since, int):
        raise MalformedEntryError(
            f"{entry.kind} entry of {entry.subject} at {entry.at} is no transition"
        )
    reason, detail = entry.payload.get("reason"), entry.payload.get("detail")
    return Transition(
        entry.subject, State(state), instant(since), entry.at, str(reason or ""), str(detail or "")
    )


def read_minutes(entries: Iterable[Entry], span: range) -> dict[str, bytes]:
    """Return per site one code for each minute of a span, `MISSING` where there is no record.

    Takes `scope` and `minutes` entries in any order of kinds, the minutes in the order of
    recording; ignores other kinds. Minutes whose scope was lost are missing.

    Raises:
        MalformedEntryError: if an entry is not what this program writes.
    """
    scopes: dict[str, tuple[str, ...]] = {}
    slots: list[tuple[str, str] | None] = [None] * len(span)
    for entry in entries:
        if entry.kind == SCOPE:
            name, sites = read_scope(entry)
            scopes[name] = sites
        elif entry.kind == MINUTES:
            _place(read_run(entry), span, slots)
    return _by_site(scopes, slots)


def _packed(codes: str) -> str:
    """Return codes with repetitions counted: `uuud` is `3ud`."""
    runs = ((code, len(list(same))) for code, same in groupby(codes))
    return "".join(f"{count if count > 1 else ''}{code}" for code, count in runs)


def _place(run: MinuteRun, span: range, slots: list[tuple[str, str] | None]) -> None:
    first = max(run.first, span.start)
    for minute in range(first, min(run.first + run.minutes, span.stop)):
        place = minute - span.start
        if slots[place] is None:
            slots[place] = (run.scope, run.codes)


def _by_site(
    scopes: Mapping[str, tuple[str, ...]], slots: list[tuple[str, str] | None]
) -> dict[str, bytes]:
    """Turn a row per minute into a column per site, by slicing instead of a loop over both."""
    columns: dict[str, bytes] = {}
    for scope in {slot[0] for slot in slots if slot is not None}:
        sites = scopes.get(scope, ())
        blank = MISSING.decode() * len(sites)
        rows = [slot[1] if slot and slot[0] == scope else blank for slot in slots]
        if sites and any(len(row) != len(sites) for row in rows):
            raise MalformedEntryError(f"minutes of scope {scope} do not have {len(sites)} sites")
        table = "".join(rows).encode()
        for place, site in enumerate(sites):
            column = table[place :: len(sites)]
            columns[site] = _merge(columns[site], column) if site in columns else column
    return columns


def _merge(one: bytes, other: bytes) -> bytes:
    missing = MISSING[0]
    return bytes(b if a == missing else a for a, b in zip(one, other, strict=True))


def read_scope(entry: Entry) -> tuple[str, tuple[str, ...]]:
    """Return a scope's id and its sites.

    Raises:
        MalformedEntryError: if the entry is of another kind or malformed.
    """
    name, sites = entry.payload.get("scope"), entry.payload.get("sites")
    if not isinstance(name, str) or not isinstance(sites, list):
        raise MalformedEntryError(f"scope entry at {entry.at} is malformed")
    return name, tuple(str(site) for site in sites)


def read_run(entry: Entry) -> MinuteRun:
    """Return the run of minutes of an entry.

    Raises:
        MalformedEntryError: if the entry is of another kind or malformed.
    """
    first, minutes = entry.payload.get("first"), entry.payload.get("minutes")
    scope, states = entry.payload.get("scope"), entry.payload.get("states")
    if not (
        isinstance(first, int)
        and isinstance(minutes, int)
        and isinstance(scope, str)
        and isinstance(states, str)
    ):
        raise MalformedEntryError(f"minutes entry at {entry.at} is malformed")
    codes = "".join(code * int(count or 1) for count, code in _ENCODED.findall(states))
    return MinuteRun(first, minutes, scope, codes)
