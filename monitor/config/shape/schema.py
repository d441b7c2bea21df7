"""The JSON Schema of the configuration file, for editors.

It cannot express rules across keys (unknown references, duplicates, times that do not fit) and
rules about the text itself (quotes, end mark); only the loader checks those.

Must not know: any file.
Source: JSON Schema draft 2020-12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from monitor.config.shape.rules import Document

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaMode, JsonSchemaValue
    from pydantic_core import CoreSchema


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the configuration file as a fresh dict."""
    return Document.model_json_schema(schema_generator=_Generator)


class _Generator(GenerateJsonSchema):
    """Names the dialect, closes mappings by name, and omits titles made from keys."""

    def generate(self, schema: CoreSchema, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        document = super().generate(schema, mode)
        return {
            "$schema": self.schema_dialect,
            "title": "Configuration of the schulnetz monitor",
            **{key: value for key, value in document.items() if key != "title"},
        }

    def dict_schema(self, schema: Any) -> JsonSchemaValue:  # noqa: ANN401  # pydantic-internal
        """Return a mapping's schema that rejects keys of another form, as the loader does."""
        return {**super().dict_schema(schema), "additionalProperties": False}

    def get_title_from_name(self, name: str) -> str:
        """Return the key itself: editors show it beside the description."""
        return name
