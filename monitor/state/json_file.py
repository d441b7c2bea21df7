"""A small JSON file of the state directory that holds one document, a dataclass.

The one reader and the one writer of such files. What to do about a damaged file is up to the
caller.

Must not know: what a document means.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Generic, TypeVar

from monitor.state.file import StateFile
from monitor.state.json_fields import FieldError, JsonFields
from monitor.words.plain import as_json

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.state.wire import Wires

Document = TypeVar("Document")


class DamagedFileError(Exception):
    """The file is not in this program's format; the message says what is wrong with it."""


class NewerFileError(Exception):
    """The file was written by a newer version of this program, and is not changed."""


class TooLargeError(ValueError):
    """The document does not fit in the file."""


class JsonFile(StateFile, Generic[Document]):
    """One such file of at most `most_bytes`.

    `schema` is the number of its format, None where it has none; `wires` are those of `JsonFields`.
    """

    def __init__(
        self,
        path: Path,
        document: type[Document],
        wires: Wires,
        *,
        most_bytes: int,
        schema: int | None = None,
    ) -> None:
        super().__init__(path)
        self._fields = JsonFields(document, wires)
        self._most_bytes = most_bytes
        self._schema = schema

    def read(self) -> Document | None:
        """Return the document, None without a file.

        Raises:
            DamagedFileError: if the file is not valid.
            NewerFileError: if a newer version wrote it.
            OSError: if it cannot be read.
        """
        content = self.content(self._most_bytes)
        if content is None:
            return None
        if len(content) > self._most_bytes:
            raise DamagedFileError(f"larger than {self._most_bytes} bytes")
        try:
            found = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise DamagedFileError(f"not JSON: {error}") from error
        if self._schema is not None:
            self._check_schema(found)
        try:
            return self._fields.value(found)
        except FieldError as error:
            raise DamagedFileError(str(error)) from error

    def write(self, document: Document) -> None:
        """Replace the file; hold the lock. On return, the change is on the disk.

        Raises:
            TooLargeError: if the document is too large.
            OSError: if the file cannot be written; the old file remains.
        """
        head = {} if self._schema is None else {"schema": self._schema}
        content = as_json({**head, **self._fields.plain(document)}, indent=1).encode() + b"\n"
        if len(content) > self._most_bytes:
            raise TooLargeError(f"{self.path.name} would hold more than {self._most_bytes} bytes")
        self.replace(content)

    def _check_schema(self, found: object) -> None:
        schema = found.get("schema") if isinstance(found, dict) else None
        if not isinstance(schema, int) or self._schema is None:
            raise DamagedFileError("no schema number")
        if schema > self._schema:
            raise NewerFileError(f"schema {schema}, this version knows {self._schema}")
