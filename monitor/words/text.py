"""A text in both languages, so that no translation can be missing.

Must not know: single texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Language = Literal["en", "de"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "de")


@dataclass(frozen=True, slots=True)
class Text:
    """One text, English and German."""

    en: str
    de: str

    def of(self, language: Language) -> str:
        """Return the text in a language."""
        return self.en if language == "en" else self.de

    def loud(self) -> Text:
        """Return the text in capitals, for a state that must stand out."""
        return Text(self.en.upper(), self.de.upper())


def same(text: str) -> Text:
    """Return a text that is the same in both languages, such as a unit or a label's value."""
    return Text(text, text)
