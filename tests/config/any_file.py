"""Random valid configuration files, with every section of the schema.

A document is drawn from the JSON Schema, so that a new key is covered automatically. What `check`
refuses in it is removed, problem by problem, until it is accepted. Hosts are on loopback, so that
running it contacts no other machine.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from hypothesis import assume
from hypothesis import strategies as st

from monitor.config import ConfigError, load_text, schema
from monitor.config.tree.problems import Findings
from monitor.config.tree.text import Mapping, Sequence, compose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hypothesis.strategies import SearchStrategy

    from monitor.config.shape.layout import Location
    from monitor.config.tree.problems import Mark
    from monitor.config.tree.text import Node
    from monitor.inventory.city import Inventory

    Draw = Callable[[SearchStrategy[Any]], Any]

SCHEMA: Final = schema()
# Few names, so that references often match.
_NAMES: Final = ["a", "b-1", "c"]
_HOSTS: Final = [*(f"127.9.{net}.{host}" for net in (1, 2, 3) for host in (1, 2, 12)), "::1"]
_NETWORKS: Final = ["127.9.1.0/24", "127.9.2.0/24", "127.9.3.0/28", "127.0.0.0/8", "::/64"]
_TEXTS: Final = st.one_of(
    st.sampled_from([*_NAMES, "Europe/Berlin", "NW", "DE", "0", "1e3", "yes", "~", "x" * 200]),
    st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=30)
    .map(str.strip)
    .filter(bool),
)
# Strings to try, by the pattern or format that accepts them.
_BY_EXAMPLE: Final[dict[str, SearchStrategy[str]]] = {
    "a": st.sampled_from(_NAMES),
    "127.0.0.0/8": st.sampled_from(_NETWORKS),
    "http://{host}/": st.sampled_from(["http://{host}/", "https://127.9.1.1:8443/x?y=1"]),
    "2026-10-01": st.dates().map(str),
    "30s": st.sampled_from(["100ms", "1s", "2s", "10s", "60s", "5m", "1d", "999 h"]),
    "1 Gbit/s": st.sampled_from(["1 Gbit/s", "100 Mbit/s", "0.001 kbit/s", "999999 Gbit/s"]),
    "99.5 %": st.sampled_from(["99.5 %", "100%", "0.0001 %", "5 %"]),
    "20 GB": st.sampled_from(["20 GB", "500 MB", "0.001 kB", "999999 TB"]),
    "07:45-13:30": st.sampled_from(["07:45-13:30", "00:00-23:59", "22:00-06:00"]),
    "2026-10-01 18:00": st.datetimes().map(lambda at: f"{at:%Y-%m-%d %H:%M}Z"),
    "1.3.6.1": st.from_regex(r"1\.3(\.(0|[1-9][0-9]{0,8})){1,30}", fullmatch=True),
    "DE": st.sampled_from(["DE", "AT", "PL", "JP"]),
    "1000": st.from_regex(r"[0-9A-Z][0-9A-Z-]{2,6}[0-9A-Z]", fullmatch=True),
    "/x": st.just("/nowhere/at all"),
    "A_B": st.sampled_from(["COMMUNITY", "_"]),
    "host.invalid": st.just("localhost"),
    "user name": st.sampled_from(["user name", "u", "~"]),
    "ifInOctets": st.sampled_from(["ifInOctets", "X-1"]),
}


def values(node: dict[str, Any]) -> SearchStrategy[Any]:
    """Return the values that a part of the schema allows, or nearly."""
    if "$ref" in node:
        return st.deferred(lambda: values(SCHEMA["$defs"][node["$ref"].rpartition("/")[2]]))
    if "const" in node:
        return st.just(node["const"])
    if "enum" in node:
        return st.sampled_from(node["enum"])
    for union in ("oneOf", "anyOf"):
        if union in node and "properties" not in node:
            members = node[union]
            if any(one.get("format") == "ipv4" for one in members):
                return st.sampled_from([*_HOSTS, "localhost"])
            return st.one_of([values(one) for one in members])
    return _BY_TYPE[node.get("type", "string")](node)


def _object(node: dict[str, Any]) -> SearchStrategy[Any]:
    if "properties" in node:
        required = set(node.get("required", ()))
        parts = {key: values(part) for key, part in node["properties"].items()}
        return st.fixed_dictionaries(
            {key: part for key, part in parts.items() if key in required},
            optional={key: part for key, part in parts.items() if key not in required},
        )
    (pattern, value), *_ = (
        node.get("patternProperties") or {"": node["additionalProperties"]}
    ).items()
    return st.dictionaries(_string({"pattern": pattern}), values(value), max_size=2)


def _array(node: dict[str, Any]) -> SearchStrategy[Any]:
    if "prefixItems" in node:
        return st.tuples(*map(values, node["prefixItems"])).map(list)
    return st.lists(values(node["items"]), min_size=node.get("minItems", 0), max_size=3)


def _integer(node: dict[str, Any]) -> SearchStrategy[Any]:
    least, most = node.get("minimum", -(2**31)), node.get("maximum", 2**31)
    # Few, mostly: two hundred switches are tried as often as two, and cost a hundred times as much.
    few = [st.integers(least, min(most, least + span)) for span in (3, 60)]
    return st.one_of(*few, st.just(most) if most > 200 else few[0])  # switches


def _string(node: dict[str, Any]) -> SearchStrategy[str]:
    if node.get("format") == "regex":
        return st.sampled_from(["ok", "(a|b)+$", "x{1,9}"])
    pattern = node.get("pattern", "")
    fitting = [known for example, known in _BY_EXAMPLE.items() if re.search(pattern, example)]
    return _TEXTS if len(fitting) == len(_BY_EXAMPLE) else fitting[0]


_BY_TYPE: Final[dict[str, Callable[[dict[str, Any]], SearchStrategy[Any]]]] = {
    "object": _object,
    "array": _array,
    "integer": _integer,
    "string": _string,
    "number": lambda node: st.floats(node["minimum"], node["maximum"], allow_nan=False),
    "boolean": lambda _: st.booleans(),
    "null": lambda _: st.none(),
}


# Parts that a document may omit.
_NOT_NEEDED: Final = (
    "version",
    "city",
    "credentials",
    "providers",
    "references",
    "lessons",
    "defaults",
)


def _smallest() -> dict[str, Any]:
    """Return an accepted document, as the base that each drawn one is laid over."""
    return {
        "version": 1,
        "city": {"name": "Bochum", "timezone": "Europe/Berlin", "state": "NW"},
        "credentials": {"devices": {"environment": "COMMUNITY"}},
        "providers": {"provider-a": {"name": "Provider A"}},
        "references": [{"name": f"r{one}", "host": f"127.9.9.{one}"} for one in (1, 2, 3)],
        "lessons": {"Grundschule": [{"weekdays": ["mon"], "hours": "07:45-13:30"}]},
        "defaults": {
            "snmp": {"credential": "devices"},
            "contract": {
                "provider": "provider-a",
                **dict.fromkeys(("down", "up"), "1 Gbit/s"),
                **dict.fromkeys(("normal_down", "normal_up"), "900 Mbit/s"),
                **dict.fromkeys(("minimum_down", "minimum_up"), "600 Mbit/s"),
                "availability": "99.5 %",
            },
        },
        "schools": [
            {
                "id": "voede",
                "name": "Voede",
                "type": "Grundschule",
                "location": [51.5, 7.2],
                "network": "127.9.8.0/24",
            }
        ],
    }


def _laid_over(below: Any, above: Any) -> Any:  # JSON
    """Return one document merged over another: mappings key by key, lists concatenated."""
    if isinstance(below, dict) and isinstance(above, dict):
        return {
            **{key: _laid_over(value, above.get(key, value)) for key, value in below.items()},
            **{key: value for key, value in above.items() if key not in below},
        }
    return [*below, *above] if isinstance(below, list) and isinstance(above, list) else above


@st.composite
def accepted_files(draw: Draw) -> bytes:
    """Return the bytes of a file that `check` accepts."""
    sections = {key: values(part) for key, part in SCHEMA["properties"].items()}
    drawn = draw(st.fixed_dictionaries({}, optional=sections))
    document = _smallest()
    for key in draw(st.sets(st.sampled_from(_NOT_NEEDED))):
        del document[key]
    for key in draw(st.sets(st.sampled_from(("name", "type", "location")))):
        del document["schools"][0][key]
    for key, value in drawn.items():
        document[key] = (
            [*document[key], *(one for one in value if one not in document[key])]
            if isinstance(document.get(key), list)
            else _laid_over(document.get(key, {}), value)
            if isinstance(value, dict)
            else value
        )
    _make_agree(document)
    text = written(document)
    for _ in range(300):
        try:
            load_text(text, "any")
        except ConfigError as error:
            problem = error.problems[0]
            removed = _remove(document, _path_at(text, (problem.line, problem.column)))
            assume(removed)
            text = written(document)
        else:
            return text
    assume(False)  # noqa: FBT003  # hypothesis' own
    raise AssertionError


def _make_agree(document: dict[str, Any]) -> None:
    """Give schools and sites ids, types and addresses that do not clash, or all were refused."""
    places = []
    for at, school in enumerate(document["schools"]):
        school["id"] = f"{school['id']}-{at}"
        types = document.get("lessons")
        if types and school.get("type", "") not in ("", *types):
            school["type"] = next(iter(types))
        for site_at, site in enumerate(school.get("sites", ())):
            site["id"] = f"{site['id']}-{site_at}"
        places += school.get("sites", [school])
    for at, place in enumerate(places):
        if "router" in place and "network" not in place:
            place["router"] = f"127.8.{at}.1"
        else:
            place.pop("router", None)
            place["network"] = f"127.8.{at}.0/24"


def written(document: dict[str, Any]) -> bytes:
    """Return a document as YAML."""
    return f"{json.dumps(document, ensure_ascii=False, indent=1)}\n...\n".encode()


def inventory_of(text: bytes) -> Inventory:
    """Return the inventory of an accepted file."""
    return load_text(text, "any")


def _path_at(text: bytes, mark: tuple[int, int]) -> Location:
    root = compose(text, Findings("any"))
    assert root is not None
    found: list[Location] = [path for path, at in _places(root, ()) if at == mark]
    # The value at the mark itself; of several, the innermost.
    return max(found, key=len, default=())


def _places(node: Node, path: Location) -> Iterator[tuple[Location, Mark]]:
    yield path, node.mark
    if isinstance(node, Mapping):
        for key, value in node.values.items():
            yield (*path, key), node.keys[key]
            yield from _places(value, (*path, key))
    if isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from _places(item, (*path, index))


def _remove(document: Any, path: Location) -> bool:  # JSON
    """Remove the value at a path; return whether there was one."""
    if not path:
        return False
    for part in path[:-1]:
        document = document[part]
    del document[path[-1]]
    return True
