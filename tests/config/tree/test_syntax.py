"""YAML as people type it: each mistake in our words, with all others, the column under a caret."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config import ConfigError, load_text
from monitor.config.build.plausible import odd_locations
from monitor.config.tree.excerpt import with_excerpts
from monitor.config.tree.problems import Findings
from monitor.config.tree.text import compose
from tests.cli.test_main import TOWN, invoke

CORPUS = Path(__file__).parents[1] / "corpus"
SMALL = (CORPUS / "good/smallest.yaml").read_text(encoding="utf-8")
ELSEWHERE = "2:32: “Europe/Berln” is not a time zone"


def refused(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_text(text.encode(), "x")
    return caught.value


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("name: First School", 'name: "First', '30:11: the " that is opened here is not closed'),
        ("name: First School", "name: 'First", "30:11: the ' that is opened here is not closed"),
        ("type: Grundschule", "type Grundschule", "31:5: a key without its colon"),
        ("providers:\n", "providers\n", "5:1: a key without its colon"),
        ("type: Grund", "type:Grund", "31:5: a colon without a space after it"),
        ("thu, fri]", "thu, fri", "13:18: the [ that is opened here is not closed"),
        ("192.0.2.1}", "192.0.2.1", "8:5: the { that is opened here is not closed"),
        ("host: 192.0.2.1}", "host: gate: 1}", "8:35: a second colon with a space after it; put"),
        ("1, host: 192.0.2.1}", "1 host: 192.0.2.1}", "8:28: a second colon with a space after"),
        ("name: First School", "name: @First", "30:11: a value cannot begin with this character"),
        ("name: First School", "name: `First", "30:11: a value cannot begin with this character"),
        ("name: First School", "name: First: School", "30:16: a second colon"),
        ("name: First School", 'name: "First" School', "30:19: text after the value"),
        ("    number:", "   number:", "29:4: indented by 3, and line 28 above it by 4"),
        ("    type: Grund", "      type: Grund", "31:7: indented by 6, and line 30 above it by 4"),
        ("    name: First", "\tname: First", "30:1: a tab; YAML wants spaces"),
        ("name: First School", r'name: "First \School"', "30:18: in double quotes, \\ begins"),
        ("schools:\n", "schools: - a\n", "27:10: a list entry after a key"),
    ],
)
def test_a_syntax_error_is_reported_in_our_words_with_all_other_mistakes(
    before: str, after: str, said: str
) -> None:
    text = SMALL.replace(before, after, 1).replace("Europe/Berlin", "Europe/Berln")
    problems = str(refused(text)).splitlines()
    assert len(problems) == 2, problems
    assert problems[0].startswith(f"x:{ELSEWHERE}")
    assert problems[1].startswith(f"x:{said}")


def test_a_number_with_a_comma_in_braces_gets_its_cure() -> None:
    findings = Findings("x")
    compose(b"a: {value: 1,200, 7: x, true: }\n...\n", findings, is_ours=True)
    assert [str(one) for one in findings.error().problems] == [
        "x:1:12: found “1,200”; a decimal point, not a comma: 1.200 or 1200",
        "x:1:19: key 7 is not text; write it in quotes",
        "x:1:25: key true is not text; write it in quotes",
    ]


@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize("blank", ["\n", "\n\n", "\n  "])
def test_an_open_quote_above_an_empty_line_is_reported_once(quote: str, blank: str) -> None:
    text = SMALL.replace("name: First School", f"name: {quote}First School{blank}", 1)
    # Another quote of the kind is below, which closes it.
    text = text.replace("name: Second", f"name: {quote}Second{quote} #", 1)
    (problem,) = refused(text).problems
    assert (problem.line, problem.column) == (30, 11)
    assert problem.message.startswith(f"the {quote} that is opened here is not closed in its line")


def test_several_syntax_errors_are_reported_together() -> None:
    text = SMALL.replace("name: First School", 'name: "First')
    text = text.replace('    number: "123451', '   number: "123451')
    text = text.replace("profile: grundschule", "profile: grundschul")
    assert {one.line for one in refused(text).problems} == {30, 32, 36, 39}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("type: Grund", "type: Grund\u200b", "31:16: a zero-width space (U+200B); delete it"),
        ("name: First", "name:\u00a0First", "30:10: a no-break space (U+00A0); type a plain space"),
        ("    name: F", "  \u00a0 name: F", "30:3: a no-break space (U+00A0)"),
        ("name: F", "na\u00adme: F", "30:7: a soft hyphen (U+00AD)"),
        ("name: F", "name: \ufeffF", "30:11: a byte order mark (U+FEFF)"),
        ("10.82.1.0/24", "10.82.1.0\u202f/24", "34:23: a narrow no-break space (U+202F)"),
        (
            "host: 192.0.2.1}",
            'host: "192.0.2.1\u200b"}',
            "8:31: “192.0.2.1\\u200b” is not a valid address or host name",
        ),
    ],
)  # fmt: skip
def test_invisible_characters_are_named_with_their_place(
    before: str, after: str, said: str
) -> None:
    assert before in SMALL
    text = SMALL.replace(before, after, 1)
    problems = [str(one) for one in refused(text).problems]
    assert any(one.startswith(f"x:{said}") and "(U+" in one for one in problems), problems


def test_invisible_characters_in_quotes_and_comments_are_text() -> None:
    text = SMALL.replace("name: First School", 'name: "First\u00a0School"  # a\u00a0comment\u200b')
    assert load_text(text.encode(), "x").schools[0].name == "First\u00a0School"


def test_a_caret_marks_the_column() -> None:
    error = refused(SMALL.replace("192.0.2.1", "192.0.2.x y"))
    (problem,) = error.problems
    message, line, caret = with_excerpts(error.problems, error.text).splitlines()
    assert message == str(problem)
    assert line.index("192.0.2.x y") == caret.index("^")


def test_a_long_line_is_shortened_around_the_caret() -> None:
    error = refused(SMALL.replace("name: First School", f"name: {'x' * 300}: y"))
    _, line, caret = with_excerpts(error.problems, error.text).splitlines()
    assert len(line) < 120
    assert line[caret.index("^")] == ":"


@pytest.mark.parametrize("name", ["secret-in-the-file", "url-with-password"])
def test_a_line_with_a_secret_is_not_shown(name: str) -> None:
    path = CORPUS / "bad" / f"{name}.yaml"
    assert b"hunter2" in path.read_bytes()
    code, _, errors = invoke("check", path)
    assert (code, "hunter2" in errors) == (1, False)


def test_check_shows_the_line_of_each_mistake(tmp_path: Path) -> None:
    file = tmp_path / "schools.yaml"
    file.write_text(SMALL.replace("[51.48, 7.22]", "[51.48, 907.22]"), encoding="utf-8")
    code, _, errors = invoke("check", file)
    shown = errors.splitlines()
    assert code == 1
    assert shown[0].startswith(f"{file}:33:23: ")
    assert shown[1:3] == [
        "   33 |     location: [51.48, 907.22]",
        "      |                       ^",
    ]
    assert ": warning: " in shown[3]
    assert shown[-1] == f"{file}: 1 error, 1 warning"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("[7.22, 51.48]", "looks swapped; latitude comes first: [51.48, 7.22]"),
        ("[51.48, 9.22]", "is 138 km away from the middle of all schools"),
        ("[15.48, 7.22]", "km away from the middle of all schools"),
        ("[51.9, 7.22]", ""),
    ],
)
def test_implausible_coordinates_get_a_warning(tmp_path: Path, place: str, said: str) -> None:
    third = SMALL[SMALL.index("  - id: second-school") : SMALL.index("...")]
    third = third.replace("second-school", "third-school").replace("123451", "123452")
    third = third.replace("10.82.2.0", "10.82.3.0")
    text = SMALL.replace("...\n", f"{third}...\n").replace("[51.48, 7.22]", place, 1)
    (tmp_path / "s.yaml").write_text(text, encoding="utf-8")
    code, _, errors = invoke("check", tmp_path / "s.yaml")
    warnings = [line for line in errors.splitlines() if ": warning: first-school: " in line]
    assert (code, len(warnings)) == (0, 1 if said else 0), errors
    assert all(f"first-school: location {place} " in one and said in one for one in warnings)


def test_swapped_coordinates_are_recognised_by_the_country() -> None:
    text = SMALL.replace("[51.48, 7.22]", "[7.22, 51.48]").replace("[51.49, 7.23]", "[7.23, 51.49]")
    assert len(list(odd_locations(load_text(text.encode(), "x")))) == 2
    assert not list(odd_locations(load_text(TOWN.text().encode(), "x")))


@pytest.mark.parametrize("key", ["credentials", '"credentials"', "'credentials' "])
def test_a_secret_below_a_quoted_key_is_not_shown(key: str) -> None:
    error = refused(SMALL.replace("schools:", f"{key}:\n  devices: hunter2\nschools:"))
    assert "hunter2" not in with_excerpts(error.problems, error.text)
