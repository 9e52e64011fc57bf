"""The JSON Schema of talk.toml, for editors: every key with its meaning, its type, its choices and its default.

It is generated from the models; a default that is a system's own is from the system's profile.
"""

from collections.abc import Mapping
from typing import Any

from talk_assets.config.api_sections import Changes, Keyed, LineTotals, Request, Trash
from talk_assets.config.json_schema import Json, generated, inlined
from talk_assets.config.lens_sections import SECTION_OF
from talk_assets.config.values import defaults, usual
from talk_assets.systems import SYSTEMS

DRAFT = "http://json-schema.org/draft-04/schema#"


def schema() -> Json:
    """Return the JSON Schema of talk.toml; what properties behind fields may be is defined once."""
    found, defined = generated()
    shared = {section.__name__: section for section in SECTION_OF.values()}
    found = inlined(found, defined, keep=shared.keys())
    for name, known in SYSTEMS.items():
        if known.profile is not None:
            _fill_own(found["properties"]["systems"]["properties"][name]["properties"])
    _fill(found, defaults())
    definitions = {name: inlined(defined[name], defined, keep=shared.keys()) for name in sorted(shared)}
    for name, section in shared.items():
        _fill(definitions[name], usual(section))
    return {"$schema": DRAFT, "title": "talk.toml", **found, "definitions": definitions}


def _fill(node: Json, values: Mapping[str, Any]) -> None:
    """Put defaults where they belong, key by key."""
    for key, value in values.items():
        inner = node["properties"][key]
        section = next((one for one in (inner, *inner.get("anyOf", ())) if "properties" in one), None)
        if section is not None and isinstance(value, dict):
            _fill(section, value)
        else:
            inner["default"] = value


def _fill_own(system: Json) -> None:
    """What holds in sections that a system's profile does not have, once somebody adds one."""
    _fill(section_of(system["keyed"]["additionalProperties"]), usual(Keyed))
    _fill(section_of(system["line_totals"]["additionalProperties"]), usual(LineTotals))
    _fill(section_of(system["trash"]), usual(Trash))
    for collection in system["collections"]["properties"].values():
        _fill(section_of(collection["properties"]["changes"]), usual(Changes))
        _fill(section_of(collection["properties"]["delete"]), usual(Request))


def section_of(node: Json) -> Json:
    """Return the section that a key may be, also beside `false`; raise StopIteration where it may not."""
    return next(one for one in (node, *node.get("anyOf", ())) if "properties" in one)
