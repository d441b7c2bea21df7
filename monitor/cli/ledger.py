"""`schulnetz ledger`: verify, export, back up and restore the evidence.

Must not know: what the entries mean, or how the chain is built.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.common import Exit, fail, mode_option, state_option
from monitor.cli.ledger_option import ledger_option
from monitor.cli.output import document_stream, say
from monitor.cli.verified import fault_of, sealed, words_of
from monitor.clock import SystemClock
from monitor.ledger.anchor import AnchorError, anchors_in, parse_anchor
from monitor.ledger.chain import LedgerError
from monitor.ledger.comparison import compare
from monitor.ledger.place import LedgerPlace, SqlitePlace
from monitor.ledger.reader import open_reader
from monitor.state.whole_file import whole_text
from monitor.words.plural import count_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.ledger.anchor import Anchor
    from monitor.ledger.reading import Reading, VerifyResult


@click.group("ledger")
def group() -> None:
    """Verify, export, back up and restore the ledger of evidence."""


@group.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option(
    "--anchor", "given", metavar="ANCHOR", multiple=True, help="An anchor that must match too."
)
@click.option(
    "--anchors",
    "noted",
    type=click.Path(dir_okay=False, allow_dash=True),
    multiple=True,
    help="A file with anchors anywhere in it, such as a log; - is stdin.",
)
@click.option(
    "--earlier",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    help="A ledger that was set aside or replaced: the anchors may belong to it instead.",
)
@state_option
@ledger_option
def verify(
    *,
    file: Path | None,
    given: tuple[str, ...],
    noted: tuple[str, ...],
    earlier: tuple[Path, ...],
    ledger: LedgerPlace,
    **_: object,
) -> None:
    """Verify every row of the ledger, or of FILE. Exit with 1 at the first bad row.

    An anchor is the position and digest of the last row at an earlier time, kept elsewhere:
    `schulnetz ledger head` prints one, and the daemon's log and the reports contain them. Anchors
    also reveal a truncated ledger, an older copy, and a recomputed chain. Exit with 1 if one of
    them holds in no ledger that is named.
    """
    place: LedgerPlace = SqlitePlace(file) if file else ledger
    anchors = _anchors(given, noted)
    try:
        is_whole, left = _compared(place, dict.fromkeys(anchors, ""), anchors)
        for one in earlier:
            left = _compared(SqlitePlace(one), left, anchors)[1]
    except LedgerError as error:
        fail(str(error), Exit.WRONG)
    for anchor, why in left.items():
        say(f"error: {anchors[anchor]}: {anchor}: {why}", err=True)
    if not is_whole or left:
        raise SystemExit(Exit.WRONG)
    if not anchors:
        say("no --anchor was given: a truncated ledger or an older copy would not be noticed")


def _compared(
    place: LedgerPlace, left: Mapping[Anchor, str], written: Mapping[Anchor, str]
) -> tuple[bool, dict[Anchor, str]]:
    """Verify a ledger and say which anchors it holds; return whether it is whole, and the others.

    `left` and the returned mapping have, for each anchor, why no ledger so far holds it (empty
    before the first one). `written` has where each is written.
    """
    with place.open_reader() as reader:
        heads = reader.heads()
        result = reader.verify()
        found = compare(reader, result, left)
    if result.ok:
        say(f"{place}: {_said(result, heads)}")
    else:
        say(f"error: {fault_of(place, result)}", err=True)
    if found.held:
        newest = found.held[-1]
        newer = count_of(found.newer, "newer row is", "newer rows are")
        whose = f" of writer {newest.writer}" if newest.writer else ""
        say(
            f"{count_of(len(found.held), 'anchor holds', 'anchors hold')}, the last is row "
            f"{newest.row}{whose} ({written[newest]}); {newer} covered by none"
        )
    behind = f"its row is in {place}, but after row {result.rows}, the last that holds"
    others = {anchor: left[anchor] or why for anchor, why in found.others.items()}
    return result.ok, dict.fromkeys(found.behind, behind) | others


@group.command()
@state_option
@ledger_option
def head(ledger: LedgerPlace, **_: object) -> None:
    """Print the ledger's anchor, one line per writer. Keep it out of reach of the ledger's host.

    The ledger is verified first: one that does not hold gets no anchor, and the exit code is 1.
    Check it later with `schulnetz ledger verify --anchor`.
    """
    try:
        with ledger.open_reader() as reader:
            result, heads = sealed(reader)
    except LedgerError as error:
        fail(str(error), Exit.WRONG)
    if not result.ok:
        fail(f"{fault_of(ledger, result)}; it gets no anchor", Exit.WRONG)
    for one in heads:
        say(str(one))


@group.command()
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="A new file.  [default: stdout]"
)
@mode_option
@state_option
@ledger_option
def export(out: Path | None, mode: int | None, ledger: LedgerPlace, **_: object) -> None:
    """Write every row as one line of JSON. Exit with 1 if the ledger does not hold."""
    try:
        with ledger.open_reader() as reader:
            result = reader.verify()
            if not result.ok:
                # Written all the same: the rows that hold are evidence.
                say(f"error: {fault_of(ledger, result)}; exported as it is", err=True)
            if out is None:
                reader.export(document_stream())
            else:
                count = _export_to(out, mode, reader)
                say(f"{out}: {count_of(count, 'row')}")
    except LedgerError as error:
        fail(str(error), Exit.WRONG)
    if not result.ok:
        raise SystemExit(Exit.WRONG)


def _export_to(out: Path, mode: int | None, reader: Reading) -> int:
    try:
        with whole_text(out, overwrite=False, mode=mode) as stream:
            return reader.export(stream)
    except FileExistsError:
        cure = "an export never overwrites: name another file, or remove it"
        fail(f"{out} exists already; {cure}", Exit.WRONG)
    except OSError as error:
        fail(f"{out}: {error.strerror}", Exit.WRONG)


@group.command()
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@state_option
@ledger_option
def backup(target: Path, ledger: LedgerPlace, **_: object) -> None:
    """Copy the ledger to TARGET and verify the copy. The daemon may be running."""
    try:
        with ledger.open_reader() as reader:
            result = reader.backup(target)
        with open_reader(target) as copy:
            heads = copy.heads()
    except LedgerError as error:
        fail(str(error), Exit.WRONG)
    say(f"{target}: {_said(result, heads)}")


@group.command()
@click.argument("backup_file", metavar="BACKUP", type=click.Path(dir_okay=False, path_type=Path))
@state_option
@ledger_option
def restore(backup_file: Path, ledger: LedgerPlace, **_: object) -> None:
    """Verify BACKUP and make it the ledger; the old one is kept. Stop the daemon first."""
    try:
        restored = ledger.restore(backup_file, SystemClock().now())
        with open_reader(backup_file) as reader:
            heads = reader.heads()
    except LedgerError as error:
        fail(str(error), Exit.WRONG)
    say(f"{ledger}: {_said(restored.result, heads)}")
    if restored.kept:
        say(f"the previous ledger is kept as {restored.kept}")


def _said(result: VerifyResult, heads: Iterable[Anchor]) -> str:
    return f"{count_of(result.rows, 'row holds', 'rows hold')}, {words_of(heads)}"


def _anchors(given: Iterable[str], noted: Iterable[str]) -> dict[Anchor, str]:
    """Return the anchors of the options, and where each is written first.

    Exit with an error if a file contains none.
    """
    anchors: dict[Anchor, str] = {}
    for text in given:
        try:
            anchors.setdefault(parse_anchor(text), "--anchor")
        except AnchorError as error:
            fail(str(error), Exit.USAGE)
    for name in noted:
        try:
            with click.open_file(name, encoding="utf-8", errors="replace") as lines:
                found = [
                    (anchor, f"{'stdin' if name == '-' else name}:{number}")
                    for number, line in enumerate(lines, start=1)
                    for anchor in anchors_in([line])
                ]
        except OSError as error:
            fail(f"{name}: {error.strerror}", Exit.WRONG)
        if not found:
            fail(f"{name}: it contains no anchor (ledger-anchor:ROW:DIGEST)", Exit.WRONG)
        for anchor, where in found:
            anchors.setdefault(anchor, where)
    return anchors
