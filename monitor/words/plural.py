"""Numbers with their nouns: `1 site`, `2 sites`.

Must not know: what is counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.words.text import Language


def count_of(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its English noun; `plural` if that is not the noun with an s."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"


def days_of(number: int, language: Language, *, is_dative: bool = False) -> str:
    """Return a number of days; German has a dative of its own, as in `seit 2 Tagen`."""
    if language == "en":
        return count_of(number, "day")
    return count_of(number, "Tag", "Tagen" if is_dative else "Tage")
