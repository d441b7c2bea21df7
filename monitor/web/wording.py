"""The wording of the status pages: words, figures, times, signs.

Must not know: HTML, or what a page shows.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from monitor.observation import Outcome
from monitor.status.model import Standing
from monitor.words.details import in_german
from monitor.words.pages import word
from monitor.words.rate import rate
from monitor.words.terms import CAUSES, CHECKS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from zoneinfo import ZoneInfo

    from monitor.web.wish import Wish
    from monitor.words.text import Language

_SYMBOLS: Final = {
    Standing.UP: "●",
    Standing.DEGRADED: "▲",
    Standing.DOWN: "✕",
    Standing.UNKNOWN: "?",
}
_OUTCOMES: Final = {
    Outcome.OK: Standing.UP,
    Outcome.FAILED: Standing.DOWN,
    Outcome.UNKNOWN: Standing.UNKNOWN,
}
"""Sign and colour for the outcome of a check."""
_LEAST_SHARE: Final = 0.001
_MOST_NAMES: Final = 5
_FEW_NAMES: Final = 3
_MINUTES: Final = {"days": 1440, "hours": 60, "minutes": 1}


def wording(
    wish: Wish, path: str, zone: ZoneInfo, now: datetime | None = None
) -> dict[str, object]:
    """Return the variables of the templates for a page: words, figures, local times.

    If `now` is given, `lately` leaves out the date of instants of that day.
    """
    language = wish.language

    def say(key: str, **filled: object) -> str:
        return word(language, key, **filled)

    def when(instant: datetime) -> str:
        shape = "%d.%m.%Y %H:%M" if language == "de" else "%Y-%m-%d %H:%M"
        return f"{instant.astimezone(zone):{shape}}"

    def lately(instant: datetime) -> str:
        local = instant.astimezone(zone)
        is_today = now is not None and local.date() == now.astimezone(zone).date()
        return f"{local:%H:%M}" if is_today else when(instant)

    def clock(instant: datetime) -> str:
        return f"{instant.astimezone(zone):%H:%M:%S}"

    def day(it: date) -> str:
        return f"{it:%d.%m.%Y}" if language == "de" else it.isoformat()

    def named(check: str) -> str:
        return word(language, f"checks.{check}") if check in CHECKS else check

    def evidence(one: str) -> str:
        # A milestone is in the stage's sentence already.
        kind, _, what = one.partition(":")
        if kind == "minutes":
            since, until = (when(datetime.fromisoformat(at)) for at in what.split("/"))
            return say("evidence.minutes", since=since, until=until)
        return say("evidence.campaign", id=what) if kind == "campaign" else ""

    return {
        "say": say,
        "proofs": lambda found: [said for one in found if (said := evidence(one))],
        "named": named,
        "causes": CAUSES,
        "when": when,
        "lately": lately,
        "clock": clock,
        "day": day,
        "rate": lambda bps: rate(bps, language),
        "number": lambda value, digits=1: _number(language, value, digits),
        "milliseconds": lambda value: _number(language, value, 1 if value >= 1 else 2),
        "percent": lambda ratio: percent(language, ratio),
        "lasting": lambda since, now: lasting(language, since, now),
        "spell": lambda minutes: _spell(language, minutes),
        "in_german": in_german if language == "de" else None,
        "some": lambda names: _some(language, names),
        "every": lambda seconds: _every(language, seconds),
        "symbol": _SYMBOLS,
        "outcome": _OUTCOMES,
        "wish": wish,
        "zone": zone.key,
        "root": _root(path),
        "standings": tuple(Standing),
    }


def _root(path: str) -> str:
    """Return the relative path from a page to `/`, valid behind any path prefix of a proxy."""
    return "../" * (path.count("/") - 1) or "./"


def lasting(language: Language, since: datetime, now: datetime) -> str:
    """Return how long something has lasted, in whole minutes, hours or days."""
    return _spell(language, max(0, int((now - since).total_seconds()) // 60))


def _spell(language: Language, minutes: int) -> str:
    for key, size in (("days", 2880), ("hours", 120), ("minutes", 0)):
        if minutes >= size:
            return word(language, f"lasting.{key}", count=minutes // _MINUTES[key])
    raise AssertionError("the last size is zero")


def _some(language: Language, names: Sequence[str]) -> str:
    """Return names in a line: of many the first few, and how many more."""
    if len(names) <= _MOST_NAMES:
        return ", ".join(names)
    more = word(language, "and_more", count=len(names) - _FEW_NAMES)
    return f"{', '.join(names[:_FEW_NAMES])} {more}"


def _every(language: Language, seconds: float) -> str:
    """Return how often something runs: in hours from two on, or in minutes, if these are whole."""
    key, size = "seconds", 1
    if seconds % 3600 == 0 and seconds > 3600:  # noqa: PLR2004  # an hour is 60 min
        key, size = "hours", 3600
    elif seconds % 60 == 0:
        key, size = "minutes", 60
    said = f"{seconds / size:g}"
    return word(
        language, f"every.{key}", count=said.replace(".", ",") if language == "de" else said
    )


def _number(language: Language, value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text.replace(".", ",") if language == "de" else text


def percent(language: Language, ratio: float) -> str:
    """Return a share in per cent, rounded: 100 only if nothing is missing, 0 only for nothing."""
    if ratio >= 1 or ratio <= 0:
        return "100" if ratio >= 1 else "0"
    if ratio < _LEAST_SHARE:
        return f"< {_number(language, 100 * _LEAST_SHARE, 1)}"
    return _number(language, 100 * min(ratio, 1 - _LEAST_SHARE), 1)
