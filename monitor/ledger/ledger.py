"""The ledger for the daemon: appends from the event loop, acknowledged when they are durable.

One thread owns the file; the event loop never waits for the disk. While writing fails, entries wait
in a bounded buffer, the ledger reports itself unhealthy and retries; entries that did not fit in
the buffer are counted in a `gap` entry once writing works again. At the start, once a day and at
the stop the ledger's anchor is logged, so that truncation can be detected later.

Must not know: what the entries mean, or who reads them.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from monitor.clock import pause
from monitor.ledger.chain import (
    Entry,
    Json,
    LedgerCorruptError,
    LedgerError,
    LedgerStorageError,
    Recorded,
    Row,
    require_valid,
)
from monitor.ledger.health import LedgerHealth, Writing, earlier_ledger
from monitor.words.plural import count_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from datetime import datetime

    from monitor.clock import Clock
    from monitor.ledger.anchor import Anchor
    from monitor.ledger.place import LedgerPlace, LedgerStore
    from monitor.ledger.reading import Reading, VerifyResult

audit = logging.getLogger("monitor.audit")

ANCHOR_SECONDS: Final = 86_400.0
_FIRST_RETRY_SECONDS: Final = 1.0
_LAST_RETRY_SECONDS: Final = 30.0
_Result = TypeVar("_Result")


@dataclass(slots=True)
class _Batch:
    """Entries that are committed together, and the callers that wait for it."""

    entries: list[Entry]
    waiters: list[asyncio.Future[None]]
    rows: tuple[Row, ...] = ()


class Ledger:
    """The only writer of a ledger; created by `Ledger.open`."""

    __slots__ = (
        "_begun",
        "_capacity",
        "_clock",
        "_closing",
        "_executor",
        "_place",
        "_quarantined",
        "_queue",
        "_recorded",
        "_replaced",
        "_store",
        "_told",
        "_told_at",
        "_unrecorded",
        "_untold",
        "_waiting",
        "_wake",
        "_was_killed",
        "_writing",
    )

    def __init__(
        self, place: LedgerPlace, clock: Clock, executor: ThreadPoolExecutor, capacity: int
    ) -> None:
        self._place = place
        self._clock = clock
        self._executor = executor
        self._capacity = capacity
        self._store: LedgerStore | None = None  # used only in the executor's thread
        self._queue = _Batch([], [])
        self._waiting = 0
        self._recorded = 0
        self._unrecorded = 0
        self._untold = 0
        self._writing = Writing()
        self._quarantined = ""
        self._replaced = ""
        self._begun: datetime | None = None
        self._was_killed = False
        self._told: Anchor | None = None
        self._told_at = 0.0
        self._wake = asyncio.Event()
        self._closing = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, place: LedgerPlace, clock: Clock, capacity: int = 10_000
    ) -> AsyncIterator[Ledger]:
        """Open the ledger and keep its writer running; on exit, write what is queued.

        `capacity` is the limit of queued entries. A full or failing disk does not prevent the
        start: the ledger is unhealthy then, and recovers by itself.

        Raises:
            LedgerLockedError: if another process writes it.
            LedgerVersionError: if a newer program wrote it.
            LedgerError: if it cannot be opened for a reason that an operator must resolve.
        """
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        ledger = cls(place, clock, executor, capacity)
        try:
            try:
                await ledger._in_thread(ledger._opened, clock.now())
            except LedgerStorageError as error:
                ledger._writing.failed(str(error))
            ledger._tell_anchor("start")
            writer = asyncio.create_task(ledger._write(), name="ledger")
            try:
                yield ledger
            finally:
                ledger._closing.set()
                ledger._wake.set()
                await writer
                ledger._tell_loss()
                ledger._tell_anchor("stop")
        finally:
            try:
                await ledger._in_thread(ledger._close)
            finally:
                executor.shutdown(wait=False)

    @property
    def health(self) -> LedgerHealth:
        """Return the current state of the ledger."""
        return LedgerHealth(
            healthy=not self._writing.problem,
            problem=self._writing.problem,
            recorded=self._recorded,
            unrecorded=self._unrecorded,
            waiting=self._waiting,
            quarantined=self._quarantined,
            replaced=self._replaced,
            begun=self._begun,
            was_killed=self._was_killed,
            anchor=self._told,
        )

    def submit(self, entries: Sequence[Entry]) -> bool:
        """Queue entries without waiting; return whether they fitted in the buffer.

        Entries that did not fit are counted, and reported in a `gap` entry.

        Raises:
            ValueError: if the ledger cannot hold an entry.
            LedgerError: if the ledger is closed.
        """
        require_valid(entries)
        if self._closing.is_set():
            raise LedgerError(f"{self._place}: the ledger is closed")
        if self._waiting + len(entries) > self._capacity:
            self._unrecorded += len(entries)
            self._untold += len(entries)
            return False
        self._queue.entries.extend(entries)
        self._waiting += len(entries)
        self._wake.set()
        return True

    async def append(self, entries: Sequence[Entry]) -> None:
        """Append entries, all or none; on return they survive kill -9 and power loss.

        Waits as long as the disk fails. Cancelling the wait does not withdraw the entries.

        Raises:
            ValueError: if the ledger cannot hold an entry.
            LedgerStorageError: if the buffer is full; the entries are counted as unrecorded.
            LedgerError: if the ledger is closed before they are durable.
        """
        if not entries:
            return
        if not self.submit(entries):
            raise LedgerStorageError(
                f"{self._place}: {self._waiting} entries wait for the disk already: "
                f"{self._writing.problem}"
            )
        acknowledged: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.waiters.append(acknowledged)
        await acknowledged

    async def entries(
        self,
        kind: str,
        since: datetime | None = None,
        until: datetime | None = None,
        subject: str | None = None,
    ) -> list[Recorded]:
        """Return the entries of one kind by time, `since` included, `until` excluded.

        Raises:
            LedgerError: if the file cannot be read.
        """
        return await self._read(lambda reader: list(reader.entries(kind, since, until, subject)))

    async def latest(self, kind: str) -> list[Entry]:
        """Return the newest entry of a kind for each subject.

        Raises:
            LedgerError: if the file cannot be read.
        """
        return await self._read(lambda reader: reader.latest(kind))

    async def lead(self) -> bool:
        """Become or stay the writer that exports the city's figures; see `LedgerStore.lead`.

        A lost connection is opened again, and its leadership is lost with it.

        Raises:
            LedgerError: if the ledger cannot be opened or queried.
        """
        return await self._in_thread(self._lead, self._clock.now())

    async def verify(self) -> VerifyResult:
        """Check the whole file; appends wait meanwhile.

        Raises:
            LedgerError: if the file cannot be read.
        """
        return await self._read(lambda reader: reader.verify())

    async def _write(self) -> None:
        batch = self._queue
        try:
            while await self._work_arrived():
                batch = self._take()
                await self._record(batch)
        finally:
            if not self._closing.is_set():  # a bug in here: callers must not wait forever
                self._writing.failed("its writer failed; the traceback follows at the stop")
                self._closing.set()
            for waiter in (*batch.waiters, *self._queue.waiters):
                if not waiter.done():
                    waiter.set_exception(LedgerError(f"{self._place}: the ledger closed"))

    async def _work_arrived(self) -> bool:
        """Wait for entries; return False when the ledger closes and none are left."""
        while not self._queue.entries:
            if self._closing.is_set():
                return False
            self._wake.clear()
            await self._wake.wait()
        return not (self._closing.is_set() and self._writing.problem)

    def _take(self) -> _Batch:
        batch, self._queue = self._queue, _Batch([], [])
        if self._untold:
            problem = f"more than {self._capacity} entries waited for the disk"
            payload: dict[str, Json] = {"entries": self._untold, "problem": problem}
            batch.entries.append(Entry(self._clock.now(), "gap", "", payload))
            self._untold = 0
            self._waiting += 1
        return batch

    async def _record(self, batch: _Batch) -> None:
        """Commit a batch, retrying until the disk accepts it; when closing, try once more."""
        delay = _FIRST_RETRY_SECONDS
        while True:
            last = self._closing.is_set()
            try:
                await self._in_thread(self._commit, batch, self._clock.now())
            except LedgerError as error:
                self._writing.failed(str(error))
            else:
                break
            if last:
                return
            await pause(self._clock, delay, self._closing)
            delay = min(2 * delay, _LAST_RETRY_SECONDS)
        self._writing.succeeded()
        self._waiting -= len(batch.entries)
        self._recorded += len(batch.entries)
        self._tell_anchor_in_time()
        for waiter in batch.waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _tell_anchor_in_time(self) -> None:
        """Log the daily anchor, and that of a ledger that was begun meanwhile."""
        head = self._store.head if self._store else None
        begun = self._told is None or (head is not None and head.row < self._told.row)
        if begun or self._clock.monotonic() - self._told_at >= ANCHOR_SECONDS:
            self._tell_anchor("begin" if begun else "day")

    def _tell_anchor(self, occasion: str) -> None:
        """Log the ledger's head; logs are kept elsewhere. Metrics have the same anchor."""
        if self._store is None:
            return
        self._told, self._told_at = self._store.head, self._clock.monotonic()
        audit.info("ledger's end (%s): %s", occasion, self._told)

    def _tell_loss(self) -> None:
        """Log how many entries the disk had not accepted when the ledger closed."""
        if self._waiting:
            lost = count_of(self._waiting, "entry was", "entries were")
            audit.error("%s: %s not recorded: %s", self._place, lost, self._writing.problem)

    async def _in_thread(self, work: Callable[..., _Result], *values: object) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work, *values)

    async def _read(self, work: Callable[[Reading], _Result]) -> _Result:
        """Read in the thread; a ledger that cannot be opened for writing is read in its place."""

        def read() -> _Result:
            if self._store is not None:
                return work(self._store.reader)
            if not self._place.exists():
                raise LedgerStorageError(self._writing.problem or f"{self._place}: not open")
            with self._place.open_reader() as reader:
                return work(reader)

        return await self._in_thread(read)

    # The methods below run in the executor's thread.

    def _opened(self, now: datetime) -> LedgerStore:
        if self._store is None:
            store = self._place.open_store(now)
            try:
                self._greet(store, now)
            except LedgerError:
                store.close()
                raise
            self._store = store
        return self._store

    def _greet(self, store: LedgerStore, now: datetime) -> None:
        """Note what an opened ledger replaces, and say in the log if one was set aside."""
        first = next(iter(store.reader.latest("begin")), Entry(now, "begin", "", {}))
        self._begun, self._quarantined = first.at, store.quarantined
        self._was_killed = self._was_killed or store.was_killed
        self._replaced = store.replaced or self._replaced
        if self._quarantined:
            why = str(first.payload.get("problem", ""))
            audit.error("%s", earlier_ledger(self._quarantined, why, first.at))

    def _commit(self, batch: _Batch, now: datetime) -> None:
        try:
            store = self._opened(now)
            if batch.rows and store.head.digest == batch.rows[-1].digest:
                return  # the previous attempt reported an error although it was durable
            batch.rows = tuple(store.link(batch.entries))
            store.append(batch.rows)
            self._quarantined = store.quarantined  # it may have been moved away
        except LedgerCorruptError:
            self._close()  # the next attempt reopens the file and moves it aside
            raise
        except LedgerError:
            self._recover()
            raise

    def _lead(self, now: datetime) -> bool:
        try:
            return self._opened(now).lead()
        except LedgerError:
            self._recover()
            raise

    def _recover(self) -> None:
        try:
            if self._store is not None:
                self._store.reload()
        except LedgerError:
            self._close()

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None
