"""Reading HTTP responses: valid ones are read, anything else is one kind of error."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.probes.stream.http1 import (
    BODY_LIMIT,
    HEAD_LIMIT,
    INTERIM_LIMIT,
    Body,
    ChunkedDecoder,
    Head,
    HeadReader,
    ResponseError,
    parse_head,
    request,
)


def head_of(*lines: str) -> bytes:
    return "\r\n".join(("HTTP/1.1 200 OK", *lines)).encode("latin-1")


def read_body(head: bytes, wire: bytes, step: int = 7) -> Body:
    body = Body(parse_head(head))
    for start in range(0, len(wire), step):
        if body.is_complete:
            break
        body.feed(wire[start : start + step])
    body.end()
    return body


def chunked(content: bytes, size: int) -> bytes:
    parts = [content[start : start + size] for start in range(0, len(content), size)]
    return (
        b"".join(b"%x;a=b\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\nT: x\r\n\r\n"
    )


def test_request_asks_for_one_response_and_connection_close() -> None:
    assert request("/a?b=c", "www.example:81") == (
        b"GET /a?b=c HTTP/1.1\r\nHost: www.example:81\r\nUser-Agent: schulnetz-monitor\r\n"
        b"Accept: */*\r\nConnection: close\r\n\r\n"
    )


def test_head_is_read_with_names_in_lower_case_and_repeated_fields_joined() -> None:
    head = parse_head(b"HTTP/1.0 404 Not Found\r\nX-A: 1\r\nx-a:\t2 \r\nLocation: /b")
    assert (head.version, head.status) == ("1.0", 404)
    assert (head.get("x-a"), head.get("location"), head.get("none")) == ("1, 2", "/b", None)


def test_invalid_field_names_are_skipped_and_controls_in_values_kept() -> None:
    head = parse_head(b"HTTP/1.1 200 OK\r\nNa me: x\r\n: y\r\nX: a\x01b\rc\r\nLocation : /")
    assert head.fields == (("x", "a\x01b c"), ("location", "/"))


def heads(wire: bytes, step: int = 1) -> HeadReader:
    reader = HeadReader()
    for start in range(0, len(wire), step):
        if reader.head is not None:
            reader.rest += wire[start:]
            break
        reader.feed(wire[start : start + step])
    return reader


CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.mark.parametrize("step", [1, 3, 16384])
def test_head_ends_at_the_empty_line_and_keeps_what_follows(step: int) -> None:
    assert heads(b"HTTP/1.1 200 OK\r\nA: b\r\n", step).head is None
    reader = heads(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nrest", step)
    assert reader.head == Head("1.1", 200, (("a", "b"),))
    assert reader.rest == b"rest"


def test_end_within_the_head_is_refused() -> None:
    reader = heads(b"HTTP/1.1 200 OK\r\nA: b\r\n")
    with pytest.raises(ResponseError, match="ends before"):
        reader.feed(b"")


@pytest.mark.parametrize("step", [1, 16384])
def test_ten_interim_responses_are_skipped_and_the_eleventh_is_refused(step: int) -> None:
    final = b"HTTP/1.1 200 OK\r\n\r\nrest"
    reader = heads(CONTINUE * INTERIM_LIMIT + final, step)
    assert reader.head == Head("1.1", 200, ())
    assert reader.rest == b"rest"
    with pytest.raises(ResponseError, match="more than 10 interim responses"):
        heads(CONTINUE * (INTERIM_LIMIT + 1) + final, step)


@pytest.mark.parametrize("step", [1, 1000, 16384])
def test_all_heads_of_an_exchange_share_one_limit(step: int) -> None:
    def wire(spare: int) -> bytes:
        early = b"HTTP/1.1 103 Early Hints\r\nLink: " + b"a" * 5000 + b"\r\n\r\n"
        start, end = b"HTTP/1.1 200 OK\r\nA: ", b"\r\n\r\n"
        left = HEAD_LIMIT - 2 * len(early) - len(start) - len(end)
        return 2 * early + start + b"b" * (left - spare) + end

    whole = heads(wire(0), step)
    assert whole.head is not None
    assert whole.room == 0
    assert heads(wire(100), step).room == 100
    with pytest.raises(ResponseError, match="16 KiB together"):
        heads(wire(-1), step)


def test_trailers_share_the_limit_of_the_heads() -> None:
    chunks = b"1\r\nx\r\n0\r\n" + b"a: b\r\n" * 10 + b"\r\n"
    head = parse_head(head_of("Transfer-Encoding: chunked"))
    body = Body(head, trailer_room=60)
    body.feed(chunks)
    assert body.is_complete
    with pytest.raises(ResponseError, match="16 KiB together"):
        Body(head, trailer_room=59).feed(chunks)


def test_head_over_the_limit_is_refused() -> None:
    with pytest.raises(ResponseError, match="16 KiB"):
        heads(b"HTTP/1.1 200 OK\r\nA: " + b"b" * HEAD_LIMIT, 999)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2",
        b"HTTP/1.1 99 Low",
        b"HTTP/1.1 200 OK\r\nno colon",
        b"HTTP/1.1 200 OK\r\nA: x\x00y",
        b"HTTP/1.1 200 OK\r\n folded: without a beginning",
        b"HTTP/1.1 200 OK\r\nA: b\r\n fold\x00ed",
    ],
)
def test_malformed_head_is_refused(data: bytes) -> None:
    with pytest.raises(ResponseError):
        parse_head(data)


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: ten",),
        ("Content-Length: -1",),
        ("Content-Length: 1", "Content-Length: 2"),
        ("Content-Length: " + "9" * 5000,),
        ("Content-Length: " + "0" * 5000 + "9",),
        ("Transfer-Encoding: gzip, chunked",),
    ],
)
def test_ambiguous_framing_is_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises(ResponseError):
        Body(parse_head(head_of(*lines)))


def test_body_ends_at_its_content_length() -> None:
    assert read_body(head_of("Content-Length: 5", "Content-Length: 5"), b"helloworld").content == (
        b"hello"
    )


def test_body_without_a_length_ends_with_the_connection() -> None:
    assert read_body(head_of(), b"hello").content == b"hello"


@pytest.mark.parametrize(
    ("lines", "wire"),
    [
        (("Content-Length: 9",), b"hello"),
        (("Transfer-Encoding: chunked",), b"5\r\nhel"),
        (("Transfer-Encoding: chunked",), b"5\r\nhello\r\n"),
        (("Content-Encoding: gzip",), gzip.compress(b"hello" * 99, mtime=0)[:-9]),
    ],
)
def test_body_that_ends_early_is_refused(lines: tuple[str, ...], wire: bytes) -> None:
    with pytest.raises(ResponseError, match="early"):
        read_body(head_of(*lines), wire)


def test_no_content_has_no_body() -> None:
    body = Body(parse_head(b"HTTP/1.1 204 No Content\r\nContent-Length: 5"))
    assert body.is_complete


def test_decompression_bomb_is_cut_at_the_limit() -> None:
    wire = gzip.compress(bytes(64 << 20))
    body = read_body(head_of("Content-Encoding: gzip"), wire, step=16384)
    assert (len(body.content), body.is_cut) == (BODY_LIMIT, True)


def test_body_of_exactly_the_limit_is_complete() -> None:
    content = bytes(BODY_LIMIT)
    body = read_body(head_of(f"Content-Length: {BODY_LIMIT}"), content, step=16384)
    assert (len(body.content), body.is_cut) == (BODY_LIMIT, False)


def test_flood_of_tiny_chunks_is_cut_off() -> None:
    body = Body(parse_head(head_of("Transfer-Encoding: chunked")))
    fed = 0
    while not body.is_complete:
        body.feed(b"1\r\nx\r\n" * 2000)
        fed += 12000
    assert body.is_cut
    assert fed <= 3 * BODY_LIMIT


@pytest.mark.parametrize(
    "wire", [b"xyz\r\n", b"-1\r\n", b"2\r\nabc\r\n", b"1" * 300, b"0\r\n" + b"a: b\r\n" * 5000]
)
def test_malformed_chunks_are_refused(wire: bytes) -> None:
    with pytest.raises(ResponseError):
        ChunkedDecoder().feed(wire)


@given(
    content=st.binary(max_size=300),
    size=st.integers(1, 50),
    step=st.integers(1, 50),
    packed=st.booleans(),
)
def test_chunked_body_is_decoded_however_it_is_split(
    *, content: bytes, size: int, step: int, packed: bool
) -> None:
    wire = gzip.compress(content) if packed else content
    lines = ("Transfer-Encoding: chunked", *(("Content-Encoding: gzip",) if packed else ()))
    body = read_body(head_of(*lines), chunked(wire, size), step)
    assert body.content == content


PIECES = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [
                b"HTTP/1.1 200 OK\r\n",
                b"Content-Length: 5\r\n",
                b"Transfer-Encoding: chunked\r\n",
                b"Content-Encoding: gzip\r\n",
                b"\r\n",
                b"\n\n",
                b"5\r\nhello\r\n",
                b"0\r\n\r\n",
                gzip.compress(b"hello"),
            ]
        ),
    ),
    max_size=12,
).map(b"".join)


@given(st.one_of(st.binary(max_size=400), PIECES, PIECES.map(lambda data: head_of() + data)))
def test_the_reader_raises_only_its_own_error(data: bytes) -> None:
    try:
        reader = HeadReader()
        reader.feed(data)
        head = reader.head
        if head is None:
            return
        body = Body(head, reader.room)
        body.feed(reader.rest)
        body.end()
        assert head.content_length is None or head.content_length >= 0
    except ResponseError:
        return


@given(st.lists(st.one_of(st.binary(max_size=40), st.sampled_from([b"5\r\nhello\r\n", b"0\r\n"]))))
def test_the_chunked_decoder_raises_only_its_own_error(
    pieces: list[bytes],
) -> None:
    decoder = ChunkedDecoder()
    try:
        for piece in pieces:
            decoder.feed(piece)
    except ResponseError:
        return
