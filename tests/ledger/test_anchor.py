"""Tampering that the chain alone cannot reveal but an anchor outside the file does."""

from __future__ import annotations

import asyncio
import logging
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.cli.main import main
from monitor.exposition.availability import ledger_blocks
from monitor.exposition.text import LABEL_LIMIT
from monitor.ledger.anchor import Anchor, AnchorError, anchors_in, parse_anchor
from monitor.ledger.chain import Entry
from monitor.ledger.ledger import ANCHOR_SECONDS, Ledger
from monitor.ledger.place import SqlitePlace
from monitor.ledger.reader import open_reader
from monitor.ledger.store import open_store
from tests.ledger.attacker import cut_the_end, rewrite
from tests.virtual_time import VirtualClock, run_virtually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)
ROWS = 12


def grow(path: Path, rows: int) -> None:
    store = open_store(path, NOW)
    try:
        store.append(
            store.link(
                [Entry(NOW + timedelta(minutes=n), "note", "", {"n": n}) for n in range(rows)]
            )
        )
    finally:
        store.close()


def head(path: Path) -> Anchor:
    with open_reader(path) as reader:
        return reader.heads()[0]


def verify(path: Path, *arguments: str) -> Result:
    command = ["ledger", "verify", str(path), *arguments, "--state-dir", str(path.parent)]
    return CliRunner().invoke(main, command, catch_exceptions=False)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite"
    grow(path, ROWS - 1)
    return path


def older_copy(path: Path) -> None:
    """Restore a copy taken of the first half."""
    shutil.copyfile(path.with_name("old.sqlite"), path)


def cut_and_grown(path: Path) -> None:
    """Replace the removed rows with others."""
    cut_the_end(path, 3)
    grow(path, 5)


