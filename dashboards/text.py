"""The boards' texts are those of the product; see `monitor/words`."""

from monitor.words.text import LANGUAGES, Language, Text, same

__all__ = ["LANGUAGES", "Language", "Text", "same"]
