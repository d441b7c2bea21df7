"""Requests from the shell to the daemon, in small files in the state directory.

The command writes, and the daemon reads the file when it changes. Every request has its own id and
is carried out once: the ledger tells the daemon what it has already done. The daemon removes what
it refuses. The file is replaced atomically under a lock and synced, so a reader sees the old or the
new one.

Must not know: what is requested, or what a request leads to.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from monitor.state.json_fields import FieldError
from monitor.state.json_file import DamagedFileError, JsonFile, NewerFileError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
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


class Fields(Protocol[Asked]):
    """A request as plain JSON, and back."""

    def plain(self, value: Asked, /) -> dict[str, Any]:
        """Return a request as plain JSON."""

    def value(self, plain: object, /) -> Asked:
        """Return the request.

        Raises:
            FieldError: if it is not one.
        """


@dataclass(frozen=True, slots=True)
class _Requests:
    requests: tuple[dict[str, Any], ...]


class StoredRequests(Generic[Asked]):
    """The requests of one kind of the last 30 days; `what` names the kind in messages."""

    def __init__(self, path: Path, what: str, fields: Fields[Asked]) -> None:
        self.path = path
        self._what = what
        self._fields = fields
        self._file = JsonFile(path, _Requests, {}, most_bytes=_MAX_BYTES, schema=SCHEMA)

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
            found = self._file.read()
            if found is None:
                return ()
            return tuple(self._fields.value(one) for one in found.requests)

    def add(self, request: Asked) -> None:
        """Add a request; on return, it survives kill -9 and a power cut.

        Raises:
            RequestFileError: if it cannot be stored, or another command is just storing one.
        """
        with self._telling(), self._file.locked():
            old = request.at - _KEPT
            kept = [one for one in self.read() if one.at > old]
            self._write((*kept, request))

    def remove(self, requests: Collection[Asked]) -> None:
        """Remove requests; on return, they are gone for good.

        Raises:
            RequestFileError: if the file cannot be changed, or a command is just changing it.
        """
        with self._telling(), self._file.locked():
            self._write(one for one in self.read() if one not in requests)

    def _write(self, requests: Iterable[Asked]) -> None:
        self._file.write(_Requests(tuple(self._fields.plain(one) for one in requests)))

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except BlockingIOError:
            raise RequestFileError(f"another command is changing {self._what}; try again") from None
        except OSError as error:
            raise RequestFileError(f"{self.path}: {error.strerror}") from error
        except (DamagedFileError, FieldError) as error:
            raise RequestFileError(
                f"{self.path} is damaged ({error}); move it away and give the command again"
            ) from error
        except NewerFileError as error:
            raise RequestFileError(
                f"{self.path} was written by a newer version ({error}); upgrade this one"
            ) from error
        except TooLargeError as error:
            raise RequestFileError(f"{error}; ask for less at once") from error
