"""Cookies of one run: what a server's Set-Cookie field may look like."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.probes.stream.cookies import Cookies
from monitor.probes.stream.url import parse_url

PLACE = parse_url("https://school.example/")
NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "attribute",
    [
        "Max-Age=--5",
        "Max-Age=-",
        "Max-Age=²",
        "Expires=",
        "Expires=Mon, 01 Jan 99999 00:00:00 GMT",
        "Expires=Mon, 01 Jan 2024 99999999999999999999:00:00 GMT",
        "Expires=Mon, 01 Jan 2024 00:00:00 +99999999999999999999",
    ],
)
def test_an_invalid_lifetime_is_ignored(attribute: str) -> None:
    cookies = Cookies()
    cookies.take([f"seen=1; {attribute}"], PLACE, NOW)
    assert cookies.value(PLACE) == "seen=1"


@pytest.mark.parametrize(
    "attribute", ["Max-Age=0", "Max-Age=-1", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"]
)
def test_a_cookie_that_has_expired_is_deleted(attribute: str) -> None:
    cookies = Cookies()
    cookies.take(["seen=1", f"seen=1; {attribute}"], PLACE, NOW)
    assert not cookies.value(PLACE)
