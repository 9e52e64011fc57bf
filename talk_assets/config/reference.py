"""The reference page of talk.toml as Markdown, generated from the models: no key is described twice.

What a key means is documented where the key is declared; here is only how the page is put together.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from talk_assets.config.automation import ALERT_URL
from talk_assets.config.json_schema import Json
from talk_assets.config.lens_sections import FIELDS, SECTION_OF, article
from talk_assets.config.messages import phrase
from talk_assets.config.schema import schema, section_of
from talk_assets.config.talk_file import SystemSection
from talk_assets.config.toml_text import value_text
from talk_assets.http.access import NEEDS, AuthType
from talk_assets.http.grants import SECRET_KEY
from talk_assets.model.entities import ENTITIES, Entity
from talk_assets.systems import SYSTEMS, Registered

INTRODUCTION = """\
`talk.toml` is in the data folder. Every key has a default, so an empty file is a complete one. A key that does not
exist, or a value that is wrong, ends every command with one line that says where it is and what would be right.

`talk config show` shows the values in effect and where each is from. `talk config schema` prints a JSON Schema, with
which an editor completes and checks the file.
"""

PROFILED = {name: known for name, known in SYSTEMS.items() if known.profile is not None}
"""The systems whose profile talk.toml can change."""

PARTS = (
    "auth", "envelope", "paging", "changes", "by_id", "by_reference", "list", "get", "writing", "trash", "keyed",
    "line_totals",
)  # fmt: skip
"""The sections of a profile, in the order in which people read them."""


def reference() -> str:
    """Return the page."""
    whole = schema()
    parts = [
        "# talk.toml\n",
        INTRODUCTION,
        *_general(whole["properties"]),
        *_systems(whole["properties"]["systems"]["properties"]),
        *_fields(whole),
        *_dataflows(whole["properties"]["dataflows"]["properties"]),
        *_environment(),
    ]
    return "\n".join(parts)


def _general(properties: Mapping[str, Json]) -> Iterator[str]:
    sections = {name: node for name, node in properties.items() if "properties" in node}
    yield "## Top of the file\n"
    yield _keys({name: node for name, node in properties.items() if name not in sections})
    for name, node in sections.items():
        if name not in {"systems", "dataflows"}:
            yield f"## `[{name}]`\n\n{node['description']}\n"
            yield _keys(node["properties"])


def _systems(systems: Mapping[str, Json]) -> Iterator[str]:
    yield (
        "## `[systems.NAME]`\n\nA section per system. Credentials never stand in the file; see"
        " [Environment variables](#environment-variables).\n"
    )
    common = {name: systems["webcrm"]["properties"][name] for name in SystemSection.model_fields}
    yield _keys(common, defaults=False)
    rows = [
        (known.label, f"`[systems.{name}]`", *(_default(systems[name]["properties"][key]) for key in common))
        for name, known in SYSTEMS.items()
    ]
    yield _table(("system", "section", *(f"default of `{key}`" for key in common)), rows)
    for name, known in SYSTEMS.items():
        if options := {key: node for key, node in systems[name]["properties"].items() if key in known.options}:
            yield f"### `[systems.{name}]`\n\nThis system has further keys:\n"
            yield _keys(options)
    yield from _profiles({name: systems[name]["properties"] for name in PROFILED})


def _profiles(systems: Mapping[str, Mapping[str, Json]]) -> Iterator[str]:
    labels = ", ".join(f"{known.label} (`systems.{name}`)" for name, known in PROFILED.items())
    yield (
        f"## How an API is used\n\nThese systems have a profile: {labels}. Every key of it can be changed, and a"
        " key that is not set keeps the default of the system. The profile is used as soon as the system is not the"
        " sandbox's."
        ' Where a key names a member of a body, dots lead into it: `meta.next`, `rows.0`. An empty text means "none".\n'
    )
    yield "### `[systems.NAME]`, further keys\n"
    yield _beside({name: {"params": properties["params"]} for name, properties in systems.items()})
    for part in PARTS:
        yield from _part(part, {name: properties[part] for name, properties in systems.items()})
    yield "### `[systems.NAME.collections.COLLECTION]`\n\nA section per collection.\n"
    first = next(iter(systems.values()))["collections"]["properties"]
    own = {key: node for key, node in next(iter(first.values()))["properties"].items() if key != "fields"}
    yield _keys(own, defaults=False)
    for name, properties in systems.items():
        collections = properties["collections"]["properties"]
        yield f"#### Collections of {SYSTEMS[name].label}\n"
        rows = [(f"`{key}`", *(_default(node["properties"][key]) for node in collections.values())) for key in own]
        yield _table(("key", *(f"`{one}`" for one in collections)), rows)


def _part(part: str, nodes: Mapping[str, Json]) -> Iterator[str]:
    """A section of a profile, then those in it; what systems call their own is `PROPERTY`."""
    first = next(iter(nodes.values()))
    path = f"systems.NAME.{part}" + (".PROPERTY" if _is_open(first) else "")
    yield f"### `[{path}]`\n\n{first['description']}\n"
    if _is_open(first):
        found = ((PROFILED[name].label, node["default"]) for name, node in nodes.items() if node["default"])
        for label, value in found:
            yield f"Default of {label}: `{value_text(value)}`\n"
        yield _keys(section_of(first["additionalProperties"])["properties"])
        return
    sections = {name: section_of(node)["properties"] for name, node in nodes.items()}
    inner = [key for key, node in next(iter(sections.values())).items() if "properties" in node]
    yield _beside({name: {k: n for k, n in section.items() if k not in inner} for name, section in sections.items()})
    for key in inner:
        yield from _part(f"{part}.{key}", {name: section[key] for name, section in sections.items()})


def _fields(whole: Json) -> Iterator[str]:
    yield (
        "### `[systems.NAME.collections.COLLECTION.fields]`\n\nThe property behind each field: its name, or a section"
        " with its name and what else is particular about it, or `false` for none.\n"
    )
    systems = whole["properties"]["systems"]["properties"]
    for entity in ENTITIES.values():
        holders = dict(_holders(systems, entity))
        yield f"#### Fields of {article(entity.name)}\n"
        rows = []
        for field in FIELDS[entity.name].model_fields:
            nodes = [node["properties"][field] for node in holders.values()]
            rows.append((f"`{field}`", nodes[0]["description"], _kind(nodes[0]), *map(_default, nodes)))
        yield _table(("field", "meaning", "property", *(f"`{key}`" for key in holders)), rows)
    for section in SECTION_OF.values():
        node = whole["definitions"][section.__name__]
        yield f"#### Property: {section.__name__}\n\n{node['description']}\n"
        yield _keys(node["properties"])


def _holders(systems: Mapping[str, Json], entity: Entity) -> Iterator[tuple[str, Json]]:
    """The collections of an entity, with the schema of their fields."""
    for name, known in PROFILED.items():
        collections = systems[name]["properties"]["collections"]["properties"]
        for one in known.profile.collections if known.profile else ():
            if one.entity is entity:
                yield f"{name}/{one.name}", collections[one.name]["properties"]["fields"]


def _kind(node: Json) -> str:
    """The kind of property that a field has."""
    names: list[str] = [one["$ref"].rpartition("/")[2] for one in node["anyOf"] if "$ref" in one]
    return names[0]


def _dataflows(dataflows: Mapping[str, Json]) -> Iterator[str]:
    yield "## `[dataflows.NAME]`\n\nA section per dataflow.\n"
    first = next(iter(dataflows.values()))["properties"]
    yield _keys({key: node for key, node in first.items() if key != "pairs"})
    yield "### `[dataflows.NAME.pairs.PAIR]`\n\nA section per pair, by the names of its two collections.\n"
    pair = next(iter(first["pairs"]["properties"].values()))
    yield _keys(pair["properties"])
    rows = []
    for name, node in dataflows.items():
        pairs = node["properties"]["pairs"]["properties"]
        rows.append((f"`[dataflows.{name}]`", ", ".join(f"`{pair}`" for pair in pairs)))
    yield _table(("dataflow", "pairs"), rows)


def _environment() -> Iterator[str]:
    yield (
        "## Environment variables\n\nCredentials come from the environment and from nowhere else. A system with none of"
        " its variables set is the sandbox's.\n"
    )
    rows = [(known.label, _listed(known, known.credentials)) for known in SYSTEMS.values()]
    rows += [
        ("alerts", f"`{ALERT_URL}`: the webhook that failures are sent to"),
        ("sign-ins", f"`{SECRET_KEY}`: the key that tokens in the data folder are encrypted with"),
        (
            "data folder",
            "`DAGSTER_HOME`: the folder with `talk.toml`; unless it is set, `data` in the working directory",
        ),
    ]
    yield _table(("for", "variables"), rows)
    labels = ", ".join(f"`TALK_{name.upper()}_`" for name in PROFILED)
    yield f"With another `auth.type` a system has other variables, which begin with {labels}:\n"
    yield _table(("`auth.type`", "variables end with"), [(f"`{type_}`", _endings(type_)) for type_ in AuthType])


def _endings(type_: AuthType) -> str:
    return ", ".join(f"`{name.upper()}`" for name in NEEDS[type_]) or "none"


def _listed(known: Registered, credentials: Iterable[str]) -> str:
    return ", ".join(f"`{known.variable(name)}`" for name in credentials)


def _is_open(node: Json) -> bool:
    return isinstance(node.get("additionalProperties"), dict) and "default" in node and "properties" not in node


def _keys(nodes: Mapping[str, Json], *, defaults: bool = True) -> str:
    headings = ("key", "value", *(("default",) if defaults else ()), "meaning")
    rows = [
        (f"`{key}`", phrase(node), *((_default(node),) if defaults else ()), node["description"])
        for key, node in nodes.items()
    ]
    return _table(headings, rows)


def _beside(systems: Mapping[str, Mapping[str, Json]]) -> str:
    """The keys of a section that several systems have, with the default of each."""
    rows = [
        (f"`{key}`", phrase(node), *(_default(keys[key]) for keys in systems.values()), node["description"])
        for key, node in next(iter(systems.values())).items()
    ]
    return _table(("key", "value", *(f"{SYSTEMS[name].label}" for name in systems), "meaning"), rows)


def _default(node: Any) -> str:  # noqa: ANN401 -- JSON
    if "default" in node:
        return f"`{value_text(node['default'])}`"
    inner = next((one for one in (node, *node.get("anyOf", ())) if "properties" in one), None)
    if inner is None:
        return ""
    found = {key: one["default"] for key, one in inner["properties"].items() if one.get("default")}
    return f"`{value_text(found)}`" if found else ""


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines) + "\n"
