"""Which keys the rules allow at a path, found by following the models' types.

pydantic's paths of errors mix keys, list positions and the tags of unions; this module
distinguishes them.

Must not know: positions in a file, or messages.
"""

from __future__ import annotations

from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Tag

from monitor.config.shape.rules import Document

if TYPE_CHECKING:
    from collections.abc import Iterable

Location = tuple[str | int, ...]


def path_of(location: Location, document: object = Document) -> Location:
    """Return an error's location without union tags: keys and list positions only."""
    path: list[str | int] = []
    for part, is_tag, _ in _steps(location, document):
        if part == "[key]":
            break
        if not is_tag:
            path.append(part)
    return tuple(path)


def keys_at(location: Location, document: object = Document) -> tuple[str, ...]:
    """Return the keys allowed in the mapping at a location; empty if all are."""
    kinds = [kind for _, _, kind in _steps(location, document)]
    model = _bare(kinds[-1] if kinds else document)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return tuple(field.alias or name for name, field in model.model_fields.items())
    return ()


def _steps(location: Location, document: object) -> Iterable[tuple[str | int, bool, object]]:
    """Yield each part, whether it is a union's tag, and the type that follows it."""
    kind = document
    for part in location:
        member = _member_by_tag(kind, part)
        if member is not None:
            kind = member
            yield part, True, kind
            continue
        kind = _below(kind, part)
        yield part, False, kind


def _bare(kind: object) -> object:
    """Return a type without its annotations and without None."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in {Union, UnionType}:
        members = [member for member in get_args(kind) if member is not type(None)]
        if len(members) == 1:
            return _bare(members[0])
    return kind


def _member_by_tag(kind: object, part: str | int) -> object | None:
    bare = _bare(kind)
    if get_origin(bare) not in {Union, UnionType}:
        return None
    for member in get_args(bare):
        if part in _tags_of(member):
            return _as_object(member)
    return None


def _as_object(member: Any) -> object:  # noqa: ANN401  # typing's own forms have no type
    return member


def _tags_of(member: object) -> tuple[str, ...]:
    if get_origin(member) is Annotated:
        return tuple(extra.tag for extra in get_args(member)[1:] if isinstance(extra, Tag))
    if isinstance(member, type) and issubclass(member, BaseModel):
        field = member.model_fields.get("kind")
        if field is not None and get_origin(field.annotation) is Literal:
            return get_args(field.annotation)
    return ()


def _below(kind: object, part: str | int) -> object:
    bare = _bare(kind)
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        named = {field.alias or name: field for name, field in bare.model_fields.items()}
        field = named.get(str(part))
        return None if field is None else field.annotation
    arguments = get_args(bare)
    if get_origin(bare) is dict:
        return arguments[1]
    if get_origin(bare) is list:
        return arguments[0]
    if get_origin(bare) is tuple and isinstance(part, int) and part < len(arguments):
        return arguments[part]
    return None
