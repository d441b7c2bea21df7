"""The rules applied to a tree: what holds is kept as a draft, what does not becomes problems.

An item that breaks a rule is left out of the draft and the others are kept, so that the
rules across items can still be checked and all problems be reported in one run.

Must not know: what the rules are, or what follows from the settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from monitor.config.layout import path_of
from monitor.config.messages import note
from monitor.config.rules import (
    AnySchool,
    CityRules,
    CredentialRules,
    Document,
    LessonRules,
    ProfileRules,
    ProviderRules,
    ReferenceRules,
    SchoolRules,
    SchoolWithSitesRules,
    Settings,
)
from monitor.config.text import plain

if TYPE_CHECKING:
    from monitor.config.layout import Location
    from monitor.config.problems import Findings
    from monitor.config.text import Node

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Part(Generic[_T]):
    """A model, and which of its keys were left out because they broke a rule."""

    model: _T
    broken: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Draft:
    """The parts of a file that keep the rules, None or absent where nothing is left of them.

    References and schools keep their positions in the file's lists as keys.
    """

    city: CityRules | None
    defaults: Part[Settings] | None
    credentials: dict[str, CredentialRules]
    providers: dict[str, ProviderRules]
    lessons: dict[str, list[LessonRules]]
    profiles: dict[str, Part[ProfileRules]]
    references: dict[int, Part[ReferenceRules]]
    schools: dict[int, Part[SchoolRules | SchoolWithSitesRules]]


def validate(root: Node, findings: Findings) -> Draft:
    """Return what of a file keeps the rules; add a problem for each that is broken."""
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
        Part(document.defaults),
        document.credentials,
        document.providers,
        document.lessons,
        {name: Part(profile) for name, profile in document.profiles.items()},
        {at: Part(reference) for at, reference in enumerate(document.references)},
        {at: Part(school) for at, school in enumerate(document.schools)},
    )


# Stand-ins for keys that a school must have: what is built from them is thrown away.
_STAND_INS: dict[str, object] = {
    "id": "x",
    "number": "000000",
    "name": "x",
    "type": "x",
    "location": [0, 0],
}


class _Salvage:
    """Takes the sound parts out of a file that broke rules."""

    def __init__(self, data: object, broken: list[Location]) -> None:
        self._data = data if isinstance(data, dict) else {}
        self._broken = broken

    def draft(self) -> Draft:
        """Return every part that keeps the rules once its broken keys are left out."""
        city = None if self._broken_keys(("city",)) else self._model(CityRules, ("city",))
        defaults = self._model(Settings, ("defaults",))
        if "defaults" not in self._data:
            defaults = Part(Settings())
        return Draft(
            city.model if city else None,
            defaults,
            self._sound(CredentialRules, "credentials"),
            self._sound(ProviderRules, "providers"),
            self._sound(list[LessonRules], "lessons"),
            self._parts(ProfileRules, "profiles"),
            self._parts(ReferenceRules, "references"),
            self._parts(AnySchool, "schools"),
        )

    def _broken_keys(self, at: Location) -> frozenset[str]:
        size = len(at)
        return frozenset(str((*path, "")[size]) for path in self._broken if path[:size] == at)

    def _value(self, at: Location) -> object:
        value: Any = self._data
        for part in at:
            in_mapping = isinstance(value, dict) and part in value
            if in_mapping or (isinstance(value, list) and isinstance(part, int)):
                value = value[part]
            else:
                return None
        return value

    def _keys(self, section: str) -> list[Any]:
        value = self._data.get(section)
        if isinstance(value, dict):
            return list(value)
        return list(range(len(value))) if isinstance(value, list) else []

    def _model(self, kind: Any, at: Location) -> Part[Any] | None:  # noqa: ANN401
        value = self._value(at)
        if not isinstance(value, dict | list):
            return None
        broken = self._broken_keys(at)
        if broken and isinstance(value, dict):
            kept = {key: item for key, item in value.items() if key not in broken}
            value = {**_STAND_INS, **kept} if at[0] == "schools" else kept
        try:
            return Part(TypeAdapter(kind).validate_python(value), broken)
        except ValidationError:
            return None

    def _parts(self, kind: Any, section: str) -> dict[Any, Part[Any]]:  # noqa: ANN401
        parts = {key: self._model(kind, (section, key)) for key in self._keys(section)}
        return {key: part for key, part in parts.items() if part is not None}

    def _sound(self, kind: Any, section: str) -> dict[str, Any]:  # noqa: ANN401
        parts = self._parts(kind, section)
        return {str(key): part.model for key, part in parts.items() if not part.broken}
