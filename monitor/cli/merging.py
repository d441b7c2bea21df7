"""Merges imported schools and devices into the configuration file, for `import` and `discover`.

The change is shown first and written only after confirmation. The complete file is checked before
that, so an import never leaves a file that the daemon would reject.

Must not know: the sources, how the file is edited, or its rules.
"""

from __future__ import annotations

import difflib
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from monitor.cli.common import Exit, fail, is_there, sentence
from monitor.cli.first_file import with_list
from monitor.cli.output import ask, say, say_text
from monitor.config import ConfigError, load_text
from monitor.config.edit import edit_schools
from monitor.config.entry import EditError
from monitor.importing.matching import drop_known_devices, match_schools
from monitor.importing.taken import counted, named
from monitor.schedule import CapacityError, refuse_overload
from monitor.state.whole_file import whole_text
from monitor.words.plural import count_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.config.edit import Edited
    from monitor.importing.taken import Taken
    from monitor.inventory.city import Inventory

MAX_BYTES: Final = 8 * 1024 * 1024
_FOR_ALL: Final = 0o644
_CLOSING: Final = "to close one, remove its lines (docs/importing.md, “Closing a school”)"


def take_in(taken: Taken, config: Path, *, yes: bool, verbose: bool = False) -> None:
    """Show the change of an import, and write it after confirmation; a missing file is begun.

    What the import passes over is named, all of it if `verbose`. If nothing changes, it is only
    counted: it was named when something did.

    Raises:
        ImportProblemError: if it is not certain which schools of the file are meant.
    """
    say(*taken.notes, err=True)
    rows = taken.rows
    numbers = Counter(str(row["number"]) for row in rows if "number" in row)
    twice = sorted(number for number, count in numbers.items() if count > 1)
    if twice:
        fail(f"these numbers occur twice: {', '.join(twice)}", Exit.WRONG)
    before = configured(config)
    ready = with_list(before, str(config))
    if ready != before and not rows:
        say_skipped(taken, whole=verbose)
        fail(
            f"neither {config} nor this import has schools; begin the file with "
            "`import csv`, `import netbox` (sites) or `init`",
            Exit.WRONG,
        )
    inventory = None
    # An invalid file is rejected below, completely.
    with suppress(ConfigError):
        inventory = load_text(ready.encode(), str(config))
        say(*match_schools(rows, inventory), err=True)
        drop_known_devices(rows, inventory)
    try:
        edited = edit_schools(ready, rows, str(config))
    except EditError as error:
        fail(str(error), Exit.WRONG)
    notes = [*edited.notes, *(_left(edited, taken, inventory) if taken.lists_schools else ())]
    if edited.text == before:
        if verbose:
            say_skipped(taken, whole=True)
        elif taken.skipped:
            say(f"passed over: {counted(taken.skipped)}; --verbose names them", err=True)
        say(*notes, err=True)
        said = count_of(len(rows), "school is there already", "schools are there already")
        say(f"{config}: nothing changes; {said}")
        return
    say_skipped(taken, whole=verbose)
    _check(edited, config)
    _show(before, edited, config)
    # Below the diff, which may fill several screens: what is left to a person.
    say(*notes, err=True)
    if not yes and not ask(f"write {config}?"):
        say("nothing was written")
        return
    if configured(config) != before:
        fail(f"nothing was written: {config} was changed meanwhile; run this again", Exit.WRONG)
    _write(config, edited.text)
    say(f"{config}: written; SIGHUP makes a running daemon read it")


def say_skipped(taken: Taken, *, whole: bool) -> None:
    """Name what an import passes over: of each kind the first ten, or all."""
    say(*(one.sentence(whole=whole) for one in taken.skipped), err=True)


def configured(config: Path) -> str:
    """Return the text of the configuration, which must be UTF-8; empty if there is no file."""
    if not is_there(config):
        return ""
    try:
        return read_file(config).decode("utf-8")
    except UnicodeDecodeError as error:
        fail(f"{config} is not UTF-8 (octet {error.start}); save it as UTF-8", Exit.WRONG)


def read_file(path: Path) -> bytes:
    """Return the bytes of a file; exit if it cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        fail(f"{path} cannot be read: {sentence(error)}", Exit.WRONG)
    if len(data) > MAX_BYTES:
        fail(f"{path} is larger than {MAX_BYTES} bytes", Exit.WRONG)
    return data


def _left(edited: Edited, taken: Taken, inventory: Inventory | None) -> Iterator[str]:
    """Yield the schools of the file that the import no longer has, by reason."""
    schools = () if inventory is None else inventory.schools
    numbers = {school.id: school.number for school in schools}
    by_reason: dict[str, list[str]] = {}
    for school, line in edited.absent.items():
        why = taken.passed_over.get(numbers.get(school) or school, "missing")
        by_reason.setdefault(why, []).append(f"{school} (line {line})")
    for why, names in by_reason.items():
        it = "it" if len(names) == 1 else "they"
        yield (
            f"{named(names)}: {why} in the import, but still watched: {it} will alert when "
            f"taken down; {_CLOSING}"
        )


def _check(edited: Edited, config: Path) -> None:
    """Exit with every error if the new file is not valid."""
    try:
        refuse_overload(load_text(edited.text.encode(), str(config)).checks())
    except CapacityError as error:
        fail(f"nothing was written; {error}", Exit.WRONG)
    except ConfigError as error:
        for row in edited.added.values():
            if not row.keys() & {"network", "router"}:
                name = row.get("number") or row.get("id")
                say(
                    f"school {name} is new and has neither a router nor a network in the import; "
                    "it needs one of them",
                    err=True,
                )
        say_text(f"nothing was written; the new file would not be valid:\n{error}", err=True)
        raise SystemExit(Exit.WRONG) from None


def _show(before: str, edited: Edited, config: Path) -> None:
    change = difflib.unified_diff(
        before.splitlines(keepends=True),
        edited.text.splitlines(keepends=True),
        str(config),
        f"{config} (new)",
    )
    say_text("".join(change))
    if not before.strip():
        what = "is empty" if config.exists() else "does not exist"
        say(f"{config} {what}; this import begins it (`schulnetz check` says what can be added)")
    say(f"{count_of(len(edited.added), 'school')} added, {len(edited.updated)} updated")


def _write(config: Path, text: str) -> None:
    """Replace the file atomically, keeping its permissions; everybody may read a new one."""
    try:
        config.parent.mkdir(parents=True, exist_ok=True)
        with whole_text(config, mode=None if config.exists() else _FOR_ALL) as out:
            out.write(text)
    except OSError as error:
        fail(f"{config} cannot be written: {sentence(error)}", Exit.WRONG)
