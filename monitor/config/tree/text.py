"""From bytes to a tree of YAML values with their positions.

PyYAML reads the text; everything beyond plain mappings, lists and scalars is rejected here:
duplicate keys, anchors and aliases, tags, directives, several documents, deep nesting.
A long document ends with an explicit `...`, so that a truncated file is never mistaken for a
complete one; a short one may omit it.

Scalars follow a subset on which YAML 1.1 and 1.2 agree. What they read differently (`NO`,
`0123`, `22:22`, `1_000`, `2026-10-01`) becomes `Ambiguous`, which no text field accepts.

Must not know: what any key means.
Source: YAML 1.1 (yaml.org/type), YAML 1.2.2 §10.3 core schema.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import yaml

from monitor.config.tree.problems import START, Findings, Mark, TooManyProblemsError, shown
from monitor.config.tree.signs import LINE_END, without_invisible
from monitor.config.tree.slips import note_comma, without_slips
from monitor.config.tree.syntax import STAND_IN, Fault, Mender, fault_of, unclosed

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 20
# Limits on the faults that are removed to read on, and on the characters read for that.
_MENDED: Final = 10
_MENDED_SIZE: Final = MAX_BYTES
# A file whose sections have at most this many entries needs no end mark: it is visibly complete.
MOST_WITHOUT_END: Final = 20

# C0 and C1 controls, DEL, Unicode line breaks (YAML counts them as lines, editors do not),
# surrogates and non-characters.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]"
)
_FORBIDDEN_IN_VALUES = re.compile(f"{_FORBIDDEN.pattern[:-1]}\t\n\r]")

_WORDS: Final = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    "true": True,
    "false": False,
}
# No number is longer, and the patterns below take quadratic time.
_LONGEST_SURPRISE = 64

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,18}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9].*)?")
_SURPRISES = (
    (re.compile(r"(?i:y|yes|n|no|on|off|true|false)"), "a boolean to some YAML parsers"),
    (re.compile(r"[-+]?0[0-7_]+"), "an octal number to some YAML parsers"),
    (re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"), "a base-60 number in YAML"),
    (re.compile(r"[-+]?0[xob][0-9a-fA-F_]+"), "a number in another base"),
    (re.compile(r"[-+]?[0-9][0-9_]*"), "a number to some YAML parsers"),
    (re.compile(r"[-+]?(?:[0-9][0-9_]*)?\.?[0-9_]+(?:[eE][-+]?[0-9]+)?"), "a number in YAML"),
    (re.compile(r"[-+]?[0-9][0-9_]*\.(?:[eE][-+]?[0-9]+)?"), "a number in YAML"),
    (re.compile(r"[-+]?\.(?i:inf)|\.(?i:nan)"), "not a finite number"),
    (re.compile(r"=|<<"), "a special character in YAML"),
)


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A plain scalar that YAML readers interpret differently; `why` is empty if it was reported."""

    text: str
    why: str
    is_date: bool = False

    def __str__(self) -> str:
        return self.text


BROKEN: Final = Ambiguous("", "")

Value = str | int | float | bool | Ambiguous | None


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value, and how it was written: 1.500 and 1.5 are one value."""

    mark: Mark
    value: Value
    text: str = ""


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    mark: Mark
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """Nodes by key; `keys` has the position of each key."""

    mark: Mark
    keys: dict[str, Mark]
    values: dict[str, Node]


Node = Scalar | Sequence | Mapping


def compose(data: bytes, findings: Findings, *, is_ours: bool = True) -> Node | None:
    """Return the tree of a file's only document; None if it cannot be read.

    Problems are added to `findings`; a tree is returned even with some, so that the rules
    can find the rest. A file in another program's format (`is_ours` false) may be empty,
    needs no end mark however long it is, may have multi-line texts, and may contain secrets
    anywhere: problems repeat none of its words.
    """
    text = _decode(data, findings)
    if text is None:
        return None
    if not text.strip():
        if is_ours:
            findings.add(START, "the file is empty", "allowed: a configuration with schools")
            return None
        return Scalar(START, None)
    try:
        if is_ours:
            text = without_slips(without_invisible(text, findings), findings)
        composer = _Composer(text, findings, is_ours=is_ours)
        root = composer.document(_events(text))
        return _read_on(text, composer.fault, findings) if composer.fault and is_ours else root
    except TooManyProblemsError:
        return None


def _events(text: str) -> Iterator[yaml.Event]:
    return yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _read_on(text: str, fault: Fault, findings: Findings) -> Node | None:
    """Return the tree of our text without its faults, so that the other mistakes are found.

    Each fault is noted where it is found; None if reading cannot continue.
    """
    mender = Mender(text)
    for _ in range(min(_MENDED, _MENDED_SIZE // len(text))):
        mended = mender.mended(fault)
        if mended is None:
            return None
        composer = _Composer(mended, findings, is_ours=True, mender=mender)
        root = composer.document(_events(mended))
        if composer.fault is None:
            return root
        fault = composer.fault
    return None


def plain(node: Node) -> object:
    """Return a tree as dicts, lists and values, without positions."""
    if isinstance(node, Mapping):
        return {key: plain(value) for key, value in node.values.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return node.value


def resolve(text: str) -> Value:
    """Return the meaning of a plain (unquoted) scalar; `Ambiguous` if readers disagree."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _DATE.fullmatch(text):
        return Ambiguous(text, "a date to some YAML parsers", is_date=True)
    if len(text) > _LONGEST_SURPRISE:
        return text
    whys = (why for pattern, why in _SURPRISES if pattern.fullmatch(text))
    why = next(whys, None)
    return text if why is None else Ambiguous(text, why)


