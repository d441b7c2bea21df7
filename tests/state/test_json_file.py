"""One document in a file: damaged, newer or too large files are reported and kept."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from monitor.state.json_file import DamagedFileError, JsonFile, NewerFileError, TooLargeError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Notes:
    notes: tuple[str, ...]
    by: dict[str, int]


NOTES = Notes(("ä", "b\x1b"), {"x": 1})


@pytest.fixture
def file(tmp_path: Path) -> JsonFile[Notes]:
    return JsonFile(tmp_path / "notes.json", Notes, {}, most_bytes=200, schema=3)


def test_a_written_document_is_private_and_read_back(file: JsonFile[Notes]) -> None:
    assert file.read() is None
    with file.locked():
        file.write(NOTES)
    assert file.read() == NOTES
    text = file.path.read_text(encoding="utf-8")
    assert "\x1b" not in text
    assert json.loads(text) == {"schema": 3, "notes": ["ä", "b\x1b"], "by": {"x": 1}}
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "not JSON: Expecting value"),
        ("[" * 199, "not JSON: "),
        ("[]", "no schema number"),
        ('{"schema": "3"}', "no schema number"),
        ('{"schema": 3}', "has notes None"),
        ('{"schema": 3, "notes": ["a", 5], "by": {}}', "has notes.1 5"),
        ('{"schema": 3, "notes": [], "by": {"x": "y"}}', "has by.x 'y'"),
        (" " * 201, "larger than 200 bytes"),
    ],
)
def test_a_damaged_file_is_named_with_its_damage(
    file: JsonFile[Notes], content: str, said: str
) -> None:
    file.path.write_text(content)
    with pytest.raises(DamagedFileError) as caught:
        file.read()
    assert str(caught.value).startswith(said)
    assert file.path.read_text() == content


def test_a_file_of_a_newer_version_is_not_called_damaged(file: JsonFile[Notes]) -> None:
    file.path.write_text('{"schema": 4, "leaves": 5}')
    with pytest.raises(NewerFileError, match="schema 4, this version knows 3"):
        file.read()


def test_a_too_large_document_is_not_written_and_the_old_file_kept(file: JsonFile[Notes]) -> None:
    file.write(NOTES)
    with pytest.raises(TooLargeError, match=r"notes\.json would hold more than 200 bytes"):
        file.write(Notes(("x" * 200,), {}))
    assert file.read() == NOTES


def test_a_document_without_a_schema_has_none_in_its_file(tmp_path: Path) -> None:
    file = JsonFile(tmp_path / "plain.json", Notes, {}, most_bytes=200)
    file.write(NOTES)
    assert "schema" not in json.loads(file.path.read_text(encoding="utf-8"))
    assert file.read() == NOTES
