"""Good and bad files: the loader and the JSON Schema agree on them.

`bad` is refused by both. `bad-semantic` breaks rules across keys or limits that JSON Schema
cannot say, `bad-text` is wrong as YAML text or in how a value is written: the schema sees
neither, so it has to accept the one and is not asked about the other.
"""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import pytest

from monitor.config import ConfigError, load_text, schema
from tests.config.yaml12 import load_yaml12

CORPUS = Path(__file__).parent / "corpus"


def files(folder: str) -> list[object]:
    found = sorted((CORPUS / folder).glob("*.yaml"))
    assert found, f"no corpus in {folder}"
    return [pytest.param(path, id=path.stem) for path in found]


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(schema())
    return jsonschema.Draft202012Validator(
        schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )


def refusal(path: Path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_text(path.read_bytes(), path.name)
    return caught.value


@pytest.mark.parametrize("path", files("good"))
def test_good_file_is_accepted_by_loader_and_schema(
    path: Path, validator: jsonschema.Draft202012Validator
) -> None:
    assert load_text(path.read_bytes(), path.name).schools
    validator.validate(load_yaml12(path.read_bytes()))


@pytest.mark.parametrize("path", files("bad"))
def test_bad_file_is_refused_by_the_schema_too(
    path: Path, validator: jsonschema.Draft202012Validator
) -> None:
    refusal(path)
    assert not validator.is_valid(load_yaml12(path.read_bytes()))


@pytest.mark.parametrize("path", files("bad-semantic"))
def test_rule_across_keys_is_enforced_only_by_the_loader(
    path: Path, validator: jsonschema.Draft202012Validator
) -> None:
    refusal(path)
    validator.validate(load_yaml12(path.read_bytes()))


@pytest.mark.parametrize("path", [*files("bad"), *files("bad-semantic"), *files("bad-text")])
def test_first_problem_reads_as_expected(path: Path) -> None:
    expected = path.with_suffix(".expected").read_text(encoding="utf-8").rstrip("\n")
    assert str(refusal(path).problems[0]) == expected


@pytest.mark.parametrize("path", [*files("bad"), *files("bad-semantic"), *files("bad-text")])
def test_problems_are_sorted_and_lie_within_the_file(path: Path) -> None:
    problems = refusal(path).problems
    lines = len(re.split(rb"\r\n|\r|\n", path.read_bytes()))
    assert list(problems) == sorted(problems)
    assert all(1 <= problem.line <= lines and problem.column >= 1 for problem in problems)


@pytest.mark.parametrize("name", ["secret-in-the-file", "url-with-password"])
def test_secret_written_into_the_file_is_not_repeated(name: str) -> None:
    assert "hunter2" not in str(refusal(CORPUS / "bad" / f"{name}.yaml"))


@pytest.mark.parametrize("sign", ["!hunter2", "!hunter2 x", "&hunter2 x", "*hunter2", "„hunter2“"])
def test_a_misplaced_secret_that_begins_with_a_sign_of_yaml_is_not_repeated(sign: str) -> None:
    text = f"credentials:\n  devices: {sign}\nschools:\n  - {{id: a, router: 192.0.2.1}}\n"
    with pytest.raises(ConfigError) as caught:
        load_text(text.encode(), "x.yaml")
    assert "hunter2" not in str(caught.value)


def test_all_mistakes_of_a_file_are_reported_in_one_run() -> None:
    problems = refusal(CORPUS / "bad" / "many-mistakes-at-once.yaml").problems
    assert [(problem.line, problem.column) for problem in problems] == [
        (2, 54),  # unknown state
        (8, 31),  # bad address
        (18, 11),  # wrong unit
        (29, 13),  # number without quotes
        (39, 14),  # unknown profile
    ]
