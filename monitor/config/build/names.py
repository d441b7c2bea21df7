"""The rules across keys that need no merged settings: names that must exist, or be unique.

They check the tree itself, so that a broken school hides none of its other mistakes.

Must not know: the models, or what the names stand for.
"""

from __future__ import annotations

import zoneinfo
from typing import TYPE_CHECKING

from monitor.config.shape.units import time_zone
from monitor.config.tree.places import entries_below, node_at
from monitor.config.tree.problems import listed, shown, suggestion
from monitor.config.tree.text import BROKEN, Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from monitor.config.tree.problems import Findings

# The section whose entries a key refers to, by the key and its holder.
_NAMED = {
    ("snmp", "credential"): "credentials",
    ("contract", "provider"): "providers",
    ("references", "provider"): "providers",
    ("schools", "profile"): "profiles",
    ("sites", "profile"): "profiles",
    ("schools", "type"): "lessons",
}

# Minimum number of references that are not hand-over routers of a provider.
_WITNESSES = 2


def check_names(root: Node, findings: Findings) -> None:
    """Add a problem for each unknown name and each duplicate."""
    for holder, key, node in entries_below(root):
        section = _NAMED.get((holder, key))
        if section is not None:
            _check_exists(root, section, node, findings)
    schools = _items(node_at(root, ("schools",)))
    _check_unique(schools, "id", "school id", findings)
    _check_unique(schools, "number", "official number", findings, cure="correct it")
    references = _items(node_at(root, ("references",)))
    _check_unique(references, "name", "reference name", findings)
    _check_witnesses(references, findings)
    reported = _items(node_at(root, ("goals", "reported")))
    _check_unique(reported, "id", "goal id", findings)
    _check_goal(root, schools, findings)
    for school in schools:
        sites = _items(node_at(school, ("sites",)))
        _check_unique(sites, "id", "site id", findings)
        for place in (school, *sites):
            switches = _items(node_at(place, ("switches",)))
            _check_unique(switches, "name", "device name", findings)
    _check_zone(node_at(root, ("city", "timezone")), findings)


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, Sequence) else ()


def _check_exists(root: Node, section: str, node: Node, findings: Findings) -> None:
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return
    named = node_at(root, (section,))
    if named is None and section == "lessons":  # a type is then for people alone
        return
    if isinstance(named, Scalar) and named.value is BROKEN:  # reported, and its entries unknown
        return
    names = tuple(named.values) if isinstance(named, Mapping) else ()
    if node.value not in names:
        findings.add(
            node.mark,
            f"{shown(node.value)} is not an entry of {section}",
            listed(names) or f"allowed: nothing yet, {section} has no entries",
            _provider_meant(named, node.value)
            if section == "providers"
            else suggestion(node.value, names),
        )


def _provider_meant(providers: Node | None, wanted: str) -> str:
    """Return a suggestion for a provider's name; the nearest key might be another company's."""
    entries = providers.values if isinstance(providers, Mapping) else {}
    for key in entries:
        name = node_at(entries[key], ("name",))
        if isinstance(name, Scalar) and name.value == wanted:
            return f"did you mean {key}?"
    return ""


def _check_goal(root: Node, schools: tuple[Node, ...], findings: Findings) -> None:
    """Check that the goal's types and schools exist."""
    lessons = node_at(root, ("lessons",))
    types = tuple(lessons.values) if isinstance(lessons, Mapping) else _said(schools, "type")
    names = _said(schools, "id")
    held = "schools' types" if lessons is None else "lessons"
    for key, what, known in (("types", held, types), ("schools", "schools", names)):
        for node in _items(node_at(root, ("goals", "connectivity", key))):
            if isinstance(node, Scalar) and isinstance(node.value, str) and node.value not in known:
                findings.add(
                    node.mark,
                    f"{shown(node.value)} is not an entry of {what}",
                    listed(known),
                    suggestion(node.value, known),
                )


def _said(schools: tuple[Node, ...], key: str) -> tuple[str, ...]:
    """Return the schools' values of a key, without duplicates."""
    found = (node_at(school, (key,)) for school in schools)
    return tuple(dict.fromkeys(str(node.value) for node in found if isinstance(node, Scalar)))


def _check_witnesses(references: tuple[Node, ...], findings: Findings) -> None:
    """Check that enough references belong to no provider: a provider cannot vouch for itself."""
    own = [node for one in references if (node := node_at(one, ("provider",))) is not None]
    if own and len(references) - len(own) < _WITNESSES:
        findings.add(
            own[-1].mark,
            f"only {len(references) - len(own)} of {len(references)} references are outside the "
            "providers' networks",
            f"allowed: {_WITNESSES} at least without provider; add some",
        )


def _check_unique(
    nodes: tuple[Node, ...],
    key: str,
    what: str,
    findings: Findings,
    *,
    cure: str = "choose another",
) -> None:
    seen: dict[str, int] = {}
    for node in nodes:
        value = node_at(node, (key,))
        if not isinstance(value, Scalar) or not isinstance(value.value, str):
            continue
        if value.value in seen:
            findings.add(
                value.mark,
                f"{what} {shown(value.value)} is already taken in line {seen[value.value]}",
                f"{cure}, or delete one of the two entries",
            )
        seen.setdefault(value.value, value.mark.line)


def _check_zone(node: Node | None, findings: Findings) -> None:
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return
    if time_zone(node.value) is None:
        findings.add(
            node.mark,
            f"{shown(node.value)} is not a time zone",
            "allowed: IANA names such as Europe/Berlin",
            suggestion(node.value, _near_zones(node.value)),
        )


def _near_zones(name: str) -> list[str]:
    continent = name.partition("/")[0].casefold()
    zones = sorted(zoneinfo.available_timezones())
    return [zone for zone in zones if zone.casefold().startswith(continent)] or zones
