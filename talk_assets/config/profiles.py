"""What talk.toml may say of how a system is spoken with: its profile, key by key, in place of the default one.

The keys are the fields of `http.api.Api`, `http.access.Access` and `http.rest.RestCollection`, and the fields of each
entity; `data/talk.toml` describes them. A profile that comes out of here works as far as that can be told without
asking the API: whatever does not go together is one line that says where.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace

from talk_assets.config.overriding import blank, overridden
from talk_assets.config.sections import Section
from talk_assets.errors import ConfigurationError
from talk_assets.http.access import Access, Way
from talk_assets.http.api import Api, Changes, Follow, Since
from talk_assets.http.rest import Profile, RestCollection
from talk_assets.http.shapes import Keyed, LineTotals, Shape
from talk_assets.model.entities import Kind
from talk_assets.model.lens.lens import (
    Choice,
    Country,
    Currency,
    Date,
    Decimal,
    Digits,
    Email,
    FullName,
    Instant,
    Lens,
    Lines,
    Phone,
    Ref,
    Text,
)
from talk_assets.model.lens.properties import Property
from talk_assets.model.lint import findings

API = tuple(one.name for one in fields(Api) if one.name != "shapes")
SHAPES = ("keyed", "line_totals")
KEYS = ("auth", "collections", *SHAPES, *API)
"""What may be said of a profile, beside what may be said of every system."""

FULL_NAME = "full_name"
"""Stands for first and last name where the API has one property for both."""

KINDS: Mapping[Kind, type[Property]] = {
    Kind.TEXT: Text,
    Kind.EMAIL: Email,
    Kind.PHONE: Phone,
    Kind.DIGITS: Digits,
    Kind.DECIMAL: Decimal,
    Kind.DATE: Date,
    Kind.INSTANT: Instant,
    Kind.COUNTRY: Country,
    Kind.CURRENCY: Currency,
    Kind.CHOICE: Choice,
    Kind.REFERENCE: Ref,
    Kind.LINES: Lines,
}
"""The property for a field that the default profile does not map."""

FIXED = (
    "name",
    "entity",
    "lens",
    "also",
    "parts",
    "passing",
    "bulk",
    "watched",
    "recalled",
    "told_by",
    "sparse",
    "correctable",
)
"""What of a collection is not for the file: it follows from the rest."""


def profile(said: Section, default: Profile) -> Profile:
    """Return the profile with what the system's section says; raise ConfigurationError for what cannot work."""
    api = overridden(_part(said, API), default.api, leave=("shapes",))
    api = replace(api, shapes=tuple(_shapes(said, default.api)))
    access = _access(said.section("auth"), default.access)
    _check_api(said, api)
    collections = tuple(_collections(said.section("collections"), default, api))
    for finding in findings({f"{said.path[-1]}/{one.name}": one for one in collections}):
        at = said.section("collections").section(finding.collection.partition("/")[2])
        message = f"{at.place('fields')}: {finding.field}: {finding.found}; {finding.right}."
        raise ConfigurationError(message)
    for collection in collections:
        _check_collection(said, api, collection)
    return Profile(api, access, collections)


def _part(said: Section, keys: tuple[str, ...]) -> Section:
    return Section(said.file, said.path, {key: value for key, value in said.values.items() if key in keys})


def _access(said: Section, default: Access) -> Access:
    """Another way has other credentials, and their usual names."""
    found = overridden(said, default, leave=("called",))
    if found.way is not default.way:
        found = replace(found, called=())
    if found.way in {Way.HEADER, Way.QUERY} and not found.name:
        raise _missing(said, "name", f'"{found.way}"', f"the {found.way}'s name", "X-Api-Key")
    if found.way in {Way.CLIENT, Way.REFRESH} - {default.way} and not found.token_url:
        raise _missing(said, "token_url", f'"{found.way}"', "where tokens are asked for", "/oauth/token")
    return found


def _missing(said: Section, key: str, because: str, right: str, example: str) -> ConfigurationError:
    return ConfigurationError(f'{said.place(key)}: is not set, and {because} needs {right}, like {key} = "{example}".')


def _wrong(said: Section, key: str, found: object, right: str) -> ConfigurationError:
    return said.wrong(key, found, right)


