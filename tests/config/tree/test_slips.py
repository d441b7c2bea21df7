"""Typing mistakes: each is one error with its cure and causes no others."""

from __future__ import annotations

import pytest

from monitor.config import ConfigError, load_text

QUOTES = "typographic quotes (U+201E and U+201C), which YAML takes for text"
HYPHEN = "a hyphen without a space after it"
LIST = "an entry of a list begins with a hyphen and a space: - id: goethe-schule"
CONTRACT = (
    "down: 1 Gbit/s, up: 1 Gbit/s, normal_down: 900 Mbit/s, normal_up: 900 Mbit/s, "
    "minimum_down: 600 Mbit/s, minimum_up: 600 Mbit/s, availability: 99.5 %"
)
SCHOOL = "schools:\n  - {id: goethe-schule, router: 192.0.2.10}\n"


def problems(text: str) -> list[str]:
    try:
        load_text(text.encode(), "s")
    except ConfigError as error:
        return [str(one).removeprefix("s:") for one in error.problems]
    return []


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ("  -id: goethe\n   router: 192.0.2.1\n", f"2:3: {HYPHEN}; {LIST}"),
        ("  -id: goethe\n    router: 192.0.2.1\n", f"2:3: {HYPHEN}; {LIST}"),
        ("  -{id: goethe, router: 192.0.2.1}\n", f"2:3: {HYPHEN}; {LIST}"),
        ("-id: goethe\n router: 192.0.2.1\n", f"2:1: {HYPHEN}; {LIST}"),
        (
            "  -id: goethe\n   router: 192.0.2.1\n  -id: schiller\n   router: 192.0.2.2\n",
            f"2:3: {HYPHEN}, in line 4 too; {LIST}",
        ),
        (
            "  - id: a\n    router: a.de\n  -id: b\n    router: b.de\n  -id: c\n    router: c.de\n",
            f"4:3: {HYPHEN}, in line 6 too; {LIST}",
        ),
    ],
)
def test_a_hyphen_without_a_space_is_one_error(entries: str, said: str) -> None:
    assert problems(f"schools:\n{entries}") == [said]


def test_a_list_of_hyphens_without_spaces_is_one_error() -> None:
    lessons = (
        "lessons:\n  A:\n    - hours: 07:45-13:30\n      weekdays:\n        -mon\n        -tue\n"
    )
    assert problems(lessons + SCHOOL) == [f"5:9: {HYPHEN}, in line 6 too; {LIST}"]


@pytest.mark.parametrize("value", ["-7.2", "'-x'", "a -b", "-x"])
def test_a_hyphen_within_a_value_is_text(value: str) -> None:
    text = SCHOOL.replace("192.0.2.10}", f"192.0.2.10, name: {value}}}")
    assert HYPHEN not in str(problems(text))


@pytest.mark.parametrize(
    ("before", "value"),
    [
        ("name: ", "\u201eGoethe\u201c"),
        ("name: ", '\u201eGoethe: am Park, "neu"\u201c'),
        ("number: ", "\u201e123456\u201c"),
        ("type: ", "\u201eGymnasium\u201c # so"),
        ("\u201edistrict\u201c: ", "Mitte"),
    ],
)
def test_typographic_quotes_around_a_value_or_key_are_one_error(before: str, value: str) -> None:
    text = f"schools:\n  - id: goethe\n    router: 192.0.2.1\n    {before}{value}\n"
    column = (before + value).index("\u201e") + 5
    found = problems(text)
    assert [one.partition(";")[0] for one in found] == [f"4:{column}: {QUOTES}"]
    assert 'type straight ones: "' in found[0]


@pytest.mark.parametrize(
    "pair",
    [
        "\u201c\u201d",
        "\u201d\u201d",
        "\u201a\u2018",
        "\u2018\u2019",
        "\u00bb\u00ab",
        "\u00ab\u00bb",
        '\u201e"',
        '"\u201d',
        "\u201e",
    ],
)
def test_quotes_of_every_country_are_named_in_lists_and_mappings(pair: str) -> None:
    value = f"{pair[0]}Goethe{pair[1:]}"
    flow = f"schools: [{{id: a, router: 192.0.2.1}}, {{id: b, router: 192.0.2.2, name: {value}}}]\n"
    if len(pair) > 1:
        assert len(problems(flow)) == 1
    assert "typographic quotes" in problems(f"{SCHOOL}city:\n  name: {value}\n")[0]
    assert len(problems(f"{SCHOOL}city:\n  name: {value}\n")) == 1


def test_many_slips_are_refused_quickly() -> None:
    many = ", ".join(["\u201ea\u201c"] * 300)
    found = problems(f"{SCHOOL}city: {{name: x, days_off: [{many}]}}\n")
    assert sum("typographic quotes" in one for one in found) == 300
    for line in ("\u201e, " * 20_000, "[" + "\u201ea\u201c, " * 10_000, "-a: " * 20_000):
        assert problems(f"{SCHOOL}city:\n  name: {line}\n")
    deep = "".join(f"{' ' * depth}-a:\n" for depth in range(700))
    assert problems(f"schools:\n{deep}")


@pytest.mark.parametrize(
    "name",
    [
        "Schule \u201eAm Park\u201c",
        "Schule, \u201eAm Park\u201c",
        "\u201eAm Park\u201c-Schule",
        "\u201eA\u201c und \u201eB\u201c",
        "Goethe-\u201eSchule\u201c",
        '"\u201eAm Park\u201c"',
        "\u2019s Gravenhage",
        "Goethe\u2019s Schule # \u201eso\u201c",
    ],
)
def test_typographic_quotes_within_a_text_are_text(name: str) -> None:
    assert problems(f"{SCHOOL}city:\n  name: {name}\n") == []


