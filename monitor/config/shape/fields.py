"""The types of single values: how each is checked, and the same as JSON Schema.

Must not know: which key has which value, or its position in the file.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from monitor.config.rows import slug
from monitor.config.shape import units
from monitor.config.tree.problems import shown
from monitor.config.tree.text import Ambiguous
from monitor.host_names import ascii_name

if TYPE_CHECKING:
    from collections.abc import Callable

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

HOST_PLACEHOLDER: Final = "{host}"

_SLUG = r"^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$"
_CHECK_NAME = r"^(?!(?:icmp|interfaces|hardware)$)[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$"
_DEVICE_NAME = r"^(?!router$)[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$"
# North Rhine-Westphalia and Austria 6 digits, Bavaria 4, Baden-Württemberg 8, Berlin 01A02.
_SCHOOL_NUMBER = r"^[0-9A-Z][0-9A-Z-]{2,6}[0-9A-Z]$"
_COUNTRY = r"^[A-Z]{2}$"
_TEXT = r"^[^\s](?:.{0,198}[^\s])?$"
# RFC 1123 §2.1, RFC 1035 §2.3.4. A last label that starts with a letter keeps a mistyped address
# from passing as a name.
_HOST_NAME = (
    r"^(?=.{1,253}$)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*"
    r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$"
)
# A pattern cannot tell whether the name has a punycode form.
_BEYOND_ASCII = r"^(?=.*[\u00a1-\uffff])[A-Za-z0-9.\u00a1-\uffff-]{1,253}$"
_DNS_NAME = r"^(?=.{1,253}\.?$)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?$"
_URL = (
    r"^https?://(?:\{host\}|\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.\u00a1-\uffff-]{1,253})"
    r"(?::[0-9]{1,5})?(?:[/?][^\s{}#]*)?$"
)
_ENVIRONMENT = r"^[A-Za-z_][A-Za-z0-9_]{0,127}$"
_FILE = r"^/[^\s].{0,1022}$"
# RFC 3414 §5, usmUserName: 32 octets at most, hence ASCII.
_USER = r"^[!-~](?:[ -~]{0,30}[!-~])?$"

# Every MIB object is below iso; longer OIDs or larger arcs than any object has are rejected.
_OID = r"^1\.[0-3](?:\.(?:0|[1-9][0-9]{0,8})){1,30}$"
_OBJECT = r"^[A-Za-z][A-Za-z0-9-]{0,63}$"

_HOST_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"format": "ipv4"},
        {"format": "ipv6"},
        {"pattern": _HOST_NAME},
        {"pattern": _BEYOND_ASCII},
    ],
    "type": "string",
    "description": "An IPv4 or IPv6 address, or a host name",
}

# The form that each pattern requires, as text.
PATTERN_FORMS: Final = {
    _SLUG: "allowed: lower-case letters a to z, digits and inner hyphens, at most 48",
    _CHECK_NAME: "allowed: lower-case letters a to z, digits and inner hyphens; not icmp, "
    "interfaces, hardware",
    _DEVICE_NAME: "allowed: lower-case letters a to z, digits and inner hyphens, not router",
    _TEXT: "allowed: 1 to 200 characters without spaces around them",
    _SCHOOL_NUMBER: "allowed: the official school number, 4 to 8 digits or capital letters with "
    "inner hyphens, in quotes",
    _COUNTRY: "allowed: a country's two capital letters (ISO 3166-1), such as DE or AT",
    _DNS_NAME: "allowed: a DNS name such as www.bochum.de",
    _URL: "allowed: http:// or https:// with a host or {host}, no user, no password, no #",
    _ENVIRONMENT: "allowed: letters, digits and underscores",
    _FILE: "allowed: an absolute path",
    _OID: "allowed: an OID in numbers such as 1.3.6.1.4.1.9",
    _OBJECT: "allowed: the name of an object in its MIB, such as ifInOctets",
    _USER: "allowed: 1 to 32 letters, digits and signs of ASCII",
}


def name_meant(value: object, pattern: str) -> str:
    """Return the remedy for a short name with capitals, umlauts or blanks; empty for any other."""
    if pattern not in {_SLUG, _CHECK_NAME, _DEVICE_NAME} or not isinstance(value, str):
        return ""
    name = slug(value)
    return f"did you mean {name}?" if re.fullmatch(pattern, name) else ""


def refuse(message: str) -> PydanticCustomError:
    """Return the error that carries a complete message through pydantic."""
    return PydanticCustomError("config", "{message}", {"message": message})


def _text_of(value: object, forms: str, *, dates: bool = False) -> str:
    if isinstance(value, str):
        return value
    if dates and isinstance(value, Ambiguous) and value.is_date:
        return value.text
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)  # a bare number is never valid, so its parser says what is missing
    raise PydanticCustomError("config_type", "{forms}", {"forms": forms})


def _quantity(
    parse: Callable[[str], Any], forms: str, *, dates: bool = False
) -> Callable[[object], Any]:
    def check(value: object) -> Any:  # noqa: ANN401  # each parser has its own type
        try:
            return parse(_text_of(value, forms, dates=dates))
        except units.UnitError as error:
            raise refuse(str(error)) from None

    return check


def _duration_between(shortest: float, longest: float, forms: str) -> Callable[[object], float]:
    parse = _quantity(units.parse_duration, units.DURATION_FORMS)

    def check(value: object) -> float:
        seconds: float = parse(value)
        if not shortest <= seconds <= longest:
            raise refuse(f"{value} is out of range; allowed: {forms}")
        return seconds

    return check


def parse_host(value: object) -> str:
    """Return a normalised address, or a name in lower case; umlauts are kept.

    Raises:
        PydanticCustomError: if it is neither, or an address of no single host.
    """
    forms = "allowed: an IPv4 or IPv6 address, or a host name"
    text = _text_of(value, forms)
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        if _is_name(text):
            return unicodedata.normalize("NFC", text.lower())
        kind = "IPv4 address" if re.fullmatch(r"[0-9.]+", text) else "address or host name"
        kind = (
            "IPv6 address"
            if re.fullmatch(r"[0-9A-Fa-f:.%]*:[0-9A-Fa-f.%]*:[0-9A-Fa-f:.%]*", text)
            else kind
        )
        raise refuse(f"{shown(text)} is not a valid {kind}; {forms}") from None
    if "%" in text:
        raise refuse(f"{text} has a zone, which means something on one machine only; {forms}")
    if address.is_unspecified or address.is_multicast or text == "255.255.255.255":
        raise refuse(f"{text} is not a single host; {forms}")
    return str(address)


def _is_name(text: str) -> bool:
    try:
        name = ascii_name(text)
    except UnicodeError:
        return False
    return re.fullmatch(_HOST_NAME, name) is not None


def _parse_host_or_placeholder(value: object) -> str:
    return HOST_PLACEHOLDER if value == HOST_PLACEHOLDER else parse_host(value)


def _parse_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _parse_network(value: object) -> IPNetwork:
    forms = "allowed: an address block such as 10.82.1.0/24"
    text = _text_of(value, forms)
    if not re.fullmatch(r"[0-9A-Fa-f:.]+/[0-9]{1,3}", text):
        raise refuse(f"{shown(text)} is not a network; {forms}")
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise refuse(f"{shown(text)} is not a network; {forms}") from None
    if text.split("/")[0] != str(network.network_address):
        raise refuse(f"{text} is an address within a network; {forms}; did you mean {network}?")
    return network


def _parse_url(value: object) -> str:
    text = _text_of(value, PATTERN_FORMS[_URL])
    if "@" in text:  # may be a password, so it is not repeated
        raise refuse(f"the URL holds a user or an @; {PATTERN_FORMS[_URL]}")
    if not re.fullmatch(_URL, text):
        raise refuse(f"{shown(text)} is not a URL; {PATTERN_FORMS[_URL]}")
    try:
        parts = urlsplit(text.replace(HOST_PLACEHOLDER, "host"))
    except ValueError:  # brackets without an IPv6 address, or a character that splits the host
        raise refuse(f"{shown(text)} has no valid host; {PATTERN_FORMS[_URL]}") from None
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise refuse(f"{shown(text)} has no valid port; allowed: 1 to 65535")
    parse_host(parts.hostname)
    return text


def _parse_expression(value: object) -> str:
    forms = "allowed: a Python regular expression"
    if not isinstance(value, str) or not value:
        raise PydanticCustomError("config_type", "{forms}", {"forms": forms})
    text = value
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise refuse(f"{shown(text)} is not a regular expression ({error}); {forms}") from None
    return text


Slug = Annotated[str, StringConstraints(pattern=_SLUG)]
# The name of another section's entry. Its form is that of the entry's key; an unknown name is one
# mistake, whatever its form, and `build/names.py` reports it.
EntryName = Annotated[str, WithJsonSchema({"type": "string", "pattern": _SLUG})]
CheckName = Annotated[str, StringConstraints(pattern=_CHECK_NAME)]
DeviceName = Annotated[str, StringConstraints(pattern=_DEVICE_NAME)]
Text = Annotated[str, StringConstraints(pattern=_TEXT)]
SchoolNumber = Annotated[str, StringConstraints(pattern=_SCHOOL_NUMBER)]
Country = Annotated[str, StringConstraints(pattern=_COUNTRY)]
DnsName = Annotated[str, StringConstraints(pattern=_DNS_NAME)]
EnvironmentName = Annotated[str, StringConstraints(pattern=_ENVIRONMENT)]
UserName = Annotated[str, StringConstraints(pattern=_USER)]
Oid = Annotated[str, StringConstraints(pattern=_OID)]
Oids = Annotated[
    list[Oid],
    Field(max_length=10),
    BeforeValidator(_parse_list),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": _OID},
                {"type": "array", "items": {"type": "string", "pattern": _OID}, "maxItems": 10},
            ]
        }
    ),
]
ObjectName = Annotated[str, StringConstraints(pattern=_OBJECT)]
FilePath = Annotated[str, StringConstraints(pattern=_FILE)]

Host = Annotated[str, BeforeValidator(parse_host), WithJsonSchema(_HOST_SCHEMA)]
HostOrPlaceholder = Annotated[
    str,
    BeforeValidator(_parse_host_or_placeholder),
    WithJsonSchema({"anyOf": [{"const": HOST_PLACEHOLDER}, _HOST_SCHEMA]}),
]
Network = Annotated[
    IPNetwork,
    BeforeValidator(_parse_network),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9A-Fa-f:.]+/[0-9]{1,3}$"}),
]
Url = Annotated[
    str, BeforeValidator(_parse_url), WithJsonSchema({"type": "string", "pattern": _URL})
]
Expression = Annotated[
    str,
    BeforeValidator(_parse_expression),
    WithJsonSchema({"type": "string", "format": "regex", "minLength": 1}),
]
Rate = Annotated[
    int,
    BeforeValidator(_quantity(units.parse_rate, units.RATE_FORMS)),
    WithJsonSchema(
        {"type": "string", "pattern": units.RATE_PATTERN, "examples": ["1 Gbit/s", "100 Mbit/s"]}
    ),
]
Volume = Annotated[
    int,
    BeforeValidator(_quantity(units.parse_volume, units.VOLUME_FORMS)),
    WithJsonSchema(
        {"type": "string", "pattern": units.VOLUME_PATTERN, "examples": ["20 GB", "500 MB"]}
    ),
]
_DURATION_SCHEMA = {
    "type": "string",
    "pattern": units.DURATION_PATTERN,
    "examples": ["500ms", "30s", "5m"],
}
Interval = Annotated[
    float,
    BeforeValidator(_duration_between(1, 86400, "1s to 1d")),
    WithJsonSchema(_DURATION_SCHEMA),
]
Timeout = Annotated[
    float,
    BeforeValidator(_duration_between(0.1, 3600, "100ms to 1h")),
    WithJsonSchema(_DURATION_SCHEMA),
]
Spacing = Annotated[
    float,
    BeforeValidator(_duration_between(0.01, 10, "10ms to 10s")),
    WithJsonSchema(_DURATION_SCHEMA),
]
TestTime = Annotated[
    float,
    BeforeValidator(_duration_between(10, 60, "10s to 1m")),
    WithJsonSchema(_DURATION_SCHEMA),
]
Window = Annotated[
    float,
    BeforeValidator(_duration_between(60, 86400, "1m to 1d")),
    WithJsonSchema(_DURATION_SCHEMA),
]
Percent = Annotated[
    float,
    BeforeValidator(_quantity(units.parse_percent, units.PERCENT_FORMS)),
    WithJsonSchema({"type": "string", "pattern": units.PERCENT_PATTERN, "examples": ["99.5 %"]}),
]
Day = Annotated[
    date,
    BeforeValidator(_quantity(units.parse_day, units.DAY_FORMS, dates=True)),
    WithJsonSchema({"type": "string", "format": "date", "pattern": units.DAY_PATTERN}),
]
Instant = Annotated[
    datetime,
    BeforeValidator(_quantity(units.parse_instant, units.INSTANT_FORMS, dates=True)),
    WithJsonSchema(
        {"type": "string", "pattern": units.INSTANT_PATTERN, "examples": ["2026-10-01 18:00"]}
    ),
]
Hours = Annotated[
    tuple[time, time],
    Field(strict=False),
    BeforeValidator(_quantity(units.parse_hours, units.HOURS_FORMS)),
    WithJsonSchema({"type": "string", "pattern": units.HOURS_PATTERN, "examples": ["07:45-13:30"]}),
]
Amount = Annotated[float, Field(ge=0, le=1e15)]
Port = Annotated[int, Field(ge=1, le=65535)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
