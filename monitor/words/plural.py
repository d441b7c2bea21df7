"""Numbers with their nouns, for sentences in English: `1 site`, `2 sites`.

Must not know: what is counted.
"""

from __future__ import annotations


def count_of(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun; `plural` where it is not the noun with an s."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"
