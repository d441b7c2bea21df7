"""Every word of a dashboard in both languages at once, so that none is ever missing in one."""

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


def same(text: str) -> Text:
    """Return a text that is the same in both languages, such as a unit or a label's value."""
    return Text(text, text)
