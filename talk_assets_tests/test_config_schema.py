"""The models of talk.toml, its JSON Schema and its reference page say the same, and leave nothing out."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from talk_assets.config import api_sections, lens_sections
from talk_assets.config.configuration import load
from talk_assets.config.lens_sections import KINDS, SECTION_OF
from talk_assets.config.profile_file import talk_model
from talk_assets.config.reading import checked
from talk_assets.config.reference import reference
from talk_assets.config.schema import schema
from talk_assets.config.section import Section
from talk_assets.config.talk_file import TalkFile, pair_name, rate_of, rate_text
from talk_assets.config.values import defaults
from talk_assets.errors import ConfigurationError
from talk_assets.model.dataflows import DATAFLOWS
from talk_assets.model.lens.properties import Property
from talk_assets.systems import SYSTEMS

Json = dict[str, Any]
ROOT = Path(__file__).parent.parent
SCHEMA = schema()
SHIPPED = (ROOT / "data" / "talk.toml").read_text("utf-8")

OF_COLLECTIONS = {
    "name", "entity", "lens", "extra_columns", "parts", "transient_values", "bulk", "optimistic_lock", "needs_current",
    "changes_via", "sparse", "correctable", "list_params", "side_effects",
}  # fmt: skip
NOT_FOR_THE_FILE = {"Access": {"called", "over_http"}, "Keyed": {"property"}, "LineTotals": {"property"}}
"""Fields that follow from others, by class; for collections see above."""

NO_DEFAULT = re.compile(
    r"automation\.enabled|dataflows\.[^.]+\.(mode|start_date)|systems\.(customerp|customwebshop)\.base_url"
    r"|systems\.poweroffice_peer\.contacts_under|.*\.full_name|.*\.delete\.(verb|path)|.*\.trash\.(property|value|params)"
    r"|definitions\.\w+\.(property|to)"
)
"""Keys without a default, or whose default depends on other things, or which must be set where their section is."""


def keys(node: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, Json]]:
    """Every key below a node, by its dotted path; PROPERTY stands for a name that is an API's own."""
    for inner in (node, *node.get("anyOf", ())):
        found = dict(inner.get("properties", {}))
        if isinstance(more := inner.get("additionalProperties"), dict) and more.get("type") != "string":
            yield from keys(more, (*path, "PROPERTY"))
        for key, value in found.items():
            yield ".".join((*path, key)), value
            yield from keys(value, (*path, key))


EVERY = [
    *keys(SCHEMA),
    *(pair for name, node in SCHEMA["definitions"].items() for pair in keys(node, ("definitions", name))),
]


def is_section(node: Mapping[str, Any]) -> bool:
    """Whether it has keys that we know; what an API calls its own is a value to us."""
    options = [one for one in (node, *node.get("anyOf", ())) if one.get("additionalProperties") != {"type": "string"}]
    return any("properties" in one or isinstance(one.get("additionalProperties"), dict) for one in options)


def fits(value: object, node: Mapping[str, Any]) -> bool:
    """Whether a value is one that the schema describes, for as much of JSON Schema as ours has."""
    if "$ref" in node:
        node = SCHEMA["definitions"][node["$ref"].rpartition("/")[2]]
    if "anyOf" in node:
        return any(fits(value, one) for one in node["anyOf"])
    if "enum" in node:
        return (type(value), value) in [(type(one), one) for one in node["enum"]]
    return fits_type(value, node)


def fits_type(value: object, node: Mapping[str, Any]) -> bool:
    """The same of a schema that names a type."""
    match node["type"], value:
        case ("boolean", bool()):
            return True
        case ("integer", int()) | ("number", int() | float()) if not isinstance(value, bool):
            return bool(node["minimum"] <= value <= node["maximum"])
        case ("string", str()):
            return re.search(node.get("pattern", ""), value) is not None
        case ("array", list()):
            return all(fits(one, node["items"]) for one in value)
        case ("object", dict()):
            more, known = node.get("additionalProperties", True), node.get("properties", {})
            schemas = ((one, known.get(key, more)) for key, one in value.items())
            return all(schema if isinstance(schema, bool) else fits(one, schema) for one, schema in schemas)
    return False


def sections(module: object) -> list[type[Section]]:
    own = (one for one in vars(module).values() if getattr(one, "__module__", "") == getattr(module, "__name__", None))
    found = (one for one in own if isinstance(one, type) and issubclass(one, Section))
    return [one for one in found if one.of is not None]


