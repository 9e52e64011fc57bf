"""Names and columns of the tables that belong to a collection or an entity.

One table, one writer: the collection asset writes a collection's table, `sync/links` writes links and golden.
"""

import polars as pl

from talk_assets.entities import Entity

KINDS = {
    pl.String: "VARCHAR",
    pl.Boolean: "BOOLEAN",
    pl.UInt64: "UBIGINT",
    pl.Int64: "BIGINT",
    pl.Datetime: "TIMESTAMPTZ",
}
"""The SQL type that holds a Polars column."""


def raw(key: str) -> str:
    """Return the table that holds the records of the collection `system/collection` as the system shows them."""
    system, collection = key.split("/")
    return f'"{system}"."{collection}"'


def raw_columns(parsed: pl.DataFrame) -> dict[str, str]:
    """Return the columns for parsed records: theirs, when we noticed them, and the version of the last change."""
    columns = {name: KINDS[type_.base_type()] for name, type_ in parsed.schema.items()}
    return columns | {"_noticed": "TIMESTAMPTZ", "_version": "BIGINT"}


def links(entity: str) -> str:
    """Return the table that ties records to entities, a row per record."""
    return f'"{entity}".links'


def links_columns(entity: Entity) -> dict[str, str]:
    """Return per field the canonical value last seen and last sent, and what else is known of a link.

    `gone_at`: the record is no longer there, or no longer the entity's; `gone_by` says how (see `deletes.Gone`), and
    `archived_at` when we archived it.
    `unresolved`: a reference led to no link when the record was last looked at. `awaits`: to which record, if any.
    """
    values = {f"{state}_{field}": "VARCHAR" for state in ("seen", "sent") for field in entity.names}
    return {
        "collection": "VARCHAR",
        "id": "VARCHAR",
        "entity": "VARCHAR",
        "linked_at": "TIMESTAMPTZ",
        "linked_by": "VARCHAR",
        "gone_at": "TIMESTAMPTZ",
        "gone_by": "VARCHAR",
        "archived_at": "TIMESTAMPTZ",
        "unresolved": "BOOLEAN",
        "awaits": "VARCHAR",
    } | values


def golden(entity: str) -> str:
    """Return the table of agreed values, a row per entity."""
    return f'"{entity}".golden'


def golden_columns(entity: Entity) -> dict[str, str]:
    """Return per field its value, when it was set, and from which record."""
    columns = {"entity": "VARCHAR"}
    for field in entity.names:
        columns |= {field: "VARCHAR", f"{field}_at": "TIMESTAMPTZ", f"{field}_from": "VARCHAR"}
    return columns