def _decode(data: bytes, findings: Findings) -> str | None:
    if len(data) > MAX_BYTES:
        findings.add(START, "the file is larger than 1 MiB", "allowed: up to 1048576 bytes")
        return None
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        findings.add(_mark_at_end(before), "not UTF-8 text", "save the file as UTF-8")
        return None
    if found := _FORBIDDEN.search(text):
        sign = f"U+{ord(found[0]):04X}"
        findings.add(
            _mark_at_end(text[: found.start()]),
            f"control character {sign}",
            "allowed: printable text, tabs and line ends",
        )
        return None
    return text


def _has_lines(event: yaml.Event) -> bool:
    begin, end = event.start_mark, event.end_mark
    return begin is not None and end is not None and end.line > begin.line


def _mark_at_end(text: str) -> Mark:
    lines = LINE_END.split(text)
    return Mark(len(lines), len(lines[-1]) + 1)


class _StopComposingError(Exception):
    """The rest of the text cannot be read sensibly; the problem has been noted."""


class _Composer:
    """Builds nodes from PyYAML's events; recursion is bounded by the depth limit."""

    def __init__(
        self, text: str, findings: Findings, *, is_ours: bool, mender: Mender | None = None
    ) -> None:
        self.fault: Fault | None = None
        self._mender = mender
        self._is_ours = is_ours
        self._forbidden = _FORBIDDEN_IN_VALUES if is_ours else _FORBIDDEN
        self._text = text
        self._findings = findings
        self._last = START

    def document(self, events: Iterator[yaml.Event]) -> Node | None:
        """Return the root node, or None if the text has none or stops being YAML."""
        root: Node | None = None
        try:
            for event in events:
                mark = self._mark(event)
                if isinstance(event, yaml.DocumentStartEvent):
                    self._refuse_directives(event, mark)
                    if root is not None:
                        self._findings.add(mark, "a second document", "allowed: one document")
                        return root
                elif isinstance(event, yaml.DocumentEndEvent):
                    self._require_end(root, explicit=bool(event.explicit))
                elif isinstance(event, yaml.NodeEvent):
                    root = self._node(event, events, 1)
        except _StopComposingError:
            return None
        except yaml.MarkedYAMLError as error:
            self.fault = fault_of(self._text, error, self._last)
            if self._mender is None or self._mender.is_new(self.fault):
                self._findings.add(self.fault.mark, self.fault.wrong, self.fault.cure)
            return None
        except (yaml.YAMLError, ValueError, OverflowError):
            # The pure reader lets chr() complain about an impossible \U escape.
            self._findings.add(self._last, "not valid YAML after this point")
            return None
        return self._nothing() if root is None else root

    def _nothing(self) -> Node | None:
        if not self._is_ours:
            return Scalar(START, None)
        self._findings.add(START, "the file holds no configuration")
        return None

    def _mark(self, event: yaml.Event) -> Mark:
        if event.start_mark is not None:
            self._last = Mark(event.start_mark.line + 1, event.start_mark.column + 1)
        return self._last

    def _refuse_directives(self, event: yaml.DocumentStartEvent, mark: Mark) -> None:
        if event.version or event.tags:
            self._findings.add(mark, "a YAML directive", "allowed: no %YAML and no %TAG line")

    def _require_end(self, root: Node | None, *, explicit: bool) -> None:
        if not self._is_ours or explicit:
            return
        if not self._text.endswith(("\n", "\r")):
            self._findings.add(
                _mark_at_end(self._text),
                "the file ends within a line, so it may have been cut short",
                "end the last line, or write ... on a line of its own after it",
            )
        elif not _is_short(root):
            self._findings.add(
                _mark_at_end(self._text),
                "the file ends without its end mark, so it may have been cut short",
                "write ... on a line of its own at the end",
            )

    def _node(self, event: yaml.NodeEvent, events: Iterator[yaml.Event], depth: int) -> Node:
        mark = self._mark(event)
        if depth > MAX_DEPTH:
            self._findings.add(mark, "nested too deeply", f"allowed: {MAX_DEPTH} levels")
            raise _StopComposingError
        if isinstance(event, yaml.AliasEvent):
            self._findings.add(mark, "an alias (*)", "write the value out")
            return Scalar(mark, BROKEN)
        # Their text is not repeated: it may be a misplaced secret that begins with *, & or !.
        if event.anchor is not None:
            self._findings.add(mark, "an anchor (&)", "leave it out and repeat the value")
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._findings.add(mark, "a tag (!)", "leave it out; quotes make text")
        node: Node
        if isinstance(event, yaml.MappingStartEvent):
            node = self._mapping(mark, events, depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(mark, events, depth)
        else:
            node = self._scalar(event, mark)
        return node if tag is None else Scalar(mark, BROKEN)

    def _scalar(self, event: yaml.NodeEvent, mark: Mark) -> Scalar:
        text = str(getattr(event, "value", ""))
        if self._mender is not None and text == STAND_IN:
            return Scalar(mark, BROKEN)
        if found := self._forbidden.search(text):
            wrong = f"the value holds U+{ord(found[0]):04X}"
            cure = "allowed: one line of printable text"
            quote = getattr(event, "style", None)
            if self._is_ours and quote in {'"', "'"} and _has_lines(event):
                # The quote was forgotten, and the next one closed it, after an empty line.
                _, wrong, cure, _ = unclosed(quote, mark)
            self._findings.add(mark, wrong, cure)
            return Scalar(mark, BROKEN)
        # PyYAML's pure reader says None for a plain scalar's style, libyaml says "".
        is_plain = not getattr(event, "style", None)
        return Scalar(mark, resolve(text) if is_plain else text, text)

    def _sequence(self, mark: Mark, events: Iterator[yaml.Event], depth: int) -> Sequence:
        items: list[Node] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            if isinstance(event, yaml.NodeEvent):
                items.append(self._node(event, events, depth + 1))
        return Sequence(mark, tuple(items))

    def _mapping(self, mark: Mark, events: Iterator[yaml.Event], depth: int) -> Mapping:
        keys: dict[str, Mark] = {}
        values: dict[str, Node] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.NodeEvent):
                continue
            key_node = self._node(event, events, depth + 1)
            value = self._node(_next_node(events), events, depth + 1)
            key = self._key(key_node)
            if key is None:
                continue
            if key in keys:
                first = keys[key].line
                self._findings.add(
                    key_node.mark, f"key {key} is given twice, first in line {first}", "keep one"
                )
                continue
            keys[key] = key_node.mark
            values[key] = value
        return Mapping(mark, keys, values)

    def _key(self, node: Node) -> str | None:
        if isinstance(node, Scalar) and isinstance(node.value, str):
            return node.value
        if isinstance(node, Scalar) and node.value is not BROKEN:
            if not self._is_ours or not note_comma(self._text, node.mark, self._findings):
                why = node.value.why if isinstance(node.value, Ambiguous) else "not text"
                key = f"key {shown(node.value)}" if self._is_ours else "a key"
                self._findings.add(node.mark, f"{key} is {why}", "write it in quotes")
        elif not isinstance(node, Scalar):
            self._findings.add(node.mark, "a list or mapping as a key", "allowed: text")
        return None


def _is_short(root: Node | None) -> bool:
    sections = root.values.values() if isinstance(root, Mapping) else ()
    lengths = (
        len(one.items) if isinstance(one, Sequence) else len(one.values)
        for one in sections
        if not isinstance(one, Scalar)
    )
    return max(lengths, default=0) <= MOST_WITHOUT_END


def _next_node(events: Iterator[yaml.Event]) -> yaml.NodeEvent:
    # PyYAML's grammar has nothing else where a node is due.
    return cast("yaml.NodeEvent", next(events))
