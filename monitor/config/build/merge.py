"""Which level's setting applies: the innermost one that sets a key.

Each value keeps the path of the key that set it, so that a rule across keys is reported where it
can be fixed.

Must not know: what the settings mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from monitor.config.shape.base import Rules
from monitor.config.shape.checks import DnsRules, HttpRules, TcpRules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.config.shape.layout import Location

_R = TypeVar("_R", bound=Rules)

ExtraRules = TcpRules | HttpRules | DnsRules


@dataclass(frozen=True, slots=True)
class Layer:
    """One level of settings, its path, and the keys that broke a rule."""

    model: Rules
    path: Location
    broken: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Merged(Generic[_R]):
    """A merged section; `paths` has the keys that some level set.

    `is_broken` means that some level's part was rejected, so that nothing may be derived from it.
    """

    rules: _R
    paths: dict[str, Location]
    is_broken: bool

    def nearest_path(self, *keys: str) -> Location:
        """Return the path of the key, of those given, that the innermost level sets."""
        given = [self.paths[key] for key in keys if key in self.paths]
        return max(given, key=_nearness)


def _nearness(path: Location) -> tuple[bool, bool, int]:
    return (path[0] in {"schools", "references"}, path[0] == "profiles", len(path))


def merge(layers: Sequence[Layer], section: str, kind: type[_R]) -> Merged[_R]:
    """Return a section merged over the layers, which are ordered from the innermost outwards."""
    values: dict[str, object] = {}
    paths: dict[str, Location] = {}
    for layer in reversed(layers):
        part = getattr(layer.model, section, None)
        if part is None:
            continue
        for key in part.model_fields_set:
            values[key] = getattr(part, key)
            paths[key] = (*layer.path, section, key)
    is_broken = any(section in layer.broken for layer in layers)
    return Merged(kind().model_copy(update=values), paths, is_broken)


def merge_checks(layers: Sequence[Layer]) -> dict[str, tuple[ExtraRules, Location]]:
    """Return the further checks by name, the outermost first, each with its path."""
    found: dict[str, tuple[ExtraRules, Location]] = {}
    for layer in reversed(layers):
        for name, check in getattr(layer.model, "checks", {}).items():
            if check is None:
                found.pop(name, None)
            else:
                found[name] = (check, (*layer.path, "checks", name))
    return found


def useless_removals(layers: Sequence[Layer]) -> list[tuple[Location, tuple[str, ...]]]:
    """Return the paths of checks set to null that no outer level has, with those that they have."""
    useless: list[tuple[Location, tuple[str, ...]]] = []
    for at, layer in enumerate(layers):
        outer = tuple(merge_checks(layers[at + 1 :]))
        for name, check in getattr(layer.model, "checks", {}).items():
            if check is None and name not in outer:
                useless.append(((*layer.path, "checks", name), outer))
    return useless
