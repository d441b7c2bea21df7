"""The API: its responses match its description."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from monitor.web.api import DOCUMENT, OPERATIONS, openapi
from tests.web.test_app import client

PATHS = {one.name: one.path.replace("{school}", "goethe") for one in OPERATIONS}


def described(name: str, status: int) -> dict[str, Any]:
    """Return the schema of a response, with everything it refers to."""
    document: Any = openapi()
    (path,) = (one.path for one in OPERATIONS if one.name == name)
    answer = document["paths"][path]["get"]["responses"][str(status)]
    schema = answer["content"]["application/json"]["schema"]
    return {"$ref": schema["$ref"], "components": document["components"]}


@pytest.mark.parametrize("name", PATHS)
async def test_every_response_matches_its_description(name: str) -> None:
    async with client() as web, web.get(PATHS[name]) as answer:
        assert answer.status == 200
        assert answer.content_type == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"
        jsonschema.validate(await answer.json(), described(name, 200))


@pytest.mark.parametrize(
    ("path", "name", "status", "said"),
    [
        ("/api/v1/schools/weimar", "school", 404, "no school with that id is configured"),
        (
            "/api/v1/schools/schule-3",
            "school",
            404,
            "another daemon monitors school schule-3: shard 2/2",
        ),
        ("/api/v1/sla?month=2099-01", "sla", 404, "2099-01 has not begun"),
        ("/api/v1/sla?month=", "sla", 400, "month: YYYY-MM; default: this month"),
        ("/api/v1/sla?month=2022-13", "sla", 400, "month: YYYY-MM; default: this month"),
        ("/api/v1/sla?month=2000-01", "sla", 503, "the ledger cannot be read: gone"),
    ],
)
async def test_errors_give_their_reason(path: str, name: str, status: int, said: str) -> None:
    async with client() as web, web.get(path) as answer:
        assert answer.status == status
        problem = await answer.json()
        assert problem == {"error": said}
        jsonschema.validate(problem, described(name, status))


async def test_the_description_is_served_and_names_every_operation() -> None:
    async with client() as web, web.get(DOCUMENT) as answer:
        document = await answer.json()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {one.path for one in OPERATIONS}
    jsonschema.Draft202012Validator.check_schema({"components": document["components"]})


def test_no_response_contains_a_device_address() -> None:
    document: Any = openapi()
    fields = {
        field
        for schema in document["components"]["schemas"].values()
        for field in schema.get("properties", {})
    }
    assert not fields & {"host", "address", "mac", "credential", "community"}
