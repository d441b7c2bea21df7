"""The API: JSON for programs, described by an OpenAPI document made from the same classes.

Must not know: how the daemon works, or what a value means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiohttp import web
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from monitor import __version__
from monitor.status.model import (
    CityStatus,
    GoalStatus,
    Maintenance,
    Problem,
    Schools,
    SchoolStatus,
    Verdicts,
)
from monitor.status.outage_model import Sla
from monitor.status.view import UnknownMonthError, View, elsewhere
from monitor.words.plain import as_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pydantic import BaseModel

    from monitor.status.answer import Answer

    Handler = Callable[[View, web.Request], Awaitable[Answer | None]]

PREFIX: Final = "/api/v1"
DOCUMENT: Final = f"{PREFIX}/openapi.json"
_OUT_OF_REACH: Final = (
    "the ledger cannot be read now, or has too many readers; then Retry-After says when to retry"
)
_REFERENCE: Final = "#/components/schemas/{model}"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation."""

    name: str
    place: str
    text: str
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API; `missing` is the meaning of 404, empty if there is none.

    `reads_ledger` says whether it needs the ledger, which may be unavailable.
    """

    path: str
    name: str
    text: str
    answer: type[Answer]
    handler: Handler
    parameters: tuple[Parameter, ...] = ()
    missing: str = ""
    reads_ledger: bool = False


async def _city(view: View, _: web.Request) -> CityStatus:
    return view.city()


async def _schools(view: View, _: web.Request) -> Schools:
    return Schools(schools=view.schools())


async def _school(view: View, request: web.Request) -> SchoolStatus | None:
    return await view.school(request.match_info["school"])


async def _goal(view: View, _: web.Request) -> GoalStatus | None:
    return view.city().goal


async def _verdicts(view: View, _: web.Request) -> Verdicts:
    return Verdicts(verdicts=view.verdicts())


async def _maintenance(view: View, _: web.Request) -> Maintenance:
    return Maintenance(windows=view.windows())


async def _sla(view: View, request: web.Request) -> Sla:
    return await view.sla(request.query.get("month"))


OPERATIONS: Final = (
    Operation(f"{PREFIX}/city", "city", "Overview of the city", CityStatus, _city),
    Operation(f"{PREFIX}/schools", "schools", "Summary of every school", Schools, _schools),
    Operation(
        f"{PREFIX}/schools/{{school}}",
        "school",
        "One school: sites, switches, evidence, outages",
        SchoolStatus,
        _school,
        (Parameter("school", "path", "The school's id"),),
        missing="no school with that id is configured",
        reads_ledger=True,
    ),
    Operation(
        f"{PREFIX}/goal",
        "goal",
        "Progress of the goal",
        GoalStatus,
        _goal,
        missing="no goal is configured",
    ),
    Operation(f"{PREFIX}/verdicts", "verdicts", "Every verdict", Verdicts, _verdicts),
    Operation(
        f"{PREFIX}/sla",
        "sla",
        "A month's availability per site, against the contract",
        Sla,
        _sla,
        (Parameter("month", "query", "YYYY-MM; default: this month", r"^2\d{3}-(0[1-9]|1[0-2])$"),),
        missing="the month has not begun",
        reads_ledger=True,
    ),
    Operation(
        f"{PREFIX}/maintenance",
        "maintenance",
        "Every known maintenance window",
        Maintenance,
        _maintenance,
    ),
)


def api_routes(view: View) -> list[web.RouteDef]:
    """Return the routes of the API and of its description."""
    document = openapi()

    async def describe(_: web.Request) -> web.Response:
        return web.json_response(document, dumps=as_json)

    return [
        web.get(DOCUMENT, describe),
        *(web.get(one.path, _route(view, one)) for one in OPERATIONS),
    ]


def openapi() -> dict[str, object]:
    """Return the OpenAPI 3.1 document of the API."""
    models: list[type[Answer]] = [Problem, *(one.answer for one in OPERATIONS)]
    modes: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (model, "serialization") for model in models
    ]
    _, schemas = models_json_schema(modes, ref_template=_REFERENCE)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Schulnetz monitor", "version": __version__},
        # Relative to the document's own address, so that it works behind a proxy's path prefix.
        "servers": [{"url": "../.."}],
        "paths": {one.path: {"get": _description(one)} for one in OPERATIONS},
        "components": {"schemas": schemas["$defs"]},
    }


def _route(view: View, operation: Operation) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        for one in operation.parameters:
            value = request.query.get(one.name)
            if one.pattern and value is not None and re.search(one.pattern, value) is None:
                return problem(f"{one.name}: {one.text}", 400)
        try:
            found = await operation.handler(view, request)
        except UnknownMonthError as error:
            return problem(str(error), 404)
        if found is None:
            school = request.match_info.get("school", "")
            other = view.other_shard(school)
            return problem(elsewhere(school, other) if other else operation.missing, 404)
        return _json(found, 200)

    return answer


def problem(said: str, status: int) -> web.Response:
    """Return an error response with its reason."""
    return _json(Problem(error=said), status)


def _json(answer: Answer, status: int) -> web.Response:
    return web.Response(
        text=as_json(answer.model_dump(mode="json"), compact=True),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def _description(operation: Operation) -> dict[str, object]:
    answers = {"200": _content(operation.text, operation.answer)}
    if operation.missing:
        answers["404"] = _content(operation.missing, Problem)
    if any(one.pattern for one in operation.parameters):
        answers["400"] = _content("a parameter is invalid", Problem)
    if operation.reads_ledger:
        answers["503"] = _content(_OUT_OF_REACH, Problem)
    return {
        "operationId": operation.name,
        "summary": operation.text,
        "parameters": [
            {
                "name": one.name,
                "in": one.place,
                "required": one.place == "path",
                "description": one.text,
                "schema": {"type": "string"} | ({"pattern": one.pattern} if one.pattern else {}),
            }
            for one in operation.parameters
        ],
        "responses": answers,
    }


def _content(text: str, model: type[Answer]) -> dict[str, object]:
    schema = {"$ref": _REFERENCE.format(model=model.__name__)}
    return {"description": text, "content": {"application/json": {"schema": schema}}}
