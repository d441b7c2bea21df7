"""Editing the file as a person would: everything else stays byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import load_text
from monitor.config.edit import edit_schools
from monitor.config.entry import EditError
from monitor.config.rows import NamedHost, Row, slug

SMALL = (Path(__file__).parent / "corpus/good/smallest.yaml").read_text(encoding="utf-8")
NEW: Row = {
    "id": "new-school",
    "number": "999999",
    "name": "Neue Schule",
    "type": "Grundschule",
    "district": "Mitte",
    "location": (51.5, 7.25),
    "network": "10.82.9.0/24",
}
NAMES = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=("Cc", "Cs", "Zs")),
    min_size=1,
    max_size=60,
).filter(lambda name: name.strip() == name)


def first_name(text: str) -> str:
    return load_text(text.encode(), "x.yaml").schools[0].name


@given(NAMES)
def test_any_name_is_read_back_as_written(name: str) -> None:
    edited = edit_schools(SMALL, [{"number": "123450", "name": name}], "x.yaml")
    assert first_name(edited.text) == name
    assert edited.updated == ([] if name == "First School" else ["first-school"])
    added = edit_schools(SMALL, [NEW | {"name": name}], "x.yaml")
    assert load_text(added.text.encode(), "x.yaml").schools[-1].name == name


def test_comments_and_all_other_lines_are_kept() -> None:
    commented = SMALL.replace("name: First School", "name: First School  # as on the sign")
    edited = edit_schools(commented, [{"number": "123450", "name": "Other"}], "x.yaml")
    assert edited.text == commented.replace("First School  #", "Other  #")


def test_a_new_school_is_inserted_after_the_last_one() -> None:
    edited = edit_schools(SMALL, [NEW], "x.yaml")
    assert list(edited.added) == ["new-school"]
    assert edited.text.startswith(SMALL.removesuffix("...\n"))
    assert edited.text.endswith("    network: 10.82.9.0/24\n...\n")
    assert [one.id for one in load_text(edited.text.encode(), "x").schools][-1] == "new-school"


def test_a_new_school_is_inserted_before_what_follows_the_list() -> None:
    text = SMALL.replace("...\n", "\n# The goal.\ngoal: {}\n...\n")
    edited = edit_schools(text, [NEW], "x.yaml")
    assert "    network: 10.82.9.0/24\n\n# The goal.\ngoal: {}\n...\n" in edited.text


@pytest.mark.parametrize("indent", ["", "    "])
def test_a_new_school_is_indented_like_the_others(indent: str) -> None:
    entry = f"{indent}- id: a\n{indent}  number: '123450'\n{indent}  router: 192.0.2.1\n"
    edited = edit_schools(f"schools:  # see [wiki]\n{entry}", [NEW], "x.yaml")
    assert edited.text.startswith(f"schools:  # see [wiki]\n{entry}{indent}- id: new-school\n")
    assert len(load_text(edited.text.encode(), "x.yaml").schools) == 2


def test_a_byte_order_mark_before_the_list_is_kept() -> None:
    text = "\ufeffschools:\n  - id: a\n    router: 192.0.2.1\n"
    assert edit_schools(text, [NEW], "x.yaml").text.startswith(f"{text}  - id: new-school\n")


def test_a_hash_inside_quotes_is_part_of_the_replaced_name() -> None:
    quoted = SMALL.replace("name: First School", 'name: "School # 1"  # as on the sign')
    edited = edit_schools(quoted, [{"number": "123450", "name": "Other"}], "x.yaml")
    assert edited.text == SMALL.replace("First School", "Other  # as on the sign")


def test_a_row_without_an_id_does_not_match_a_school_without_one() -> None:
    with pytest.raises(EditError, match="school 999999 is new; it needs a name or an id"):
        edit_schools("schools:\n  - name: x\n", [{"number": "999999"}], "x.yaml")


def test_schools_without_a_row_are_kept_and_named() -> None:
    edited = edit_schools(SMALL, [], "x.yaml")
    assert edited.text == SMALL
    assert list(edited.absent) == [one.id for one in load_text(SMALL.encode(), "x").schools]


def test_a_row_without_a_number_is_matched_by_school_id() -> None:
    text = "schools:\n  - id: goethe\n    router: 192.0.2.1\n  - id: voede\n    router: 192.0.2.2\n"
    row: Row = {"id": "voede", "switches": [NamedHost("sw-1", "192.0.2.3")]}
    edited = edit_schools(text, [row], "x.yaml")
    assert (edited.updated, edited.added, list(edited.absent)) == (["voede"], {}, ["goethe"])
    goethe, voede = load_text(edited.text.encode(), "x.yaml").schools
    assert not goethe.sites[0].switches
    assert [one.host for one in voede.sites[0].switches] == ["192.0.2.3"]


def test_a_file_with_crlf_line_ends_keeps_them() -> None:
    rows: list[Row] = [NEW, {"number": "123450", "name": "Other", "district": "Mitte"}]
    text = edit_schools(SMALL.replace("\n", "\r\n"), rows, "x.yaml").text
    assert text == edit_schools(SMALL, rows, "x.yaml").text.replace("\n", "\r\n")


def test_importing_the_same_rows_again_changes_nothing() -> None:
    once = edit_schools(SMALL, [NEW, {"number": "123450", "name": "Other"}], "x.yaml").text
    again = edit_schools(once, [NEW, {"number": "123450", "name": "Other"}], "x.yaml")
    assert (again.text, again.added, again.updated) == (once, {}, [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 1\n...\n", "no list `schools`"),
        ("a: [\n", "x.yaml:"),
        (SMALL.replace("    name: First School\n", "    name:\n      First School\n"), "by hand"),
        (SMALL.replace("    name: First School\n", "    name: First\n      School\n"), "by hand"),
        (SMALL.replace("    name: First School\n", '    name: "First\n      School"\n'), "by hand"),
        ("schools:\n" + "  - id:\u00a0x\n" * 1200, "1000 problems or more"),
    ],
)
def test_files_that_cannot_be_edited_are_reported(text: str, said: str) -> None:
    with pytest.raises(EditError, match=said):
        edit_schools(text, [{"number": "123450", "name": "Other"}], "x.yaml")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Köllerholz-Schule", "koellerholz-schule"),
        ("Grundschule in der Vöde", "grundschule-in-der-voede"),
        ("  Schule „am Park“ (II) ", "schule-am-park-ii"),
        ("x" * 100, "x" * 48),
    ],
)
def test_an_id_is_derived_from_the_name(name: str, expected: str) -> None:
    assert slug(name) == expected
