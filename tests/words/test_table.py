"""The one writer of tables: nothing is truncated, whatever the width."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from monitor.words.table import Column, Kind, Table

SITES = (
    Column("Site", Kind.TEXT, leads=True),
    Column("Up", Kind.NUMBER),
    Column("Down", Kind.NUMBER),
    Column("Verdict"),
    Column("Why", Kind.TEXT),
)


def printed(table: Table, width: int) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width).print(table, crop=False)
    return out.getvalue().splitlines()


def sites() -> Table:
    table = Table(*SITES, title="Sites")
    table.add("goethe", "43200", "7", "kept", "")
    table.add(
        "Gemeinschaftsgrundschule am Volkspark", "1", "1200", "missed (open)", "no answer [1]"
    )
    return table


def test_a_table_that_fits_has_one_line_per_row_under_its_header() -> None:
    assert printed(sites(), 100) == [
        "",
        "Sites",
        "Site                                      Up  Down  Verdict        Why",
        "goethe                                 43200     7  kept",
        "Gemeinschaftsgrundschule am Volkspark      1  1200  missed (open)  no answer [1]",
    ]


def test_texts_wrap_before_any_other_change() -> None:
    assert printed(sites(), 68)[2:] == [
        "Site                          Up  Down  Verdict        Why",
        "goethe                     43200     7  kept",
        "Gemeinschaftsgrundschule       1  1200  missed (open)  no answer [1]",
        "am Volkspark",
    ]


def test_on_narrow_terminals_the_subject_moves_above_its_row() -> None:
    assert printed(sites(), 50)[2:] == [
        "Site",
        "     Up  Down  Verdict        Why",
        "goethe",
        "  43200     7  kept",
        "Gemeinschaftsgrundschule am Volkspark",
        "      1  1200  missed (open)  no answer [1]",
    ]


def test_styles_are_kept_and_text_is_not_markup() -> None:
    table = Table(Column("how"), Column("what", Kind.TEXT))
    table.add(Text("broken", "bold red"), "[bold]x[/]\x1b[2J")
    out = io.StringIO()
    Console(file=out, width=40, force_terminal=True, color_system="standard").print(table)
    assert "\x1b[1;31mbroken" in out.getvalue()
    assert "[bold]x[/]" in out.getvalue()
    assert "\x1b[2J" not in out.getvalue()


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="1 cells for 5 columns"):
        sites().add("x")


WORDS = st.text(st.sampled_from("abcÄ世0123456789 \n"), max_size=60)


@given(
    st.lists(st.tuples(WORDS, st.integers(0, 10**9), WORDS), min_size=1, max_size=5),
    st.integers(10, 120),
)
def test_no_character_is_ever_lost_and_no_number_is_broken(
    rows: list[tuple[str, int, str]], width: int
) -> None:
    table = Table(
        Column("name", Kind.TEXT, leads=True), Column("n", Kind.NUMBER), Column("why", Kind.TEXT)
    )
    for name, number, why in rows:
        table.add(name, str(number), why)
    lines = printed(table, width)
    letters = sorted("".join(lines).replace(" ", "").replace(",", ""))
    wanted = "nname" + "why" + "".join(f"{name}{number}{why}" for name, number, why in rows)
    assert letters == sorted("".join(wanted.split()))
    for _, number, _ in rows:
        assert any(str(number) in line for line in lines)
    if width >= 60:
        assert max(map(cell_len, lines)) <= width
