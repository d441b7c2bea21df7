"""The availability entries in the ledger, and how they are read back.

Four kinds of entries: `scope` lists the sites, in an order that its id stands for; `minutes` gives
the class of every site for a run of equal minutes; `transition` is a confirmed change of a site's
verdict, with the instant at which it really began; `rule` says which rule attributes losses.

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

from monitor.availability.minutes import CODES, MISSING, minute_of, start_of
from monitor.ledger.chain import Entry, MalformedEntryError
from monitor.ledger.codec import Codec
from monitor.observation import State  # noqa: TC001  # read by the codec
from monitor.state.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

SCOPE: Final = "scope"
MINUTES: Final = "minutes"
TRANSITION: Final = "transition"
# The rule that attributes losses, in force from this instant on.
RULE: Final = "rule"
RULE_NAME: Final = "references for each provider"


_ENCODED: Final = re.compile(rf"(\d*)([{re.escape(''.join(CODES.values()))}])")


@dataclass(frozen=True, slots=True)
class Scope:
    """From `at` on, `scope` stands for these `school/site`, in this order."""

    at: datetime
    scope: str
    sites: tuple[str, ...]


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
    """Return the id of a list of sites: 16 hex digits, the same for the same list."""
    return blake2b("\n".join(sites).encode(), digest_size=8).hexdigest()


def rule_entry(at: datetime) -> Entry:
    """Return the entry that says that verdicts follow the current rule from an instant on."""
    return Entry(at, RULE, "", {"rule": RULE_NAME})


def _packed(codes: str) -> str:
    """Return codes run-length encoded: `uuud` is `3ud`."""
    runs = ((code, len(list(same))) for code, same in groupby(codes))
    return "".join(f"{count if count > 1 else ''}{code}" for code, count in runs)


def _unpacked(states: str) -> str:
    runs = _ENCODED.findall(states)
    return "".join([code * int(count) if count else code for count, code in runs])


_SCOPE: Final = Codec(SCOPE, Scope)
read_scope: Final = _SCOPE.read

# The entry's instant is the start of the first minute.
_MINUTES: Final = Codec(
    MINUTES,
    MinuteRun,
    at=lambda run: start_of(run.first),
    wires={"codes": Wire(str, _unpacked, _packed, "states")},
)
minutes_entry, read_run = _MINUTES.entry, _MINUTES.read

# The entry's instant is that of the confirmation.
_TRANSITION: Final = Codec(TRANSITION, Transition, subject="site")
transition_entry, read_transition = _TRANSITION.entry, _TRANSITION.read


def scope_entry(sites: Sequence[str], at: datetime) -> Entry:
    """Return the entry that lists the sites of a scope id, in their order."""
    return _SCOPE.entry(Scope(at, scope_id(sites), tuple(sites)))


def read_minutes(entries: Iterable[Entry], span: range) -> dict[str, bytes]:
    """Return one code per site for each minute of a span, `MISSING` if there is no record.

    Accepts `scope` and `minutes` entries in any order of kinds, the minutes in the order of
    recording; ignores other kinds. Minutes whose scope was lost are missing.

    Raises:
        MalformedEntryError: if an entry has an invalid payload.
    """
    scopes: dict[str, tuple[str, ...]] = {}
    slots: list[tuple[str, str] | None] = [None] * len(span)
    for entry in entries:
        if entry.kind == SCOPE:
            scope = read_scope(entry)
            scopes[scope.scope] = scope.sites
        elif entry.kind == MINUTES:
            _place(read_run(entry), span, slots)
    return _by_site(scopes, slots)


def begun(entries: Iterable[Entry], columns: Mapping[str, bytes], span: range) -> dict[str, int]:
    """Return the first watched minute of each recorded site, as far as the entries tell.

    That is the minute of its first `scope` entry or, if earlier, its first minute in `columns`
    (those of the span): a scope is written only when the first minutes have settled.

    Raises:
        MalformedEntryError: if an entry is not what this program writes.
    """
    first: dict[str, int] = {}
    for entry in entries:
        if entry.kind == SCOPE:
            at = minute_of(entry.at)
            for site in read_scope(entry).sites:
                first[site] = min(at, first.get(site, at))
    for site, codes in columns.items():
        recorded = span.start + len(codes) - len(codes.lstrip(MISSING))
        if recorded < span.stop:
            first[site] = min(recorded, first.get(site, recorded))
    return first


def _place(run: MinuteRun, span: range, slots: list[tuple[str, str] | None]) -> None:
    first = max(run.first, span.start)
    for minute in range(first, min(run.first + run.minutes, span.stop)):
        place = minute - span.start
        if slots[place] is None:
            slots[place] = (run.scope, run.codes)


def _by_site(
    scopes: Mapping[str, tuple[str, ...]], slots: list[tuple[str, str] | None]
) -> dict[str, bytes]:
    """Convert a row per minute into a column per site, by slicing instead of a loop over both."""
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
