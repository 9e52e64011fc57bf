"""How a mistake in talk.toml reads: one line with the place, what was found, and what would be right.

What is right is phrased from the JSON Schema of the key, so that a message, the schema and the reference never differ.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import takewhile
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from talk_assets.config.section import NAME_OR_SECTION, RIGHT, SENTENCE, Section
from talk_assets.errors import ConfigurationError

Node = Mapping[str, Any]
"""The JSON Schema of a key, without references."""

UNKNOWN = "extra_forbidden"
"""How pydantic calls a key that a model does not have."""

SHOWN = 80
"""Characters of a found value that a message shows."""


@dataclass(frozen=True)
class Location:
    """A section of the file, by the keys that lead to it."""

    file: Path
    path: tuple[str, ...] = ()

    def __truediv__(self, key: str) -> "Location":
        """Return the place of a key."""
        return Location(self.file, (*self.path, key))

    def __str__(self) -> str:
        """As a message begins."""
        return f"{self.file}: {'.'.join(self.path)}"

    def wrong(self, found: object, right: str) -> ConfigurationError:
        """Return the error for a value that is not what it should be."""
        shown = str(found).lower() if isinstance(found, bool) else repr(found)
        end = "" if right.endswith("?") else "."
        return ConfigurationError(f"{self}: is {shown:.{SHOWN}}, and should be {right}{end}")

    def demand(self, because: str, right: str, example: str) -> NoReturn:
        """Raise ConfigurationError for a key that must be set."""
        message = f'{self}: is not set, and {because} needs {right}, like {self.path[-1]} = "{example}".'
        raise ConfigurationError(message)


def suggestion(found: str, known: Iterable[str]) -> str:
    """Return `; did you mean …?` where one of the known names is close, otherwise nothing."""
    close = get_close_matches(found, list(known), n=1, cutoff=0.7)
    return f"; did you mean {close[0]}?" if close else ""


def one_line(error: ValidationError, file: Path, model: type[Section], schema: Node) -> ConfigurationError:
    """Return the first mistake as one line; an unknown key comes before a wrong value, as it may be its cause.

    `schema` is that of `model`. The value beside an unknown key is not shown: it may be a credential.
    """
    found = min(error.errors(include_url=False), key=lambda one: one["type"] != UNKNOWN)
    keys = takewhile(lambda part: isinstance(part, str), found["loc"])  # of a list, not of its item
    place = Location(file, tuple(str(key) for key in keys))
    if found["type"] == UNKNOWN:
        return _unknown(place, model)
    if found["type"] == SENTENCE:
        return ConfigurationError(f"{place}: {found['msg']}")
    if found["type"] == RIGHT:
        return place.wrong(found["input"], found["msg"])
    node = node_at(schema, place.path)
    return place.wrong(found["input"], phrase(node, place.path) + suggestion(str(found["input"]), node.get("enum", ())))


def _unknown(place: Location, model: type[Section]) -> ConfigurationError:
    *above, key = place.path
    section = section_at(model, above)
    known = list(section.model_fields)
    message = f"{place}: there is no such {section.noun}{suggestion(key, known)}. Known are {', '.join(known)}."
    return ConfigurationError(message)


def section_at(model: type[Section], path: Iterable[str]) -> type[Section]:
    """Return the model of the section at a path."""
    for key in path:
        field = model.model_fields.get(key)
        model = section_in(field.annotation) or model if field else model
    return model


def section_in(annotation: Any) -> type[Section] | None:  # noqa: ANN401 -- a type
    """Return the model within a type, as in `Auth | None` or `dict[str, Keyed | None]`."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    found = (section_in(one) for one in getattr(annotation, "__args__", ()))
    return next((one for one in found if one is not None), None)


def node_at(schema: Node, path: Iterable[str]) -> Node:
    """Return the schema of the key at a path."""
    for key in path:
        options = [schema, *schema.get("anyOf", ())]
        inner: Node = next((one for one in options if "properties" in one or "additionalProperties" in one), {})
        schema = inner.get("properties", {}).get(key) or inner.get("additionalProperties") or {}
    return schema


def phrase(node: Node, path: Iterable[str] = ()) -> str:
    """Return what a key holds, as a message and the reference say it."""
    if "anyOf" in node:
        *several, _ = node["anyOf"]
        return NAME_OR_SECTION if len(several) > 1 else f"{phrase(several[0], path)}, or false for none"
    if "enum" in node:
        return " or ".join(f'"{one}"' for one in node["enum"])
    if node.get("type") in {"integer", "number"}:
        return _number(node)
    named = f", like [{'.'.join(path)}]" if path else ""
    filled = " that is not empty" if "pattern" in node else ""
    like = f', like "{node["examples"][0]}"' if "examples" in node else ""
    return {
        "boolean": "true or false",
        "array": 'a list of texts, like ["one", "two"]',
        "object": f"a section{named}",
        "string": f"a text in quotes{filled}{like}",
    }[node["type"]]


def _number(node: Node) -> str:
    whole = "whole " if node["type"] == "integer" else ""
    like = f", like {node['examples'][0]}" if "examples" in node else ""
    return f"a {whole}number from {node['minimum']:.10g} to {node['maximum']:.10g}{like}"
