"""Requests from the shell are carried out in spite of a file or a ledger that fails for a while."""

from __future__ import annotations

import asyncio
import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING

from monitor.campaigns.requests import FILE_NAME, Request, RequestFile
from monitor.daemon.consumers.requests import obey_requests
from monitor.ledger.chain import LedgerError
from tests.virtual_time import START, VirtualClock, run_virtually

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    import pytest

WANTED = Request("start", "goethe/main", "goethe-1", START)
REFUSED = Request("start", "goethe/main", "goethe-2", START)


class Obeyed:
    """What was carried out; `fails` says how often it fails first."""

    def __init__(self, fails: int = 0) -> None:
        self.fails = fails
        self.requests: list[Request] = []

    async def carry_out(self, requests: Sequence[Request]) -> dict[Request, str]:
        if self.fails:
            self.fails -= 1
            raise LedgerError("the database is away")
        self.requests += requests
        return {}


def followed(
    file: RequestFile,
    carry_out: Callable[[Sequence[Request]], Awaitable[Mapping[Request, str]]],
    change: Callable[[], None] = lambda: None,
) -> None:
    """Follow a file for a minute; change it in the middle."""

    async def main() -> None:
        task = asyncio.create_task(obey_requests(file, carry_out, VirtualClock()))
        await asyncio.sleep(30)
        change()
        await asyncio.sleep(30)
        assert not task.done()
        task.cancel()

    run_virtually(main())


def test_a_folder_that_cannot_be_read_at_the_start_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, obeyed = tmp_path / "state", Obeyed()
    folder.write_text("no folder")
    file = RequestFile(folder / FILE_NAME)

    def mend() -> None:
        folder.unlink()
        folder.mkdir()
        file.add(WANTED)

    with caplog.at_level(logging.WARNING):
        followed(file, obeyed.carry_out, mend)
    assert obeyed.requests == [WANTED]
    assert [one.getMessage() for one in caplog.records] == [
        f"requests cannot be carried out: {folder / FILE_NAME}: Not a directory"
    ]


def test_a_file_that_cannot_be_read_for_a_while_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stamp was known already when reading failed."""
    file, obeyed, tries = RequestFile(tmp_path / FILE_NAME), Obeyed(), 0
    file.add(WANTED)
    read = file._file.content

    def content(most_bytes: int) -> bytes | None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise OSError(24, "Too many open files")
        return read(most_bytes)

    monkeypatch.setattr(file._file, "content", content)
    followed(file, obeyed.carry_out)
    assert obeyed.requests == [WANTED]


def test_requests_wait_for_a_ledger_that_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file, obeyed = RequestFile(tmp_path / FILE_NAME), Obeyed(fails=3)
    file.add(WANTED)
    with caplog.at_level(logging.WARNING):
        followed(file, obeyed.carry_out)
    assert obeyed.requests == [WANTED], "carried out once"
    assert len(caplog.records) == 1


def test_a_refused_request_is_logged_once_and_is_gone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file, later = RequestFile(tmp_path / FILE_NAME), Request("cancel", "goethe/main", "", START)
    file.add(WANTED)
    file.add(REFUSED)
    seen: list[tuple[Request, ...]] = []

    async def carry_out(requests: Sequence[Request]) -> dict[Request, str]:
        seen.append(tuple(requests))
        return {one: "campaign: one runs there" for one in requests if one == REFUSED}

    with caplog.at_level(logging.WARNING):
        followed(file, carry_out, lambda: file.add(later))
    assert file.read() == (WANTED, later)
    assert seen == [(WANTED, REFUSED), (WANTED,), (WANTED, later)]
    assert [one.getMessage() for one in caplog.records] == ["campaign: one runs there"]


def test_a_refused_request_that_cannot_be_removed_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = RequestFile(tmp_path / FILE_NAME)
    file.add(REFUSED)
    with ExitStack() as stack, caplog.at_level(logging.WARNING):
        # Another command holds the lock.
        stack.enter_context(file._file.locked())

        async def carry_out(requests: Sequence[Request]) -> dict[Request, str]:
            return dict.fromkeys(requests, "campaign: one runs there")

        followed(file, carry_out, stack.close)
    assert file.read() == ()
    assert [one.getMessage() for one in caplog.records] == [
        "requests cannot be carried out: another command is changing campaigns; try again",
        "campaign: one runs there",
    ]
