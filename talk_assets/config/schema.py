"""The JSON Schema of talk.toml, for editors: every key with its meaning, its type, its choices and its default.

It is generated from the models, and takes defaults that are a system's own from its profile. It keeps to what draft 4
knows, as that is what editors for TOML understand.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from talk_assets.config.talk_file import TALK

DRAFT = "http://json-schema.org/draft-04/schema#"


class _Plain(GenerateJsonSchema):
    """Without null, which TOML does not have, and without titles, which only repeat the keys."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        found = super().default_schema(schema)
        return {key: value for key, value in found.items() if key != "default" or value is not None}

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002 -- pydantic's own signature
        return False


@cache
def expanded() -> dict[str, Any]:
    """Return the schema without references, and the defaults that hold for every system. Leave it as it is."""
    found = TALK.model_json_schema(schema_generator=_Plain)
    defined = found.pop("$defs", {})
    inlined: dict[str, Any] = _expanded(found, defined)
    return inlined


def _expanded(node: Any, defined: Mapping[str, Any]) -> Any:  # noqa: ANN401 -- JSON
    if isinstance(node, list):
        return [_expanded(one, defined) for one in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        beside = {key: value for key, value in node.items() if key != "$ref"}
        named = _expanded(defined[node["$ref"].rpartition("/")[2]], defined)
        return {**named, **_expanded(beside, defined)}
    return {key: _expanded(value, defined) for key, value in node.items() if key != "title" or isinstance(value, dict)}
