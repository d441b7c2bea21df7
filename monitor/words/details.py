"""The German of the sentences that explain a finding: why something is down, degraded, or failed.

Probes and verdicts write these sentences in English, for the log, the API and the ledger. German
pages translate them sentence by sentence. Texts of a device, a server or the operating system stay
as they are in both languages.

Must not know: HTML, or when a sentence is shown.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import Final

from monitor.words.detail_sentences import FIGURES, INSTANTS, PLACES, SENTENCES
from monitor.words.terms import CHECKS, REASONS

_KEPT: Final = 4096
# Limits the time that a text from a hostile server can take.
_LONGEST: Final = 500
_LONGEST_LIST: Final = 5_000
_MOST_COLONS: Final = 3
_FIELD: Final = re.compile(r"\\\{(\w+)\\\}")
_NUMBER: Final = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?: [kMGT]?bit/s)?")
_GERMAN_NUMBER: Final = str.maketrans(",.", ".,")
_PORT: Final = re.compile(r"(\S+) port (\d+)")
_INSTANT: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)( \d\d:\d\d)?")
_COLON: Final = re.compile(": ")
_MORE: Final = re.compile(r" and (\d+) more$")
# Fields of this name hold a sentence of the table.
_SENTENCE: Final = "say"


def _shape(english: str) -> re.Pattern[str]:
    """Return what matches the sentences of a template: a field is text within one sentence."""

    def group(field: re.Match[str]) -> str:
        name = field[1]
        if name.startswith(_SENTENCE):
            return f"(?P<{name}>.+?)"
        # A field does not span the colon after a check's name.
        one = "[^;]" if field.start() else "(?!: )[^;]"
        return f"(?P<{name}>(?:{one})+?)"

    return re.compile(_FIELD.sub(group, re.escape(english)))


_WHOLE: Final = {
    **{english: german for english, german in SENTENCES.items() if "{" not in english},
    **{reason: text.de for reason, text in REASONS.items()},
}
_SHAPES: Final = tuple(
    (_shape(english), german) for english, german in SENTENCES.items() if "{" in english
)


@lru_cache(maxsize=_KEPT)
def in_german(detail: str) -> str | None:
    """Return a sentence in German, None if a part of it is not in the table."""
    if len(detail) > _LONGEST:
        return _in_parts(detail) if len(detail) <= _LONGEST_LIST else None
    return _from_table(detail) or _in_parts(detail) or _with_rest(detail)


def _from_table(detail: str) -> str | None:
    if (whole := _WHOLE.get(detail)) is not None:
        return whole
    for shape, german in _SHAPES:
        found = shape.fullmatch(detail)
        if found is None:
            continue
        fields = {name: _field(name, text) for name, text in found.groupdict().items()}
        if None not in fields.values():
            return german.format(**fields)
    return None


def _field(name: str, text: str) -> str | None:
    if name.startswith(_SENTENCE):
        return in_german(text)
    if name in FIGURES and _NUMBER.fullmatch(text):
        return text.translate(_GERMAN_NUMBER)
    if name in PLACES and (place := _PORT.fullmatch(text)):
        return place.expand(r"\1 Port \2")
    if name in INSTANTS and (instant := _INSTANT.fullmatch(text)):
        return instant.expand(r"\3.\2.\1\4")
    # A name, or a text of a device, that looks like a figure is none of ours.
    return text


def _in_parts(detail: str) -> str | None:
    """Return sentences that are joined by semicolons, None if one is not in the table."""
    parts = detail.split("; ")
    if len(parts) == 1:
        return None
    found = [german for part in parts if (german := in_german(part)) is not None]
    return "; ".join(found) if len(found) == len(parts) else None


def _with_rest(detail: str) -> str | None:
    """Return `sentence: what it is about`, or `check: sentence`; None if it is neither."""
    for colon in islice(_COLON.finditer(detail), _MOST_COLONS):
        head, tail = detail[: colon.start()], detail[colon.end() :]
        german = in_german(tail)
        if german is not None and " " not in head:
            return f"{CHECKS[head].de if head in CHECKS else head}: {german}"
        if (before := _from_table(head)) is not None:
            # Names of columns, or texts of other programs.
            names = _MORE.sub(r" und \1 weitere", tail)
            return f"{before}: {german or names}"
    return None