def test_every_key_has_a_description_a_kind_of_value_and_a_default() -> None:
    assert len(EVERY) > 500
    for path, node in EVERY:
        assert node.get("description"), path
        assert node.keys() & {"type", "enum", "anyOf"}, path
        if not is_section(node) and not NO_DEFAULT.fullmatch(path):
            assert "default" in node, path


def test_every_default_is_a_value_that_the_schema_describes() -> None:
    assert not [path for path, node in EVERY if "default" in node and not fits(node["default"], node)]


def test_systems_dataflows_and_collections_are_completed_by_name() -> None:
    systems, dataflows = (SCHEMA["properties"][name]["properties"] for name in ("systems", "dataflows"))
    assert list(systems) == list(SYSTEMS)
    assert list(dataflows) == [one.name for one in DATAFLOWS]
    assert list(systems["customerp"]["properties"]["collections"]["properties"]) == [
        "customer", "contact", "product", "order", "project",
    ]  # fmt: skip
    assert dataflows["webcrm-customerp"]["properties"]["mode"]["enum"] == ["plan", "write"]


def test_the_schema_is_draft_4_so_that_editors_for_toml_understand_it() -> None:
    """No constants, no null, and nothing beside a reference."""
    assert SCHEMA["$schema"].startswith("http://json-schema.org/draft-04")
    assert not [path for path, node in EVERY if "const" in node or node.get("type") == "null"]
    assert not [path for path, node in EVERY for one in node.get("anyOf", ()) if "$ref" in one and len(one) > 1]
    assert not [path for path, node in EVERY if "$ref" in node]


@pytest.mark.parametrize("section", [*sections(api_sections), *SECTION_OF.values()], ids=lambda one: one.__name__)
def test_a_section_has_a_key_for_each_field_of_what_it_overrides(section: type[Section]) -> None:
    assert section.of is not None
    left_out = (
        OF_COLLECTIONS if section is api_sections.Collection else NOT_FOR_THE_FILE.get(section.of.__name__, set())
    )
    assert set(section.model_fields) == {one.name for one in fields(section.of)} - left_out


def test_every_default_profile_is_made_of_the_kinds_of_property_that_talk_toml_knows() -> None:
    for known in SYSTEMS.values():
        for one in known.profile.collections if known.profile else ():
            for name, held in one.lens.properties.items():
                assert KINDS[one.entity.field(name).kind].of is type(held), f"{known.name} {one.name} {name}"


def test_every_section_for_a_property_is_of_one() -> None:
    assert all(issubclass(kind, Property) for kind in SECTION_OF)
    assert set(lens_sections.KINDS.values()) <= set(SECTION_OF.values())


def test_what_was_read_does_not_change(tmp_path: Path) -> None:
    file = checked(tmp_path / "talk.toml", {"patience": 5})
    with pytest.raises(ValidationError, match="frozen"):
        file.patience = 6


def test_the_defaults_are_those_of_an_empty_file() -> None:
    file = talk_model().model_validate({})
    assert isinstance(file, TalkFile)
    assert defaults()["guards"] == file.guards.model_dump()
    assert fits(defaults(), SCHEMA)


def test_a_rate_is_written_as_it_is_read() -> None:
    for known in SYSTEMS.values():
        assert rate_of(rate_text(known.rate)) == known.rate