def _shapes(said: Section, default: Api) -> Iterator[Shape]:
    """The shapes of the default profile, changed or taken away with `false`, and further ones by property."""
    for name, kind in (("keyed", Keyed), ("line_totals", LineTotals)):
        section = said.section(name)
        known = {shape.property: shape for shape in default.shapes if isinstance(shape, kind)}
        for property_ in {**known, **section.values}:
            if section.values.get(property_) is not False:
                start: Keyed | LineTotals = known.get(property_) or kind(property_)
                yield overridden(section.section(property_), start, leave=("property",))


def _check_api(said: Section, api: Api) -> None:
    paging, changes = api.paging, api.changes
    at = said.section("paging")
    if paging.by in {Follow.PAGE, Follow.OFFSET, Follow.CURSOR} and not paging.param:
        raise _missing(at, "param", f'by = "{paging.by}"', "the name of that parameter", "page")
    if paging.by in {Follow.CURSOR, Follow.URL} and not (paging.following or paging.following_header):
        raise _missing(at, "following", f'by = "{paging.by}"', "the member that holds it", "meta.next")
    if not paging.size:
        raise _wrong(at, "size", paging.size, "1 or more")
    _check_changes(said.section("changes"), api, changes)
    for name in ("update", "delete"):
        path = getattr(api.writing, name).path
        if "{id}" not in path:
            raise _wrong(said.section("writing").section(name), "path", path, 'a path with "{id}" in it')
    if "{id}" not in api.get.path:
        raise _wrong(said.section("get"), "path", api.get.path, 'a path with "{id}" in it')
    for name in ("by_id", "by_reference"):
        if not getattr(api, name).many:
            raise _wrong(said.section(name), "many", 0, "1 or more")


def _check_changes(at: Section, api: Api, changes: Changes) -> None:
    if changes.by is Since.TIME and not changes.param:
        raise _missing(at, "param", 'by = "time"', "the name of that filter", "updated_since")
    if changes.by is Since.CURSOR and api.paging.by is not Follow.CURSOR:
        right = '"time" or "none", as the pages do not follow a cursor'
        raise _wrong(at, "by", str(changes.by), right)


def _collections(said: Section, default: Profile, api: Api) -> Iterator[RestCollection]:
    said.only(*(one.name for one in default.collections), what="collection")
    watched, recalled = bool(api.writing.match or api.writing.fresh), api.recalls
    sparse = tuple(shape.property for shape in api.shapes if isinstance(shape, Keyed))
    for one in default.collections:
        section = said.section(one.name)
        own = tuple(field.name for field in fields(one) if field.name not in FIXED)
        section.only(*own, "fields")
        found = overridden(_part(section, own), one, leave=FIXED)
        yield replace(found, lens=_lens(section, one), watched=watched, recalled=recalled, sparse=sparse)


def _lens(said: Section, collection: RestCollection) -> Lens:
    section, entity = said.section("fields"), collection.entity
    names = {"first_name", "last_name"} & set(entity.names)
    section.only(*entity.names, *((FULL_NAME,) if names else ()), what=f"field of a {entity.name}")
    single, several = dict(collection.lens.properties), []
    for field, value in section.values.items():
        if value is False:
            single.pop(field, None)
        elif field == FULL_NAME:
            several.append(_property(section, field, FullName("")))
            single = {name: prop for name, prop in single.items() if name not in names}
        else:
            fresh = blank(KINDS[entity.field(field).kind])
            single[field] = _property(section, field, single.get(field) or fresh)
    return Lens(*several, **single)


def _property(section: Section, field: str, default: Property) -> Property:
    """The default with another name, or with whatever is said of it."""
    value = section.values[field]
    if isinstance(value, str):
        section.text(field)
        return overridden(Section(section.file, (*section.path, field), {"property": value}), default)
    if not isinstance(value, dict):
        raise section.wrong(field, value, "the property's name in quotes, a section, or false for none")
    found = overridden(section.section(field), default)
    if not getattr(found, "property", ""):
        raise _missing(section.section(field), "property", field, "the property's name", "name")
    return found


def _check_collection(said: Section, api: Api, collection: RestCollection) -> None:
    at = said.section("collections").section(collection.name)
    if api.writing.match and not collection.version:
        right = "the property that holds the version, or writing.match empty"
        raise _wrong(at, "version", collection.version is not None, right)
    if collection.changes:
        _check_changes(at.section("changes"), api, collection.changes)