@pytest.mark.parametrize("name", ["provider-x", "Stadtwerke", "Stadtwerke Nord", '"a/b"'])
@pytest.mark.parametrize(
    ("section", "use"),
    [
        ("providers", "contract: {provider: %s, " + CONTRACT + "}"),
        ("profiles", "profile: %s"),
        ("credentials", "snmp: {credential: %s}"),
    ],
)
def test_a_name_without_an_entry_is_one_error(name: str, section: str, use: str) -> None:
    text = SCHOOL.replace("}", f", {use.replace('%s', name)}}}")
    entries = {
        "providers": "providers: {provider-a: {name: A}}\n",
        "profiles": "profiles: {small: {switches: 0}}\n",
        "credentials": "credentials: {devices: {environment: X}}\n",
    }[section]
    found = problems(entries + text)
    assert len(found) == 1, found
    assert f"is not an entry of {section}" in found[0]


def test_a_goal_for_a_school_that_is_not_listed_is_one_error() -> None:
    goal = (
        "goals: {connectivity: {name: All, criterion: contract, target: 2027-12-31, "
        "denominator: 1, unit: schools, source: council, schools: [Goethe]}}\n"
    )
    found = problems(goal + SCHOOL)
    assert len(found) == 1, found
    assert "is not an entry of schools" in found[0]


@pytest.mark.parametrize(
    ("value", "cure"),
    [
        ("down: 1,5 Gbit/s", "1.5 Gbit/s"),
        ("down: 1,000 Mbit/s", "1.000 Mbit/s or 1000 Mbit/s"),
        ("availability: 99,5 %", "99.5 %"),
        ("availability: '99,5%'", "99.5%"),
    ],
)
def test_a_decimal_comma_gets_its_cure(value: str, cure: str) -> None:
    found = problems(f"{SCHOOL}defaults:\n  contract:\n    {value}\n")
    assert any(one.endswith(f"a decimal point, not a comma: {cure}") for one in found), found


@pytest.mark.parametrize(
    "value",
    [
        *("[51,48, 7,22]", "[51,48 7,22]", "51,48, 7,22", "51.48, 7.22", "51,48 7,22"),
        *('"51,48; 7,22"', "[51,48, 7.22]", "[51.48, 7,22]"),
    ],
)
def test_a_location_with_commas_is_one_error_with_its_cure(value: str) -> None:
    text = f"schools:\n  - id: goethe\n    router: 192.0.2.1\n    location: {value}\n"
    found = problems(text)
    assert len(found) == 1, found
    assert found[0].endswith("did you mean [51.48, 7.22]?")


@pytest.mark.parametrize("value", ["[51.48, 7.22, 1.5]", "[51, 4.5, 7]", "[51.48, 7, 2, 3]"])
def test_a_location_of_other_numbers_is_not_guessed(value: str) -> None:
    text = f"schools:\n  - id: goethe\n    router: 192.0.2.1\n    location: {value}\n"
    assert all("did you mean" not in one for one in problems(text))


def test_a_number_with_a_comma_gets_its_cure() -> None:
    text = SCHOOL.replace("}", ', location: ["51,48", "7,22"]}')
    assert [one.rpartition(": ")[2] for one in problems(text)] == ["51.48", "7.22"]


GOAL = """goals:
  reported:
    - id: funding
      name: Funding
      unit: EUR
      source: council
      entries:
        - {day: 2022-03-01, value: 1, source: x}
"""


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("1,200", "10:36: found “1,200”; a decimal point, not a comma: 1.200 or 1200"),
        ("1,5", "10:36: found “1,5”; a decimal point, not a comma: 1.5"),
        ("32,000", "10:36: found “32,000”; a decimal point, not a comma: 32.000 or 32000"),
        ("1,200,000", "10:36: found “1,200,000”; no commas between thousands: 1200000"),
        (
            "1.200.000",
            "10:36: found “1.200.000”; allowed: a number; no points between thousands: 1200000",
        ),
    ],
)
def test_a_comma_in_a_number_within_braces_gets_its_cure(value: str, said: str) -> None:
    """The rest of the number was a key that should be written in quotes."""
    found = problems(SCHOOL + GOAL.replace("value: 1", f"value: {value}"))
    assert len(found) == 1, found
    assert found[0].endswith(said)


def test_a_number_as_a_key_is_still_a_mistake_of_its_own() -> None:
    (found,) = problems(SCHOOL + GOAL.replace("value: 1", "value: 1, 200: 3"))
    assert found.endswith("key 200 is not text; write it in quotes")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("icmp: {packets: 3}\n" + SCHOOL, "key icmp does not belong here; write it into defaults"),
        ("snmp: {version: 2c}\n" + SCHOOL, "key snmp does not belong here; write it into defaults"),
        ("state: NW\n" + SCHOOL, "key state does not belong here; write it into city"),
        ("router: 192.0.2.1\n" + SCHOOL, "write it into the entry of a school"),
        (SCHOOL.replace("}", ", timezone: Europe/Berlin}"), "write it into city"),
        (SCHOOL.replace("}", ", providers: {}}"), "write it at the top level"),
        ("defaults: {lessons: {}}\n" + SCHOOL, "write it at the top level"),
        ("profiles: {a: {district: x}}\n" + SCHOOL, "write it into the entry of a school"),
        ("icmpp: {packets: 3}\n" + SCHOOL, "unknown key icmpp; allowed: "),
    ],
)
def test_a_key_at_the_wrong_level_is_one_error_that_names_the_right_one(
    text: str, said: str
) -> None:
    found = problems(text)
    assert len(found) == 1, found
    assert said in found[0]
