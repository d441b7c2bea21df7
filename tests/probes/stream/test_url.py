"""URLs: where a request goes, where a redirect leads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.probes.stream.url import parse_url, redirected


@pytest.mark.parametrize(
    ("url", "host", "port", "authority", "target"),
    [
        ("http://www.example", "www.example", 80, "www.example", "/"),
        (
            "https://www.example:8443/a b?c=d#e",
            "www.example",
            8443,
            "www.example:8443",
            "/a%20b?c=d",
        ),
        ("http://[2001:db8::1]:80/", "2001:db8::1", 80, "[2001:db8::1]", "/"),
        ("https://Städt.example/ü", "xn--stdt-moa.example", 443, "xn--stdt-moa.example", "/%C3%BC"),
        ("http://user:word@www.example/", "www.example", 80, "www.example", "/"),
    ],
)
def test_url_determines_where_its_request_goes(
    url: str, host: str, port: int, authority: str, target: str
) -> None:
    place = parse_url(url)
    assert (place.host, place.port, place.authority, place.target) == (
        host,
        port,
        authority,
        target,
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "www.example",
        "ftp://www.example/",
        "http://",
        "http://www.example:0/",
        "http://www.example:99999/",
        "http://[::1/",
        "http://[zz]/",
        "http://a..b/",
        "http://.example/",
        "http://a b/",
        "http://192.0.2.1%x/",
        "http://[2001:db8::1%x]/",
        f"http://{'a' * 64}.example/",
        f"http://{'a.' * 124}example/",
    ],
)
def test_an_unusable_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the text is a person's, not an interface
        parse_url(url)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/c", "https://www.example:81/c"),
        ("c", "https://www.example:81/a/c"),
        ("//other.example/c", "https://other.example/c"),
        ("http://other.example/c", "http://other.example/c"),
        ("?d", "https://www.example:81/a/b?d"),
    ],
)
def test_redirect_is_resolved_against_its_own_url(location: str, url: str) -> None:
    assert redirected(parse_url("https://www.example:81/a/b"), location).url == url


@given(st.text())
def test_any_location_is_resolved_or_raises_value_error(location: str) -> None:
    try:
        place = redirected(parse_url("http://www.example/"), location)
    except ValueError:
        return
    assert place.target.isascii()
    assert not set("\r\n ") & set(place.target + place.authority)