@pytest.mark.parametrize("text", re.findall(r"```toml\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL))
def test_the_schema_describes_what_the_readme_shows(text: str) -> None:
    assert fits(tomllib.loads(text), SCHEMA)


def test_the_schema_describes_the_examples_in_the_file_that_ships() -> None:
    lines = [line.removeprefix("# ") for line in SHIPPED.splitlines() if "= " in line or line.startswith("# [")]
    assert fits(tomllib.loads("\n".join(lines)), SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        "databse = 'x'",
        "patience = -1",
        "[systems.webrcm]\nenabled = true",
        "[systems.webcrm]\nrate = 'fast'",
        "[systems.customerp.paging]\nby = 'cursr'",
        "[systems.customerp.changes]\nparams = { all = true }",
        "[systems.customerp.collections.contact]\nignore = 'x'",
        "[systems.customerp.collections.contact.fields]\nmobile = 5",
        "[systems.customerp.collections.contact.fields]\nmobile = { name = 'x' }",
        "[systems.customerp.collections.contact.fields]\nmobile = true",
        "[dataflows.webcrm-customerp]\nmode = 'wirte'",
        "[dataflows.webcrm-customerp.pairs.person-contact]\nenabled = false",
    ],
)
def test_what_is_a_mistake_to_us_is_one_to_an_editor(tmp_path: Path, text: str) -> None:
    (tmp_path / "talk.toml").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError):
        load(tmp_path, {})
    assert not fits(tomllib.loads(text), SCHEMA)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "new = { since = 2024-05-17 }",
            "contact.new: is {'since': datetime.date(2024, 5, 17)}, and should be a section of",
        ),
        ("new = { factor = inf }", "contact.new: is {'factor': inf}, and should be a section of texts, finite numbers"),
        (
            "delete = { path = '{path}/{id}' }",
            'delete.verb: is not set, and a delete needs the HTTP method, like verb = "DELETE"',
        ),
        ("delete = { verb = 'DELETE' }", "delete.path: is '', and should be a path with \"{id}\" in it"),
        ("version = 5", "contact.version: is 5, and should be a text in quotes, or false for none."),
        ("ignore = ['a', 1]", "contact.ignore: is 1, and should be a list of texts"),
    ],
)
def test_what_an_api_could_not_be_sent_is_refused_when_it_is_configured(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "talk.toml").write_text(f"[systems.customerp.collections.contact]\n{text}", "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, {})
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_trash_that_says_only_half_is_refused(tmp_path: Path) -> None:
    (tmp_path / "talk.toml").write_text("[systems.customerp.trash]\nproperty = 'state'", "utf-8")
    with pytest.raises(ConfigurationError, match=r"trash\.value: is not set"):
        load(tmp_path, {})


def test_an_unknown_key_is_told_before_a_value_that_is_wrong(tmp_path: Path) -> None:
    """It may be why the other is wrong."""
    (tmp_path / "talk.toml").write_text("patience = -1\n[sandbox]\nprot = 1", "utf-8")
    with pytest.raises(ConfigurationError, match=r"sandbox.prot: there is no such key; did you mean port\?"):
        load(tmp_path, {})


def by_heading() -> dict[str, str]:
    """The page's text by heading; sections have their name for one."""
    parts = re.split(r"^#+ (.*)$", reference(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def headings_of(path: str) -> list[str]:
    """Where the page may describe a key."""
    above, _, _ = path.rpartition(".")
    if above.startswith("definitions."):
        return [f"Property: {above.removeprefix('definitions.')}"]
    if above.endswith(".fields"):
        return [f"Fields of {one}" for one in ("a company", "a product", "a person", "an order", "a project")]
    # What is said of one collection alone is like what is said of its system.
    above = re.sub(r"\.collections\.[^.]+\.changes$", ".changes", above)
    above = re.sub(r"\.collections\.[^.]+\.delete$", ".writing.delete", above)
    above = re.sub(r"\.collections\.[^.]+", ".collections.COLLECTION", above)
    above = re.sub(r"\.pairs\.[^.]+", ".pairs.PAIR", above)
    general = re.sub(r"^(systems|dataflows)\.[^.]+", r"\1.NAME", above)
    return [f"`[{above}]`", f"`[{general}]`", f"`[{general}]`, further keys"] if above else ["Top of the file"]


def test_the_reference_describes_every_key_where_it_belongs() -> None:
    page = by_heading()
    for path, node in EVERY:
        if not is_section(node):
            row = f"| `{path.rpartition('.')[2]}` |"
            found = [line for name in headings_of(path) for line in page.get(name, "").splitlines() if row in line]
            assert any(node["description"].replace("|", "\\|") in line for line in found), path


def test_the_reference_names_every_system_collection_dataflow_and_pair() -> None:
    whole = reference()
    names = [f"`[systems.{name}]`" for name in SYSTEMS] + [f"`[dataflows.{one.name}]`" for one in DATAFLOWS]
    names += [f"`{pair_name(pair)}`" for one in DATAFLOWS for pair in one.pairs]
    names += [f"`{one.name}`" for known in SYSTEMS.values() if known.profile for one in known.profile.collections]
    assert not [name for name in names if name not in whole]


def test_the_reference_names_every_environment_variable() -> None:
    page = by_heading()["Environment variables"]
    for known in SYSTEMS.values():
        assert all(f"`{known.variable(name)}`" in page for name in known.credentials)
    assert "`TALK_ALERT_URL`" in page
    assert "`DAGSTER_HOME`" in page
