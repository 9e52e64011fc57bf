"""References between records, translated through links: a foreign id means an entity, never a value to copy.

Inward, a record's foreign values become entity ids; outward, entity ids become what the system calls its own record.
"""

from dataclasses import dataclass
from enum import Enum

import polars as pl

from talk_assets.jsonframes import objects
from talk_assets.model.collection import Collection
from talk_assets.model.entities import ENTITIES, LINE, Entity
from talk_assets.model.lens.lens import Ref
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction


class Direction(Enum):
    """Which way a reference is translated."""

    INWARD = "inward"
    OUTWARD = "outward"


@dataclass(frozen=True)
class Translated:
    """`values` with references translated; `unresolved` says per reference field where one could not be."""

    values: pl.DataFrame
    unresolved: pl.DataFrame


def translate(
    transaction: Transaction, system: str, collection: Collection, values: pl.DataFrame, direction: Direction
) -> Translated:
    """Translate the reference fields among the columns of `values`, products of order lines included."""
    unresolved: dict[str, pl.Series] = {}
    entity, lens = collection.entity, collection.lens
    for field, ref in lens.refs.items():
        if field in values.columns:
            parent = _parent(entity, field)
            column = _found(transaction, system, ref, parent, values[field], direction)
            unresolved[field] = values[field].is_not_null() & column.is_null()
            values = values.with_columns(column.alias(field))
    product = lens.lines.product if lens.lines else None
    if product and "lines" in values.columns:
        lines, missing = _lines(transaction, system, product, values["lines"], direction)
        unresolved["lines"] = missing
        values = values.with_columns(lines.alias("lines"))
    return Translated(values, pl.DataFrame(unresolved))


def _parent(entity: Entity, field: str) -> str:
    parent = entity.field(field).to
    if parent is None:
        message = f"{entity.name}.{field} is not a reference"
        raise TypeError(message)
    return parent


def _found(
    transaction: Transaction, system: str, ref: Ref, parent: str, column: pl.Series, direction: Direction
) -> pl.Series:
    found = _translated(transaction, system, ref, parent, column, direction)
    if direction is Direction.OUTWARD or not ref.by:
        return found
    missing = column.filter(column.is_not_null() & found.is_null()).unique()
    if missing.is_empty():
        return found
    former = _former(transaction, parent, missing)
    known = column.alias("given").to_frame().join(former, on="given", how="left", maintain_order="left")["entity_id"]
    return pl.select(pl.coalesce(found, known).alias(column.name)).to_series()


def _former(transaction: Transaction, parent: str, keys: pl.Series) -> pl.DataFrame:
    """Return `given, entity_id` of keys that nothing has any more, and one entity had before a write of ours.

    Whoever wrote down a product's number goes on with it when the product gets another one.
    """
    fields = [field for rule in ENTITIES[parent].rules for field in rule.fields]
    had = " UNION ALL ".join(
        f"SELECT entity_id, json_extract_string(before, '$.{field}') AS given FROM sync.journal"
        f" WHERE entity_type = $1 AND action = 'update' AND before LIKE '%\"{field}\":%'"
        for field in dict.fromkeys(fields)
    )
    return transaction.frame(
        f"SELECT w.given, min(h.entity_id) AS entity_id FROM wanted w JOIN ({had}) h USING (given)"
        " GROUP BY w.given HAVING count(DISTINCT h.entity_id) = 1",
        parent,
        wanted=keys.alias("given").to_frame(),
    )


def _translated(
    transaction: Transaction, system: str, ref: Ref, parent: str, column: pl.Series, direction: Direction
) -> pl.Series:
    wanted = column.drop_nulls().unique().alias("given").to_frame()
    if wanted.is_empty():
        return column
    given, found = ("own", "l.entity_id") if direction is Direction.INWARD else ("l.entity_id", "own")
    target = f"{system}/{ref.to}"
    own = f'r."{ref.by}"' if ref.by else "l.id"
    record = f"JOIN {tables.raw(target)} r ON r._id = l.id AND NOT r._deleted" if ref.by else ""
    alive = "" if direction is Direction.INWARD else "AND l.gone_at IS NULL"
    known = transaction.frame(
        f"""
        SELECT w.given, min({found.replace("own", own)}) AS found
        FROM wanted w JOIN {tables.links(parent)} l ON l.collection = ? {alive} {record}
        WHERE {given.replace("own", own)} = w.given
        GROUP BY w.given
        """,
        target,
        wanted=wanted,
    )
    joined = column.alias("given").to_frame().join(known, on="given", how="left", maintain_order="left")
    return joined["found"].alias(column.name)


def _lines(
    transaction: Transaction, system: str, product: Ref, column: pl.Series, direction: Direction
) -> tuple[pl.Series, pl.Series]:
    rows = column.alias("lines").to_frame().with_row_index("row")
    line = pl.Struct(dict.fromkeys(LINE, pl.String))
    exploded = (
        rows.drop_nulls().with_columns(pl.col("lines").str.json_decode(pl.List(line))).explode("lines").unnest("lines")
    )
    parent = LINE["product"].to
    if exploded.is_empty() or parent is None:
        return column, pl.Series("lines", [False] * column.len(), dtype=pl.Boolean)
    found = _found(transaction, system, product, parent, exploded["product"], direction)
    missing = exploded["product"].is_not_null() & found.is_null()
    exploded = exploded.with_columns(found.alias("product"), missing.alias("missing"))
    exploded = exploded.with_columns(objects.encode(exploded.select(*LINE)).alias("object"))
    lists = exploded.group_by("row").agg(
        pl.concat_str(pl.lit("["), pl.col("object").str.join(","), pl.lit("]")).alias("found"), pl.col("missing").any()
    )
    joined = rows.join(lists, on="row", how="left", maintain_order="left")
    return joined["found"].alias(column.name), joined["missing"].fill_null(value=False)
