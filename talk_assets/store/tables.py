"""Names and columns of the tables that belong to a collection or an entity.

One table, one writer: the collection asset writes a collection's table, `sync/link` the links, `sync/merge` golden.
"""

from collections.abc import Iterable, Mapping

from talk_assets.model.collection import Collection, declared
from talk_assets.model.entities import ENTITIES, Entity

CHUNK = 50_000
"""Records, or entities, that are looked at as a whole at once: about so many rows stand in memory."""

TEXT = "VARCHAR USING COMPRESSION zstd"
"""The type of long texts, which take a quarter of the room then."""

KEY = "VARCHAR USING COMPRESSION uncompressed"
"""The type of what few records are found by among many: it takes twice the room, and is looked through in half the
time and less. In DuckLake, which compresses its files itself and takes no such clause, both are `VARCHAR`."""

PROPOSAL = ("entity_id", "field", "value", "edited_at", "origin")
"""The columns of golden, and of what is proposed for it, in the long form: see `sync/merge/golden`."""

MARK = "|"
"""Stands before, between and after the names in a list of names that is a text."""

OWN = {
    "_id": KEY,
    "_record": TEXT,
    "_modified": "TIMESTAMPTZ",
    "_etag": "VARCHAR",
    "_ref": "VARCHAR",
    "_deleted": "BOOLEAN",
    "_absent": "VARCHAR",
    "_invalid": "VARCHAR",
    "_hash": "UBIGINT",
    "_noticed": "TIMESTAMPTZ",
    "_version": "BIGINT",
}
"""What is kept of every record beside its properties: see `records.Parsed`; when it was noticed, and its version."""


def raw(key: str) -> str:
    """Return the table that holds the records of the collection `system/collection` as the system shows them."""
    system, collection = key.split("/")
    return f'"{system}"."{collection}"'


def raw_columns(properties: Iterable[str]) -> dict[str, str]:
    """Return the columns of a collection's table: text per declared property, and what is kept besides."""
    return dict.fromkeys(properties, "VARCHAR") | OWN


def links(entity_type: str) -> str:
    """Return the table that ties records to entities, a row per record."""
    return f'"{entity_type}".links'


def links_columns(entity: Entity) -> dict[str, str]:
    """Return per field the canonical value last seen and last sent, and what else is known of a link.

    `gone_at`: the record is no longer there, or no longer the entity's; `gone_by` says how (see `deletes.Gone`), and
    `archived_at` when we archived it.
    `evidence` says what was weighed where that linked the record, see `link/evidence`.
    `unresolved`: a reference led to no link when the record was last looked at. `awaits`: to which record, if any.
    """
    values = {f"{state}_{field}": "VARCHAR" for state in ("seen", "sent") for field in entity.names}
    return {
        "collection": "VARCHAR",
        "id": KEY,
        "entity_id": KEY,
        "linked_at": "TIMESTAMPTZ",
        "linked_by": "VARCHAR",
        "evidence": "VARCHAR",
        "gone_at": "TIMESTAMPTZ",
        "gone_by": "VARCHAR",
        "archived_at": "TIMESTAMPTZ",
        "unresolved": "BOOLEAN",
        "awaits": "VARCHAR",
    } | values


def golden(entity_type: str) -> str:
    """Return the table of agreed values, a row per entity."""
    return f'"{entity_type}".golden'


def golden_columns(entity: Entity) -> dict[str, str]:
    """Return per field its value, when it was set, and from which record."""
    columns = {"entity_id": KEY}
    for field in entity.names:
        columns |= {field: "VARCHAR", f"{field}_at": "TIMESTAMPTZ", f"{field}_from": "VARCHAR"}
    return columns


def of(collections: Mapping[str, Collection]) -> dict[str, dict[str, str]]:
    """Return the tables of every entity and of some collections, by key, with their columns (name → SQL type)."""
    return (
        {links(one.name): links_columns(one) for one in ENTITIES.values()}
        | {golden(one.name): golden_columns(one) for one in ENTITIES.values()}
        | {raw(key): raw_columns(declared(one)) for key, one in collections.items()}
    )
