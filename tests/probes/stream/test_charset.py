"""The text of a body, whatever charset its sender names."""

from __future__ import annotations

import pytest

from monitor.probes.stream.charset import text_of

TEXT = "Grüße"


@pytest.mark.parametrize(
    "name",
    ["iso-8859-1", "iso8859-1", "ISO_8859-1", "iso88591", "iso-88591", "latin1", "windows-1252"],
)
def test_spellings_of_latin_1_are_understood(name: str) -> None:
    assert text_of(TEXT.encode("latin-1"), f"text/html; charset={name}", is_cut=False) == TEXT


@pytest.mark.parametrize(
    "name",
    ["utf-16le", "utf16le", "utf-16be", "utf16be", "utf8", "iso-8859-16", "iso885916", "x"],
)
def test_no_name_of_a_charset_raises(name: str) -> None:
    assert text_of(b"plain", f"text/html; charset={name}", is_cut=False)
