"""Host names with umlauts: shown as typed, queried as punycode."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from monitor.clock import SystemClock
from monitor.config import ConfigError, load_text
from monitor.host_names import ascii_name
from monitor.probes.resolve import ResolveError, resolve
from monitor.probes.stream.url import parse_url
from tests.config.test_corpus import CORPUS
from tests.probes.support import THREADS

if TYPE_CHECKING:
    from monitor.inventory.city import Inventory

NAMES = {
    "grünschule.example": "xn--grnschule-r9a.example",
    "Grünschule.example": "xn--grnschule-r9a.example",
    "weiß.straße.example": "xn--wei-7ka.xn--strae-oqa.example",
    "switch-1.café.example": "switch-1.xn--caf-dma.example",
    "plain.example": "plain.example",
}


def configured(host: str, url: str = "https://{host}") -> Inventory:
    text = (CORPUS / "good" / "reference-by-name.yaml").read_text(encoding="utf-8")
    text = text.replace("host: one.example", f"host: {host}").replace("https://{host}", url)
    return load_text(text.encode(), "schools.yaml")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_kept_as_typed_and_queried_as_punycode(name: str) -> None:
    inventory = configured(name)
    assert inventory.references[0].host == name.lower()
    (url,) = (
        one.options.url  # type: ignore[union-attr]  # of the one HTTP check
        for one in inventory.checks()
        if one.name == "web"
    )
    assert url == f"https://{name.lower()}"
    place = parse_url(url)
    assert (place.host, place.authority) == (NAMES[name], NAMES[name])
    assert ascii_name(name.lower()) == NAMES[name]


def test_a_url_may_contain_umlauts() -> None:
    configured("one.example", "https://www.grünschule.example/für")
    found = parse_url("https://www.grünschule.example/für")
    assert (found.host, found.target) == ("www.xn--grnschule-r9a.example", "/f%C3%BCr")


@pytest.mark.parametrize("name", ["grün_schule.example", "-grün.example", "grün..example", "ü:80"])
def test_a_name_without_punycode_is_refused_with_its_place(name: str) -> None:
    with pytest.raises(ConfigError) as refused:
        configured(f'"{name}"')
    assert name in str(refused.value)
    assert str(refused.value).startswith("schools.yaml:8:31: ")


async def test_the_resolver_gets_punycode(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def look_up(host: str, *_: object, **__: object) -> None:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    clock = SystemClock()
    with pytest.raises(ResolveError, match=r"the name grünschule\.example does not resolve"):
        await resolve("grünschule.example", clock, clock.monotonic() + 60, THREADS.names)
    assert asked == ["xn--grnschule-r9a.example"]
