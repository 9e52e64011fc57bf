"""The JSON Schema of the model of talk.toml as it stands: messages phrase from it what would be right.

It keeps to what draft 4 knows, as that is what editors for TOML understand: nothing stands beside a reference, and
there is no null. Defaults that are a system's own are added in `schema`.
"""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from talk_assets.config.profile_file import talk_model
from talk_assets.config.talk_file import registered

Json = dict[str, Any]


class _Plain(GenerateJsonSchema):
    """Without null, which TOML does not have, and without titles, which only repeat the keys."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        found = super().default_schema(schema)
        return {key: value for key, value in found.items() if key != "default" or value is not None}

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002 -- pydantic's own signature
        return False


def expanded() -> Json:
    """Return the schema without references, with the defaults that hold for every system. Leave it as it is."""
    return _expanded(registered())


@lru_cache(maxsize=2)
def _expanded(_: tuple[tuple[str, int], ...]) -> Json:
    found: Json = inlined(*generated())
    return found


def generated() -> tuple[Json, Json]:
    """Return the schema, and the definitions that it refers to."""
    found = talk_model().model_json_schema(schema_generator=_Plain)
    return found, found.pop("$defs", {})


def inlined(node: Any, defined: Mapping[str, Any], keep: Collection[str] = ()) -> Any:  # noqa: ANN401 -- JSON
    """Return a node in which each definition replaces the references to it, except for the definitions in `keep`."""
    if isinstance(node, list):
        return [inlined(one, defined, keep) for one in node]
    if not isinstance(node, dict):
        return node
    if "$ref" not in node:
        return {
            key: inlined(one, defined, keep) for key, one in node.items() if key != "title" or isinstance(one, dict)
        }
    name = node["$ref"].rpartition("/")[2]
    if name in keep:
        return {"$ref": f"#/definitions/{name}"}
    beside = {key: value for key, value in node.items() if key != "$ref"}
    return {**inlined(defined[name], defined, keep), **inlined(beside, defined, keep)}
