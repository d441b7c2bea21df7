"""HTTP/1.1 messages as bytes: encodes the request, decodes the response.

Whatever bytes a server sends, reading them ends within fixed limits and raises only
`ResponseError`.

Must not know: sockets, time, or what a good response is.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import Literal

HEAD_LIMIT = 16 * 1024
"""Limit of all heads of one exchange in octets: interim responses, the final one, trailers."""

INTERIM_LIMIT = 10
BODY_LIMIT = 1024 * 1024
# Tiny chunks cost us time, not the server: at most half of the bytes may be overhead.
_WIRE_LIMIT = 2 * BODY_LIMIT
_CHUNK_LINE_LIMIT = 256

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_LONGEST_HEAD_END = 4
_INTERIM = 200
_STATUS_LINE = re.compile(rb"HTTP/([0-9]\.[0-9]) +([1-9][0-9]{2})(?: [^\x00\r\n]*)?")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LENGTH = re.compile(r"0{0,999}[0-9]{1,18}")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)
_GZIP_WINDOW = 31

Framing = Literal["none", "length", "chunked", "close"]


class ResponseError(Exception):
    """The bytes are not an HTTP response; the message is half a sentence ("the ... is ...")."""


@dataclass(frozen=True, slots=True)
class Head:
    """A response's status line and header fields, in their order; names in lower case."""

    version: str
    status: int
    fields: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str | None:
        """Return a field's values joined with commas, None if the field is absent."""
        values = [value for field, value in self.fields if field == name]
        return ", ".join(values) if values else None

    def each(self, name: str) -> list[str]:
        """Return the values of all fields of a name, in their order."""
        return [value for field, value in self.fields if field == name]

    @property
    def content_length(self) -> int | None:
        """Return the announced length of the body in bytes, None if none is announced.

        Raises:
            ResponseError: if it is not a number, or there are several.
        """
        announced = self.get("content-length")
        if announced is None:
            return None
        values = {value.strip() for value in announced.split(",")}
        value = values.pop()
        if values or _LENGTH.fullmatch(value) is None:
            raise ResponseError("the Content-Length is not one number")
        return int(value)

    @property
    def framing(self) -> Framing:
        """Return how the end of the body is determined (RFC 9112 §6.3).

        Raises:
            ResponseError: if that is ambiguous or unknown.
        """
        if self.status in {204, 304}:
            return "none"
        codings = {one.strip().lower() for one in (self.get("transfer-encoding") or "").split(",")}
        # "identity" is no coding (RFC 2616 §3.6); a coding in two fields was applied once.
        codings -= {"", "identity"}
        if codings == {"chunked"}:
            return "chunked"
        if codings:
            raise ResponseError("the transfer coding is unknown")
        return "close" if self.content_length is None else "length"


def request(target: str, host: str, cookies: str = "") -> bytes:
    """Return a GET request for one uncompressed response, after which the connection ends.

    `cookies` is the Cookie field's value, empty for none.

    Source: RFC 9112 §3; no Accept-Encoding, like blackbox_exporter, so lengths compare.
    """
    lines = (
        f"GET {target} HTTP/1.1",
        f"Host: {host}",
        "User-Agent: schulnetz-monitor",
        "Accept: */*",
        "Connection: close",
        *((f"Cookie: {cookies}",) if cookies else ()),
        "",
        "",
    )
    # A cookie is returned with the octets it came with.
    return "\r\n".join(lines).encode("latin-1")


class HeadReader:
    """Finds the head of the final response in the bytes of one exchange, after interim responses.

    `head` is None until it is found; then `rest` is what followed it, and `room` how many octets
    of the limit on heads are left for trailers. Source: RFC 9110 §15.2 (1xx are interim).
    """

    __slots__ = ("_buffer", "_interim", "head", "rest", "room")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._interim = 0
        self.head: Head | None = None
        self.rest = b""
        self.room = HEAD_LIMIT

    def feed(self, data: bytes) -> None:
        """Process the next bytes from the wire; b"" means that the peer has closed.

        Raises:
            ResponseError: if they are malformed, too many, or end before the head does.
        """
        if not data:
            raise ResponseError("it ends before its head does")
        searched = max(0, len(self._buffer) - _LONGEST_HEAD_END + 1)
        self._buffer += data
        while self.head is None:
            end = _HEAD_END.search(self._buffer, searched)
            if (len(self._buffer) if end is None else end.end()) > self.room:
                raise ResponseError("its heads are longer than 16 KiB together")
            if end is None:
                return
            head = parse_head(bytes(self._buffer[: end.start()]))
            del self._buffer[: end.end()]
            self.room -= end.end()
            searched = 0
            if head.status >= _INTERIM:
                self.head, self.rest = head, bytes(self._buffer)
                continue
            self._interim += 1
            if self._interim > INTERIM_LIMIT:
                raise ResponseError(f"more than {INTERIM_LIMIT} interim responses")


def parse_head(data: bytes) -> Head:
    """Return a response's head from its bytes without the empty line.

    Like browsers, curl and Go, it ignores fields whose names are not tokens and accepts control
    characters in values (docs/decisions/11-own-http-reader.md).

    Raises:
        ResponseError: if it is malformed. Source: RFC 9112 §4 and §5.
    """
    status_line, *lines = re.split(rb"\r?\n", data)
    status = _STATUS_LINE.fullmatch(status_line)
    if status is None:
        raise ResponseError("the first line is not an HTTP status line")
    fields: list[tuple[str, str]] = []
    for line in _unfolded(lines):
        name, colon, value = line.partition(b":")
        if not colon or b"\0" in line:
            raise ResponseError("a header field is malformed")
        name = name.rstrip(b" \t")
        if _NAME.fullmatch(name):
            # A bare CR is a blank. Source: RFC 9112 §2.2.
            text = value.replace(b"\r", b" ").strip().decode("latin-1")
            fields.append((name.decode("ascii").lower(), text))
    return Head(status[1].decode("ascii"), int(status[2]), tuple(fields))


