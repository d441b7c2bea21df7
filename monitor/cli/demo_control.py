"""The local socket of a running demo, for breaking and mending things while it runs.

The socket is in the demo's state folder, and only its user has access. A connection sends one line
of JSON, `{"break": "KIND@SCHOOL"}` or `{"mend": "SCHOOL"}`, and gets one: `{"faults": [...],
"done": [...]}` or `{"error": "..."}`.

Must not know: how a fault is simulated.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from monitor.simulator.city import CityError
from monitor.simulator.faults import FaultError, FaultKind, parse_fault
from monitor.words.plain import as_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence

    from monitor.inventory.city import Inventory
    from monitor.simulator.faults import Fault

SOCKET: Final = "control.sock"
_ANSWER_SECONDS: Final = 60.0
_LONGEST: Final = 4096


class DemoGoneError(Exception):
    """No demo listens in that folder."""


class Faults:
    """The faults of a running demo; `act` applies them to all parts, or changes nothing."""

    def __init__(
        self,
        inventory: Inventory,
        faults: Iterable[str],
        act: Callable[[Sequence[str]], Awaitable[None]],
    ) -> None:
        self._inventory = inventory
        self._texts = tuple(str(parse_fault(text, inventory)) for text in faults)
        self._act = act
        self._changing = asyncio.Lock()

    async def break_one(self, text: str) -> list[str]:
        """Break something, and return the fault in its written form.

        Raises:
            FaultError: if it is not possible in this city, or already present.
            CityError: if the city has ended.
        """
        fault = str(parse_fault(text, self._inventory))
        if fault in self._texts:
            raise FaultError(f"{fault} is active already; `schulnetz demo mend` ends it")
        await self._change((*self._texts, fault))
        return [fault]

    async def mend(self, what: str) -> list[str]:
        """Mend a school, a kind of fault, one fault, or `all`; return what was mended.

        Raises:
            FaultError: if there is no such fault.
            CityError: if the city has ended.
        """
        mended = [text for text in self._texts if _is_meant(text, what)]
        if not mended:
            if not self._texts:
                raise FaultError("nothing is broken")
            raise FaultError(f"{what!r} is not broken; broken is {', '.join(self._texts)}")
        await self._change(tuple(text for text in self._texts if text not in mended))
        return mended

    @property
    def texts(self) -> tuple[str, ...]:
        """Return the current faults, in the order in which they were set."""
        return self._texts

    async def _change(self, texts: tuple[str, ...]) -> None:
        async with self._changing:
            await self._act(texts)
            self._texts = texts


def _is_meant(text: str, what: str) -> bool:
    kind, _, place = text.partition("@")
    return what in {"all", text, kind, place, place.partition("/")[0]}


@dataclass(frozen=True, slots=True)
class Broken:
    """The faults of the command line, and the delay in seconds before they begin."""

    faults: tuple[Fault, ...]
    after: float

    @property
    def at_once(self) -> tuple[Fault, ...]:
        """Return the faults that are present from the start."""
        return () if self.after else self.faults

    async def begin(self, book: Faults) -> None:
        """Wait, and set the remaining faults."""
        if self.after:
            await asyncio.sleep(self.after)
            for fault in self.faults:
                # The end of the city is reported by the task that waits for it.
                with contextlib.suppress(FaultError, CityError):
                    await book.break_one(str(fault))


@contextlib.asynccontextmanager
async def listening(state_directory: Path, faults: Faults) -> AsyncIterator[None]:
    """Accept commands on the socket in a state folder until the context ends."""
    with _short(state_directory / SOCKET) as path:
        path.unlink(missing_ok=True)
        opened = socket.socket(socket.AF_UNIX)
        # Before anyone can connect.
        before = os.umask(0o077)
        try:
            opened.bind(str(path))
        finally:
            os.umask(before)
        server = await asyncio.start_unix_server(
            lambda reader, writer: _serve(faults, reader, writer), sock=opened, limit=_LONGEST
        )
        try:
            yield
        finally:
            server.close()
            await server.wait_closed()
            path.unlink(missing_ok=True)


async def _serve(
    faults: Faults, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            answer = await _answer(faults, await reader.readline())
            writer.write(f"{as_json(answer, compact=True)}\n".encode())
            await writer.drain()
    except (OSError, ValueError):
        # The client has gone, sent nothing, or sent too much.
        return
    finally:
        writer.close()


async def _answer(faults: Faults, line: bytes) -> dict[str, object]:
    try:
        command = json.loads(line)
        match command:
            case {"break": str(text)}:
                done = await faults.break_one(text)
            case {"mend": str(what)}:
                done = await faults.mend(what)
            case _:
                return {"error": 'a command is {"break": "KIND@SCHOOL"} or {"mend": "SCHOOL"}'}
    except (FaultError, CityError, OSError) as error:
        return {"error": str(error)}
    except (ValueError, RecursionError):
        return {"error": "not JSON"}
    return {"done": done, "faults": list(faults.texts)}


_PLACES: Final = {FaultKind.ISOLATED: "", FaultKind.REFERENCE_DOWN: "@REFERENCE"}


def kinds_with_places() -> Iterator[str]:
    """Yield each kind of fault in its written form, with a placeholder for its place."""
    return (f"{kind}{_PLACES.get(kind, '@SCHOOL')}" for kind in FaultKind)


def ask_demo(state_directory: Path, command: str, what: str) -> dict[str, list[str]]:
    """Send a command to the demo of a state folder; return what it has done.

    Raises:
        DemoGoneError: if none runs there.
        FaultError: if it rejects the command.
    """
    try:
        with _short(state_directory / SOCKET) as path, socket.socket(socket.AF_UNIX) as there:
            there.settimeout(_ANSWER_SECONDS)
            there.connect(str(path))
            there.sendall(f"{json.dumps({command: what})}\n".encode())
            with there.makefile("rb") as answer:
                said = json.loads(answer.readline())
    except (OSError, ValueError) as error:
        raise DemoGoneError(str(error)) from error
    if "error" in said:
        raise FaultError(str(said["error"]))
    return {key: list(map(str, said[key])) for key in ("done", "faults")}


def kind_and_place(kind: str, place: str) -> str:
    """Return a fault in its written form; `isolated` has no place."""
    return kind if kind == FaultKind.ISOLATED and not place else f"{kind}@{place}"


@contextlib.contextmanager
def _short(path: Path) -> Iterator[Path]:
    """Yield another path of a file, short enough for a socket: unix(7) allows 107 octets."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield Path(f"/proc/self/fd/{folder}", path.name)
    finally:
        os.close(folder)
