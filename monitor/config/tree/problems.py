"""Problems of a configuration file: what is wrong, where, and how to fix it.

Problems are collected, not raised one by one, so that one run shows all of them.

Must not know: YAML, pydantic, or what the configuration means.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from monitor.config.tree.invisible import hint_in

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_PROBLEMS = 1000

_SHOWN = 60
# Comparing a word with very many others is slow, and the nearest one is no help then.
_COMPARED = 500
_LONGEST = 400


class Mark(NamedTuple):
    """A position in a file; lines and columns (in characters) count from 1."""

    line: int
    column: int


START = Mark(1, 1)
NOWHERE = Mark(0, 0)
"""The position of a problem with the file itself, such as that it does not exist."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake: where it is, what is wrong, what is allowed.

    Line and column are 0 if it is about the file itself.
    """

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self._place}: {self.message}"

    @property
    def _place(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class ConfigWarning(Problem):
    """A setting that is allowed, but probably unintended: the file can be used."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"{self._place}: warning: {self.message}"


class ConfigError(Exception):
    """The configuration is rejected; `problems` has every reason, sorted by position.

    `text` is the file's text, if it may be shown.
    """

    def __init__(self, problems: tuple[Problem, ...], text: str = "") -> None:
        super().__init__(problems)
        self.problems = problems
        self.text = text

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class TooManyProblemsError(Exception):
    """There are so many problems that further ones are no help, and cost the daemon time."""


class Findings:
    """Collects the problems of one file; the same problem is kept once."""

    __slots__ = ("_file", "_problems")

    def __init__(self, file: str) -> None:
        self._file = file
        self._problems: set[Problem] = set()

    def add(self, mark: Mark, wrong: str, *cures: str) -> None:
        """Note what is wrong at a position, with what is allowed and what was probably meant.

        Raises:
            TooManyProblemsError: if there are far more than a person can fix.
        """
        wrong = wrong if len(wrong) <= _LONGEST else f"{wrong[:_LONGEST]}…"
        said = (wrong, hint_in(wrong), *cures)
        message = _in_one_line("; ".join(one for one in said if one))
        self._problems.add(Problem(self._file, mark.line, mark.column, message))
        if len(self._problems) >= MAX_PROBLEMS:
            more = (
                f"this is not a configuration: {MAX_PROBLEMS} problems or more; the rest is "
                "not shown"
            )
            self._problems.add(Problem(self._file, *START, more))
            raise TooManyProblemsError

    def __len__(self) -> int:
        return len(self._problems)

    def error(self, text: str = "") -> ConfigError:
        """Return the error with all problems found, sorted by position, and the text."""
        return ConfigError(tuple(sorted(self._problems)), text)


def _in_one_line(text: str) -> str:
    """Return a text with every non-printable character escaped."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def shown(value: object) -> str:
    """Return a value as a person wrote it, quoted if it is text, truncated if it is long."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = str(value)
    text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return f"“{text}”" if isinstance(value, str) else text


def suggestion(word: str, candidates: Iterable[str]) -> str:
    """Return `did you mean …?` for the nearest candidate, or nothing."""
    names = {candidate.casefold(): candidate for candidate in islice(candidates, _COMPARED)}
    near = difflib.get_close_matches(word[:_SHOWN].casefold(), names, n=1, cutoff=0.6)
    return f"did you mean {names[near[0]]}?" if near else ""


def listed(names: Iterable[str], limit: int = 16) -> str:
    """Return `allowed: a, b, c`, shortened if there are very many."""
    known = [str(name)[:_SHOWN] for name in names]
    more = f" and {len(known) - limit} more" if len(known) > limit else ""
    return f"allowed: {', '.join(known[:limit])}{more}" if known else ""
