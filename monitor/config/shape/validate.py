"""Applies the rules to a tree: valid parts are kept as a draft, the others become problems.

An item that breaks a rule is left out of the draft and the others are kept, so that the rules
across items can still be checked and all problems be reported in one run.

Must not know: what the rules are, or what follows from the settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from monitor.config.shape.credentials import CredentialRules
from monitor.config.shape.device_profiles import DeviceProfileRules
from monitor.config.shape.goals import GoalsRules
from monitor.config.shape.layout import path_of
from monitor.config.shape.messages import note
from monitor.config.shape.rules import (
    AnySchool,
    CityRules,
    Document,
    LessonRules,
    ProfileRules,
    ProviderRules,
    ReferenceRules,
    SchoolRules,
    SchoolWithSitesRules,
    Settings,
)
from monitor.config.tree.text import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.config.shape.layout import Location
    from monitor.config.tree.problems import Findings
    from monitor.config.tree.text import Node


@dataclass(frozen=True, slots=True)
class Draft:
    """The valid parts of a file, None or absent if nothing valid is left of them.

    References and schools are keyed on their positions in the file's lists. `broken` has,
    for each path, the keys below it that were left out or contain something that was.
    """

    city: CityRules | None
    defaults: Settings | None
    credentials: dict[str, CredentialRules]
    providers: dict[str, ProviderRules]
    lessons: dict[str, list[LessonRules]]
    profiles: dict[str, ProfileRules]
    device_profiles: dict[str, DeviceProfileRules]
    references: dict[int, ReferenceRules]
    schools: dict[int, SchoolRules | SchoolWithSitesRules]
    goals: GoalsRules
    broken: Mapping[Location, frozenset[str]]

    def broken_keys(self, path: Location) -> frozenset[str]:
        """Return which keys of the mapping at a path broke a rule."""
        return self.broken.get(path, frozenset())


def validate(root: Node, findings: Findings) -> Draft:
    """Return the valid parts of a file; add a problem for each broken rule."""
    data = plain(root)
    try:
        document = Document.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        for detail in details:
            note(detail, root, findings)
        return _Salvage(data, [path_of(detail["loc"]) for detail in details]).draft()
    return Draft(
        document.city,
        document.defaults,
        document.credentials,
        document.providers,
        document.lessons,
        document.profiles,
        document.device_profiles,
        dict(enumerate(document.references)),
        dict(enumerate(document.schools)),
        document.goals,
        {},
    )


# Stand-ins for keys that an entry must have: results built from them are discarded, and
# they break no rule themselves.
_PLACE: dict[str, object] = {"id": "x"}
_WINDOW: dict[str, object] = {
    "starts": "2026-01-01 00:00Z",
    "ends": "2026-01-01 01:00Z",
    "reason": "x",
}


class _Salvage:
    """Extracts the valid parts of a file with broken rules."""

    def __init__(self, data: object, paths: list[Location]) -> None:
        self._data = data if isinstance(data, dict) else {}
        broken: dict[Location, set[str]] = {}
        for path in paths:
            for size in range(len(path) + 1):
                # An error of the mapping itself is represented by an empty key.
                broken.setdefault(path[:size], set()).add(str((*path, "")[size]))
        self._broken = {path: frozenset(keys) for path, keys in broken.items()}

    def draft(self) -> Draft:
        """Return every part that is valid without its broken keys."""
        return Draft(
            self._section(CityRules, "city"),
            self._section(Settings, "defaults"),
            self._sound(CredentialRules, "credentials"),
            self._sound(ProviderRules, "providers"),
            self._sound(list[LessonRules], "lessons"),
            self._entries(ProfileRules, "profiles"),
            self._sound(DeviceProfileRules, "device_profiles"),
            self._entries(ReferenceRules, "references"),
            self._entries(AnySchool, "schools"),
            self._section(GoalsRules, "goals") or GoalsRules(),
            self._broken,
        )

    def _section(self, kind: Any, section: str) -> Any:  # noqa: ANN401
        """Return a section without its broken keys, None if the rest is not valid."""
        return self._model(TypeAdapter(kind), (section,), self._data.get(section, {}))

    def _sound(self, kind: Any, section: str) -> dict[str, Any]:  # noqa: ANN401
        """Return a section's entries that broke no rule."""
        value = self._data.get(section)
        items = value.items() if isinstance(value, dict) else ()
        adapter = TypeAdapter(kind)
        return {
            key: adapter.validate_python(item)
            for key, item in items
            if (section, key) not in self._broken
        }

    def _entries(self, kind: Any, section: str) -> dict[Any, Any]:  # noqa: ANN401
        """Return a section's entries without their broken keys, where the rest is valid."""
        value = self._data.get(section)
        pairs = list(value.items()) if isinstance(value, dict) else []
        pairs = list(enumerate(value)) if isinstance(value, list) else pairs
        adapter = TypeAdapter(kind)
        models = {key: self._model(adapter, (section, key), item) for key, item in pairs}
        return {key: model for key, model in models.items() if model is not None}

    def _model(self, adapter: TypeAdapter[Any], at: Location, value: object) -> Any:  # noqa: ANN401
        if not isinstance(value, dict):
            return None
        try:
            return adapter.validate_python(self._pruned(at, value))
        except ValidationError:
            return None

    def _pruned(self, at: Location, value: dict[str, object]) -> dict[str, object]:
        broken = self._broken.get(at, frozenset())
        if not broken:
            return value
        kept = {key: item for key, item in value.items() if key not in broken}
        if at[0] != "schools":
            return kept
        for key, stand_in in (("sites", _PLACE), ("maintenance", _WINDOW)):
            items = value.get(key)
            if key in broken and isinstance(items, list) and items:
                kept[key] = [
                    self._pruned((*at, key, index), item) if isinstance(item, dict) else stand_in
                    for index, item in enumerate(items)
                ]
        if "maintenance" in at:
            return _WINDOW
        return {**_PLACE, **kept}
