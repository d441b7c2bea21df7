from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.tree.problems import Findings, Mark
from monitor.config.tree.text import Ambiguous, Mapping, Scalar, compose, plain, resolve
from tests.config.yaml12 import load_yaml12


def tree(text: str) -> Mapping:
    findings = Findings("x")
    node = compose(text.encode(), findings)
    assert not len(findings), findings.error()
    assert isinstance(node, Mapping)
    return node


@pytest.mark.parametrize(
    "text",
    [
        *("NO", "no", "Off", "yes", "Y", "TRUE", "True", "0123", "-017", "22:22", "1:30.5"),
        *("1_000", "+5", "0x1F", "0b1", "0o7", "1e3", "1.5e-3", ".5", "5.", "089", "1.000_5"),
        *(".inf", "-.INF", ".NaN", "=", "<<"),
        *("2026-10-01", "2026-10-01T10:00:00Z", "2001-12-14 21:59:43.10 -5"),
    ],
)
def test_scalars_that_readers_disagree_about_are_ambiguous(text: str) -> None:
    assert isinstance(resolve(text), Ambiguous)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("1.50", 1.5),
        ("Nord", "Nord"),
        ("10.82.1.0/24", "10.82.1.0/24"),
        ("07:45-13:30", "07:45-13:30"),
        ("1 Gbit/s", "1 Gbit/s"),
        ("2001:db8::1", "2001:db8::1"),
        ("192.0.2.1", "192.0.2.1"),
    ],
)
def test_scalars_that_all_readers_agree_on_are_values(text: str, value: object) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@given(st.text(st.sampled_from("0123456789_.:+-eExobTtZ aAnNyYfFsS~=<"), max_size=12))
def test_unambiguous_scalars_mean_the_same_in_yaml_1_1_and_1_2(text: str) -> None:
    value = resolve(text)
    if isinstance(value, Ambiguous):
        return
    try:
        event = next(e for e in yaml.parse(text) if isinstance(e, yaml.ScalarEvent))
    except (yaml.YAMLError, StopIteration):
        return
    if event.value != text or event.style:  # not one plain scalar
        return
    old = yaml.safe_load(text)
    new = load_yaml12(text.encode())
    assert (value, type(value)) == (old, type(old)) == (new, type(new))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a:\n\tb: 1\n...\n", (2, 1)),
        ("a:\n  b: 1\n \tc: 2\n...\n", (3, 2)),
        ("a:\n  - x: 1\n\t  y: 2\n...\n", (3, 1)),
        ("\ta: 1\n...\n", (1, 1)),
        ("a: x\r\n\tb: y\r\n...\n", (2, 1)),
        ("k:\n -\tx: 1\n   y: 2\n...\n", (2, 3)),
    ],
)
@pytest.mark.parametrize("is_ours", [True, False])
def test_an_indenting_tab_is_named_as_a_tab(
    text: str, place: tuple[int, int], *, is_ours: bool
) -> None:
    findings = Findings("x")
    compose(text.encode(), findings, is_ours=is_ours)
    line, column = place
    assert str(findings.error().problems[0]) == f"x:{line}:{column}: a tab; YAML wants spaces"


def test_a_tab_elsewhere_is_not_blamed_for_another_mistake() -> None:
    findings = Findings("x")
    compose(b"t: |\n  one\n  \ttwo\na: 1\nb: - 2\n", findings, is_ours=False)
    assert "5:4: a list entry after a key" in str(findings.error())
    assert tree("a:\t1\nb: [1,\t2]\t# note\n...\n").values.keys() == {"a", "b"}


def test_keys_and_values_carry_their_positions() -> None:
    root = tree("größe: 1\nliste:\n  - {a: x,  b: y2}\n...\n")
    assert root.keys["liste"] == Mark(2, 1)
    node = root.values["größe"]
    assert isinstance(node, Scalar)
    assert node.mark == Mark(1, 8)
    assert plain(root) == {"größe": 1, "liste": [{"a": "x", "b": "y2"}]}


def test_columns_count_characters_not_bytes() -> None:
    findings = Findings("x")
    compose("ää: {öö: *a}\n...\n".encode(), findings)
    problem = findings.error().problems[0]
    assert (problem.line, problem.column) == (1, 10)


def test_every_duplicate_key_is_reported() -> None:
    findings = Findings("x")
    compose(b"a: 1\na: 2\nb: {c: 1, c: 2}\na: 3\n...\n", findings)
    assert [problem.line for problem in findings.error().problems] == [2, 3, 4]