def _unfolded(lines: list[bytes]) -> list[bytes]:
    """Return the header lines with folded lines joined. Source: RFC 9112 §5.2."""
    whole: list[bytes] = []
    for line in lines:
        if line[:1] not in {b" ", b"\t"}:
            whole.append(line)
        elif whole:
            whole[-1] += b" " + line.strip(b" \t")
        else:
            raise ResponseError("the first header line is a folded continuation")
    return whole


class ChunkedDecoder:
    """Removes the chunked transfer coding from a body. Source: RFC 9112 §7.1."""

    __slots__ = ("_buffer", "_left", "_room", "_state")

    def __init__(self, trailer_room: int = HEAD_LIMIT) -> None:
        self._buffer = bytearray()
        self._left = 0
        self._room = trailer_room
        self._state: Literal["size", "data", "after", "trailer", "done"] = "size"

    @property
    def is_done(self) -> bool:
        """Return whether the last chunk and the trailer have been read."""
        return self._state == "done"

    def feed(self, data: bytes) -> bytes:
        """Process bytes from the wire and return the body's bytes that they complete.

        Raises:
            ResponseError: if they are malformed.
        """
        self._buffer += data
        body = bytearray()
        while not self.is_done:
            if self._state == "data":
                part = self._buffer[: self._left]
                del self._buffer[: len(part)]
                body += part
                self._left -= len(part)
                if self._left:
                    break
                self._state = "after"
                continue
            line = self._line()
            if line is None:
                break
            self._step(line)
        return bytes(body)

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\n", 0, _CHUNK_LINE_LIMIT)
        if end < 0:
            if len(self._buffer) >= _CHUNK_LINE_LIMIT:
                raise ResponseError("a line of the chunked coding is too long")
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line.removesuffix(b"\r")

    def _step(self, line: bytes) -> None:
        if self._state == "after":
            if line:
                raise ResponseError("a chunk is longer than its size")
            self._state = "size"
        elif self._state == "size":
            size = _CHUNK_SIZE.fullmatch(line)
            if size is None:
                raise ResponseError("a chunk's size is not a number")
            self._left = int(size[1], 16)
            self._state = "data" if self._left else "trailer"
        elif not line:
            self._state = "done"
        else:
            self._room -= len(line) + 2
            if self._room < 0:
                raise ResponseError("its heads and trailers are longer than 16 KiB together")


class Body:
    """A response's body: framing and gzip removed, truncated to 1 MiB of content."""

    __slots__ = ("_chunked", "_content", "_framing", "_gzip", "_left", "_wire", "is_cut")

    def __init__(self, head: Head, trailer_room: int = HEAD_LIMIT) -> None:
        """Prepare for the body that a head announces; trailers may have `trailer_room` octets.

        Raises:
            ResponseError: if its framing is ambiguous or unknown.
        """
        self._framing = head.framing
        self._left = (head.content_length or 0) if self._framing == "length" else 0
        self._chunked = ChunkedDecoder(trailer_room)
        self._content = bytearray()
        self._wire = 0
        self.is_cut = False
        coding = (head.get("content-encoding") or "").strip().lower()
        self._gzip = zlib.decompressobj(_GZIP_WINDOW) if coding in {"gzip", "x-gzip"} else None

    @property
    def content(self) -> bytes:
        """Return the uncompressed content read so far, at most 1 MiB."""
        return bytes(self._content)

    @property
    def is_complete(self) -> bool:
        """Return whether there is nothing more to read: the end or the limit was reached."""
        if self.is_cut or self._framing == "none":
            return True
        if self._framing == "chunked":
            return self._chunked.is_done
        return self._framing == "length" and self._left == 0

    def feed(self, data: bytes) -> None:
        """Process bytes from the wire.

        Raises:
            ResponseError: if they are malformed.
        """
        self._wire += len(data)
        if self._framing == "chunked":
            data = self._chunked.feed(data)
        elif self._framing == "length":
            data = data[: self._left]
            self._left -= len(data)
        elif self._framing == "none":
            return
        self._add(data)
        self.is_cut = self.is_cut or self._wire > _WIRE_LIMIT

    def end(self) -> None:
        """Note that the peer has closed.

        Raises:
            ResponseError: if the body is shorter than announced.
        """
        if not self.is_complete and self._framing != "close":
            raise ResponseError("the body ends early")
        if self._gzip is not None and not self.is_cut and self._content and not self._gzip.eof:
            raise ResponseError("the compressed body ends early")

    def _add(self, data: bytes) -> None:
        room = BODY_LIMIT - len(self._content)
        if self._gzip is not None:
            try:
                # One byte beyond the limit distinguishes a body of exactly 1 MiB from a longer one.
                data = self._gzip.decompress(self._gzip.unconsumed_tail + data, room + 1)
            except zlib.error as error:
                raise ResponseError("the compressed body is damaged") from error
        self._content += data[:room]
        self.is_cut = len(data) > room
