"""Which language to use for a browser.

Must not know: the words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.words.text import LANGUAGES

if TYPE_CHECKING:
    from monitor.words.text import Language


def preferred(accepted: str, wished: str = "") -> Language:
    """Return the language that a browser prefers; German if it prefers neither.

    `wished` is from the URL, and takes precedence. Source: RFC 9110 §12.5.4.
    """
    for language in LANGUAGES:
        if wished == language:
            return language
    weights: dict[Language, float] = {}
    for entry in accepted.lower()[:500].split(","):
        tag, _, weight = entry.strip().partition(";q=")
        for language in LANGUAGES:
            if tag.partition("-")[0] == language:
                try:
                    weights[language] = max(weights.get(language, 0.0), float(weight or 1))
                except ValueError:
                    continue
    return max(weights, key=lambda one: weights[one]) if any(weights.values()) else "de"
