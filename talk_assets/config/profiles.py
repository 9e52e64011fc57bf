"""A system's profile, with what talk.toml sets in place of the default one.

A profile that comes out of here works as far as that can be checked without asking the API: whatever does not go
together is one line that says where.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from talk_assets.config.api_sections import Auth, Collection, Keyed, LineTotals
from talk_assets.config.lens_sections import FULL_NAME, KINDS, FullName
from talk_assets.config.messages import Location
from talk_assets.config.profile_file import ProfiledSystem
from talk_assets.config.section import Section, blank, overridden
from talk_assets.errors import ConfigurationError
from talk_assets.http import shapes
from talk_assets.http.access import SIGNED_IN, Access, AuthType
from talk_assets.http.api import Api, Changes, Follow, Paging, Request, Since
from talk_assets.http.connection import nested_in
from talk_assets.http.rest import Profile, RestCollection
from talk_assets.model.lens.lens import Lens
from talk_assets.model.lens.properties import Property
from talk_assets.model.lint import findings

S = TypeVar("S", bound=shapes.Shape)


def profile(said: ProfiledSystem, default: Profile, place: Location) -> Profile:
    """Return the profile with what the system's section at `place` sets.

    Raise ConfigurationError for what cannot work.
    """
    api = _api(said, default.api)
    access = _access(said.auth, default.access, place / "auth")
    _check_api(api, place)
    collections = tuple(_collections(said, default, api, place / "collections"))
    for finding in findings({f"{place.path[-1]}/{one.name}": one for one in collections}):
        at = place / "collections" / finding.collection.partition("/")[2] / "fields"
        message = f"{at}: {finding.field}: {finding.found}; {finding.right}."
        raise ConfigurationError(message)
    for collection in collections:
        _check_collection(api, collection, place / "collections" / collection.name)
    return Profile(api, access, collections)


def _api(said: ProfiledSystem, default: Api) -> Api:
    parts = {one.name for one in fields(Api)}
    default = replace(default, paging=_paging(said, default.paging), changes=_changes(said, default.changes))
    found = overridden(default, said, leave=tuple(said.model_fields_set - parts))
    keyed = _shapes(default.shapes, shapes.Keyed, said.keyed)
    totals = _shapes(default.shapes, shapes.LineTotals, said.line_totals)
    others = (shape for shape in default.shapes if not isinstance(shape, shapes.Keyed | shapes.LineTotals))
    return replace(found, shapes=(*keyed, *totals, *others))


def _paging(said: ProfiledSystem, default: Paging) -> Paging:
    """The default paging, or where the pages follow in another way, what is left of it."""
    by = said.paging.by if said.paging else None
    if by is None or by is default.by:
        return default
    blank_ = Paging(by)
    param = by.value if by in {Follow.PAGE, Follow.OFFSET, Follow.CURSOR} else ""
    return replace(blank_, param=param, size_param=default.size_param, size=default.size)


def _changes(said: ProfiledSystem, default: Changes) -> Changes:
    """The default changes, or where they are requested in another way, none of its parameters."""
    by = said.changes.by if said.changes else None
    return default if by is None or by is default.by else Changes(by, overlap=default.overlap)


def _shapes(
    default: tuple[shapes.Shape, ...], kind: type[S], said: Mapping[str, Keyed | LineTotals | None] | None
) -> Iterator[S]:
    """The shapes of the default profile, changed or taken away with `false`, and further ones by property."""
    known: dict[str, Any] = {getattr(one, "property"): one for one in default if isinstance(one, kind)}  # noqa: B009
    sections = dict(said or {})
    for property_ in {**known, **sections}:
        if property_ not in sections or sections[property_] is not None:
            yield overridden(known.get(property_) or kind(property_), sections.get(property_))  # type: ignore[call-arg]


def _access(said: Auth | None, default: Access, place: Location) -> Access:
    """Another way has other credentials, and their usual names."""
    found = overridden(default, said)
    if found.type is not default.type:
        found = replace(found, called=())
    if said and said.type is not None:
        found = replace(found, over_http=None)
    if found.type in {AuthType.HEADER, AuthType.QUERY} and not found.name:
        (place / "name").demand(f'"{found.type}"', f"the {found.type}'s name", "X-Api-Key")
    if found.type in {AuthType.CLIENT, *SIGNED_IN} - {default.type} and not found.token_url:
        (place / "token_url").demand(f'"{found.type}"', "where tokens are asked for", "/oauth/token")
    if found.type is AuthType.CODE and not found.authorise_url:
        (place / "authorise_url").demand(f'"{found.type}"', "where a person signs in", "/oauth/authorize")
    return found


def _check_api(api: Api, place: Location) -> None:
    paging, at = api.paging, place / "paging"
    if paging.by in {Follow.PAGE, Follow.OFFSET, Follow.CURSOR} and not paging.param:
        (at / "param").demand(f'by = "{paging.by}"', "the name of that parameter", "page")
    if paging.by in {Follow.CURSOR, Follow.URL} and not (paging.next or paging.next_header):
        (at / "next").demand(f'by = "{paging.by}"', "the member that holds it", "meta.next")
    _check_changes(api, api.changes, place / "changes")
    for name in ("update", "delete"):
        _check_path(getattr(api.writing, name), place / "writing" / name)
    _check_path(api.get, place / "get")
    for key in ("property", "value"):
        if api.trash and not getattr(api.trash, key):
            (place / "trash" / key).demand("trash", f"the {key}", {"property": "status", "value": "trash"}[key])


def _check_path(request: Request, place: Location) -> None:
    if "{id}" not in request.path:
        raise (place / "path").wrong(request.path, 'a path with "{id}" in it')


def _check_changes(api: Api, changes: Changes, place: Location) -> None:
    if changes.by is Since.TIME and not changes.param:
        (place / "param").demand('by = "time"', "the name of that filter", "updated_since")
    if changes.by is Since.CURSOR and api.paging.by is not Follow.CURSOR:
        raise (place / "by").wrong(str(changes.by), '"time" or "none", as the pages do not follow a cursor')


def _collections(said: ProfiledSystem, default: Profile, api: Api, place: Location) -> Iterator[RestCollection]:
    optimistic_lock = bool(api.writing.if_match_header or api.writing.recheck)
    sparse = tuple(shape.property for shape in api.shapes if isinstance(shape, shapes.Keyed))
    sections = said.collections
    for one in default.collections:
        section: Collection | None = getattr(sections, one.name, None)
        found = overridden(one, section, leave=("fields",))
        lens = _lens(getattr(section, "fields", None), one, place / one.name / "fields")
        needs_current = api.recalls or (bool(nested_in(lens.columns)) and not api.writing.lays_over)
        yield replace(found, lens=lens, optimistic_lock=optimistic_lock, needs_current=needs_current, sparse=sparse)


def _lens(said: Section | None, collection: RestCollection, place: Location) -> Lens:
    single, several = dict(collection.lens.properties), []
    for field in (name for name in type(said).model_fields if name in said.model_fields_set) if said else ():
        section = getattr(said, field)
        if section is None:
            single.pop(field, None)
        elif field == FULL_NAME:
            several.append(_property(blank(FullName), section, place / field))
            single = {name: held for name, held in single.items() if name not in {"first_name", "last_name"}}
        else:
            fresh = blank(KINDS[collection.entity.field(field).kind])
            single[field] = _property(single.get(field) or fresh, section, place / field)
    return Lens(*several, **single)


def _property(default: Property, said: Section, place: Location) -> Property:
    found = overridden(default, said)
    if not getattr(found, "property", ""):
        (place / "property").demand(place.path[-1], "the property's name", "name")
    return found


def _check_collection(api: Api, collection: RestCollection, place: Location) -> None:
    if api.writing.if_match_header and not collection.version:
        right = "the property that holds the version, or writing.if_match_header empty"
        raise (place / "version").wrong(collection.version is not None, right)
    changes = collection.changes or api.changes
    if not collection.parts_move and changes.by is Since.CURSOR:
        raise (place / "parts_move").wrong(False, 'true, or changes.by = "time", as a cursor never goes back')  # noqa: FBT003
    if collection.changes:
        _check_changes(api, collection.changes, place / "changes")
    if collection.delete:
        if not collection.delete.verb:
            (place / "delete" / "verb").demand("a delete", "the HTTP method", "DELETE")
        _check_path(collection.delete, place / "delete")
