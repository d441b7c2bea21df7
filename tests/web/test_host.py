"""Which Host headers are valid."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.web.host import parse_host


@pytest.mark.parametrize(
    ("value", "host"),
    [
        ("localhost", "localhost"),
        ("LocalHost:9822", "localhost"),
        ("localhost.", "localhost"),
        ("localhost.:9822", "localhost"),
        ("localhost:", "localhost"),
        ("monitor_1.schule.example", "monitor_1.schule.example"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ("127.0.0.1", IPv4Address("127.0.0.1")),
        ("127.0.0.1:65535", IPv4Address("127.0.0.1")),
        ("[::1]", IPv6Address("::1")),
        ("[::1]:9822", IPv6Address("::1")),
        ("[::FFFF:127.0.0.1]:", IPv6Address("::ffff:127.0.0.1")),
    ],
)
def test_a_host_is_an_address_or_a_name(value: str, host: object) -> None:
    assert parse_host(value) == host


@pytest.mark.parametrize(
    "value",
    [
        *["", " ", ".", "..", ":", ":9822", "localhost..", ".localhost", "a..b"],
        *["[::1].evil.com", "[localhost].evil.com", "[localhost]", "[127.0.0.1]", "[::1", "::1]"],
        *["::1", "[]", "[]:1", "[::1]x", "x[::1]", "[::1]:1:2", "[fe80::1%25lo]", "[fe80::1%lo]"],
        *["[v1.fe80::a]", "[::1]:80a", "localhost:80a", "localhost:-1", "localhost:+1", "a:1:2"],
        *["localhost:65536", "localhost:99999999999999999999", "localhost: 80", "localhost:٨٠"],
        *["user@localhost", "user:pw@localhost", "localhost@evil.com", "evil.com#@localhost"],
        *["localhost/", "localhost/..", "localhost?", "localhost#", "http://localhost", "//a"],
        *["local%68ost", "localhost%00", "localhost\0", "localhost\n", "localhost\t", "a b"],
        *["localhost,evil.com", "localhost;", "ſocalhost", "ⅼocalhost", "localhost。", "-a", "a-"],
        *["127.0.0.1.", "127.1", "127.0.0.01", "0x7f.0.0.1x.1", "2130706433", "256.0.0.1", "1"],
        *["127.0.0.1.evil.com:x", "a" * 300],
    ],
)
def test_anything_else_is_not_a_host(value: str) -> None:
    assert parse_host(value) is None


LABEL = st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
NAME = st.lists(LABEL, min_size=1, max_size=4).map(".".join)
PORT = st.just("") | st.integers(0, 65535).map(":{}".format)


@given(name=NAME, port=PORT, is_loud=st.booleans())
def test_every_name_with_or_without_a_port_is_that_name(
    *, name: str, port: str, is_loud: bool
) -> None:
    assert parse_host((name.upper() if is_loud else name) + port) == name


@given(st.ip_addresses(), PORT)
def test_every_address_with_or_without_a_port_is_that_address(
    address: IPv4Address | IPv6Address, port: str
) -> None:
    literal = f"[{address}]" if address.version == 6 else str(address)
    assert parse_host(literal + port) == address


@given(st.text(st.characters(max_codepoint=0x7F) | st.characters(), max_size=40))
@example("[::1].evil.com")
def test_every_accepted_host_is_written_in_its_canonical_form(value: str) -> None:
    """No character of a Host header is ignored, so that nothing can hide in it."""
    host = parse_host(value)
    if host is None:
        return
    written = re.sub(r":[0-9]*$", "", value)
    if isinstance(host, str):
        assert written.lower().removesuffix(".") == host
    elif host.version == 4:
        assert IPv4Address(written) == host
    else:
        # A port is outside the brackets.
        assert ip_address(value[1 : value.index("]")]) == host
        assert re.fullmatch(r"(:[0-9]*)?", value[value.index("]") + 1 :])
