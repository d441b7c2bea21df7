"""A log with the anchors of two ledgers: each counts where it holds."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, NamedTuple

import pytest

from monitor.ledger.place import SqlitePlace
from tests.ledger.attacker import change, cut_the_end, rewrite
from tests.ledger.test_anchor import grow, head, verify

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.ledger.anchor import Anchor


class Two(NamedTuple):
    """A ledger, the one that was set aside before it, and the log of both."""

    ledger: Path
    earlier: Path
    log: Path


def noted(log: Path, path: Path) -> Anchor:
    """Note a ledger's anchor as the daemon does, and return it."""
    anchor = head(path)
    with log.open("a", encoding="utf-8") as stream:
        stream.write(f"INFO monitor.audit: ledger's end (day): {anchor}\n")
    return anchor


@pytest.fixture
def two(tmp_path: Path) -> Two:
    """Let row 7 of a ledger be changed, so that it is set aside, and its successor grow."""
    path, log = tmp_path / "ledger.sqlite", tmp_path / "B.log"
    for _ in range(2):
        grow(path, 5)
        noted(log, path)
    change(path, 8, '{"n":99}')
    grow(path, 3)
    [earlier] = tmp_path.glob("ledger.sqlite.quarantined-*")
    noted(log, path)
    grow(path, 9)
    noted(log, path)
    grow(path, 2)
    return Two(path, earlier, log)


def test_anchors_of_the_earlier_ledger_are_distinguished_from_a_rewritten_row(two: Two) -> None:
    found = verify(two.ledger, "--anchors", str(two.log))
    assert found.exit_code == 1
    held = f"2 anchors hold, the last is row 13 ({two.log}:4); 2 newer rows are covered by none"
    assert found.stdout.splitlines()[-1] == held
    lines = found.stderr.splitlines()
    for line, place in zip(lines, (f"{two.log}:1", f"{two.log}:2"), strict=True):
        assert line.startswith(f"error: {place}: ledger-anchor:")
        assert "it is of another ledger: ledger-anchor:13:" in line
    assert "rewritten" not in found.stderr


def test_each_anchor_counts_in_the_ledger_in_which_it_holds(two: Two) -> None:
    found = verify(two.ledger, "--anchors", str(two.log), "--earlier", str(two.earlier))
    assert found.exit_code == 1, "the second anchor covers the row that was changed"
    assert f"1 anchor holds, the last is row 6 ({two.log}:1)" in found.stdout
    fault, behind = found.stderr.splitlines()
    assert "(first bad row 8; 7 rows hold before it)" in fault
    assert behind.startswith(f"error: {two.log}:2: ledger-anchor:11:")
    assert behind.endswith(f"its row is in {two.earlier}, but after row 7, the last that holds")


def test_a_log_of_two_whole_ledgers_is_proven(tmp_path: Path) -> None:
    path, log = tmp_path / "ledger.sqlite", tmp_path / "B.log"
    grow(path, 5)
    noted(log, path)
    kept = path.rename(tmp_path / "kept.sqlite")
    grow(path, 9)
    assert SqlitePlace(path).set_aside(), "it began in place of a missing one"
    noted(log, path)
    found = verify(path, "--anchors", str(log), "--earlier", str(kept))
    assert (found.exit_code, found.stderr) == (0, "")
    assert found.stdout.count("1 anchor holds") == 2


def test_an_anchor_behind_all_that_hold_has_both_explanations(two: Two) -> None:
    grow(two.ledger, 1)
    noted(two.log, two.ledger)
    cut_the_end(two.ledger, 1)
    found = verify(two.ledger, "--anchors", str(two.log))
    assert "it is of the ledger that this one replaced (compare it with --earlier" in found.stderr
    assert "or the ledger ends at row 15: newest rows were cut off" in found.stderr
    assert found.exit_code == 1


def test_a_rewritten_row_is_still_called_rewritten(tmp_path: Path) -> None:
    path, log = tmp_path / "ledger.sqlite", tmp_path / "B.log"
    grow(path, 5)
    noted(log, path)
    shutil.copyfile(path, tmp_path / "kept.sqlite")
    rewrite(path, 3, '{"n":99}')
    found = verify(path, "--anchors", str(log))
    assert found.exit_code == 1
    assert found.stderr.rstrip().endswith("row 6, or a row before it, was rewritten")


def test_an_attack_is_not_excused_by_a_file_that_is_not_named(two: Two) -> None:
    rewrite(two.ledger, 2, '{"n":"another"}')
    found = verify(two.ledger, "--anchors", str(two.log))
    assert found.exit_code == 1
    assert len(found.stderr.splitlines()) == 4
    assert "or row 13, or a row before it, was rewritten" in found.stderr
