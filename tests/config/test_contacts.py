"""The contacts file: mistakes are reported with line and cure, and no value is repeated."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import ConfigError, load
from monitor.config.contacts import Contacts, read_contacts
from monitor.config.tree.text import MAX_BYTES
from tests.mails.city import CONTACTS, PERSONAL, city


def problems(place: Path, text: str) -> list[str]:
    file = place / "contacts.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_contacts(file, city())
    return [str(one).removeprefix(f"{file}:") for one in caught.value.problems]


def test_a_good_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "contacts.yaml"
    file.write_text(CONTACTS, encoding="utf-8")
    found = read_contacts(file, city())
    assert found.providers["Provider A"].hotline == "+49 800 1234567"
    assert found.schools["goethe"].sites["annex"].contacts[0].name == "Herr Groß"
    file.write_text("", encoding="utf-8")
    assert read_contacts(file, city()) == Contacts()


ONE = "schools:\n  koellerholz:\n    contacts:\n      - {name: Frau Secret, phone: %s}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "schools:\n  koelerholz: {}\n",
            (
                "2:3: no such school is configured; allowed: goethe, koellerholz; "
                "did you mean koellerholz?"
            ),
        ),
        (
            "city:\n\tcontacts: []\n",
            "2:1: a tab; YAML wants spaces",
        ),
        (
            "schools:\n  goethe:\n    sites: {anex: {}}\n",
            "3:13: no such site is configured; allowed: annex, haus; did you mean annex?",
        ),
        (
            "providers:\n  a: {}\n",
            "2:3: no such provider is configured; allowed: Provider A; did you mean Provider A?",
        ),
        (
            "providers:\n  provider-b: {}\n",
            "2:3: no such provider is configured; allowed: Provider A",
        ),
        (
            "city: {contact: []}\n",
            "1:8: unknown key city.contact; allowed: contacts; did you mean contacts?",
        ),
        (
            ONE % "0234/SECRET",
            (
                "4:36: schools.koellerholz.contacts.0.phone: not a phone number; allowed: digits, "
                "inner spaces and ()/.-, a + at the start"
            ),
        ),
        (
            ONE % "0234555",
            "4:36: schools.koellerholz.contacts.0.phone: not text; write it in quotes",
        ),
        (
            "city: {contacts: [{name: Frau Secret}]}\n",
            "1:19: city.contacts.0: neither phone nor email is given; give one",
        ),
        (
            'city: {contacts: [{phone: "0234"}]}\n',
            "1:19: city.contacts.0.name: missing; write it",
        ),
        (
            'city: {contacts: [{name: A, email: "Secret <a@b.de>"}]}\n',
            (
                "1:36: city.contacts.0.email: not a mail address; allowed: name@domain, such as "
                "it@schule.example.org"
            ),
        ),
        ("- x\n", "1:1: the file: not a mapping; allowed: keys with their values"),
        ("version: 2\n", "1:10: version has an unknown value; allowed: 1"),
        (
            'schools: {"Frau Secret": {}}\n',
            (
                "1:11: a key of schools has the wrong form; allowed: lower-case letters a to z, "
                "digits and inner hyphens, at most 48"
            ),
        ),
    ],
)
def test_mistakes_are_reported_with_place_and_cure(tmp_path: Path, text: str, said: str) -> None:
    (found,) = problems(tmp_path, text)
    assert found == said
    assert "Secret" not in found.replace("SECRET", "Secret")


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    assert len(problems(tmp_path, "city: {x: 1}\nproviders: {Provider A: {hotline: x}}\n")) == 2
    # An invalid contact, and a school that is not configured.
    assert len(problems(tmp_path, "city: {x: 1}\nschools: {gothe: {address: Straße 1}}\n")) == 2


def test_a_missing_or_too_large_file_is_reported(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "nothing", tmp_path, tmp_path / "pipe"):
        with pytest.raises(ConfigError, match="cannot be read"):
            read_contacts(path, city())
    (problem,) = problems(tmp_path, "#" * (MAX_BYTES + 1))
    assert problem.endswith(f"the file cannot be read: larger than {MAX_BYTES} bytes")


@given(st.integers(0, len(CONTACTS)), st.text(max_size=3), st.integers(0, 3))
def test_no_damage_leaks_a_value_into_a_message(at: int, inserted: str, cut: int) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "contacts.yaml"
        damaged = CONTACTS[:at] + inserted + CONTACTS[at + cut :]
        file.write_text(damaged, encoding="utf-8", errors="replace")
        said = ""
        try:
            read_contacts(file, city())
        except ConfigError as error:
            said = str(error)
        assert not any(word in said for word in PERSONAL)


def test_the_shipped_example_is_accepted() -> None:
    folder = Path(__file__).parents[2] / "config"
    found = read_contacts(folder / "contacts.example.yaml", load(folder / "schools.yaml"))
    assert found.city.contacts
    assert found.providers.keys() == {"Provider A", "Provider B"}
