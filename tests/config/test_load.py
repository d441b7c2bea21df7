"""Whatever the bytes are: an inventory, or an error with a place; never half of one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.config import ConfigError, load, load_text
from monitor.config.tree.regular_file import read_regular_file
from monitor.config.tree.text import MOST_WITHOUT_END

if TYPE_CHECKING:
    from monitor.inventory.city import Inventory

CITY = Path(__file__).parents[2] / "config" / "schools.yaml"
CORPUS = Path(__file__).parent / "corpus"
SMALL = (CORPUS / "good" / "smallest.yaml").read_bytes()
RICH = tuple(path.read_bytes() for path in sorted((CORPUS / "good").glob("*.yaml")))


def outcome(data: bytes) -> Inventory | None:
    """Return the inventory, or None for an error that names at least one place."""
    try:
        return load_text(data, "schools.yaml")
    except ConfigError as error:
        problems = error.problems
    assert problems
    assert all(problem.line >= 1 and problem.column >= 1 for problem in problems)
    return None


def test_small_file_truncated_anywhere_is_refused_or_ends_with_a_line() -> None:
    whole = load_text(SMALL, "schools.yaml")
    end = SMALL.index(b"\n...") + len(b"\n...")
    for size in range(len(SMALL)):
        found = outcome(SMALL[:size])
        if size >= end:
            assert found == whole, f"cut after {size} bytes"
        else:
            is_cut_within_a_line = not SMALL[:size].endswith(b"\n")
            assert found is None or not is_cut_within_a_line, f"cut after {size} bytes"
            assert found is None or not found.has_end_mark


def test_city_truncated_between_schools_is_refused_or_lacks_its_end_mark() -> None:
    data = CITY.read_bytes()
    sizes = [*range(0, len(data) - 4, 997)]
    sizes += [size for size in range(len(data)) if data[size:].startswith(b"\n  - id: ")][::8]
    for size in sizes:
        found = outcome(data[:size])
        assert found is None or not found.has_end_mark, f"cut after {size} bytes"
        assert found is None or len(found.schools) <= MOST_WITHOUT_END, f"cut after {size} bytes"


@given(st.binary(max_size=300))
@example(b"\xef\xbb\xbf")
@example(b"%YAML 9.9\n--- a\n...\n")
@example(b'a: "\\UFFFFFFFF"\n...\n')
@example(b"? [a]\n: b\n...\n")
@example(b"- - - - - - - - - - - - - - - - - - - - - - 1\n...\n")
def test_any_bytes_are_an_inventory_or_an_error_with_a_place(data: bytes) -> None:
    outcome(data)


@settings(max_examples=150)
@given(
    st.sampled_from(RICH),
    st.integers(min_value=0, max_value=4000),
    st.integers(min_value=0, max_value=40),
    st.one_of(
        st.binary(max_size=8),
        st.sampled_from(
            [
                b"NO",
                b"0123",
                b"22:22",
                b"null",
                b"{}",
                b"[]",
                b"- ",
                b": ",
                b"\n",
                b"&a ",
                b"!!map ",
            ]
        ),
    ),
)
def test_any_edit_of_a_good_file_is_an_inventory_or_an_error_with_a_place(
    data: bytes, at: int, size: int, text: bytes
) -> None:
    at %= len(data)
    outcome(data[:at] + text + data[at + size :])


@pytest.mark.parametrize("value", ["{}", "[]", "null", "1", "text", "[{}]", "{a: {}}", "{a: 1}"])
def test_any_wrong_value_anywhere_is_an_error_with_a_place(value: str) -> None:
    # Every line of a file with all keys, its value replaced by one of another type.
    data = (CORPUS / "good" / "every-kind-of-check.yaml").read_text(encoding="utf-8")
    lines = data.splitlines()
    for number, line in enumerate(lines):
        key, colon, _ = line.partition(": ")
        if colon:
            changed = [*lines[:number], f"{key}: {value}", *lines[number + 1 :], ""]
            outcome("\n".join(changed).encode())


def test_pure_python_reader_finds_the_same_problems_in_the_same_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paths = sorted(CORPUS.glob("*/*.yaml"))
    assert hasattr(yaml, "CSafeLoader"), "without libyaml both runs are the pure reader's"
    with_libyaml = [_lines(path) for path in paths]
    monkeypatch.delattr(yaml, "CSafeLoader")
    for path, expected in zip(paths, with_libyaml, strict=True):
        found = _lines(path)
        if path.parent.name == "bad-text":  # the readers notice broken syntax in other places
            assert bool(found) == bool(expected), path.name
        else:
            assert found == expected, path.name


def _lines(path: Path) -> list[str]:
    try:
        load_text(path.read_bytes(), path.name)
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    return []


def test_missing_file_is_an_error_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: the file cannot be read: No such file"):
        load(tmp_path / "none.yaml")


def test_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path)


def test_file_over_one_mebibyte_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(SMALL + b"#" * (1024 * 1024))
    with pytest.raises(ConfigError, match=r"large\.yaml:1:1: the file is larger than 1 MiB"):
        load(path)


def test_file_of_exactly_one_mebibyte_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(SMALL + b"#" * (1024 * 1024 - len(SMALL)))
    assert load(path).city == "Bochum"


@pytest.mark.parametrize(
    "value",
    [
        b"1" * 500_000 + b"x",
        b"1_" * 250_000 + b"x",
        b"1:" * 250_000,
        b"a." * 250_000,
        b"[" * 500_000,
    ],
    ids=["digits", "underscores", "colons", "labels", "brackets"],
)
def test_long_values_do_not_take_quadratic_time(value: bytes) -> None:
    data = SMALL.replace(b"name: First School", b"name: " + value)
    data = data.replace(b"host: 192.0.2.1", b"host: " + value)
    assert outcome(data) is None


def test_error_has_one_line_per_problem() -> None:
    data = SMALL.replace(b"state: NW", b"state: XX").replace(b"version: 1", b"version: 3")
    with pytest.raises(ConfigError) as caught:
        load_text(data, "config/schools.yaml")
    lines = str(caught.value).splitlines()
    assert lines[0] == "config/schools.yaml:1:10: found 3; allowed: 1"
    assert lines[1].startswith(
        "config/schools.yaml:2:54: “XX” is not a state of DE whose public holidays are known; "
    )


@pytest.mark.parametrize("host", ["[::::]", "a\u2100b"])
def test_a_url_whose_host_cannot_be_split_off_is_refused_in_our_words(host: str) -> None:
    text = f'schools: [{{id: a, router: 192.0.2.1, checks: {{w: {{kind: http, url: "http://{host}/"}}}}}}]\n'
    with pytest.raises(ConfigError) as caught:
        load_text(text.encode(), "x.yaml")
    assert f"“http://{host}/” has no valid host; allowed: http" in str(caught.value)


def test_a_folder_in_place_of_a_file_leaves_no_descriptor_open(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with pytest.raises(OSError, match=r"directory|regular"):
            read_regular_file(tmp_path, 10)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "schools.yaml"
    os.mkfifo(pipe)
    with pytest.raises(ConfigError, match="it is a pipe, but a file is needed"):
        load(pipe)