ATTACKS: dict[str, Callable[[Path], None]] = {
    "one row cut": lambda path: cut_the_end(path, 1),
    "many rows cut": lambda path: cut_the_end(path, 9),
    "older copy": older_copy,
    "first row recomputed": lambda path: rewrite(path, 1, '{"problem":"none"}'),
    "row in the middle recomputed": lambda path: rewrite(path, 7, '{"n":99}'),
    "last row recomputed": lambda path: rewrite(path, 2 * ROWS, '{"n":99}'),
    "cut and grown again": cut_and_grown,
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_an_anchor_reveals_tampering_the_chain_cannot(
    ledger: Path, attack: Callable[[Path], None]
) -> None:
    shutil.copyfile(ledger, ledger.with_name("old.sqlite"))
    grow(ledger, ROWS)
    anchor = head(ledger)
    attack(ledger)
    alone = verify(ledger)
    assert alone.exit_code == 0, "the chain is valid: otherwise this test proves nothing"
    assert "would not be noticed" in alone.stdout
    found = verify(ledger, "--anchor", str(anchor))
    assert found.exit_code == 1
    assert str(anchor) in found.stderr
    assert "cut off" in found.stderr or "rewritten" in found.stderr


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(row=st.integers(1, 40), cut=st.integers(0, 20), place=st.integers(0, 39))
def test_every_tampering_before_an_anchor_is_found(
    tmp_path: Path, row: int, cut: int, place: int
) -> None:
    """Any row rewritten with all later ones, or any tail removed, is found by each later anchor."""
    path = tmp_path / "ledger.sqlite"
    path.unlink(missing_ok=True)
    anchors: list[Anchor] = []
    for _ in range(4):
        grow(path, 9 if not anchors else 10)
        anchors.append(head(path))
    anchor = anchors[place % 4]
    rewritten = row <= 40 - cut
    if cut:
        cut_the_end(path, cut)
    if rewritten:
        rewrite(path, row, '{"n":"another"}')
    spoiled = anchor.row > 40 - cut or (rewritten and anchor.row >= row)
    assert verify(path).exit_code == 0
    assert verify(path, "--anchor", str(anchor)).exit_code == int(spoiled)


def test_anchors_in_a_log_stay_valid_while_the_ledger_grows(ledger: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    lines = [f'{{"message": "ledger: {head(ledger)}", "level": "info"}}\n', "\udcff no anchor\n"]
    grow(ledger, 3)
    lines.append(f"INFO monitor.audit: ledger's end (day): {head(ledger)}.\n")
    log.write_text("".join(lines), encoding="utf-8", errors="surrogateescape")
    grow(ledger, 2)
    found = verify(ledger, "--anchors", str(log))
    held = f"2 anchors hold, the last is row 15 ({log}:3); 2 newer rows are covered by none"
    assert (found.exit_code, found.stdout.splitlines()[-1]) == (0, held)
    cut_the_end(ledger, 5)
    found = verify(ledger, "--anchors", str(log))
    assert found.exit_code == 1
    assert found.stdout.splitlines()[-1].startswith("1 anchor holds, the last is row 12 (")
    assert found.stderr.startswith(f"error: {log}:3: ledger-anchor:15:")


def test_a_text_without_an_anchor_is_no_proof(ledger: Path, tmp_path: Path) -> None:
    empty = tmp_path / "log"
    empty.write_text("ledger-anchor:12:beef\n")
    for arguments, code in (
        (("--anchors", str(empty)), 1),
        (("--anchors", str(tmp_path / "none")), 1),
        (("--anchor", "12"), 2),
    ):
        found = verify(ledger, *arguments)
        assert (found.exit_code, found.stdout) == (code, "")
        assert found.stderr.startswith("error: ")


def test_head_prints_what_verify_takes(ledger: Path) -> None:
    state = ["--state-dir", str(ledger.parent)]
    printed = CliRunner().invoke(main, ["ledger", "head", *state]).stdout
    assert printed == f"{head(ledger)}\n"
    piped = ["ledger", "verify", *state, "--anchors", "-"]
    found = CliRunner().invoke(main, piped, input=printed)
    assert (found.exit_code, found.stdout.splitlines()[-1]) == (
        0,
        "1 anchor holds, the last is row 12 (stdin:1); 0 newer rows are covered by none",
    )


@given(
    st.integers(1, 10**18 - 1),
    st.binary(min_size=32, max_size=32),
    st.from_regex(r"([A-Za-z0-9_.-]{0,35}[A-Za-z0-9_-])?", fullmatch=True),
)
def test_the_printed_anchor_is_found_in_any_text(row: int, digest: bytes, writer: str) -> None:
    anchor = Anchor(row, digest, writer)
    assert parse_anchor(f" {anchor}\n") == anchor
    in_markdown = str(anchor).replace("_", "\\_")
    lines = [f'x"{anchor}" {anchor}', "none", f"Read from the ledger at {in_markdown}."]
    assert list(anchors_in(lines)) == [anchor, anchor, anchor]
    with pytest.raises(AnchorError):
        parse_anchor(str(anchor)[:60])


def test_an_anchor_of_a_small_ledger_fits_on_a_label() -> None:
    assert len(str(Anchor(10**10, bytes(32), "w" * 36))) <= LABEL_LIMIT


def test_the_daemon_logs_an_anchor_at_start_daily_and_at_stop(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "ledger.sqlite"
    caplog.set_level(logging.INFO, "monitor.audit")

    async def scenario() -> list[Anchor]:
        heads = []
        async with Ledger.open(SqlitePlace(path), VirtualClock()) as ledger:
            heads.append(head(path))
            for day in range(3):
                for turn in range(2):
                    await ledger.append([Entry(NOW, "note", "", {"n": turn + 10 * day})])
                    told = ledger.health.anchor
                    assert told is not None
                    exported = ledger_blocks(ledger.health)["monitor_ledger_anchor_info"]
                    assert exported == f'monitor_ledger_anchor_info{{anchor="{told}"}} 1\n'.encode()
                    if day and not turn:
                        heads.append(head(path))
                        assert told == heads[-1]
                await asyncio.sleep(ANCHOR_SECONDS)
        return [*heads, head(path)]

    heads = run_virtually(scenario())
    said = [record.getMessage() for record in caplog.records if record.name == "monitor.audit"]
    assert list(anchors_in(said)) == heads
    assert [line.split(":")[0] for line in said] == [
        "ledger's end (start)",
        "ledger's end (day)",
        "ledger's end (day)",
        "ledger's end (stop)",
    ]
