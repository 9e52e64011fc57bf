"""What a REST API is to the connector that is made of data: how it is spoken with, and which collections there are."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from talk_assets.http.access import Access
from talk_assets.http.api import Api, Changes, Request
from talk_assets.model.collection import Collection


@dataclass(frozen=True, kw_only=True)
class RestCollection(Collection):
    """A collection at `path`; `changes`, `delete` and `params` stand in for those of its API where they are given.

    `list_params` go with lists alone. `new` are properties that a create sends unless the lens does, `{entity}` in a
    text being the entity's id, and the name of a property in braces what the create sends in that one.
    """

    path: str
    changes: Changes | None = None
    delete: Request | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    list_params: Mapping[str, str] = field(default_factory=dict)
    new: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Profile:
    """All that the connector knows of a system: how it is spoken with, who speaks, and what there is."""

    api: Api
    access: Access
    collections: tuple[RestCollection, ...]
