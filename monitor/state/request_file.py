"""Requests from the shell to the daemon, in small files in the state directory.

The command writes, and the daemon reads the file when it changes. Every request has its own id and
is carried out once: the ledger tells the daemon what it has already done. The file is replaced
atomically under a lock and synced, so a reader sees the old or the new one.

Must not know: what is requested, or what a request leads to.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from monitor.state.file import StateFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from monitor.state.file import Stamp

SCHEMA: Final = 1
_MAX_BYTES: Final = 1 << 20
_KEPT: Final = timedelta(days=30)


class RequestFileError(Exception):
    """The file cannot be read or written; the message names it and the cure."""


class Dated(Protocol):
    """A request with the time it was made, by which it expires."""

    @property
    def at(self) -> datetime:
        """Return when it was made."""


Asked = TypeVar("Asked", bound=Dated)


class StoredRequests(Generic[Asked]):
    """The requests of one kind of the last 30 days.

    `what` names the kind in messages. `encode` and `decode` convert a request to plain JSON and
    back; on JSON of another shape, decoding may raise any error that follows from it.
    """

    def __init__(
        self,
        path: Path,
        what: str,
        encode: Callable[[Asked], dict[str, Any]],
        decode: Callable[[Any], Asked],
    ) -> None:
        self.path = path
        self._what = what
        self._encode_one = encode
        self._decode_one = decode
        self._file = StateFile(path)

    def stamp(self) -> Stamp:
        """Return the stamp of the current version, None without a file; one stat call.

        Raises:
            RequestFileError: if the folder cannot be read.
        """
        with self._telling():
            return self._file.stamp()

    def read(self) -> tuple[Asked, ...]:
        """Return the requests in the order they were made; empty without a file.

        Raises:
            RequestFileError: if it cannot be read or has an unknown format.
        """
        with self._telling():
            content = self._file.content(_MAX_BYTES)
        if content is None:
            return ()
        try:
            return self._decode(content)
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
            raise RequestFileError(
                f"{self.path} is damaged ({error}); move it away and give the command again"
            ) from error

    def add(self, request: Asked) -> None:
        """Add a request; on return, it survives kill -9 and a power cut.

        Raises:
            RequestFileError: if it cannot be stored, or another command is just storing one.
        """
        with self._telling(), self._file.locked():
            old = request.at - _KEPT
            kept = [one for one in self.read() if one.at > old]
            content = self._encode([*kept, request])
            if len(content) > _MAX_BYTES:
                raise RequestFileError(
                    f"{self.path} would grow beyond {_MAX_BYTES} bytes; ask for less at once"
                )
            self._file.replace(content)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except BlockingIOError:
            raise RequestFileError(f"another command is changing {self._what}; try again") from None
        except OSError as error:
            raise RequestFileError(f"{self.path}: {error.strerror}") from error

    def _encode(self, requests: list[Asked]) -> bytes:
        document = {"schema": SCHEMA, "requests": [self._encode_one(one) for one in requests]}
        return json.dumps(document, indent=1).encode() + b"\n"

    def _decode(self, content: bytes) -> tuple[Asked, ...]:
        if len(content) > _MAX_BYTES:
            raise ValueError(f"larger than {_MAX_BYTES} bytes")
        document = json.loads(content)
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise ValueError(f"not of schema {SCHEMA}")
        return tuple(self._decode_one(one) for one in document["requests"])
